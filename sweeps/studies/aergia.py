"""What helpers for slow clients save in time, and what they cost in loss."""

from typing import Any

import numpy as np

from ...algorithms import Clock
from ...core.randomness import derived_seed
from ...problems import Softmax
from ...theory.case import Case
from ...theory.case import case as hold
from ...theory.claims.offloading_shortens_rounds import UNEQUAL, ratios
from ...theory.engines.paired import ratio
from ..problems import ProblemSpec
from . import Panel, Points

METHODS = ("aergia", "tifl")
SPEC = ProblemSpec("softmax", kappa=100.0, clients=24, data="digits", partition="by_label")
_TIME, _ROUND = "Along time", "Along rounds"
_SAVED, _FLOOR = "A round's time", "The price"
PANELS = (
    Panel(_TIME, "simulated seconds", "F(x) - F*"),
    Panel(_ROUND, "communication rounds", "F(x) - F*"),
    Panel(_SAVED, "part bf of a step that is saved", "time over FedAvg's", yscale="linear"),
    Panel(_FLOOR, "part bf of a step that is saved", "gap at rest over FedAvg's", yscale="linear"),
)
_FEDAVG: dict[str, Any] = {"speeds": "1"}
_WAYS: dict[str, dict[str, tuple[dict[str, Any], str]]] = {
    "aergia": {
        "Aergia": ({}, "method"),
        "Aergia, any labels (f = 0)": ({"f": 0.0}, "method"),
        "FedAvg": (_FEDAVG, "control"),
    },
    "tifl": {"TiFL": ({}, "control")},
}
_COHORT, _STEP, _ROUNDS, _SEEDS, _REST = 6, 0.5, 120, 5, 50
_PARTS = (0.2, 0.45, 0.65, 0.9)
_DRAWN = 400


def points(method: str, spec: ProblemSpec) -> Points:
    """Return what the curves are of, and their points.

    TiFL is the other method; FedAvg is a special case of Aergia.
    """
    problem: Any = spec.build()
    rows: list[dict[str, Any]] = []
    for words, (changes, role) in _WAYS[method].items():
        look = {"curve": words, "role": role}
        traces = [_run(method, problem, seed, **changes) for seed in _seeds(spec)]
        seconds, gaps = (np.array([trace.column(name) for trace in traces]) for name in ("seconds", "gap"))
        for r in range(1, _ROUNDS + 1, 3):
            mean = ratio(gaps[:, r], np.ones(_SEEDS))
            height = {"y": mean.mean, "low": mean.low, "high": mean.high}
            rows.append({"panel": _TIME, "x": seconds[:, r].mean(), **height, **look})
            rows.append({"panel": _ROUND, "x": r, **height, **look})
    if method == "aergia":
        rows += _by_part(problem, spec)
    clock = _clock(0)
    caption = (
        f"{_COHORT} clients in a round, η = {_STEP:g}/L; geometric means and 95 % intervals over {_SEEDS} seeds of "
        f"speeds and cohorts. Seconds are simulated: {clock}. Top: bf = 0.65. A round's time: the mean, and the range, "
        f"of {_DRAWN * _SEEDS} rounds in which sending takes no time. The price: mean gap of the last {_REST} "
        f"of {_ROUNDS} rounds."
    )
    return {"caption": caption}, rows


def _by_part(problem: Softmax, spec: ProblemSpec) -> list[dict[str, Any]]:
    """Return how long rounds take, and where the gap comes to rest, for each part of a step that is saved."""
    rows: list[dict[str, Any]] = []
    plain = [_floor("aergia", problem, seed, **_FEDAVG) for seed in _seeds(spec)]
    for bf in _PARTS:
        held = _held("aergia", problem, 0, bf=bf)
        times, hoped = (
            np.concatenate([ratios(held, problem, one, one, UNEQUAL, _DRAWN, waits=waits) for one in _seeds(spec)])
            for waits in (True, False)
        )
        rows += [
            _ratio("Aergia", "method", bf, float(times.mean()), float(times.min()), float(times.max())),
            _ratio("as planned, no helper waits", "control", bf, float(hoped.mean())),
            _ratio("1 - bf", "reference", bf, 1.0 - bf),
            _ratio("FedAvg", "control", bf, 1.0),
        ]
        for words, f in (("Aergia", 1.0), ("Aergia, any labels (f = 0)", 0.0)):
            own = ratio([_floor("aergia", problem, seed, bf=bf, f=f) for seed in _seeds(spec)], plain)
            ends = {"y": own.mean, "low": own.low, "high": own.high}
            rows.append({"panel": _FLOOR, "curve": words, "role": "method", "x": bf, **ends})
        rows.append({"panel": _FLOOR, "curve": "FedAvg", "role": "control", "x": bf, "y": 1.0})
    return rows


def _ratio(curve: str, role: str, x: float, y: float, low: float = np.nan, high: float = np.nan) -> dict[str, Any]:
    return {"panel": _SAVED, "curve": curve, "role": role, "x": x, "y": y, "low": low, "high": high}


def _seeds(spec: ProblemSpec) -> list[int]:
    return [derived_seed(spec.problem_seed, "offloading", place) for place in range(_SEEDS)]


def _clock(seed: int) -> Clock:
    return Clock(compute=0.05, up=1e7, down=5e7, latency=0.02, speeds=UNEQUAL, seed=seed)


def _held(method: str, problem: Softmax, seed: int, **changes: Any) -> Case:
    """Return the case; a plan reckons with the time of two links, in gradients at speed 1."""
    clock, bits = _clock(seed), 64 * problem.d
    link = (float(clock.latency) + bits / float(clock.up) + bits / float(clock.down)) / float(clock.compute)
    shared: dict[str, Any] = {"eta": _STEP / problem.L, "S": _COHORT, "speeds": UNEQUAL, "w": seed}
    own = {"comm": link} if method == "aergia" else {"m": 3}
    return hold(method, problem, seed=seed, **shared | own | changes)


def _run(method: str, problem: Softmax, seed: int, **changes: Any) -> Any:
    held = _held(method, problem, seed, **changes)
    return held.run(_ROUNDS, record=np.arange(_ROUNDS), clock=_clock(seed))


def _floor(method: str, problem: Softmax, seed: int, **changes: Any) -> float:
    return float(_run(method, problem, seed, **changes).column("gap")[-_REST:].mean())
