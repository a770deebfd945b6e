"""SAEF's averages of the errors beside error feedback: at one compressor, at as many numbers, and on the way there."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ...core.randomness import derived_seed
from ...theory.case import Case
from ...theory.case import case as hold
from ...theory.claims.averages_lower_the_floor import EVERY, PLAIN, SETTINGS, gaps_of, walk
from ..problems import ProblemSpec
from . import Panel, Points

METHODS = ("saef", "error_feedback")
SPEC = ProblemSpec(clients=8, dim=20, kappa=20.0, basis="client")
PANELS = (
    Panel("floor at one compressor, top-1", "period p of the averages", "F - F*", "log", "log", "points"),
    Panel("floor at as many numbers", "numbers a client sends in an iteration", "F - F*", "log", "log", "points"),
    Panel("as the paper compares", "iterations", "F - F*", yscale="log"),
)
_PERIODS, _KEPT = (1, 2, 4, 10, 20), (1, 2, 3, 5, 10)
_SEEDS, _ITERATIONS, _FIRST = 6, 3000, 240
_FLOOR, _NUMBERS, _WAY = (panel.title for panel in PANELS)
_CONTROL, _SGD = "error feedback", "SGD, all numbers"
_OWN = PLAIN | {"C": "TopK(1)"}


def points(method: str, spec: ProblemSpec) -> Points:
    """Return the floors of one method for periods or compressors, and its gap over the first iterations.

    The given quadratic has clients that differ; those of the last panel have one minimiser.

    Examples
    --------
    >>> PANELS[0].x
    'period p of the averages'
    """
    rows = _of_saef(spec) if method == "saef" else _of_error_feedback(spec)
    caption = (
        f"Geometric means of {_SEEDS} seeds with twice their standard errors, ηL = 0.1 and noise of σ = 0.5. Right: "
        "alike clients, ηL = 0.01, β = 0.9, messages of 10 % both ways, or of 5 % and an average every 20 iterations."
    )
    return {"caption": caption}, rows


def _of_saef(spec: ProblemSpec) -> Iterator[dict[str, Any]]:
    for p in _PERIODS:
        x, hidden = _floors(_cases("saef", spec, _OWN | {"p": p}))
        yield _point(_FLOOR, "SAEF", "method", p, x)
        yield _point(_FLOOR, "SAEF, virtual model", "method", p, hidden)
        yield _point(_NUMBERS, "SAEF", "method", 1 + spec.dim / p, x)
    alike = replace(spec, heterogeneity=0.0)
    yield from _way("SAEF", "method", _cases("saef", alike, SETTINGS["as the paper compares"].saef))


def _of_error_feedback(spec: ProblemSpec) -> Iterator[dict[str, Any]]:
    everything = {"C": f"TopK({spec.dim})", "C_s": f"TopK({spec.dim})"}
    for curve, letters, role in (
        (_CONTROL, {"alpha": 0.0}, "control"),
        ("steps ahead without averages", {"alpha": 1.0}, "control"),
        (_SGD, {"alpha": 0.0} | everything, "reference"),
    ):
        x, _ = _floors(_cases("error_feedback", spec, _OWN | letters))
        yield from (_point(_FLOOR, curve, role, p, x) for p in (_PERIODS[0], _PERIODS[-1]))
    for k in _KEPT:
        x, _ = _floors(_cases("error_feedback", spec, _OWN | {"alpha": 0.0, "C": f"TopK({k})"}))
        yield _point(_NUMBERS, _CONTROL, "control", k, x)
    alike, letters = replace(spec, heterogeneity=0.0), SETTINGS["as the paper compares"].control | {"alpha": 0.0}
    yield from _way(_CONTROL, "control", _cases("error_feedback", alike, letters))
    yield from _way(_SGD, "reference", _cases("error_feedback", alike, letters | everything))


def _cases(method: str, spec: ProblemSpec, letters: dict[str, Any]) -> list[Case]:
    seeds = [derived_seed(spec.problem_seed, "study of saef", run) for run in range(_SEEDS)]
    return [hold(method, replace(spec, problem_seed=seed).build(), seed=seed, **letters) for seed in seeds]


def _point(panel: str, curve: str, role: str, x: float, values: np.ndarray) -> dict[str, Any]:
    logs = np.log(values)
    middle, half = logs.mean(), 2.0 * logs.std(ddof=1) / np.sqrt(len(logs))
    ends = {"y": np.exp(middle), "low": np.exp(middle - half), "high": np.exp(middle + half)}
    return {"panel": panel, "curve": curve, "role": role, "x": x} | ends


def _way(curve: str, role: str, cases: list[Case]) -> Iterator[dict[str, Any]]:
    """Yield the gaps over the first iterations."""
    paths = [walk(case, _FIRST, gaps_of(case))[:, 0] for case in cases]
    for place, gaps in enumerate(np.transpose(paths)):
        yield _point(_WAY, curve, role, EVERY * (place + 1), gaps)


def _floors(cases: list[Case]) -> np.ndarray:
    """Return the mean gaps of x and of the virtual model in the second half of a run, shape (2, seeds)."""
    late = [walk(case, _ITERATIONS, gaps_of(case))[_ITERATIONS // EVERY // 2 :] for case in cases]
    return np.mean(late, axis=1).T
