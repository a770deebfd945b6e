"""Identities that break at the ends only, where prescribed rounds do not come."""

import dataclasses

import numpy as np
import pytest

from rootkappa import problems, theory
from rootkappa.algorithms.parts.rounds import Draws
from rootkappa.theory.engines import invariant

pytestmark = pytest.mark.drawn(2, "rated")

QUADRATIC = problems.Quadratic.random(clients=4, dim=3, kappa=30.0, seed=1, basis="client")


def judged(name, problem=QUADRATIC, **functions):
    """Return the verdict on a method some of whose functions are others, made from its own."""
    case = theory.case(name, problem)
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
