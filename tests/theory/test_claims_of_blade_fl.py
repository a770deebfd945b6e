"""Each claim about BLADE-FL, of a method in disguise that contradicts what is known; and the laws of its bound."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import algorithms, problems, theory
from rootkappa.theory import claims
from rootkappa.theory.claims import (
    best_number_of_blocks,
    blocks_in_proportion_to_time,
    bound_on_blocks_is_close,
    dearer_blocks_are_fewer,
)
from rootkappa.theory.theorems import blade_fl

pytestmark = pytest.mark.drawn(4)

METHOD = algorithms.get("blade_fl")
PROBLEM = problems.Quadratic.random(clients=4, dim=6, kappa=30.0, seed=1, basis="client")


def judged(name, **functions):
    """Return how a claim counts, part by part, of the method with other functions."""
    claim = next(one for one in claims.about("blade_fl") if one.name == name)
    case = dataclasses.replace(theory.case("blade_fl", PROBLEM), method=dataclasses.replace(METHOD, **functions))
    return [verdict.news for verdict in claim.verdicts(case, lambda share: None)]


def moving(change):
    """Return an advance of the method that changes the model after all blocks."""

    def advance(kernel, params, state, draws):
        METHOD.advance(kernel, params, state, draws)
        change(params, state, len(draws))

    return advance


def with_letters(change):
    """Return an advance that puts other letters in the place of those that it is given."""
    return lambda kernel, params, state, draws: METHOD.advance(kernel, change(params), state, draws)


def gradient_descent_in_each(params):
    """Take one local step in a block, whatever there is time for: then only the number of blocks counts."""
    return params._replace(t_sum=params.K * (params.alpha + params.beta))


def test_where_a_block_has_one_step_the_most_blocks_are_best(monkeypatch):
    monkeypatch.setattr(best_number_of_blocks, "_PROBLEMS", 3)
    assert judged("best_number_of_blocks", advance=with_letters(gradient_descent_in_each))[0] == "refuted"


def bowl(seed):
    """Return a quadratic with the solution 0, on which the gap is the square of x."""
    return problems.Quadratic([(1.0 + 0.01 * (seed % 7)) * np.eye(2)] * 3, [[0.0, 0.0]] * 3)


def test_a_loss_that_bends_the_other_way_is_seen(monkeypatch):
    def bent(params, state, count):
        state.x[:] = count**0.25, 0.0

    monkeypatch.setattr(best_number_of_blocks, "_PROBLEMS", 3)
    monkeypatch.setattr(best_number_of_blocks, "uneven", bowl)
    assert judged("best_number_of_blocks", advance=moving(bent))[1] == "refuted"


@pytest.fixture
def few_problems(monkeypatch):
    parts = blocks_in_proportion_to_time._PROBLEMS
    monkeypatch.setattr(blocks_in_proportion_to_time, "_PROBLEMS", dict.fromkeys(parts, 2))
    monkeypatch.setattr(blocks_in_proportion_to_time, "digits", best_number_of_blocks.uneven)
    monkeypatch.setattr(dearer_blocks_are_fewer, "_PROBLEMS", 2)


def test_where_a_block_has_one_step_more_time_is_for_more_blocks(few_problems):
    """So that the part which is known not to hold would be news."""
    found = judged("blocks_in_proportion_to_time", advance=with_letters(gradient_descent_in_each))
    assert found == ["confirmed", "refuted"]


def lost_after(most):
    """Return an advance that takes a step in each block, of which each is a call, and loses all after so many."""
    made = [0]

    def advance(kernel, params, state, draws):
        made[0] = made[0] + 1 if state.x.any() else 1
        METHOD.advance(kernel, gradient_descent_in_each(params), state, draws)
        if made[0] > most:
            state.x[:] = 1e3 * made[0]

    return advance


def test_blocks_whose_best_number_does_not_grow_with_the_time_are_seen(few_problems):
    assert judged("blocks_in_proportion_to_time", advance=lost_after(24))[0] == "refuted"


def test_blocks_whose_best_number_does_not_fall_with_their_price_are_seen(few_problems):
    assert judged("dearer_blocks_are_fewer", advance=lost_after(24)) == ["refuted", "refuted"]


def test_a_bound_that_is_close_would_be_news(monkeypatch):
    """The model is put where the gap is 1/1.02 of the textbook's bound, 2 L ‖x*‖²/K at η = 1/L."""
    problem = best_number_of_blocks.uneven(3)
    best, wanted = problem.solution().x, 2.0 * problem.L / 27.0 / 1.02
    wanted *= float(best @ best)
    low, high = 0.0, 100.0
    for _ in range(60):
        middle = (low + high) / 2.0
        low, high = (middle, high) if problem.gap(best - middle * best) < wanted else (low, middle)

    def put(params, state, count):
        state.x[:] = best - low * best

    monkeypatch.setattr(bound_on_blocks_is_close, "uneven", lambda seed: problem)
    assert judged("bound_on_blocks_is_close", advance=moving(put)) == ["confirmed", "refuted"]


