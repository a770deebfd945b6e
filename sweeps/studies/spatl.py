"""SPATL's traffic beside SCAFFOLD's and FedAvg's, what leaves a floor, and what private predictors are worth."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ...core.randomness import derived_seed
from ...theory.case import Case
from ...theory.case import case as hold
from ...theory.claims import bandit_finds_the_share, control_removes_the_floor
from ...theory.claims import private_predictors_fit_unlike_clients as unlike
from ...theory.claims import pruned_rows_save_uplink as planted
from ...theory.engines.seeds import geometric_mean
from ..problems import ProblemSpec
from . import Panel, Points

METHODS = ("spatl",)
SPEC = ProblemSpec(clients=4, dim=6, kappa=30.0, private="2")
_UP, _BOTH, _FLOORS = "what clients send", "what goes up and down", "what leaves a floor, r = 0.2"
_DIGITS, _SHARES, _WRONG = "digits: what clients send", "to F - F* = 0.01, by share", "fresh samples"
PANELS = (
    Panel(_UP, "kB sent by a client", "F - F*", "log", "log"),
    Panel(_BOTH, "kB sent and received by a client", "F - F*", "log", "log"),
    Panel(_DIGITS, "kB sent by a client", "F - F*", "log", "log"),
    Panel(_FLOORS, "communication rounds", "F - F*", "log", "log"),
    Panel(_SHARES, "share r of the rows", "kB to F - F* = 0.01", "log", "log"),
    Panel(_WRONG, "samples of a client", "share of wrong labels", "log", "linear"),
)
_CONTROLS = {"SCAFFOLD": planted.SCAFFOLD, "FedAvg": planted.FEDAVG}
_FEW = (0.1, 0.2, 0.4)
_SHARES_TRIED = (0.05, 0.1, 0.2, 0.4, 0.7, 1.0)
_SAMPLES = (10, 20, 40, 80, 160)
_SEEDS, _ROUNDS, _FLOOR, _LONG = 4, 100, 200, 400
_KB = 8e3


def points(method: str, spec: ProblemSpec) -> Points:
    """Return the points of the study, on the problems of the claims and on digits.

    Examples
    --------
    >>> [panel.title for panel in PANELS][:2]
    ['what clients send', 'what goes up and down']
    """
    case = hold(method, spec.build(), seed=spec.problem_seed)
    seeds = [derived_seed(case.seed, "study of spatl", run) for run in range(_SEEDS)]
    own = [planted.on_planted(case, seed) for seed in seeds]
    rows = [*_ways(own), *_agents(own), *_digits(case), *_floors(own), *_by_share(own), *_wrong(case, seeds)]
    caption = (
        f"SCAFFOLD and FedAvg on the shared part, with the same private predictors. Geometric means and ranges of "
        f"{_SEEDS} problems; digits: one, with unlike clients. Indices count, and the losses that the bandit is told."
    )
    return {"caption": caption, "label": planted.LABEL}, rows


def _ways(cases: Sequence[Case]) -> Iterator[dict[str, Any]]:
    curves = {f"SPATL, r = {r:g}": ("method", {"r": r}) for r in _FEW}
    curves |= {name: ("control", letters) for name, letters in _CONTROLS.items()}
    for curve, (role, letters) in curves.items():
        traces = [replace(case, changes=letters).run(_ROUNDS, record=25) for case in cases]
        gaps = np.array([trace.column("gap")[1:] for trace in traces])
        up, down = (traces[0].column(name)[1:] / _KB for name in ("bits_up", "bits_down"))
        for panel, kB in ((_UP, up), (_BOTH, up + down)):
            yield from (_point(panel, curve, role, x, column) for x, column in zip(kB, gaps.T, strict=True))


def _agents(cases: Sequence[Case]) -> Iterator[dict[str, Any]]:
    """Yield the way of the agent, whose rounds differ in length, at the kB where all its paths are known."""
    paths = [bandit_finds_the_share.of_agent(case, _ROUNDS, 0.0) for case in cases]
    grid = np.geomspace(max(path.bits[1] for path in paths) / _KB, min(path.bits[-1] for path in paths) / _KB, 25)
    logs = [np.interp(grid, path.bits / _KB, np.log(np.maximum(path.gaps, 1e-300))) for path in paths]
    for x, column in zip(grid, np.exp(logs).T, strict=True):
        yield _point(_UP, "SPATL, a bandit's r", "method", x, column)


def _digits(case: Case) -> Iterator[dict[str, Any]]:
    problem = planted.digits(derived_seed(case.seed, "private predictors", 0))
    curves = {f"SPATL, r = {r:g}": ("method", {"r": r}) for r in _FEW}
    curves |= {name: ("control", letters) for name, letters in _CONTROLS.items()}
    for curve, (role, letters) in curves.items():
        trace = replace(case, problem=problem, changes=letters).run(_LONG, record=25)
        for x, y in zip(trace.column("bits_up")[1:] / _KB, trace.column("gap")[1:], strict=True):
            yield {"panel": _DIGITS, "curve": curve, "role": role, "x": x, "y": y}


def _floors(cases: Sequence[Case]) -> Iterator[dict[str, Any]]:
    words = ("SPATL, r = 0.2", "zeros averaged in", "rows of large weights", "control damped by 1/100")
    curves = dict(zip(words, control_removes_the_floor.CHOICES.values(), strict=True)) | {"no control": {"s": 0.0}}
    for curve, letters in curves.items():
        traces = [replace(case, changes={"r": 0.2} | letters).run(_FLOOR, record=25) for case in cases]
        gaps = np.array([trace.column("gap")[1:] for trace in traces])
        role = "method" if curve == words[0] else "control"
        rounds = traces[0].column("round")[1:]
        yield from (_point(_FLOORS, curve, role, x, column) for x, column in zip(rounds, gaps.T, strict=True))


def _by_share(cases: Sequence[Case]) -> Iterator[dict[str, Any]]:
    for r in _SHARES_TRIED:
        spent = np.array([planted.bits_to(replace(case, changes={"r": r}), _LONG) for case in cases]) / _KB
        yield _point(_SHARES, "SPATL: up", "method", r, spent[:, 0])
        yield _point(_SHARES, "SPATL: up and down", "method", r, spent.sum(axis=1))
    spent = np.array([planted.bits_to(replace(case, changes=planted.FEDAVG), _LONG) for case in cases]) / _KB
    for r in _SHARES_TRIED[:: len(_SHARES_TRIED) - 1]:
        yield _point(_SHARES, "FedAvg: up", "reference", r, spent[:, 0])
        yield _point(_SHARES, "FedAvg: up and down", "reference", r, spent.sum(axis=1))


def _wrong(case: Case, seeds: Sequence[int]) -> Iterator[dict[str, Any]]:
    curves = (("SPATL, r = 0.2", "method"), ("one model for all", "control"), ("each client alone", "control"))
    for samples in _SAMPLES:
        found = np.array([unlike.errors(case, seed, samples) for seed in seeds])
        for (curve, role), column in zip(curves, found.T, strict=True):
            yield _point(_WRONG, curve, role, samples, column)


def _point(panel: str, curve: str, role: str, x: float, values: np.ndarray) -> dict[str, Any]:
    y = geometric_mean(values)[0] if np.isfinite(values).all() else float("nan")
    return {"panel": panel, "curve": curve, "role": role, "x": x, "y": y, "low": values.min(), "high": values.max()}
