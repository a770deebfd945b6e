"""What truncation costs in loss falls as the share of energy grows that it leaves.

Control: the same for truncations by the clients only. The excess F - F_FedAvg is fitted as a power of 1 - p over seeds
of planted data; by Eckart and Young each truncation moves a model by √(1-p) of its norm at most, so that there is no
excess without it. It is no power law: where ranks stay the same over a range of p, so does the excess.
"""

import dataclasses

import numpy as np

from ..case import Case, Progress
from ..engines.exponent import fit
from ..verdict import Verdict
from .truncated_models_are_as_good import PLACES, on, run

METHODS = ("feddlr",)
OF_ITS_OWN = True
_CUT = np.array([0.3, 0.2, 0.05, 0.02, 0.01, 0.005, 0.002])
# Less than what rounding leaves of a difference is no excess.
_LEAST = 1e-9


def measure(case: Case, progress: Progress) -> Verdict:
    """Fit the power of 1 - p."""
    seeds = PLACES["planted"].seeds
    excess = np.empty((2, seeds, len(_CUT)))
    for seed in range(seeds):
        here = on(case, "planted", seed)
        least = run(here, p=1.0, q=1.0).last("gap")
        for place, cut in enumerate(_CUT):
            gaps = [run(here, p=1.0 - cut, q=q).last("gap") for q in (1.0 - cut, 1.0)]
            excess[:, seed, place] = np.maximum(np.array(gaps) - least, _LEAST)
        progress((seed + 1) / seeds)
    found, control = (fit(_CUT, values) for values in excess)
    status = "confirmed" if found.low > 0.0 else "refuted" if found.high < 0.0 else "inconclusive"
    sentence = (
        f"For 1 - p from {_CUT[-1]:g} to {_CUT[0]:g} the excess grows like (1-p)^{found.slope:.3f} [{found.low:.3f}, "
        f"{found.high:.3f}], from {excess[0, :, -1].mean():.2g} to {excess[0, :, 0].mean():.2g}. Control: like "
        f"(1-p)^{control.slope:.3f} if only the clients truncate."
    )
    verdict = case.verdict("claim", status, sentence, found.slope, 0.0, (found.low, found.high))
    return dataclasses.replace(verdict, problem=PLACES["planted"].label)
