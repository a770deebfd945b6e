import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import problems, theory
from rootkappa.theory.engines import exact

pytestmark = pytest.mark.drawn(2)

CROSSED = problems.Quadratic([np.diag([1.0, 0.01]), np.diag([0.01, 1.0])], np.eye(2))


def factor(problem, s, K):
    """Return the exact factor with ηKL = s, and the promised one."""
    case = theory.case("fedlin", problem, eta=s / (K * problem.L), K=K)
    return exact.one_step_factor(case), case.rho


@given(
    clients=st.integers(1, 4),
    kappa=st.floats(1.05, 1e3),
    seed=st.integers(0, 999),
    basis=st.sampled_from(["common", "client"]),
    s=st.floats(0.01, 0.4),
    K=st.integers(1, 60),
)
def test_it_is_never_above_its_promise(clients, kappa, seed, basis, s, K):
    problem = problems.Quadratic.random(clients, 3, kappa, seed, basis=basis)
    found, promised = factor(problem, s, K)
    assert found <= promised + 1e-9
    # The bound in the docstring is sharper.
    assert found <= 1 - 2 * (1 - promised) * (1 - s / 2 - s / 2 * (1 + s / 2) ** 2) + 1e-9


@given(s=st.floats(0.01, 0.4), K=st.integers(1, 60))
def test_it_is_never_above_its_promise_where_clients_are_as_different_as_can_be(s, K):
    found, promised = factor(CROSSED, s, K)
    assert found <= promised + 1e-9


def test_too_long_rounds_break_the_promise_and_even_diverge():
    alike = problems.Quadratic.random(1, 2, 1.1)
    found, promised = factor(alike, 1.0, 20)
    assert found > promised + 0.01
    long, _ = factor(CROSSED, 1000.0, 1000)
    assert long > 1.0
