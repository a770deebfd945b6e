"""With an average in every step SAEF's virtual model walks the path of SGD, whatever the compressor.

Control: that of error feedback, with the same noise, does not. On one Hessian for all clients a step ahead is enough,
and averages may be as rare as one likes. Where the server compresses as well its error s moves the points of all
gradients, and the paths part.
"""

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np

from ...algorithms.parts.error_feedback import virtual
from ...problems import Quadratic
from ..case import Case, Progress
from ..verdict import Verdict
from .averages_lower_the_floor import walk

METHODS = ("saef",)
REFUTED = {"a server that compresses": "Its error s is no client's to step ahead by, and y_k - x̃ = s for all of them."}
_ITERATIONS, _RARELY = 200, 20
_ROUNDING, _APART = 1e-12, 1e-6
_USUAL: dict[str, Any] = {"beta": 0.9, "sigma": 0.5, "C": "TopK(1)", "C_s": "Identity()"}
_PARTS: dict[str, dict[str, Any]] = {
    "an average in every step": {"p": 1},
    "one Hessian for all, and rare averages": {"p": _RARELY},
    "a server that compresses": {"p": 1, "C_s": "TopK(1)"},
}


def measure(case: Case, progress: Progress) -> Iterator[Verdict]:
    """Compare virtual models along paths with the same noise, relative to the largest entry of SGD's."""
    step = {"eta": 0.1 / case.problem.L}
    for place, (part, changes) in enumerate(_PARTS.items()):
        where = _on_one_hessian(case) if "one Hessian" in part else case
        letters = _USUAL | step | changes
        own = walk(dataclasses.replace(where, changes=letters), _ITERATIONS, virtual)
        rest: dict[str, Any] = {letter: value for letter, value in letters.items() if letter != "p"}
        everything: dict[str, Any] = rest | {"C": f"TopK({case.problem.d})", "C_s": "Identity()"}
        others = (where.other("error_feedback", alpha=0.0, **each) for each in (everything, rest))
        sgd, control = (walk(other, _ITERATIONS, virtual) for other in others)
        size = float(np.abs(sgd).max())
        error, apart = (float(np.abs(path - sgd).max()) / size for path in (own, control))
        status = "confirmed" if error <= _ROUNDING else "refuted"
        if status == "confirmed" and apart < _APART:
            status = "inconclusive"
        sentence = (
            f"Over {_ITERATIONS} iterations with noise and momentum the virtual model is {error:.1g} of its size away "
            f"from SGD's. Control: error feedback's is {apart:.1g} away."
        )
        verdict = case.verdict("claim", status, sentence, error, 0.0, sensitivity=_ROUNDING, part=part)
        yield dataclasses.replace(verdict, problem=where.problem.label)
        progress((place + 1) / len(_PARTS))


def _on_one_hessian(case: Case) -> Case:
    n, d = case.problem.n, max(case.problem.d, 2)
    kappa = min(max(case.problem.kappa, 2.0), 100.0)
    unit = Quadratic.random(n, d, kappa, case.seed).kernel
    return dataclasses.replace(case, problem=Quadratic(case.problem.L * unit.A, case.problem.L * unit.b))
