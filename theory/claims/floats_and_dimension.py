"""With compression a client sends numbers like the square root of the dimension, where clients are many.

Control: Scaffnew, on the same problems, sends numbers like the dimension itself.

With eight clients a coordinate and more the promise is O(√(dκ)) numbers, but for a factor that tends to 1 and is
divided out: s/(s-1) of the masks, and for rand-1 the square roots of (1+2ω)/(2d) and of 1 + ω/n. Each of four
eigenvalues occurs d/4 times, so that the problems differ in nothing but their dimension.
"""

import dataclasses
import math

import numpy as np

from ...algorithms.messages import compressor
from ...problems import Quadratic
from ...problems.randomness import generator
from ..case import Case, Progress
from ..exponent import SLACK_SAMPLED, Slope, fit
from ..verdict import Verdict

METHODS = ("compressed_scaffnew", "tamuna", "locodl")
ON_QUADRATICS = True
_CLIENTS, _KAPPA, _SEEDS = 128, 3e3, 4
_DIMENSIONS = (4, 8, 16)
_EPSILON, _MOST_ROUNDS = 1e-6, 100_000


def measure(case: Case, progress: Progress) -> Verdict:
    """Fit the power of d in the numbers that a client sends to a relative accuracy of 1e-6 in V."""
    own, plain = _slope(case, lambda share: progress(0.8 * share)), _slope(case.other("scaffnew"), lambda share: None)
    half, one = 0.5 + SLACK_SAMPLED, 1.0 - SLACK_SAMPLED
    status = "confirmed" if own.high <= half and plain.low >= one else "inconclusive"
    if own.low > half:
        status = "refuted"
    sentence = (
        f"To a fixed accuracy a client sends numbers like d^{own.slope:.3f} [{own.low:.3f}, {own.high:.3f}], promised "
        f"0.5, for d = {_DIMENSIONS[0]} to {_DIMENSIONS[-1]} and {_CLIENTS} clients. "
        f"Control: Scaffnew sends d^{plain.slope:.3f}."
    )
    verdict = case.verdict("claim", status, sentence, own.slope, 0.5, (own.low, own.high))
    return dataclasses.replace(verdict, problem=f"quadratics with n={_CLIENTS}, kappa={_KAPPA:g}")


def problem(d: int, seed: int) -> Quadratic:
    """Return the quadratic of one dimension, a multiple of 4: common eigenvalues, random minimisers."""
    hessian = np.diag(np.tile(np.geomspace(1.0 / _KAPPA, 1.0, 4), d // 4))[None]
    b = generator(seed, "floats and dimension", d).standard_normal((_CLIENTS, d))
    return Quadratic(hessian, b)


def _finite_factor(case: Case) -> float:
    """Return what the promise has beside √d in this dimension."""
    n, d, params = case.problem.n, case.problem.d, case.params
    if "s" in params._fields:
        return params.s / (params.s - 1.0)
    if "C" in params._fields:
        omega = compressor(params).omega(d)
        return math.sqrt((1.0 + 2.0 * omega) / (2.0 * d) * (1.0 + omega / n))
    return 1.0


def _slope(case: Case, progress: Progress) -> Slope:
    numbers = np.empty((_SEEDS, len(_DIMENSIONS)))
    for seed in range(_SEEDS):
        for place, d in enumerate(_DIMENSIONS):
            member = dataclasses.replace(case, problem=problem(d, seed), changes={}, seed=seed)
            trace = member.run(_MOST_ROUNDS, record=2000, until=("lyapunov", _EPSILON))
            numbers[seed, place] = trace.reached("floats_up", "lyapunov", _EPSILON) / _finite_factor(member)
        progress((seed + 1) / _SEEDS)
    return fit(_DIMENSIONS, numbers)
