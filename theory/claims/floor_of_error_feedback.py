"""Where clients differ error feedback leaves a floor like the square of the step size, without any noise.

Control: where they have one minimiser there is no floor, with the same compressor. Measured is the gap of x late in a
run, over a decade of step sizes.
"""

import dataclasses

import numpy as np

from ..case import Case, Progress
from ..engines.exponent import fit
from ..verdict import Verdict
from .averages_lower_the_floor import PLAIN, on_quadratic, told_of_problems

METHODS = ("error_feedback",)
ON_QUADRATICS = True
_STEPS = (0.01, 0.02, 0.05, 0.1)
_LOW, _HIGH = 1.7, 2.3
# In units of 1/η: enough to forget the start.
_SETTLING, _EVERY = 300.0, 7
_NOTHING = 1e-6


def measure(case: Case, progress: Progress) -> Verdict:
    """Fit the power of the step size in the floor."""
    different, alike = (on_quadratic(case, 0, heterogeneity) for heterogeneity in (1.0, 0.0))
    gaps: list[float] = []
    for eta in _STEPS:
        gaps.append(_floor(different, eta))
        progress(len(gaps) / (len(_STEPS) + 1))
    found, control = fit(_STEPS, gaps), _floor(alike, _STEPS[-1])
    progress(1.0)
    status = "confirmed" if found.low >= _LOW and found.high <= _HIGH else "inconclusive"
    if found.high < _LOW or found.low > _HIGH:
        status = "refuted"
    if control > _NOTHING * gaps[-1]:
        status = "inconclusive"
    sentence = (
        f"The gap settles like η^{found.slope:.3f} [{found.low:.3f}, {found.high:.3f}], from {gaps[0]:.2g} at ηL = "
        f"{_STEPS[0]:g} to {gaps[-1]:.2g} at {_STEPS[-1]:g}. Control: with one minimiser it falls to {control:.1g}."
    )
    verdict = case.verdict("claim", status, sentence, found.slope, 2.0, (found.low, found.high))
    return dataclasses.replace(verdict, problem=told_of_problems(on_quadratic))


def _floor(case: Case, eta: float) -> float:
    one = dataclasses.replace(case, changes=PLAIN | {"eta": eta, "alpha": 0.0, "C": "TopK(2)", "sigma": 0.0})
    rounds = int(_SETTLING / eta)
    return float(one.run(rounds, record=np.arange(rounds // 2, rounds + 1, _EVERY)).column("gap")[1:].mean())
