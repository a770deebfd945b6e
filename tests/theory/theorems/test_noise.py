"""Theorems with noise: what the exact engine and paths say, and that they refute too little noise."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import problems, theory
from rootkappa.theory.engines import exact, path

pytestmark = pytest.mark.drawn(2)

NOISY = ("sproxskip", "sproxskip_additive")
RATES = st.floats(0.02, 1.0)


def case(name, problem, share=1.0, **changes):
    """Return the case with that share of the theorem's noise."""
    held = theory.case(name, problem, **changes)
    noise = held.theorem.noise
    less = dataclasses.replace(held.theorem, noise=lambda problem, params: share * noise(problem, params))
    return dataclasses.replace(held, theorem=less)


@pytest.mark.parametrize("name", NOISY)
@given(p=RATES, share=RATES, kappa=st.floats(1.5, 1e3), basis=st.sampled_from(["common", "client"]))
def test_no_state_needs_more_noise_than_promised(name, p, share, kappa, basis):
    problem = problems.Quadratic.random(2, 2, kappa, seed=3, basis=basis)
    gamma = share * theory.get(name).parameters(problem).gamma
    held = case(name, problem, p=p, gamma=gamma)
    needed = exact.one_step_noise(held)
    assert 0.0 < needed <= held.noise * (1 + 1e-9)
    if name == "sproxskip_additive":
        assert needed == pytest.approx(held.noise, rel=1e-9)


def test_without_noise_the_needed_noise_is_0_and_with_too_good_a_factor_infinite():
    problem = problems.Quadratic.random(2, 2, 10.0)
    held = case("sproxskip_additive", problem, sigma=0.0)
    assert exact.one_step_noise(held) == pytest.approx(0.0, abs=1e-12)
    better = dataclasses.replace(held.theorem, contraction=lambda problem, params: 0.5)
    assert exact.one_step_noise(dataclasses.replace(held, theorem=better)) == np.inf


@pytest.mark.parametrize("name", NOISY)
def test_too_little_noise_is_refuted(name):
    problem = problems.Quadratic.random(3, 2, 20.0, seed=1, basis="client")
    assert exact.evidence(case(name, problem), lambda share: None).status == "confirmed"
    refuted = exact.evidence(case(name, problem, share=0.2), lambda share: None)
    assert refuted.status == "refuted"
    assert "where the theorem allows" in refuted.sentence
    assert path.evidence(case(name, problem), lambda share: None).status == "consistent"
    assert path.evidence(case(name, problem, share=1e-7), lambda share: None).status == "refuted"


@pytest.mark.parametrize("name", NOISY)
def test_it_settles_below_the_promised_floor_and_not_at_the_solution(name):
    problem = problems.Quadratic.random(4, 3, 10.0, seed=2, basis="client")
    held = case(name, problem)
    trace = held.run(4000, record=np.arange(2000, 4000))
    settled = trace.column("lyapunov")[1:].mean() / held.start[0]
    assert 1e-4 * held.bound.floor < settled < held.bound.floor
    (verdict,) = theory.verify(name, problem, ("exponent",))
    assert verdict.status == "not applicable"
    assert "no exponent is promised" in verdict.sentence
