"""A claim that seeds contradict: what was measured of both sides for each seed; the script makes the interval of it."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...problems import Problem
from ..case import NotExact
from ..engines.seeds import student
from ..verdict import Verdict
from .arrays import Witness, title

EVIDENCE = ("claim",)

_MEAN = '''"""{title} NumPy only."""
import sys
import numpy as np

w = np.load(sys.argv[1])
sides = w["sides"]  # a column for each seed; a row for each side of a ratio, or one
x = np.log(sides[0] / sides[-1] if len(sides) > 1 else sides[0]) if w["is_ratio"] else sides[0]
half = w["student"] * x.std(ddof=1) / len(x) ** 0.5  # Student's interval of 95 %
ends = np.array([x.mean() - half, x.mean() + half])
low, high = np.exp(ends) if w["is_ratio"] else ends
print(f"over {{len(x)}} seeds the mean is in [{{low:.4g}}, {{high:.4g}}], claimed {{w['promised']:.4g}}")
sys.exit(0 if not low <= w["promised"] <= high else "this is no violation")
'''


def shown(verdict: Verdict, problems: Sequence[Problem], method: Any) -> Witness:
    """Return the numbers of the seeds whose interval the verdict tells."""
    found = [one for one in verdict.details.get("samples", ()) if (one.low, one.high) == (verdict.low, verdict.high)]
    if not found:
        raise NotExact(
            "this claim is no mean over seeds that a short script could take: its sentence tells both sides."
        )
    if not math.isfinite(verdict.promised) or verdict.low <= verdict.promised <= verdict.high:
        raise NotExact("this claim is judged by more than one interval: its sentence tells both sides.")
    # A ratio is heard of with both of its sides last.
    sample = max(found, key=lambda one: len(one.rows))
    arrays: dict[str, Any] = {f"param_{letter}": np.array(value) for letter, value in verdict.params.items()}
    arrays |= {"sides": sample.rows, "is_ratio": np.array(sample.is_ratio)}
    arrays |= {"student": np.array(student(sample.rows.shape[1])), "promised": np.array(verdict.promised)}
    return Witness(arrays, _MEAN.format(title=title(verdict)))
