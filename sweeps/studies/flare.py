"""FLARE beside error correction: by step size at two sparsities, and on the way there with τ that falls or stays."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ...core.randomness import derived_seed
from ...theory.case import Case
from ...theory.case import case as hold
from ..problems import ProblemSpec
from . import Panel, Points

METHODS = ("flare", "error_feedback")
SPEC = ProblemSpec("softmax", kappa=600.0, clients=8, data="digits", partition="shuffled")
PANELS = (
    Panel("1 % of the coordinates", "step size ηL", "F - F* after 400 rounds", "log", "log"),
    Panel("4 % of the coordinates", "step size ηL", "F - F* after 400 rounds", "log", "log"),
    Panel("1 %, ηL = 0.5", "communication rounds", "F - F*", "log", "log"),
)
_SHARES = (0.01, 0.04)
_STEPS = (0.1, 0.2, 0.35, 0.6, 1.0, 1.7, 3.0)
_TAUS, _DECAY, _WAY_STEP, _WAY_TAU = (0.03, 0.3), 1.0 / 1.02, 0.5, 0.1
_SEEDS, _ROUNDS = 3, 400


def points(method: str, spec: ProblemSpec) -> Points:
    """Return the gaps of one method by step size, and along the rounds.

    The second method is error correction, FLARE without its term; seeds of partitions are derived from the given one.

    Examples
    --------
    >>> [panel.title for panel in PANELS][:2]
    ['1 % of the coordinates', '4 % of the coordinates']
    """
    seeds = [derived_seed(spec.problem_seed, "study of flare", run) for run in range(_SEEDS)]
    cases = [hold(method, replace(spec, problem_seed=seed).build(), seed=seed) for seed in seeds]
    rows = _of_flare(cases) if method == "flare" else _of_error_correction(cases)
    caption = f"One local step, τ falls by 2 % a round. Geometric means and ranges of {_SEEDS} partitions."
    return {"caption": caption}, rows


def _of_flare(cases: list[Case]) -> Iterator[dict[str, Any]]:
    def letters(tau: float, rho: float = _DECAY) -> dict[str, Any]:
        return {"tau": tau, "rho": rho, "K": 1}

    for tau in _TAUS:
        yield from _by_step(cases, f"FLARE, τ = {tau:g}", "method", letters(tau))
    for curve, rho in ((f"FLARE, τ = {_WAY_TAU:g}", _DECAY), (f"FLARE, τ = {_WAY_TAU:g} in all rounds", 1.0)):
        yield from _way(cases, curve, "method", letters(_WAY_TAU, rho))


def _of_error_correction(cases: list[Case]) -> Iterator[dict[str, Any]]:
    letters = {"alpha": 0.0, "C_s": "Identity()", "beta": 0.0, "sigma": 0.0}
    yield from _by_step(cases, "error correction", "control", letters)
    yield from _by_step(cases, "all coordinates", "reference", letters, everything=True)
    yield from _way(cases, "error correction", "control", letters)


def _by_step(
    cases: list[Case], curve: str, role: str, letters: dict[str, Any], everything: bool = False
) -> Iterator[dict[str, Any]]:
    for panel, share in zip(PANELS, _SHARES, strict=False):
        for step in _STEPS:
            gaps = _gaps(cases, letters, 1.0 if everything else share, step, np.array([_ROUNDS]))
            yield _point(panel, curve, role, step, gaps[:, -1])


def _way(cases: list[Case], curve: str, role: str, letters: dict[str, Any]) -> Iterator[dict[str, Any]]:
    record = np.unique(np.geomspace(1, _ROUNDS, 30).astype(int))
    gaps = _gaps(cases, letters, _SHARES[0], _WAY_STEP, record)
    yield from (_point(PANELS[-1], curve, role, t, column) for t, column in zip(record, gaps.T, strict=True))


def _gaps(cases: list[Case], letters: dict[str, Any], share: float, step: float, record: np.ndarray) -> np.ndarray:
    """Return the gaps at some rounds, shape (seeds, rounds)."""
    found: list[np.ndarray] = []
    for case in cases:
        own = {"eta": step / case.problem.L, "C": f"TopK({round(share * case.problem.d)})"}
        trace = replace(case, changes=letters | own).run(int(record[-1]), record=record)
        found.append(trace.column("gap")[1:])
    return np.array(found)


def _point(panel: Panel, curve: str, role: str, x: float, values: np.ndarray) -> dict[str, Any]:
    ends = {"y": float(np.exp(np.log(values).mean())), "low": values.min(), "high": values.max()}
    return {"panel": panel.title, "curve": curve, "role": role, "x": x} | ends
