"""BLADE-FL: how many blocks are best within a given time, and what clients cost that are lazy in them."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...core.randomness import derived_seed
from ...theory.case import Case
from ...theory.case import case as hold
from ...theory.claims import best_number_of_blocks as best
from ...theory.claims import blocks_in_proportion_to_time as proportion
from ...theory.claims import dearer_blocks_are_fewer as dearer
from ...theory.claims import lazy_clients_raise_the_loss as lazy
from ...theory.engines.seeds import geometric_mean
from ..problems import ProblemSpec
from . import Panel, Points

METHODS = ("blade_fl",)
SPEC = ProblemSpec(clients=4, dim=3, kappa=30.0)
_LOSS, _TIME, _DEARER, _LAZY = "neither few nor many", "more time", "dearer blocks and steps", "lazy clients"
PANELS = (
    Panel(_LOSS, "blocks K", "F - F* when the time is over", "log", "log"),
    Panel(_TIME, "time t_sum, in local steps", "best number of blocks", "log", "log"),
    Panel(_DEARER, "time β of a block, or α of a step", "best number of blocks", "log", "log"),
    Panel(_LAZY, "lazy clients of 10", "F - F*, relative to none", "linear", "log"),
)
_PROBLEMS = 6
_BETAS = (5.0, 10.0, 20.0)
_BLOCKS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 21, 24, 27, 30, 35, 40, 45, 50)


def points(method: str, spec: ProblemSpec) -> Points:
    """Return what is known and the points, on the problems of the claims."""
    case = hold(method, spec.build(), seed=spec.problem_seed)
    rows = [*_loss(case), *_time(case), *_dearer(case), *_lazy(case)]
    caption = (
        f"Geometric means and 95 % intervals over {_PROBLEMS} problems, of the digits 3. A local step takes the time 1 "
        f"and t_sum = {best.TIME:g} where nothing else is said; β = {best.BETA:g} beside α, β = {proportion.BETA:g} in "
        f"the second panel. Right: {lazy.BLOCKS} blocks."
    )
    return {"caption": caption, "label": f"{best.LABEL}, and digits"}, rows


def _problems(case: Case, name: str, count: int = _PROBLEMS) -> list[int]:
    return [derived_seed(case.seed, "blocks", name, place) for place in range(count)]


def _row(panel: str, curve: str, role: str, x: float, values: Any) -> dict[str, Any]:
    """Return the point at the geometric mean over the problems, with its interval."""
    y, low, high = geometric_mean(np.asarray(values, dtype=float))
    return {"panel": panel, "curve": curve, "role": role, "x": x, "y": y, "low": low, "high": high}


def _loss(case: Case) -> Iterator[dict[str, Any]]:
    told = list(map(best.uneven, _problems(case, "loss")))
    for beta, role in ((0.0, "control"), *((beta, "method") for beta in _BETAS)):
        for K in _BLOCKS:
            if K * (1.0 + beta) <= best.TIME:
                gaps = [best.gap(best.on(case, problem, K, beta=beta)) for problem in told]
                yield _row(_LOSS, f"β = {beta:g}" if beta else "mining takes no time, β = 0", role, K, gaps)


def _time(case: Case) -> Iterator[dict[str, Any]]:
    ways = (("digits", proportion.digits, "method", 3), ("near the solution", best.uneven, "control", _PROBLEMS))
    for curve, draw, role, count in ways:
        found = np.array(
            [
                proportion.numbers_of_blocks(case, draw(seed), proportion.TIMES, 1.0, proportion.BETA)
                for seed in _problems(case, "time", count)
            ]
        )
        for at, time in enumerate(proportion.TIMES):
            yield _row(_TIME, curve, role, time, found[:, at])
            if role == "method":
                scale = np.exp(np.log(found).mean(axis=0))[0] / proportion.TIMES[0]
                yield {"panel": _TIME, "curve": "in proportion", "role": "reference", "x": time, "y": scale * time}


def _dearer(case: Case) -> Iterator[dict[str, Any]]:
    told = list(map(best.uneven, _problems(case, "dearer")))
    for value in dearer.BETAS:
        found = [proportion.numbers_of_blocks(case, problem, [best.TIME], 1.0, value)[0] for problem in told]
        yield _row(_DEARER, "longer mining, α = 1", "method", value, found)
    for value in dearer.ALPHAS:
        found = [proportion.numbers_of_blocks(case, problem, [best.TIME], value, best.BETA)[0] for problem in told]
        yield _row(_DEARER, "longer steps, β = 10", "method", value, found)


def _lazy(case: Case) -> Iterator[dict[str, Any]]:
    counts = (0, 1, 2, 3, 4, 5, 6)
    for sigma, role in ((0.0, "method"), (1.0, "method"), (lazy.SIGMA, "method")):
        ways = tuple((M, sigma) for M in counts)
        gaps = np.array([lazy.gaps_of(case, seed, ways) for seed in _problems(case, "lazy", 2 * _PROBLEMS)])
        for M, column in zip(counts, gaps.T, strict=True):
            words = f"copies with noise, σ = {sigma:g}" if sigma else "plain copies"
            yield _row(_LAZY, words, role, M, column / gaps[:, 0])
