"""From which share of the samples on a server's own data lower the floor that few clients in a round leave."""

import dataclasses
from typing import Any

import numpy as np

from ...algorithms.parts.nothing_drawn import State
from ...core.randomness import derived_seed
from ...problems import Problem
from ...theory.case import Case
from ...theory.case import case as hold
from ...theory.engines.paired import Ratio, ratio
from ..problems import ProblemSpec
from . import Panel, Points

METHODS = ("fedclg_c", "fedclg_s", "clg_sgd")
SPEC = ProblemSpec("softmax", kappa=100.0, clients=20, data="digits", partition="by_label", server=0.1)
_PATH, _FLOOR = "One path", "The floor"
PANELS = (
    Panel(_PATH, "communication rounds", "F(x) - F*"),
    Panel(_FLOOR, "share of all samples that the server has", "F(x) - F* after settling", xscale="log"),
)
_WORDS = {"fedclg_c": "FedCLG-C", "fedclg_s": "FedCLG-S", "clg_sgd": "CLG-SGD"}
_FEDAVG, _ALONE = "FedAvg with cohorts", "server alone, without any client"
_SHARES = (0.02, 0.05, 0.1, 0.2, 0.5)
_SEEDS, _ROUNDS, _SETTLED, _EVERY = 5, 80, 40, 8
# What every method is run with; step sizes are in units of 1/L.
_LETTERS, _STEP, _SERVER_STEP = {"K": 10, "M": 2, "E": 10}, 0.4, 0.4


def points(method: str, spec: ProblemSpec) -> Points:
    """Return what a method's curves are of, and their points.

    The path is on the given problem, whose server has a share of the samples; the floors are of other shares and seeds.
    """
    role = "control" if method == "clg_sgd" else "method"
    rows = _rows(_WORDS[method], role, method, spec, _LETTERS["E"])
    if method == "clg_sgd":
        rows += [*_rows(_FEDAVG, "control", method, spec, 0), *_alone(spec)]
    caption = (
        f"{_LETTERS['M']} of {spec.clients} clients in a round, {_LETTERS['K']} local steps of {_STEP:g}/L, "
        f"{_LETTERS['E']} steps of the server; the path is with {100 * spec.server:g} % of the samples at the server. "
        f"Geometric means and 95 % intervals over {_SEEDS} samples of the server, whose own floor FedCLG-C has."
    )
    return {"caption": caption}, rows


def _rows(words: str, role: str, method: str, spec: ProblemSpec, E: int) -> list[dict[str, Any]]:
    path = _held(method, spec.build(), spec.problem_seed, E).run(_ROUNDS, record=np.arange(_ROUNDS + 1))
    rows = [_row(_PATH, words, role, x, y) for x, y in enumerate(path.column("gap"))]
    for share in _SHARES:
        floors = [_floor(_held(method, problem, seed, E)) for seed, problem in _drawn(spec, share)]
        rows.append(_interval(words, role, share, floors))
    return rows


def _floor(case: Case) -> float:
    return float(case.run(_ROUNDS, record=np.arange(_SETTLED, _ROUNDS + 1, _EVERY)).column("gap")[1:].mean())


def _alone(spec: ProblemSpec) -> list[dict[str, Any]]:
    """Return the points of gradient descent on the server's data, with as many steps in a round."""
    problem = spec.build()
    server = _server(problem)
    held = hold("gradient_descent", server, gamma=_SERVER_STEP / server.L)
    state, gaps = held.initial(), []
    for _ in range(_ROUNDS + 1):
        gaps.append(problem.gap(state.x))
        state = held.advance(State(state.x), held.draw(np.random.default_rng(0), _LETTERS["K"] + _LETTERS["E"]))
    rows = [_row(_PATH, _ALONE, "reference", x, y) for x, y in enumerate(gaps)]
    for share in _SHARES:
        biases = [problem.gap(_server(problem).solution().x) for _, problem in _drawn(spec, share)]
        rows.append(_interval(_ALONE, "reference", share, biases))
    return rows


def _held(method: str, problem: Problem, seed: int, E: int) -> Case:
    steps = {"eta": _STEP / problem.L, "gamma": _SERVER_STEP / max(problem.L, _server(problem).L)}
    return hold(method, problem, seed=seed, **_LETTERS | {"E": E} | steps)


def _server(problem: Problem) -> Problem:
    assert problem.server is not None, "a study of servers is of problems with one"
    return problem.server


def _drawn(spec: ProblemSpec, share: float) -> list[tuple[int, Problem]]:
    """Return seeds, with the problem of each whose server has a share of the samples."""
    seeds = [derived_seed(spec.problem_seed, "samples of the server", place) for place in range(_SEEDS)]
    return [(seed, dataclasses.replace(spec, server=share, problem_seed=seed).build()) for seed in seeds]


def _interval(words: str, role: str, x: float, values: list[float]) -> dict[str, Any]:
    found: Ratio = ratio(values, np.ones(len(values)))
    return _row(_FLOOR, words, role, x, found.mean) | {"low": found.low, "high": found.high}


def _row(panel: str, words: str, role: str, x: float, y: float) -> dict[str, Any]:
    return {"panel": panel, "curve": words, "role": role, "x": x, "y": y}
