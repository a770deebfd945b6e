"""Without a decay FLARE's regularisation stops it far from the solution.

Control: with τ that falls by 2 % a round the same letters go on, as they do without the term. Nothing in the recursion
forbids that τ stays: a push of ητ on the larger part of what is remembered is a bias of that size in every round.
"""

import dataclasses

import numpy as np

from ..case import Case, Progress
from ..engines.paired import ratio
from ..verdict import Verdict
from .fewer_coordinates_with_regularisation import SETTINGS, gap, on, told_of

METHODS = ("flare",)
OF_ITS_OWN = True
_SEEDS = 3


def measure(case: Case, progress: Progress) -> Verdict:
    """Compare the gaps with and without a decay, and without the term."""
    setting = SETTINGS["1 %"]
    gaps = np.empty((3, _SEEDS))
    for run in range(_SEEDS):
        one = on(case, setting.problem, run)
        cases = (setting.own._replace(rho=1.0), setting.own, setting.own._replace(tau=0.0))
        gaps[:, run] = [gap(one, letters) for letters in cases]
        progress((run + 1) / _SEEDS)
    stays, falls, without = gaps
    found, control = ratio(falls, stays), ratio(falls, without)
    sentence = (
        f"With τ = {setting.own.tau:g} in all rounds the gap stays at {stays.mean():.2g}. Control: with a decay it is "
        f"{falls.mean():.2g}, which is {found} times that, and {control} times that without the term."
    )
    verdict = case.verdict("claim", found.below_one, sentence, found.mean, 1.0, (found.low, found.high))
    return dataclasses.replace(verdict, problem=told_of(setting.problem))
