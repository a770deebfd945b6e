"""Without compression the promise of LoCoDL is attained.

Control: with compression the factor stays below the promise.
"""

import dataclasses

from ..case import Case, Progress
from ..engines import exact
from ..verdict import Verdict

METHODS = ("locodl",)
ON_QUADRATICS = True
_ROUNDING = 1e-9


def measure(case: Case, progress: Progress) -> Verdict:
    """Hold exact one-step factors on a small problem against their promises."""
    small = case.relative() or case
    slack: dict[str, float] = {}
    progresses: dict[str, float] = {}
    for C, chi in (("Identity()", 1.0), ("RandK(1)", small.problem.n / (small.problem.n + small.problem.d - 1.0))):
        params = small.theorem.parameters(small.problem, C=C, p=0.3, chi=chi, rho=chi)
        held = dataclasses.replace(small, changes=params._asdict())
        slack[C] = held.rho - exact.one_step_factor(held)
        progresses[C] = 1.0 - held.rho
        progress(len(slack) / 2)
    plain, compressed = slack["Identity()"], slack["RandK(1)"]
    status = "confirmed" if abs(plain) <= _ROUNDING < compressed else "inconclusive"
    if min(slack.values()) < -_ROUNDING or plain > _ROUNDING:
        status = "refuted"
    stronger = min((slack[C] + _ROUNDING) / progresses[C] for C in slack)
    sentence = (
        f"Without compression the factor of a step meets its promise to {max(abs(plain), 1e-16):.0e}. "
        f"Control: with RandK(1) it stays {compressed:.3g} below."
    )
    verdict = case.verdict("claim", status, sentence, plain, 0.0, sensitivity=max(stronger, 0.0))
    return dataclasses.replace(verdict, problem=small.problem.label)
