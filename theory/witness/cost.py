"""What a method sends or computes beyond what it declares: a client, what was drawn, and the two numbers.

The numbers that a client has told others are at least as many as the rank of what they know in what it alone knew: the
script counts singular values. Of gradients it counts different points, and of bits what tells different messages apart.
"""

from collections.abc import Sequence
from typing import Any

from ...problems import Problem
from ..engines import sending
from ..engines.told import ROUNDING, SHARP
from ..verdict import Verdict
from .arrays import Witness, about, given, kept, title

EVIDENCE = ("cost",)

_RANK = '''"""{title} NumPy only."""
import sys
import numpy as np

w = np.load(sys.argv[1])
def rank(J, E):  # J: what is known, row by row, in directions of what others alone knew; E: what J may be wrong by
    for _ in range(2):  # columns, then rows, are scaled, and those that are not sharp left out: so ranks only fall
        size = np.linalg.norm(J, axis=0)
        sharp = np.linalg.norm(E, axis=0) < {sharp:g} * size
        J, E = (J[:, sharp] / size[sharp]).T, (E[:, sharp] / size[sharp]).T
    return int(np.sum(np.linalg.svd(J, compute_uv=False) > 2 * np.linalg.norm(E) + {rounding:g})) if J.size else 0
numbers = sum(rank(w[f"J{{k}}"], w[f"E{{k}}"]) for k in range(w["parts"]))
first, last = w["rounds"]
print(f"client {{w['client']}}, rounds {{first + 1}} to {{last}}: {{numbers}} numbers at least, ", end="")
print(f"which are {{numbers * w['width']}} {{w['unit']}}; declared {{w['declared']}}")
sys.exit(0 if numbers * w["width"] > w["declared"] else "this is no violation")
'''

_GRADIENTS = '''"""{title} NumPy only."""
import sys
import numpy as np

w = np.load(sys.argv[1])
client, rounds, seen = w["client"], w["round"], set()
counts = np.zeros((rounds.max() + 1, client.max() + 1))
for r, i, j, x, count in zip(rounds, client, w["component"], w["point"], w["counts"]):
    if (i, j, x.tobytes()) not in seen:  # a gradient at a point where it is known costs nothing
        seen.add((i, j, x.tobytes()))
        counts[r, i] += count
mean = sum(row[row > 0].mean() for row in counts if row.any())  # of the clients that take part in a round
print("new gradients of each client in each round:", *map(list, counts.astype(int).tolist()))
print(f"in the mean {{mean:.4g}}, declared {{w['declared']}}")
sys.exit(0 if mean > w["declared"] + len(counts) / 2 else "this is no violation")
'''

_CHOICES = '''"""{title} NumPy only."""
import sys
import numpy as np

w = np.load(sys.argv[1])
count = len(np.unique(w["seen"], axis=0))  # each row is what client {client} was seen to tell or hear, byte by byte
print(f"one of {{count}} different things takes {{np.log2(count):.3g}} bits; declared for it {{w['declared']:g}}")
sys.exit(0 if np.log2(count) > w["declared"] + {rounding:g} else "this is no violation")
'''

_AVERAGED = '''"""{title} NumPy only."""
import sys
import numpy as np

w = np.load(sys.argv[1])
different = []  # vectors of client {client} that others get in averages, without multiples of earlier ones
for which in np.unique(w["which"]):
    v = w["averaged"][w["which"] == which]
    if not any(len(v) == len(u) and np.linalg.matrix_rank(np.array([u, v])) == 1 for u in different):
        different.append(v)
numbers = sum(map(len, different))
print(f"{{numbers}} numbers go into averages; declared {{w['declared']}} floats up")
sys.exit(0 if numbers > w["declared"] else "this is no violation")
'''

_SCRIPTS = {"rank": _RANK, "gradients": _GRADIENTS, "choices": _CHOICES, "averaged": _AVERAGED}


def shown(verdict: Verdict, problems: Sequence[Problem], method: Any) -> Witness:
    """Return the numbers of the cost that is furthest from what is declared, on the quadratic that was watched."""
    found = kept(verdict, given(verdict, problems, method), sending)
    client = found.arrays.get("client", "")
    script = _SCRIPTS[found.kind].format(title=title(verdict), client=client, rounding=ROUNDING, sharp=SHARP)
    return Witness(about(found.problem, found.params) | found.arrays, script)
