import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import problems, theory
from rootkappa.theory.engines import exact

pytestmark = pytest.mark.drawn(2)

RATES, SEEDS = st.floats(0.02, 1.0), st.integers(0, 99)


@given(
    p=RATES, q=RATES, kappa=st.floats(1.5, 1e3), basis=st.sampled_from(["common", "client"]), seed=st.integers(0, 99)
)
def test_the_promise_holds_and_is_attained_where_rounds_are_the_bottleneck(p, q, kappa, basis, seed):
    problem = problems.Quadratic.random(2, 2, kappa, seed, basis=basis)
    for case in (theory.case("proxskip_vr", problem, p=p, q=q), theory.case("proxskip_vr", problem, q=q)):
        factor = exact.one_step_factor(case)
        assert factor <= case.rho + 1e-9
        if case.rho == 1.0 - case.params.p**2:
            assert factor == pytest.approx(case.rho, abs=1e-9)


def test_samples_as_listed_have_the_gradient_as_their_mean():
    problem = problems.Quadratic.random(2, 3, 10.0, seed=4, basis="client")
    case = theory.case("proxskip_vr", problem, p=0.4, q=0.3)
    rng = np.random.default_rng(0)
    fields = [rng.standard_normal((2, 3)) for _ in range(3)]
    mean = np.zeros((2, 3))
    for probability, outcome in case.outcomes():
        outcome["coin"] = 0
        mean += probability * case.step(case.state(*(field.copy() for field in fields)), outcome).X
    X, H, _ = fields
    exact_step = X - case.params.gamma * (np.array([problem.gradients(x)[i] for i, x in enumerate(X)]) - H)
    np.testing.assert_allclose(mean, exact_step, atol=1e-14)


def test_a_reference_is_the_model_before_the_step():
    problem = problems.Quadratic.random(2, 3, 10.0, seed=4)
    case = theory.case("proxskip_vr", problem, p=1.0, q=1.0)
    before = np.random.default_rng(1).standard_normal((2, 3))
    (outcome,) = case.unroll(case.draw(np.random.default_rng(0), 1))
    state = case.step(case.state(before.copy(), np.zeros((2, 3)), np.zeros((2, 3))), outcome)
    np.testing.assert_array_equal(state.Y, before)
    assert not np.array_equal(state.X, before)
