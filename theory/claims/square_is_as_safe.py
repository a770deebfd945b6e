"""If FLARE's regularisation stays, the square of what is remembered does no more harm than its size.

Control: the same with τ that falls, where both end nearer. The source's code offers both terms. A push by the size is
ητ, whatever is remembered: it stalls the method. One by the square is 2ητ times what is remembered, so that what is not
sent grows by 1 + 2ητ a round. Where many coordinates are sent they carry it off, and the square does less harm; of few
coordinates it feeds itself, and the method diverges.
"""

import dataclasses
from collections.abc import Iterator

import numpy as np

from ..case import Case, Progress
from ..engines.paired import ratio
from ..verdict import Verdict
from .fewer_coordinates_with_regularisation import Letters, on, planted, run, told_of

METHODS = ("flare",)
OF_ITS_OWN = True
REFUTED = {"1 %": "so few coordinates carry off less than what the rest grows by."}
_SETTINGS = {"4 %": Letters(16, 0.65, 0.3, 1.0, P=2), "1 %": Letters(4, 0.35, 0.3, 1.0, P=2)}
_SEEDS, _ROUNDS, _FALLS = 4, np.array([200]), 1.0 / 1.02


def measure(case: Case, progress: Progress) -> Iterator[Verdict]:
    """Compare the gaps with both terms, whether τ stays or falls."""
    for place, (part, own) in enumerate(_SETTINGS.items()):
        gaps = np.empty((4, _SEEDS))
        for seed in range(_SEEDS):
            one = on(case, planted, seed)
            ways = [own._replace(rho=rho, P=P) for rho in (1.0, _FALLS) for P in (2, 1)]
            gaps[:, seed] = [run(one, letters, _ROUNDS)[-1] for letters in ways]
            progress((place + (seed + 1) / _SEEDS) / len(_SETTINGS))
        found = ratio(gaps[0], gaps[1])
        square, size, falling_square, falling_size = gaps.mean(axis=1)
        sentence = (
            f"With τ = {own.tau:g} that stays the gap of top-{own.k} after {_ROUNDS[-1]} rounds is {square:.2g} with "
            f"the square and {size:.2g} with the size, {found} times that. Control: with τ that falls it is "
            f"{falling_square:.2g} and {falling_size:.2g}."
        )
        verdict = case.verdict("claim", found.below_one, sentence, found.mean, 1.0, (found.low, found.high), part=part)
        yield dataclasses.replace(verdict, problem=told_of(planted))
