"""A model on a salient mask is as good as a dense one: it keeps 95 % of what the dense one gains in loss.

Control: a random mask of the same density.

Of handwritten digits, with every fourth sample. In convex form fewer weights gain nothing, so it is a matter of how
many are needed: about half of them.
"""

import dataclasses
from collections.abc import Sequence
from functools import cache
from typing import cast

import numpy as np

from ...core.randomness import derived_seed
from ...problems import Softmax
from ...problems.data import load_classes  # pyright: ignore[reportUnknownVariableType]
from ..case import Case, Progress
from ..verdict import Verdict
from .salient_masks_beat_random import of_mask

METHODS = ("salientgrads",)
OF_ITS_OWN = True
_LESS = "so few weights do not reach what the dense model does, and no step can leave the mask."
REFUTED = {"density 0.05": _LESS, "density 0.2": _LESS}
_JUDGED = (0.05, 0.2, 0.7)
DENSITIES = (0.05, 0.2, 0.35, 0.5, 0.7)
_CLIENTS, _EVERY, _L2, _DRAWS = 10, 4, 0.01, 2
_KEPT = 0.95


def measure(case: Case, progress: Progress) -> list[Verdict]:
    """Compare what is kept of the decrease of the loss with masks of each density and with none."""
    shares = shares_kept(case, DENSITIES, ("salient", "random"), progress).mean(axis=0)
    least = np.interp(_KEPT, shares[0], DENSITIES)
    verdicts: list[Verdict] = []
    for density, share, by_chance in zip(DENSITIES, *shares, strict=True):
        if density not in _JUDGED:
            continue
        verdict = case.verdict(
            "claim",
            "confirmed" if share >= _KEPT else "refuted",
            f"With density {density:g} {share:.3f} of the dense model's decrease in loss is kept; {_KEPT:g} takes "
            f"about {least:.2f} of the weights. Control: {by_chance:.3f} with a random mask.",
            float(share),
            _KEPT,
            sensitivity=abs(float(share) - _KEPT),
            part=f"density {density:g}",
        )
        verdicts.append(dataclasses.replace(verdict, problem=digits().label))
    return verdicts


@cache
def digits() -> Softmax:
    """Return the softmax problem of every fourth of the embedded digits, with whatever scales they have."""
    features, labels = cast("tuple[np.ndarray, np.ndarray]", load_classes("digits"))
    return Softmax(features[::_EVERY], labels[::_EVERY], clients=_CLIENTS, l2=_L2)


def shares_kept(case: Case, densities: Sequence[float], kinds: Sequence[str], progress: Progress) -> np.ndarray:
    """Return which part of the dense model's decrease in loss is kept, shape (draws, kinds, densities)."""
    found = np.empty((_DRAWS, len(kinds), len(densities)))
    for draw in range(_DRAWS):
        seed = derived_seed(case.seed, "digits", draw)

        def of_density(density: float, seed: int = seed) -> Case:
            return dataclasses.replace(case, problem=digits(), changes={"density": density, "w": seed}, seed=seed)

        dense = of_density(1.0)
        first, last = digits().gap(dense.initial().x), of_mask(dense, "salient")[0]
        for place, density in enumerate(densities):
            for row, kind in enumerate(kinds):
                found[draw, row, place] = (first - of_mask(of_density(density), kind)[0]) / (first - last)
            progress((draw + (place + 1) / len(densities)) / _DRAWS)
    return found
