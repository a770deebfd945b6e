"""The factor of TAMUNA does not depend on how many clients a cohort has, only on how many send each coordinate.

Control: the factor does change with the number of senders.
"""

import dataclasses
import math

from ..case import Case, NotExact, Progress
from ..engines import exact
from ..verdict import Verdict

METHODS = ("tamuna",)
ON_QUADRATICS = True
_ROUNDING = 1e-9


def measure(case: Case, progress: Progress) -> Verdict:
    """Compare exact one-step factors of all cohorts on a small problem; the promise is that they are equal."""
    small = case.relative() or case
    if small.problem.n < 3:
        raise NotExact(f"{small.problem.n} clients have one size of cohort only: take 3 or more.")
    n = small.problem.n
    factors: dict[tuple[int, int], float] = {}
    # Rare enough that the communication, and not the gradient step, decides the factor at any kappa.
    p = min(0.2, 1.0 / math.sqrt(small.problem.kappa))
    settings = [(2, c) for c in range(2, n + 1)] + [(n, n)]
    for position, (s, c) in enumerate(settings):
        changes = {"p": p, "s": s, "c": c, "chi": n * (s - 1) / (s * (n - 1))}
        factors[s, c] = exact.one_step_factor(dataclasses.replace(small, changes=changes))
        progress((position + 1) / len(settings))
    pairs = [factors[2, c] for c in range(2, n + 1)]
    spread, change = max(pairs) - min(pairs), abs(factors[n, n] - pairs[0])
    status = "confirmed" if spread <= _ROUNDING else "refuted"
    if change <= _ROUNDING:
        status = "inconclusive"
    sentence = (
        f"With s = 2 senders a step of cohorts of 2 to {n} of {n} clients multiplies V by {pairs[0]:.6g}, the same to "
        f"{max(spread, 1e-16):.0e}. Control: with s = {n} it is {factors[n, n]:.6g}."
    )
    return dataclasses.replace(
        case.verdict("claim", status, sentence, spread, 0.0, sensitivity=_ROUNDING), problem=small.problem.label
    )
