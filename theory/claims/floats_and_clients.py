"""With compression a client sends fewer numbers the more clients there are: like one over their square root.

Control: Scaffnew, on the same problems, sends as many numbers however many clients there are.

As long as there are no more clients than coordinates the promise is O(d√κ/√n) numbers, but for a factor that tends to 1
and is divided out: (n-1)/n of the masks with two senders, and (2n-1)/(2n) of rand-k with k = d/n. The numbers of
clients are powers of 2 like the dimension, so that every client sends a whole number of coordinates.
"""

import dataclasses

from ...problems import Quadratic
from ..case import Case, Progress
from ..engines.exponent import SLACK_SAMPLED, steeper
from ..verdict import Verdict
from .floats_and_dimension import KAPPA, power, quadratic

METHODS = ("compressed_scaffnew", "tamuna", "locodl")
ON_QUADRATICS = True
_DIM = 64
_CLIENTS = (8, 16, 32, 64)


def measure(case: Case, progress: Progress) -> Verdict:
    """Fit the power of n in the numbers that a client sends to a relative accuracy of 1e-6 in V."""
    own = power(case, _CLIENTS, problem, _finite_factor, lambda share: progress(0.8 * share))
    plain = power(case.other("scaffnew"), _CLIENTS, problem, _finite_factor, lambda share: None)
    highest = -0.5 + SLACK_SAMPLED
    status = "confirmed" if own.high <= highest and abs(plain.slope) <= SLACK_SAMPLED else "inconclusive"
    if own.low > highest:
        status = "refuted"
    sentence = (
        f"To a fixed accuracy a client sends numbers like n^{own.slope:.3f} [{own.low:.3f}, {own.high:.3f}], promised "
        f"-0.5, for n = {_CLIENTS[0]} to {_CLIENTS[-1]} clients and {_DIM} coordinates. "
        f"Control: Scaffnew sends n^{plain.slope:.3f}."
    )
    verdict = case.verdict(
        "claim", status, sentence, own.slope, -0.5, (own.low, own.high), sensitivity=steeper(own, -0.5, SLACK_SAMPLED)
    )
    return dataclasses.replace(verdict, problem=f"quadratics with d={_DIM}, kappa={KAPPA:g}")


def problem(n: int, seed: int) -> Quadratic:
    """Return the quadratic of one number of clients."""
    return quadratic(n, _DIM, seed)


def _finite_factor(case: Case) -> float:
    """Return what the promise has beside 1/√n for this number of clients."""
    n, params = case.problem.n, case.params
    if "s" in params._fields:
        return (n - 1.0) / n
    return (2.0 * n - 1.0) / (2.0 * n) if "C" in params._fields else 1.0
