"""Where coordinates are badly scaled, adaptive step sizes end closer to the solution than local steps with momentum.

Control: the same in a turned basis, where no coordinate has a scale of its own.

Both are this method: with a floor ε above all gradients v̂ stays ε², and it is FedAvg with momentum and the step size
α/ε. Both take as many gradients; α is chosen for each on seeds that are not those of the result.
"""

import dataclasses
import math
from collections.abc import Sequence
from importlib import import_module

import numpy as np

from ...core.randomness import derived_seed, generator
from ...problems import Quadratic
from ..case import Case, Progress
from ..verdict import Verdict

METHODS = ("fedlalr",)
ON_QUADRATICS = True
_CLIENTS, _DIM, _KAPPA, _BATCH = 8, 10, 1e4, 3
_ROUNDS, _LAST, _TUNED, _SEEDS = 300, 40, 2, 6
# The step sizes that are tried, and the floors with which the second is momentum.
ALPHAS = {"adaptive": tuple(np.geomspace(0.003, 0.1, 4)), "momentum": tuple(np.geomspace(0.01, 0.3, 4))}
_FLOORS = {"adaptive": 1e-8, "momentum": 1e3}
# How much smaller the gap has to be.
_GAIN = 0.5


def measure(case: Case, progress: Progress) -> Verdict:
    """Compare the last gaps of both, in a basis where the scales are the coordinates' and in a turned one."""
    ratios: dict[bool, np.ndarray] = {}
    for is_turned in (False, True):
        members = [member(case, path, is_turned) for path in range(_TUNED + _SEEDS)]
        gaps = [tuned_gaps(members, kind) for kind in ALPHAS]
        ratios[is_turned] = gaps[0] / gaps[1]
        progress(1.0 if is_turned else 0.5)
    (own, *ends), (turned, *turned_ends) = (geometric_mean(ratios[is_turned]) for is_turned in (False, True))
    status = "confirmed" if ends[1] <= _GAIN else "inconclusive"
    if ends[0] > _GAIN or turned <= own:
        status = "refuted"
    verdict = case.verdict(
        "claim",
        status,
        f"The gap is {own:.3g} [{ends[0]:.3g}, {ends[1]:.3g}] times that of local steps with momentum, on {_SEEDS} "
        f"seeds on which no α was chosen. Control: in a turned basis it is {turned:.3g} [{turned_ends[0]:.3g}, "
        f"{turned_ends[1]:.3g}] times.",
        own,
        _GAIN,
        (ends[0], ends[1]),
        sensitivity=max(_GAIN - ends[1], 0.0) / _GAIN,
    )
    return dataclasses.replace(verdict, problem=f"quadratics with scales, n={_CLIENTS} d={_DIM} kappa={_KAPPA:g}")


def scaled(seed: int, is_turned: bool) -> Quadratic:
    """Return a quadratic whose coordinates have scales from 1/κ to 1, or the same in another basis.

    Examples
    --------
    >>> [round(float(scaled(0, turned).kappa) / 1e4) for turned in (False, True)]
    [3, 3]
    """
    rng = generator(seed, "badly scaled coordinates")
    scales = np.geomspace(1.0 / _KAPPA, 1.0, _DIM)
    hessians = np.array([np.diag(scales * rng.uniform(0.5, 1.5, _DIM)) for _ in range(_CLIENTS)])
    solution = rng.standard_normal(_DIM)
    spread = np.sqrt(scales) * rng.standard_normal((_CLIENTS, _DIM))
    basis = np.linalg.qr(rng.standard_normal((_DIM, _DIM)))[0] if is_turned else np.eye(_DIM)
    linear = hessians @ solution + spread - spread.mean(axis=0)
    return Quadratic(basis.T @ hessians @ basis, linear @ basis)


def member(case: Case, path: int, is_turned: bool) -> Case:
    """Return the case on one of these problems."""
    seed = derived_seed(case.seed, "badly scaled", path)
    return dataclasses.replace(case, problem=scaled(seed, is_turned), seed=seed)


def tuned_gaps(members: Sequence[Case], kind: str) -> np.ndarray:
    """Return the gaps over the last rounds with the α that is best on the first cases, shape (seeds,)."""

    def gap(alpha: float, one: Case) -> float:
        floor = _FLOORS[kind]
        own = dataclasses.replace(one, changes={"alpha": alpha * max(floor, 1.0), "eps": floor, "b": _BATCH})
        return own.run(_ROUNDS, record=np.arange(_ROUNDS - _LAST, _ROUNDS + 1)).column("gap")[1:].mean()

    best = min(ALPHAS[kind], key=lambda alpha: sum(np.log(gap(alpha, one)) for one in members[:_TUNED]))
    return np.array([gap(best, one) for one in members[_TUNED:]])


def geometric_mean(ratios: np.ndarray) -> tuple[float, float, float]:
    """Return the geometric mean of some seeds' ratios and the ends of its interval of 95 %.

    Examples
    --------
    >>> geometric_mean(np.array([2.0, 2.0, 2.0]))
    (2.0, 2.0, 2.0)
    """
    logs = np.log(ratios)
    # Imported like this SciPy, which has no types, is Any.
    quantile = float(import_module("scipy.stats").t.ppf(0.975, len(logs) - 1))
    centre, half = float(logs.mean()), quantile * float(logs.std(ddof=1)) / math.sqrt(len(logs))
    return math.exp(centre), math.exp(centre - half), math.exp(centre + half)
