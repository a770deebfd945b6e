"""Gossip with a matrix that has negative eigenvalues diverges without lazy weights or less mixing.

Control: the same ring converges with t = 1/‖I - W‖, and with lazy weights.

On a ring of 4 with all weights 1/3 the alternating vector has the eigenvalue -1/3. At p = 1/2 and t = 1, and a
coordinate with γλ = 1/20, the expected squared error of that mode grows in the end by 1.0496 a step.
"""

import dataclasses

from ...problems import Quadratic
from ..case import Case, Progress
from ..engines import exact
from ..verdict import Verdict

METHODS = ("decentralized_scaffnew",)
ON_QUADRATICS = True
ELSEWHERE = True


def measure(case: Case, progress: Progress) -> Verdict:
    """Compare exact spectral radii of the second moments."""
    small = Quadratic.random(4, 3, 10.0, case.seed)
    radii: list[float] = []
    for t, weights in ((1.0, "metropolis"), (0.75, "metropolis"), (1.0, "lazy")):
        changes = {"gamma": 0.5, "p": 0.5, "t": t, "graph": "ring", "weights": weights}
        radii.append(exact.spectral_radius(dataclasses.replace(case, problem=small, changes=changes)))
        progress(len(radii) / 3)
    diverging, mixed_less, lazy = radii
    status = "confirmed" if diverging > 1.0 > max(mixed_less, lazy) else "refuted"
    sentence = (
        f"On a ring of 4 with weights 1/3 and t = 1 a step in the end multiplies the expected squared error by "
        f"{diverging:.4f}. Control: with t = 1/‖I - W‖ by {mixed_less:.4f}, with lazy weights by {lazy:.4f}."
    )
    return dataclasses.replace(case.verdict("claim", status, sentence, diverging), problem=small.label)