def test_lazy_clients_who_help_are_seen():
    def draw(rng, problem, params, rounds):
        return METHOD.draw(rng, problem, params._replace(M=0), rounds)

    def advance(kernel, params, state, draws):
        for _ in range(1 + params.M + (params.sigma > 0.0)):
            METHOD.advance(kernel, gradient_descent_in_each(params), state, draws)

    assert judged("lazy_clients_raise_the_loss", draw=draw, advance=advance) == ["refuted"] * 3


def test_a_loss_that_rises_by_more_than_by_copies_is_seen():
    def pushed(params, state, count):
        state.x[:] -= 3.0

    assert judged("lazy_clients_cost_at_most", advance=moving(pushed)) == ["refuted"]


def test_a_ledger_of_other_models_is_seen():
    def pushed(params, state, count):
        state.x[:] += 1e-6

    assert judged("ledger_shows_every_change", advance=moving(pushed)) == ["refuted"]


CONSTANTS = st.fixed_dictionaries(
    {
        "eta": st.floats(0.01, 1.0),
        "a": st.floats(0.1, 10.0),
        "c": st.floats(0.1, 10.0),
        "L": st.floats(0.1, 1.0),
        "delta": st.floats(0.1, 10.0),
    }
)


def letters(eta, t_sum, alpha, beta):
    return METHOD.Params(eta, 1, t_sum, alpha, beta, 0, 0.0)


def bound(K, budget, constants):
    eta, rest = constants["eta"], {name: value for name, value in constants.items() if name != "eta"}
    return blade_fl.bound(K, letters(eta, *budget), **rest)


@given(constants=CONSTANTS, ratio=st.floats(0.01, 30.0), t_sum=st.floats(50.0, 1000.0))
def test_the_bound_is_convex_in_the_number_of_blocks_where_it_is_one(constants, ratio, t_sum):
    values = bound(np.linspace(0.01, 1.0, 400) * t_sum / (1.0 + ratio), (t_sum, 1.0, ratio), constants)
    # It is one from some number of blocks on.
    values = values[np.isfinite(values)]
    assert len(values) < 3 or (np.diff(values, 2) >= -1e-9 * values[1:-1]).all()


@given(constants=CONSTANTS, ratio=st.floats(0.01, 30.0), t_sum=st.floats(50.0, 1000.0), alpha=st.floats(0.1, 10.0))
def test_the_best_number_of_steps_is_that_of_the_ratio_only(constants, ratio, t_sum, alpha):
    """Whatever the time is and its unit: no other number of blocks than t_sum/(ατ + β) has a smaller bound."""
    beta = alpha * ratio
    steps = blade_fl.best_steps(ratio, **constants)
    K = t_sum / (alpha * steps + beta)
    near = bound(K * np.array([1.0, 0.9, 0.97, 1.03, 1.1]), (t_sum, alpha, beta), constants)
    assert np.isfinite(near[0])
    assert near[0] <= near[1:].min() * (1.0 + 1e-9)


@given(constants=CONSTANTS)
def test_the_best_number_of_steps_grows_with_the_price_of_a_block_at_first_like_a_root(constants):
    ratios = np.geomspace(1e-3, 30.0, 12)
    steps = [blade_fl.best_steps(ratio, **constants) for ratio in ratios]
    assert all(one < other for one, other in pairwise(steps))
    # Beside τ² stands τ³ ηL, which is below a part in 10⁴ here.
    small, larger = (blade_fl.best_steps(ratio, **constants) for ratio in (1e-12, 4e-12))
    assert larger / small == pytest.approx(2.0, rel=1e-3)
    # K = t_sum/(ατ + β) falls in both times.
    assert all(
        one + ratio < other + more
        for one, other, ratio, more in zip(steps, steps[1:], ratios, ratios[1:], strict=False)
    )


def test_drift_is_none_after_one_step_and_grows():
    steps = np.arange(1, 20)
    drift = blade_fl.drift(steps, 0.1, 1.0, 2.0)
    assert drift[0] == pytest.approx(0.0, abs=1e-15)
    assert (np.diff(drift) > 0).all()


@pytest.mark.parametrize("ratio", [-1.0, float("nan"), float("inf")])
def test_a_ratio_of_times_is_no_less_than_0(ratio):
    with pytest.raises(problems.InputError, match=r"ratio = .* is out of range: give a number, at least 0"):
        blade_fl.best_steps(ratio, eta=0.1, a=1.0, c=1.0, L=1.0, delta=1.0)
