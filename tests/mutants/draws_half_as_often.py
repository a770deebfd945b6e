"""Scaffnew whose coins are drawn with p/2 although step and outcomes go by p."""

from .scaffnew import (
    PROMISE,
    Params,
    State,
    advance,
    cost,
    estimate,
    fixed_point,
    initial,
    invariants,
    lyapunov,
    outcomes,
    pace,
    step,
    unroll,
)


def draw(rng, problem, params, rounds):
    return rng.geometric(params.p / 2, rounds)
