"""Identities that break at the ends only, where prescribed rounds do not come."""

import dataclasses
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rootkappa import algorithms, problems, theory
from rootkappa.algorithms.parts.rounds import Draws
from rootkappa.tests.suited import suited
from rootkappa.theory.engines import invariant

pytestmark = pytest.mark.drawn(8, "rated")

QUADRATIC = problems.Quadratic.random(clients=4, dim=3, kappa=30.0, seed=1, basis="client")


def judged(name, problem=QUADRATIC, **functions):
    """Return the verdict on a method some of whose functions are others, made from its own."""
    case = theory.case(name, suited(name, problem))
    others = {function: make(getattr(case.method, function)) for function, make in functions.items()}
    case = dataclasses.replace(case, method=dataclasses.replace(case.method, **others))
    return invariant.evidence(case, lambda share: None)


def at_most(steps):
    """Return an advance that stops the local steps of a round early."""

    def make(advance):
        def capped(kernel, params, state, draws):
            advance(kernel, params, state, Draws(np.minimum(draws.lengths, steps), draws.ends, draws.steps))

        return capped

    return make


def p_at_least(smallest):
    """Return an advance that takes another letter where it is small."""

    def make(advance):
        def other(kernel, params, state, draws):
            advance(kernel, params._replace(p=max(params.p, smallest)), state, draws)

        return other

    return make


@pytest.mark.parametrize("steps", [100, 500, 1000])
@pytest.mark.parametrize("name", ["scaffnew", "tamuna", "locodl"])
def test_an_advance_that_shortens_long_rounds(name, steps):
    # On a well-conditioned problem nothing happens any more after so many steps.
    steep = problems.Quadratic.random(clients=4, dim=3, kappa=1e4, seed=1, basis="client")
    verdict = judged(name, steep, advance=at_most(steps))
    assert verdict.status == "refuted"
    assert "advance and step part in long rounds" in verdict.sentence


def test_an_advance_that_ignores_small_letters():
    assert "part in long rounds" in judged("scaffnew", advance=p_at_least(0.05)).sentence


@pytest.mark.parametrize(
    "wrong", [lambda model: lambda state: 0.0 * model(state), lambda model: lambda state: state.H[0]]
)
def test_a_model_that_is_not_handed_out_right(wrong):
    verdict = judged("scaffnew", model=wrong)
    assert verdict.status == "refuted"
    assert "The model that is handed out at the fixed point is" in verdict.sentence


def test_a_method_that_diverges_is_told_as_such():
    verdict = judged(
        "gradient_descent", advance=lambda advance: lambda kernel, params, state, draws: state.x.fill(np.inf)
    )
    assert verdict.status == "refuted"
    assert "It diverges" in verdict.sentence


def test_right_methods_stand_in_long_rounds(rated):
    assert judged(rated).status == "confirmed"


def elsewhere(name, problem=QUADRATIC, seed=0, **functions):
    """Return the verdict on a method that is not shipped, some of whose functions are others, made from its own."""
    case = theory.case(name, suited(name, problem), seed=seed)
    others = {function: make(getattr(case.method, function)) for function, make in functions.items()}
    case = dataclasses.replace(case, method=dataclasses.replace(case.method, name="mine", **others))
    return invariant.evidence(case, lambda share: None)


def then(change, when=lambda kernel, params, state: True):
    """Return what makes a function that does something else afterwards, in some cases only."""

    def make(function):
        def changed(kernel, params, state, randomness):
            function(kernel, params, state, randomness)
            if when(kernel, params, state):
                change(state)

        return changed

    return make


def shrink(state):
    state.X[-1] *= 0.9


@pytest.mark.parametrize(
    ("when", "where"),
    [
        (lambda kernel, params, state: state.X.shape[0] > 4, r"On [56] clients with 2 coordinates: the fixed point"),
        (lambda kernel, params, state: state.X.shape[0] > 10, r"On 1[12] clients with [23] coordinates: the fixed"),
        (lambda kernel, params, state: state.X.shape[1] > 3, r"On 2 clients with [45] coordinates: the fixed point"),
        (
            lambda kernel, params, state: state.X.shape[1] > 5,
            r"On [6-9] clients with ([7-9]|10) coordinates: the fixed",
        ),
        (lambda kernel, params, state: params.gamma > 1e3, r"On functions that are multiplied by 1e-06: the fixed"),
        (lambda kernel, params, state: 0.001 < params.p < 0.05, r"With p = 0.00333333: the fixed point"),
        (lambda kernel, params, state: params.p == 1.0, r"With p = 1: the fixed point"),
    ],
)
def test_what_is_wrong_elsewhere_only(when, where):
    verdict = elsewhere("scaffnew", step=then(shrink, when), advance=then(shrink, when))
    assert verdict.status == "refuted"
    assert re.search(where, verdict.sentence), verdict.sentence


