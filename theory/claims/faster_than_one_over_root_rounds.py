"""FLARE's gap falls at least like 1/√T with the number T of rounds.

Control: error correction, with the step size that is best for it. The source proves 1/√T without convexity; on softmax
regression both do better, so that this is no narrow test.
"""

import dataclasses

import numpy as np

from ..case import Case, Progress
from ..engines.exponent import fit
from ..verdict import Verdict
from .fewer_coordinates_with_regularisation import SETTINGS, on, run, told_of

METHODS = ("flare",)
OF_ITS_OWN = True
_SEEDS, _ROUNDS, _PROMISED = 3, np.array([50, 100, 200, 400, 800]), -0.5


def measure(case: Case, progress: Progress) -> Verdict:
    """Fit the power of T in the gap from 50 to 800 rounds."""
    setting = SETTINGS["1 %"]
    own, other = np.empty((_SEEDS, len(_ROUNDS))), np.empty((_SEEDS, len(_ROUNDS)))
    for seed in range(_SEEDS):
        one = on(case, setting.problem, seed)
        own[seed], other[seed] = run(one, setting.own, _ROUNDS), run(one, setting.control, _ROUNDS)
        progress((seed + 1) / _SEEDS)
    found, control = fit(_ROUNDS, own), fit(_ROUNDS, other)
    status = "confirmed" if found.high <= _PROMISED else "refuted" if found.low > _PROMISED else "inconclusive"
    sentence = (
        f"From {_ROUNDS[0]} to {_ROUNDS[-1]} rounds the gap falls like T^{found.slope:.3f} [{found.low:.3f}, "
        f"{found.high:.3f}], to {own[:, -1].mean():.2g}. Control: error correction's like T^{control.slope:.3f}, to "
        f"{other[:, -1].mean():.2g}."
    )
    verdict = case.verdict("claim", status, sentence, found.slope, _PROMISED, (found.low, found.high))
    return dataclasses.replace(verdict, problem=told_of(setting.problem))
