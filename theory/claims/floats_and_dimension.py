"""With compression a client sends numbers like the square root of the dimension, where clients are many.

Control: Scaffnew, on the same problems, sends numbers like the dimension itself.

With eight clients a coordinate and more the promise is O(√(dκ)) numbers, but for a factor that tends to 1 and is
divided out: s/(s-1) of the masks, and for rand-1 the square roots of (1+2ω)/(2d) and of 1 + ω/n. Each of four
eigenvalues occurs d/4 times, so that the problems differ in nothing but their dimension.
"""

import dataclasses
import math
from collections.abc import Callable, Sequence

import numpy as np

from ...algorithms.parts.messages import compressor
from ...core.randomness import derived_seed, generator
from ...problems import Quadratic
from ..case import Case, Progress
from ..engines.exponent import SLACK_SAMPLED, Slope, fit, steeper
from ..verdict import Verdict

METHODS = ("compressed_scaffnew", "tamuna", "locodl")
ON_QUADRATICS = True
ELSEWHERE = True
#: The condition number of all these problems.
KAPPA = 3e3
_CLIENTS, _SEEDS = 256, 6
_DIMENSIONS = (4, 8, 16, 32)
_EPSILON, _MOST_ROUNDS = 1e-6, 100_000


def measure(case: Case, progress: Progress) -> Verdict:
    """Fit the power of d in the numbers that a client sends to a relative accuracy of 1e-6 in V."""
    own = power(case, _DIMENSIONS, problem, _finite_factor, lambda share: progress(0.8 * share))
    plain = power(case.other("scaffnew"), _DIMENSIONS, problem, _finite_factor, lambda share: None)
    half, one = 0.5 + SLACK_SAMPLED, 1.0 - SLACK_SAMPLED
    status = "confirmed" if own.high <= half and plain.low >= one else "inconclusive"
    if own.low > half:
        status = "refuted"
    sentence = (
        f"To a fixed accuracy a client sends numbers like d^{own.slope:.3f} [{own.low:.3f}, {own.high:.3f}], promised "
        f"0.5, for d = {_DIMENSIONS[0]} to {_DIMENSIONS[-1]} and {_CLIENTS} clients. "
        f"Control: Scaffnew sends d^{plain.slope:.3f}."
    )
    verdict = case.verdict(
        "claim", status, sentence, own.slope, 0.5, (own.low, own.high), sensitivity=steeper(own, 0.5, SLACK_SAMPLED)
    )
    return dataclasses.replace(verdict, problem=f"quadratics with n={_CLIENTS}, kappa={KAPPA:g}")


def problem(d: int, seed: int) -> Quadratic:
    """Return the quadratic of one dimension."""
    return quadratic(_CLIENTS, d, seed)


def quadratic(n: int, d: int, seed: int) -> Quadratic:
    """Return a quadratic of n clients and d coordinates, a multiple of 4: common eigenvalues, random minimisers.

    The clients' mean has the size that it has on average in every coordinate: drawn, the few that belong to the
    smallest eigenvalue would decide how long it takes, and differ from size to size.
    """
    rng = generator(seed, "floats", n, d)
    hessian = np.diag(np.tile(np.geomspace(1.0 / KAPPA, 1.0, 4), d // 4))[None]
    b = rng.standard_normal((n, d))
    return Quadratic(hessian, b - b.mean(axis=0) + rng.choice([-1.0, 1.0], d) / math.sqrt(n))


def power(
    case: Case,
    sizes: Sequence[int],
    family: Callable[[int, int], Quadratic],
    factor: Callable[[Case], float],
    progress: Progress,
) -> Slope:
    """Fit the power of a size in the numbers that a client sends.

    Parameters
    ----------
    case : Case
        For the method and its theorem.
    sizes : sequence of int
        Dimensions, or numbers of clients.
    family : callable
        ``family(size, seed)`` returns the problem.
    factor : callable
        ``factor(case)`` returns by what the numbers of a case are divided.
    progress : callable
        Called with the finished share.
    """
    numbers = np.empty((_SEEDS, len(sizes)))
    for path in range(_SEEDS):
        seed = derived_seed(case.seed, "floats", path)
        for place, size in enumerate(sizes):
            member = dataclasses.replace(case, problem=family(size, seed), changes={}, seed=seed)
            trace = member.run(_MOST_ROUNDS, record=2000, until=("lyapunov", _EPSILON))
            numbers[path, place] = trace.reached("floats_up", "lyapunov", _EPSILON) / factor(member)
        progress((path + 1) / _SEEDS)
    return fit(sizes, numbers)


def _finite_factor(case: Case) -> float:
    """Return what the promise has beside √d in this dimension."""
    n, d, params = case.problem.n, case.problem.d, case.params
    if "s" in params._fields:
        return params.s / (params.s - 1.0)
    if "C" in params._fields:
        omega = compressor(params).omega(d)
        return math.sqrt((1.0 + 2.0 * omega) / (2.0 * d) * (1.0 + omega / n))
    return 1.0
