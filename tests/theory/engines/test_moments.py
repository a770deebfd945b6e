"""E V⁺ without a list of outcomes, against the whole list where there is one."""

import dataclasses

import numpy as np
import pytest

from rootkappa import problems, theory
from rootkappa.theory.engines import affine, exact, moments

# Of each kind of randomness a method, with letters that leave few outcomes on few clients.
SMALL = {
    "tamuna": (4, 3, {"c": 3}),
    "compressed_scaffnew": (4, 3, {"s": 3}),
    "diana": (3, 4, {"C": "RandK(2)"}),
    "adiana": (2, 3, {}),
    "ef21": (3, 4, {}),
    "locodl": (3, 4, {"C": "RandK(2)"}),
    "proxskip_vr": (3, 3, {}),
    "sproxskip": (3, 3, {}),
    "sproxskip_additive": (3, 2, {}),
}


def held(name, n, d, basis="common", **letters):
    return affine.affine_case(theory.case(name, problems.Quadratic.random(n, d, 30.0, 1, basis=basis), **letters))


@pytest.fixture
def unlisted(monkeypatch):
    """Let nothing be listed."""

    def refuse(case, noisy):
        raise affine.TooLarge("not listed")

    def patch():
        monkeypatch.setattr(moments, "affine_model", refuse)
        monkeypatch.setattr(moments, "forms_at_size", lambda case: None)

    return patch


@pytest.mark.parametrize("basis", ["common", "client"])
@pytest.mark.parametrize("name", SMALL)
def test_it_is_what_the_whole_list_gives(name, basis, unlisted):
    n, d, letters = SMALL[name]
    case = held(name, n, d, basis, **letters)
    number = exact.one_step_noise if case.noise > 0.0 else exact.one_step_factor
    listed = number(case)
    assert moments.forms(case, case.noise > 0.0)[1] is not None
    unlisted()
    assert moments.forms(case, case.noise > 0.0)[1] is None
    assert number(case) == pytest.approx(listed, rel=1e-12)


def test_a_problem_of_usual_size_needs_no_small_one():
    case = theory.case("tamuna", problems.Quadratic.random(clients=10, dim=20, kappa=100.0))
    verdict = exact.evidence(case, lambda share: None)
    assert verdict.status == "confirmed"
    assert verdict.measured == pytest.approx(case.rho, abs=1e-12)
    assert "clients" not in verdict.sentence


def changed(case, change):
    """Return the case of a step after which something is changed."""
    own = case.method.step

    def step(kernel, params, state, outcome):
        own(kernel, params, state, outcome)
        change(state, outcome)

    return dataclasses.replace(case, method=dataclasses.replace(case.method, step=step))


def meeting(state, outcome):
    """Where the first two clients have drawn the same it matters to both."""
    if np.array_equal(outcome["w"][0], outcome["w"][1]):
        state.H[0] *= 0.5


def unlike(state, outcome):
    """The first client is none like the others."""
    if 0 in outcome["omega"] and outcome["coin"]:
        state.X[:] *= 0.9


@pytest.mark.parametrize(("name", "change"), [("diana", meeting), ("tamuna", unlike)])
def test_a_structure_that_a_step_does_not_have_is_not_believed(name, change, unlisted):
    n, d, letters = SMALL[name]
    case = held(name, n, d, **letters)
    unlisted()
    assert moments.forms(changed(case, lambda state, outcome: None))[1] is None
    with pytest.raises(affine.TooLarge):
        moments.forms(changed(case, change))


def test_a_file_is_only_believed_its_list(unlisted):
    n, d, letters = SMALL["diana"]
    case = held("diana", n, d, **letters)
    unlisted()
    with pytest.raises(affine.TooLarge, match="not listed"):
        moments.forms(dataclasses.replace(case, method=dataclasses.replace(case.method, name="mine.py")))


def test_clients_that_draw_nothing_have_no_variance():
    """Of GradSkip's coins some are always heads where clients are unlike."""
    drawn = problems.Quadratic.random(14, 3, 50.0, 1, basis="client").kernel
    problem = problems.Quadratic(drawn.A * np.geomspace(0.2, 1.0, 14)[:, None, None], drawn.b)
    case = theory.case("gradskip", problem)
    assert case.outcomes() is None
    assert exact.one_step_factor(case) <= case.rho + 1e-9


@pytest.mark.parametrize(("R", "is_rows"), [("Bernoulli(0.4)", False), ("RandK(2)", True)])
def test_the_coin_of_a_bernoulli_compressor_is_counted_once(R, is_rows):
    case = theory.case("randprox_fl", problems.Quadratic.random(3, 4, 30.0), R=R)
    found = moments._of_rows(case, case.method.random, noisy=False)
    assert (found is not None) == is_rows
    assert found is None or found.factor == pytest.approx(exact.one_step_factor(case), abs=1e-12)
