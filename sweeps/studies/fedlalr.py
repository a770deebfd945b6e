"""FedLALR: what more clients, smaller steps and more rounds do to its gradients and step sizes."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...theory.case import Case
from ...theory.case import case as hold
from ...theory.claims import clients_divide_mean_squares as speed
from ...theory.claims import floor_of_adaptive_steps as floor
from ...theory.claims import one_client_is_amsgrad as ratchet
from ...theory.engines.seeds import geometric_mean
from ..problems import ProblemSpec
from . import Panel, Points

METHODS = ("fedlalr",)
SPEC = ProblemSpec(clients=8, dim=10, kappa=20.0, basis="client")
_SPEED, _FLOOR, _RATCHET = "more clients", "no noise: a floor", "v̂ ratchets up"
PANELS = (
    Panel(_SPEED, "clients n", "mean ‖∇F‖², relative to n = 2", "log", "log"),
    Panel(_FLOOR, "step size α", "last ‖∇F‖²", "log", "log"),
    Panel(_RATCHET, "local steps of one client", "mean √v̂ / AMSGrad's first", "log", "linear"),
)
_SEEDS = 3


def points(method: str, spec: ProblemSpec) -> Points:
    """Return what is known and the points, on problems whose sizes are the claims' own."""
    case = hold(method, spec.build(), seed=spec.problem_seed)
    rows = [*_speed(case), *_floor(case), *_ratchet(case)]
    caption = (
        "Left: 4 seeds, 300 rounds of 5 steps with minibatches of one component; middle: 3 seeds, whole gradients; "
        "right: 4 seeds; AMSGrad is one round of as many steps. Intervals are those of 95 %."
    )
    return {"caption": caption, "label": "quadratics of the claims"}, rows


def _row(panel: str, curve: str, role: str, x: float, values: Any) -> dict[str, Any]:
    """Return the point at the geometric mean of some seeds' values, with its interval."""
    y, low, high = geometric_mean(np.asarray(values))
    return {"panel": panel, "curve": curve, "role": role, "x": x, "y": y, "low": low, "high": high}


def _speed(case: Case) -> Iterator[dict[str, Any]]:
    means = speed.mean_squares(case, lambda share: None)
    for place, n in enumerate(speed.CLIENTS):
        for way, (curve, role) in enumerate((("FedLALR, α ~ √n", "method"), ("one α for every n", "control"))):
            yield _row(_SPEED, curve, role, n, means[:, place, way] / means[:, 0, way])
        yield {"panel": _SPEED, "curve": "1/√n", "role": "reference", "x": n, "y": (n / 2.0) ** -0.5}


def _floor(case: Case) -> Iterator[dict[str, Any]]:
    found = np.array([floor.floors(case, path) for path in range(_SEEDS)])
    for place, alpha in enumerate(floor.ALPHAS):
        curves = (
            ("FedLALR, K = 5", "method"),
            ("its fixed point", "reference"),
            ("K = 1, as many gradients", "control"),
        )
        for way, (curve, role) in enumerate(curves):
            yield _row(_FLOOR, curve, role, alpha, found[:, place, way])


def _ratchet(case: Case) -> Iterator[dict[str, Any]]:
    found = ratchet.ratchet(case, lambda share: None)
    for place, rounds in enumerate(ratchet.ROUNDS):
        for way, (curve, role) in enumerate((("FedLALR, n = 1, rounds of 5 steps", "method"), ("AMSGrad", "control"))):
            yield _row(_RATCHET, curve, role, 5 * rounds, found[:, place, way] / found[:, 0, 1])
