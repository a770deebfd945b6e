"""Where a method and the shipped one that it says it is part: both states there, or both numbers.

The script says where they part. What was drawn up to there are the ``outcomes``, one for each step.
"""

from collections.abc import Sequence
from typing import Any

from ...problems import Problem
from ..engines import identity
from ..verdict import Verdict
from . import invariant
from .arrays import Witness, about, case_of, given, kept, title

EVIDENCE = ("identity",)

_TOLERANCE = 1e-9

_PARTED = '''"""{title} NumPy only."""
import sys
import numpy as np

w = np.load(sys.argv[1])
mine, theirs = w["mine"], w["theirs"]  # of the states of both, "state_mine" and "state_theirs", what differs most
apart = np.abs(mine - theirs) / w["size"]
worst = np.where(np.isnan(apart), np.inf, apart).argmax()
print(f"{{w['field']}}, after {{w['rounds']:g}} rounds of the same randomness: number {{worst}} ", end="")
print(f"is {{mine[worst]:.12g}} in one and {{theirs[worst]:.12g}} in the other, {{apart[worst]:.3g}} of its size apart")
sys.exit("this is no violation" if apart[worst] <= {tolerance:g} else 0)
'''

_LAWS = '''"""{title} NumPy only."""
import math
import sys
import numpy as np

w = np.load(sys.argv[1])
counts = w["counts"]  # how often what both drew is in each class: a row for the one, a row for the other
gamma, classes = np.vectorize(math.lgamma), counts.shape[1]
mixtures = (gamma(counts + 0.5) - math.lgamma(0.5)).sum(axis=1)  # by Jeffreys' prior
mixtures += math.lgamma(classes / 2) - gamma(counts.sum(axis=1) + classes / 2)
pooled = counts.sum(axis=0)[counts.any(axis=0)]
won = mixtures.sum() - pooled @ np.log(pooled / pooled.sum())
for name, row in zip(("one", "the other"), counts):
    print(name, "draws the classes with the frequencies", *(f"{{share:.3g}}" for share in row / row.sum()))
print(f"if both were drawn by one law this would win exp({{won:.4g}}) with chance exp({{-won:.4g}}) at most")
sys.exit(0 if won > np.log(w["limit"]) else "this is no violation")
'''


def shown(verdict: Verdict, problems: Sequence[Problem], method: Any) -> Witness:
    """Return the first thing in which the two differ."""
    found = kept(verdict, given(verdict, problems, method), identity)
    if found.kind == "numbers":
        return invariant.written(found, case_of(method, found.problem, verdict, found.params._asdict()), verdict)
    script = {"parted": _PARTED, "laws": _LAWS}[found.kind]
    arrays = about(found.problem, found.params) | found.arrays
    return Witness(arrays, script.format(title=title(verdict), tolerance=_TOLERANCE))
