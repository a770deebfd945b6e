"""DisPFL: errors on unseen samples against the density of masks, and against the numbers through the busiest client.

Controls are one model of all, with and without local steps at its end, dense models of the clients' own, and no
averages at all.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...algorithms.parts.random_graphs import of_busiest
from ...core.randomness import generator
from ...theory.case import Case
from ...theory.case import case as hold
from ...theory.claims.moving_masks_beat_static_ones import MOVING, STATIC
from ...theory.claims.sparse_private_models_are_more_accurate import (
    ALIKE,
    CONTROLS,
    DENSE,
    DIGITS,
    ONE_MODEL,
    ROUNDS,
    UNLIKE,
    Regime,
    of_regime,
    place,
    told,
)
from ..problems import ProblemSpec
from . import Panel, Points

METHODS = ("dispfl",)
SPEC = ProblemSpec(clients=4, dim=3, kappa=30.0, private="all")
REGIMES = (UNLIKE, ALIKE, DIGITS)
_TITLES = {UNLIKE: "Unlike clients", ALIKE: "Similar clients, few samples", DIGITS: "Digits, classes unevenly dealt"}
_DENSITY, _NUMBERS, _ERROR = "density of the masks", "numbers through the busiest / d", "error on unseen samples"
PANELS = (
    *(Panel(title, _DENSITY, _ERROR, "log", "linear") for title in _TITLES.values()),
    *(Panel(f"{title}: traffic", _NUMBERS, _ERROR, "log", "linear") for title in _TITLES.values()),
)
DENSITIES = (0.1, 0.2, 0.5, 0.8)
_SHOWN = 0.2
_WAYS = {
    "masks move, grown at random": (MOVING["at random"], "method"),
    "masks move, grown by gradients": (MOVING["by gradients"], "method"),
    "masks stay": (STATIC, "control"),
}
_EVERY = 4


def points(method: str, spec: ProblemSpec) -> Points:
    """Return what is known and the points, on the problems of the claims."""
    case = hold(method, spec.build(), seed=spec.problem_seed)
    rows = [row for regime in REGIMES for part in (_of_density, _of_traffic) for row in part(case, regime)]
    caption = (
        f"10 clients, 2 peers drawn a round, {ROUNDS} rounds of 5 local steps; step sizes tuned on other problems; "
        f"means, smallest and largest. Below: along the rounds, with masks of density {_SHOWN:g}; the one model goes "
        "through a server."
    )
    return {"caption": caption, "label": "Softmax regression"}, rows


def _of_density(case: Case, regime: Regime) -> Iterator[dict[str, Any]]:
    panel = _TITLES[regime]
    for curve, (changes, role) in _WAYS.items():
        for density in DENSITIES:
            errors = told(case, regime, changes | {"density": density}, 1)[:, -1, 1]
            yield {"panel": panel, "curve": curve, "role": role, "x": density, **_mean(errors)}
    for curve, changes, which in CONTROLS:
        mean = float(told(case, regime, changes, which)[:, -1, which].mean())
        for density in (DENSITIES[0], DENSITIES[-1]):
            yield {"panel": panel, "curve": curve, "role": "control", "x": density, "y": mean}


def _of_traffic(case: Case, regime: Regime) -> Iterator[dict[str, Any]]:
    panel = f"{_TITLES[regime]}: traffic"
    ways: list[tuple[str, dict[str, Any], int, str]] = [
        (curve, changes | {"density": _SHOWN}, 1, role) for curve, (changes, role) in _WAYS.items()
    ]
    ways += [(curve, changes, which, "control") for curve, changes, which in (DENSE, ONE_MODEL)]
    for curve, changes, which, role in ways:
        numbers = _numbers(case, regime, changes)
        for position, errors in enumerate(told(case, regime, changes, which, _EVERY)[..., which].T):
            there = numbers * _EVERY * (position + 1)
            yield {"panel": panel, "curve": curve, "role": role, "x": there, **_mean(errors)}


def _numbers(case: Case, regime: Regime, changes: dict[str, Any]) -> float:
    """Return how many numbers a round go through the busiest client, or through a server, as a share of d."""
    unseen = of_regime(regime, 0)
    if changes == ONE_MODEL[1]:
        return 2.0 * unseen.problem.n
    own = place(case.method, unseen, 0, 1.0, changes)
    draws = own.draw(generator(0, "busiest"), ROUNDS)
    return sum(of_busiest(draws, np.ones(own.problem.n))) / ROUNDS * own.params.density


def _mean(errors: np.ndarray) -> dict[str, float]:
    return {"y": errors.mean(), "low": errors.min(), "high": errors.max()}
