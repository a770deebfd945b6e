"""FedDLR: what a truncation in each round costs in loss, and what it saves, beside one truncation at the end."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...theory.case import Case
from ...theory.case import case as hold
from ...theory.claims import truncated_models_are_as_good as parity
from ...theory.engines.seeds import geometric_mean
from ..problems import ProblemSpec
from . import Panel, Points

METHODS = ("feddlr",)
SPEC = ProblemSpec(clients=4, dim=3, kappa=30.0)
_X, _GAP = "energy that is cut at most, 1 - p", "F - F*"
_TITLES = {"planted": "three directions: loss", "digits": "digits: loss", "digits by label": "digits by label: loss"}
_RANK, _SENT, _WAY = "three directions: rank", "three directions: sent", "digits by label: on the way"
PANELS = (
    *(Panel(title, _X, _GAP, "log", "log") for title in _TITLES.values()),
    Panel(_RANK, _X, "rank after all rounds", "log", "linear"),
    Panel(_SENT, _X, "numbers, of FedAvg's", "log", "linear"),
    Panel(_WAY, "numbers sent and received / d", _GAP, "log", "log"),
)
_CUT = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3)
_WAY_SHARES = (0.9, 0.95, 0.99)
_RECORDS = 25
_OWN, _ONCE, _WHOLE = "FedDLR", "FedAvg, truncated at the end", "FedAvg"


def points(method: str, spec: ProblemSpec) -> Points:
    """Return what is known and the points, on the problems of the claims.

    Examples
    --------
    >>> [panel.title for panel in PANELS][-1]
    'digits by label: on the way'
    """
    case = hold(method, spec.build(), seed=spec.problem_seed)
    rows = [row for place in _TITLES for row in _of_place(case, place)]
    caption = (
        f"Five local steps, {parity.ROUNDS} rounds, p = q; geometric means and 95 % over 3 seeds, means of ranks and "
        "numbers; digits by label draw nothing."
    )
    label = "softmax regression: planted with three directions, and digits"
    return {"caption": caption, "label": label}, [*rows, *_on_the_way(case)]


def _of_place(case: Case, place: str) -> Iterator[dict[str, Any]]:
    for cut in _CUT:
        own, once, whole = parity.over_seeds(case, place, 1.0 - cut)
        curves = ((_OWN, "method", own), (_ONCE, "control", once), (_WHOLE, "reference", whole))
        for curve, role, ends in curves:
            yield _point(_TITLES[place], curve, role, cut, ends[:, 0], geometric=True)
            if place == "planted":
                yield _point(_RANK, curve, role, cut, ends[:, 2])
                if curve != _ONCE:
                    yield _point(_SENT, curve, role, cut, ends[:, 3])


def _point(panel: str, curve: str, role: str, x: float, values: np.ndarray, geometric: bool = False) -> dict[str, Any]:
    y, low, high = float(values.mean()), values.min(), values.max()
    if geometric and len(values) > 1:
        y, low, high = geometric_mean(values)
    return {"panel": panel, "curve": curve, "role": role, "x": x, "y": y, "low": low, "high": high}


def _on_the_way(case: Case) -> Iterator[dict[str, Any]]:
    here = parity.on(case, "digits by label", 0)
    for p in (*_WAY_SHARES, 1.0):
        trace = parity.run(here, record=_RECORDS, p=p, q=p)
        sent = (trace.column("floats_up") + trace.column("floats_down")) / here.problem.d
        curve, role = (f"FedDLR, p = {p:g}", "method") if p < 1.0 else (_WHOLE, "reference")
        for x, y in zip(sent[1:], trace.column("gap")[1:], strict=True):
            yield {"panel": _WAY, "curve": curve, "role": role, "x": x, "y": y}
