"""With n clients the mean squared gradient falls like 1/√n, if the step size grows like √n: a linear speed-up.

Control: the same rounds with the same step size for every n, which gain less or nothing.

The mean is over all rounds of a path, whose number is fixed: over more of them it counts ever more how clients that
differ move each other's v̂, which n does not divide. All problems of a seed have one solution, and clients that differ
as much; one client alone would differ from nobody, and is left out.
"""

import dataclasses
import math

import numpy as np

from ...core.randomness import derived_seed
from ...problems import Quadratic
from ..case import Case, Progress
from ..engines.exponent import Slope, fit, steeper
from ..verdict import Verdict

METHODS = ("fedlalr",)
ON_QUADRATICS = True
ELSEWHERE = True
CLIENTS = (2, 4, 8, 16, 32)
_DIM, _KAPPA, _ROUNDS, _EVERY, _SEEDS = 40, 2.0, 300, 6, 4
# The step size of one client.
_ALPHA = 0.005
# How far from its limit a slope over so few rounds may be.
_SLACK = 0.1


def measure(case: Case, progress: Progress) -> Verdict:
    """Fit the power of n in the mean squared gradient, with α in proportion to √n and with one α."""
    means = mean_squares(case, progress)
    grown, fixed = (fit(CLIENTS, normalised(means[..., way])) for way in range(2))
    verdict = case.verdict(
        "claim",
        judged(grown, fixed),
        f"The mean squared gradient of {_ROUNDS} rounds is like n^{grown.slope:.3f} [{grown.low:.3f}, "
        f"{grown.high:.3f}], promised -0.5, for n = {CLIENTS[0]} to {CLIENTS[-1]} clients and α = {_ALPHA:g} √n. "
        f"Control: with one α for every n it is like n^{fixed.slope:.3f} [{fixed.low:.3f}, {fixed.high:.3f}].",
        grown.slope,
        -0.5,
        (grown.low, grown.high),
        sensitivity=steeper(grown, -0.5, _SLACK),
    )
    return dataclasses.replace(verdict, problem=f"quadratics with d={_DIM}, kappa={_KAPPA:g}")


def judged(grown: Slope, fixed: Slope) -> str:
    """Return the status: the step size that grows has to be worth it."""
    if grown.low > -0.5 + _SLACK:
        return "refuted"
    return "confirmed" if grown.high <= -0.5 + _SLACK and fixed.low > grown.high else "inconclusive"


def mean_squares(case: Case, progress: Progress) -> np.ndarray:
    """Return the mean ‖∇F(x)‖² of paths, with α that grows and with one α, shape (seeds, numbers of clients, 2)."""
    means = np.empty((_SEEDS, len(CLIENTS), 2))
    for path in range(_SEEDS):
        seed = derived_seed(case.seed, "mean squares", path)
        for place, n in enumerate(CLIENTS):
            # Gradients at the solution are centred: of few clients they would be smaller.
            differ = math.sqrt(n / (n - 1.0))
            problem = Quadratic.random(n, _DIM, _KAPPA, seed, differ, basis="client")
            for way, alpha in enumerate((_ALPHA * math.sqrt(n), _ALPHA)):
                member = dataclasses.replace(case, problem=problem, changes={"alpha": alpha}, seed=seed)
                trace = member.run(_ROUNDS, record=np.arange(0, _ROUNDS, _EVERY))
                means[path, place, way] = trace.column("lyapunov").mean()
        progress((path + 1) / _SEEDS)
    return means


def normalised(means: np.ndarray) -> np.ndarray:
    """Return every row relative to its geometric mean: the sizes of a seed's gradients say nothing."""
    return means / np.exp(np.log(means).mean(axis=1, keepdims=True))
