"""Scaffnew whose coins are drawn with 2p although step and outcomes go by p."""

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
    return rng.geometric(min(2 * params.p, 1.0), rounds)
