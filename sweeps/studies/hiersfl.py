"""HierSFL: what privacy costs in loss and adds up to, and what edges save in traffic and time, beside FedAvg."""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ...algorithms.parts import privacy
from ...algorithms.parts.split import columns
from ...core.randomness import derived_seed, generator
from ...theory.case import Case
from ...theory.case import case as hold
from ...theory.claims import edges_save_traffic_and_time as clock
from ...theory.claims import noise_of_releases_costs as noise
from ...theory.claims import split_training_is_more_accurate as digits
from ...theory.engines.paired import ratio
from ...theory.theorems.hiersfl import DELTA
from ..problems import ProblemSpec
from . import Panel, Points

METHODS = ("hiersfl",)
SPEC = ProblemSpec(clients=4, dim=3, kappa=30.0)
_LEVEL, _DELTA, _FLOOR = "noise for (ε, 10⁻⁵)", "the δ that it has", "what it costs"
_COMPOSED, _TIME, _ACCURACY = "many releases", "digits: until F - F* is 0.5", "digits, ε = 4"
PANELS = (
    Panel(_LEVEL, "ε of a release", "deviation / sensitivity", "log", "log"),
    Panel(_DELTA, "ε of a release", "δ", "log", "log"),
    Panel(_FLOOR, "ε of a release", "added to the last F - F*", "log", "log"),
    Panel(_COMPOSED, "releases of ε = 4 and δ = 10⁻⁵", "ε of all with δ = 10⁻⁵", "log", "log"),
    Panel(_TIME, "k2, averages of an edge to one of the cloud", "relative to k2 = 1", "log", "log"),
    Panel(_ACCURACY, "rounds of the cloud", "held-out accuracy", "linear", "linear"),
)
_EPSILONS = tuple(float(eps) for eps in np.geomspace(0.125, 128.0, 21))
_K2 = (1, 2, 3, 4, 6, 8, 12, 16)
_SEEDS, _SPLITS, _ROUNDS = 6, 3, 20


def points(method: str, spec: ProblemSpec) -> Points:
    """Return what is known and the points, on the problems of the claims."""
    case = hold(method, spec.build(), seed=spec.problem_seed)
    rows = [*_noises(), *_floors(case), *_composed(), *_times(case), *_accuracies(case)]
    caption = (
        f"What it costs: {noise.LABEL}. Digits sorted by their labels, {digits.CLIENTS} clients at {clock.EDGES} "
        f"edges; {_SPLITS} splits; the clock: 10⁴ numbers a second to an edge, 10³ through the cloud. Without noise "
        "HierSFL is HierFAVG."
    )
    return {"caption": caption, "label": digits.LABEL}, rows


def _noises() -> Iterator[dict[str, Any]]:
    exact = {"curve": "exact noise", "role": "method"}
    classic = {"curve": "classic noise", "role": "control"}
    for eps in _EPSILONS:
        for look, z in ((exact, privacy.multiplier(eps, DELTA)), (classic, privacy.classic_multiplier(eps, DELTA))):
            yield {"panel": _LEVEL, "x": eps, "y": z, **look}
            yield {"panel": _DELTA, "x": eps, "y": privacy.profile(eps, z), **look}


def _floors(case: Case) -> Iterator[dict[str, Any]]:
    kinds = (privacy.multiplier, "exact noise", "method"), (privacy.classic_multiplier, "classic noise", "control")
    _, *added = noise.added(
        case, [[of(eps, DELTA) for eps in noise.EPSILONS] for of, *_ in kinds], _SEEDS, lambda share: None
    )
    for (_, curve, role), table in zip(kinds, added, strict=True):
        for eps, column in zip(noise.EPSILONS, table.T, strict=True):
            mean = ratio(column, np.ones(_SEEDS))
            yield {
                "panel": _FLOOR, "curve": curve, "role": role, "x": eps, "y": mean.mean, "low": mean.low,
                "high": mean.high,
            }  # fmt: skip
    first, start = noise.EPSILONS[0], float(added[1][:, 0].mean())
    for eps in noise.EPSILONS:
        yield {"panel": _FLOOR, "curve": "ε⁻²", "role": "reference", "x": eps, "y": start * (eps / first) ** -2}


def _composed() -> Iterator[dict[str, Any]]:
    z = privacy.multiplier(digits.PRIVACY, DELTA)
    for count in np.unique(np.geomspace(1, 1000, 25).astype(int)).tolist():
        for of, curve, role in (
            (privacy.composed_epsilon, "exact composition", "method"),
            (privacy.concentrated_epsilon, "zero-concentrated privacy", "control"),
        ):
            yield {"panel": _COMPOSED, "curve": curve, "role": role, "x": count, "y": of(z, count, DELTA)}
        added = {"curve": "ε times releases", "role": "reference"}
        yield {"panel": _COMPOSED, "x": count, "y": digits.PRIVACY * count, **added}


def _times(case: Case) -> Iterator[dict[str, Any]]:
    spent = np.empty((_SPLITS, len(_K2), 3))
    for place in range(_SPLITS):
        problem = digits.of_digits(derived_seed(case.seed, "study", place))[0]
        for column, k2 in enumerate(_K2):
            own = clock.at(case, problem, k2)
            spent[place, column] = np.array(clock.prices(own)) * clock.rounds_to_goal(own)
    for kind, (curve, role) in enumerate(
        (("numbers through the cloud", "control"), ("seconds", "method"), ("local steps", "control"))
    ):
        for column, k2 in enumerate(_K2):
            shares = spent[:, column, kind] / spent[:, 0, kind]
            row = {"panel": _TIME, "curve": curve, "role": role, "x": k2, "y": shares.mean()}
            yield row | {"low": shares.min(), "high": shares.max()}


def _accuracies(case: Case) -> Iterator[dict[str, Any]]:
    z = privacy.multiplier(digits.PRIVACY, DELTA)
    tree: dict[str, Any] = {"k1": 5, "k2": 4, "edges": clock.EDGES}
    flat: dict[str, Any] = {"k1": 20, "k2": 1, "edges": 1, "q": 0, "C0": 0.03, "z": z / math.sqrt(tree["k2"])}
    quiet: dict[str, Any] = {"C0": 1e100, "z": 0.0}
    curves = (
        ("HierSFL, no noise", "method", tree | quiet, 1),
        ("HierSFL, half of the weights noised", "method", tree | {"C0": 0.03, "z": z}, 1),
        ("FedAvg", "control", {"k1": 20, "k2": 1, "edges": 1, **quiet}, 1),
        ("FedAvg, averaged 4 times as often", "control", {"k1": 5, "k2": 1, "edges": 1, **quiet}, 4),
        ("FedAvg, all weights noised", "control", flat, 1),
    )
    for curve, role, letters, pace in curves:
        found = np.array([_path(case, derived_seed(case.seed, "study", s), letters, pace) for s in range(_SPLITS)])
        for r, values in enumerate(found.T):
            row = {"panel": _ACCURACY, "curve": curve, "role": role, "x": r + 1, "y": values.mean()}
            yield row | {"low": values.min(), "high": values.max()}


def _path(case: Case, seed: int, letters: dict[str, Any], pace: int) -> list[float]:
    problem, features, labels = digits.of_digits(seed)
    own = replace(case, problem=problem, changes={"q": columns(problem) // 2} | letters)
    state, draws = own.initial(), own.draw(generator(seed, "training"), pace * _ROUNDS)
    accuracies: list[float] = []
    for r in range(0, pace * _ROUNDS, pace):
        state = own.advance(state, draws[r : r + pace])
        accuracies.append(problem.accuracy(own.model(state), features, labels))
    return accuracies
