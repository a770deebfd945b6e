"""Scaffnew that lists its communication with probability p and forgets to list the other side of the coin."""

from .scaffnew import (
    PROMISE,
    Params,
    State,
    advance,
    cost,
    draw,
    estimate,
    fixed_point,
    initial,
    invariants,
    lyapunov,
    pace,
    step,
    unroll,
)


def outcomes(problem, params):
    return ((params.p, 1),)
