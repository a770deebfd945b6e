"""Of a refuted exponent the points of its line; the script fits it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...problems import Problem
from ..case import NotExact
from ..verdict import Verdict
from .arrays import Witness, title

EVIDENCE = ("exponent",)

_SLOPE = '''"""{title} NumPy only."""
import sys
import numpy as np

w = np.load(sys.argv[1])
slope = np.polyfit(np.log(w["kappa"]), np.log(w["rounds"]), 1)[0]
print(f"rounds grow like kappa^{{slope:.4f}}, promised {{w['promised']:g}}")
sys.exit(0 if slope > w["promised"] else "this is no violation")
'''


def shown(verdict: Verdict, problems: Sequence[Problem], method: Any) -> Witness:
    """Return the points whose slope is above the promised one."""
    points = verdict.details.get("points")
    if not points:
        raise NotExact("this exponent has no points: its sentence says what is wrong.")
    arrays = {name: np.array([point[name] for point in points]) for name in ("kappa", "rounds", "iterations")}
    return Witness(arrays | {"promised": np.array(verdict.promised)}, _SLOPE.format(title=title(verdict)))
