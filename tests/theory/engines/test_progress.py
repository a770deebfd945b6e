"""One step is held against the promise from its worst state, and where paths go."""

import dataclasses

import pytest

from rootkappa import problems, theory
from rootkappa.tests.suited import suited
from rootkappa.theory.engines import progress

pytestmark = pytest.mark.drawn(8, "rated")

QUADRATIC = problems.Quadratic.random(clients=4, dim=3, kappa=30.0, seed=1, basis="client")


def excess(case):
    return max((finding.error for finding in progress.findings(case)), default=None)


def promising(case, less):
    """Return the case of a theorem that promises so much more progress."""
    own = case.theorem.contraction

    def contraction(problem, params):
        return 1.0 - less * (1.0 - own(problem, params))

    return dataclasses.replace(case, theorem=dataclasses.replace(case.theorem, contraction=contraction))


def test_a_tight_promise_has_nothing_to_spare():
    case = theory.case("scaffnew", QUADRATIC)
    assert excess(case) == 0.0
    assert excess(promising(case, 1.01)) > 0.0


def test_a_path_sees_it_where_nothing_is_affine(problem):
    case = theory.case("gradient_descent", problem)
    assert excess(case) == 0.0
    assert excess(promising(case, 20.0)) > 0.0


def test_noise_is_allowed_as_far_as_it_is_promised():
    case = theory.case("sproxskip_additive", problems.Quadratic.random(clients=2, dim=2, kappa=30.0))
    assert excess(case) == 0.0
    quieter = dataclasses.replace(case.theorem, noise=lambda problem, params: 0.9 * case.theorem.noise(problem, params))
    assert excess(dataclasses.replace(case, theorem=quieter)) > 0.0


@pytest.mark.parametrize("name", ["sparse_proxskip", "fedcomloc_local"])
def test_nothing_is_said_where_no_rate_is_promised(name):
    assert excess(theory.case(name, QUADRATIC)) is None


def test_rights_stand(rated):
    assert (excess(theory.case(rated, suited(rated, QUADRATIC))) or 0.0) == 0.0