def test_what_is_slow_elsewhere_only():
    """The fixed point stays, and V does not fall as promised."""

    right = algorithms.get("gradient_descent").step

    def step(kernel, params, state, outcome):
        right(kernel, params._replace(gamma=params.gamma * (0.9 if len(kernel.b) > 10 else 1.0)), state, outcome)

    def advance(kernel, params, state, draws):
        for _ in range(len(draws)):
            step(kernel, params, state, 1)

    verdict = elsewhere("gradient_descent", step=lambda _: step, advance=lambda _: advance)
    assert "similar clients" in verdict.sentence
    assert "more than the promised" in verdict.sentence


def test_an_advance_that_stops_after_many_rounds():
    def stopped(advance):
        return lambda kernel, params, state, draws: advance(kernel, params, state, draws[:2000])

    assert "part in many rounds" in elsewhere("gradient_descent", advance=stopped).sentence


def test_a_start_whose_sum_is_not_0():
    def moved(start):
        def other(problem, params):
            state = start(problem, params)
            state.C[:] = np.arange(state.C.size).reshape(state.C.shape)
            return state

        return other

    # SCAFFOLD mends it in its first round.
    assert "is not 0 at the start" in judged("scaffold_1", start=moved).sentence


def test_a_step_that_remembers_what_was_started():
    known = {}

    def started(start):
        def other(problem, params):
            known["solution"] = problem.solution().x
            return start(problem, params)

        return other

    def walk(kernel, params, state, randomness):
        state.x[:] = known["solution"]

    verdict = elsewhere("gradient_descent", start=started, step=lambda _: walk, advance=lambda _: walk)
    assert "depends on what was started before" in verdict.sentence


def test_noise_that_is_a_bias():
    small = problems.Quadratic.random(clients=2, dim=2, kappa=30.0)
    # A coordinate with a plus in the place of one with a minus.
    pushed = lambda step: lambda kernel, params, state, outcome: step(kernel, params, state, plus(outcome))  # noqa: E731
    verdict = judged("sproxskip_additive", small, step=pushed)
    assert "The noise has a mean" in verdict.sentence
    assert "stays in the mean" in judged("sproxskip_additive", small).sentence


def plus(outcome):
    """Return an outcome of additive noise that is never negative."""
    changed = outcome.copy()
    changed["xi"] = np.where(outcome["xi"] < 0, outcome["xi"] + 2, outcome["xi"])
    return changed


def test_a_start_that_is_made_of_the_solution():
    def learnt(start):
        def other(problem, params):
            return start(problem, params)._replace(H=problem.solution().gradients.copy())

        return other

    assert "start asks for the solution" in elsewhere("diana", start=learnt).sentence


@pytest.mark.drawn(16, "name")
@pytest.mark.parametrize("name", algorithms.names())
@given(seed=st.integers(0, 2**32 - 1), kappa=st.floats(2.0, 1e3))
@settings(max_examples=1)
def test_a_right_method_that_is_not_shipped_stands_everywhere(name, seed, kappa):
    verdict = elsewhere(name, problems.Quadratic.random(clients=4, dim=3, kappa=kappa, seed=seed, basis="client"), seed)
    assert verdict.status == "confirmed", verdict.sentence
    assert "the same in" in verdict.sentence


FROM_VALUES = '''"""Gradient descent, whose V is F(x) - F(x*).

Source: the paper.
"""
from typing import NamedTuple

import numpy as np

from rootkappa.algorithms.parts import Dense, Nothing, letters
from rootkappa.problems import oracles

RANDOM, SENDS = Nothing(), Dense(up=1, down=1)


class Params(NamedTuple):
    gamma: letters.StepSize


class State(NamedTuple):
    x: np.ndarray


def start(problem, params):
    return State(np.zeros(problem.d))


def model(state):
    return state.x.copy()


def fixed_point(problem, params, target):
    return State(target.x.copy())


def step(kernel, params, state, outcome):
    g, client, work = np.empty_like(state.x), np.empty_like(state.x), oracles.workspace(kernel)
    oracles.mean_gradient(kernel, state.x, g, client, work)
    return State(state.x - params.gamma * g)


def prescribed(problem):
    return Params(1.0 / problem.L)


def contraction(problem, params):
    return 1.0 - FASTER * params.gamma * problem.mu


def lyapunov(problem, params, state, target):
    return float(problem.value(state.x) - problem.value(target.x))
'''


@pytest.mark.parametrize("kind", ["quadratic", "logistic"])
@pytest.mark.parametrize("faster", [1, 3])
def test_a_v_that_is_written_as_a_difference(tmp_path, kind, faster):
    """Its rounding is no smaller than that of F, whose root is 1e-8: neither a departure nor a stop of progress."""
    file = tmp_path / "values.py"
    file.write_text(FROM_VALUES.replace("FASTER", str(faster)))
    drawn = problems.Quadratic.random(clients=4, dim=3, kappa=30.0, seed=1)
    held = {"quadratic": drawn, "logistic": problems.Logistic.load("breast_cancer", clients=10, kappa=30.0)}[kind]
    found = {one.evidence: one.status for one in theory.verify(str(file), held, evidence=["invariant", "path"])}
    assert found == ({"invariant": "confirmed", "path": "consistent"} if faster == 1 else found | {"path": "refuted"})
