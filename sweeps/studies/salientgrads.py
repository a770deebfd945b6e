"""SalientGrads: what a mask costs in loss, and what it saves in floats, beside random masks."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ...algorithms.driver.run import run
from ...core.randomness import derived_seed
from ...theory.case import Case
from ...theory.case import case as hold
from ...theory.claims import masked_models_are_as_good as digits
from ...theory.claims import salient_masks_beat_random as planted
from ...theory.engines.seeds import geometric_mean
from ..problems import ProblemSpec
from . import Panel, Points

METHODS = ("salientgrads",)
SPEC = ProblemSpec(clients=4, dim=3, kappa=30.0)
_PLANTED, _DIGITS, _FLOATS = "few features matter", "digits", "digits: floats"
PANELS = (
    Panel(_PLANTED, "density of the mask", "F - F*, relative to F(W₀) - F*", "log", "log"),
    Panel(_DIGITS, "density of the mask", "kept of the dense decrease", "log", "linear"),
    Panel(_FLOATS, "numbers sent by a client / d", "F - F*", "log", "log"),
)
DENSITIES = (0.05, 0.1, 0.2, 0.4, 0.7)
_CURVES = {
    "salient": ("salient mask", "method"),
    "signs": ("salient, W₀ of signs", "method"),
    "random": ("random mask", "control"),
}
_SEEDS, _ROUNDS, _RECORDS = 6, 100, 14


def points(method: str, spec: ProblemSpec) -> Points:
    """Return what is known and the points, on the problems of the claims."""
    case = hold(method, spec.build(), seed=spec.problem_seed)
    rows = [*_planted(case), *_digits(case), *_floats(case)]
    caption = (
        f"Left: {_SEEDS} seeds and intervals of 95 %; middle: 2 draws of W₀; right: along {_ROUNDS} rounds; the scores "
        "that find the mask are counted."
    )
    return {"caption": caption, "label": digits.digits().label}, rows


def _planted(case: Case) -> Iterator[dict[str, Any]]:
    for density in DENSITIES:
        for kind, (curve, role) in _CURVES.items():
            members = [planted.planted_case(case, path, density) for path in range(_SEEDS)]
            shares = [planted.of_mask(one, kind)[0] / one.problem.gap(one.initial().x) for one in members]
            y, low, high = geometric_mean(np.array(shares))
            yield {
                "panel": _PLANTED, "curve": curve, "role": role, "x": density, "y": y, "low": low, "high": high
            }  # fmt: skip


def _digits(case: Case) -> Iterator[dict[str, Any]]:
    shares = digits.shares_kept(case, DENSITIES, tuple(_CURVES), lambda share: None).mean(axis=0)
    for row, (curve, role) in zip(shares, _CURVES.values(), strict=True):
        for density, share in zip(DENSITIES, row, strict=True):
            yield {"panel": _DIGITS, "curve": curve, "role": role, "x": density, "y": share}
    for density in DENSITIES:
        yield {"panel": _DIGITS, "curve": "95 % of the decrease", "role": "reference", "x": density, "y": 0.95}


def _floats(case: Case) -> Iterator[dict[str, Any]]:
    seed = derived_seed(case.seed, "digits", 0)
    curves = (
        (0.2, "salient mask, density 0.2", "method"),
        (0.5, "salient mask, density 0.5", "method"),
        (1.0, "dense", "control"),
    )
    for density, curve, role in curves:
        own = replace(case, problem=digits.digits(), changes={"density": density, "w": seed}, seed=seed)
        # The gap is towards the solution; where the masked rounds end need not be known.
        towards = {"lyapunov": own.theorem.lyapunov, "target": own.problem.solution()}
        trace = run(own.method, own.problem, own.params, _ROUNDS, seed, record=_RECORDS, **towards)
        # The dense method needs no mask.
        floats = trace.column("floats_up") / own.problem.d - (1.0 if density == 1.0 else 0.0)
        for x, y in zip(floats[1:], trace.column("gap")[1:], strict=True):
            yield {"panel": _FLOATS, "curve": curve, "role": role, "x": x, "y": y}
