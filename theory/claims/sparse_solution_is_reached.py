"""With λ ‖x‖₁ the sparse solution itself is reached, in rounds that grow like the square root of kappa.

For the prox at the clients that rate is no theorem: what is proved is O(1/T), as far as RandProx goes, and a linear
rate once the support is found. Control: ProxSkip, whose server has the prox and whose theorem covers it.

The problems have a planted solution with half of its coordinates nonzero, on which the Hessian has all of kappa: with a
support of small condition number the square root would say nothing.
"""

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ...core.randomness import derived_seed, generator
from ...problems import Quadratic
from ...problems.functions.l1 import L1
from ..case import Case, Progress
from ..engines.exponent import SLACK_SAMPLED, Slope, fit, steeper
from ..verdict import Verdict

METHODS = ("sparse_proxskip_l1",)
ON_QUADRATICS = True
ELSEWHERE = True
_CLIENTS, _DIM, _LAMBDA, _SEEDS = 5, 8, 0.05, 24
_KAPPAS = tuple(float(kappa) for kappa in np.geomspace(1e2, 1e4, 5))
# Squared errors of all clients' models, relative to their start.
_ACCURACY = 1e-20
# In units of √κ; some 23 are needed.
_MOST_ROUNDS = 60


def measure(case: Case, progress: Progress) -> Verdict:
    """Fit the power of kappa in the rounds after which all models are at the solution to 1e-20."""
    own = _slope(case, lambda share: progress(0.7 * share))
    server = _slope(case.other("proxskip"), lambda share: None)
    if own is None or server is None:
        sentence = f"Some runs did not reach the solution to {_ACCURACY:g} in {_MOST_ROUNDS} √κ rounds."
        return case.verdict("claim", "refuted" if own is None else "inconclusive", sentence)
    highest = 0.5 + SLACK_SAMPLED
    status = "confirmed" if max(own.high, server.high) <= highest else "inconclusive"
    if own.low > highest:
        status = "refuted"
    sentence = (
        f"All models reach the planted sparse solution to {_ACCURACY:g}, in rounds that grow like "
        f"kappa^{own.slope:.3f} [{own.low:.3f}, {own.high:.3f}]; of this rate only O(1/T) is proved. "
        f"Control: ProxSkip, with the prox at the server, in kappa^{server.slope:.3f}."
    )
    verdict = case.verdict(
        "claim", status, sentence, own.slope, 0.5, (own.low, own.high), sensitivity=steeper(own, 0.5, SLACK_SAMPLED)
    )
    return dataclasses.replace(verdict, problem=f"quadratics with a sparse solution, n={_CLIENTS} d={_DIM}")


def planted(kappa: float, seed: int) -> tuple[Quadratic, np.ndarray]:
    """Return a quadratic with λ ‖x‖₁ and its solution, of which every second coordinate is 0.

    Examples
    --------
    >>> problem, x = planted(100.0, 0)
    >>> bool(np.abs(problem.solution().x - x).max() < 1e-12)
    True
    """
    rng = generator(seed, "planted sparse solution")
    support = np.arange(0, _DIM, 2)
    spectrum = np.geomspace(1.0 / kappa, 1.0, _DIM)
    # Both ends of the spectrum belong to the support.
    spectrum[[_DIM - 2, _DIM - 1]] = spectrum[[_DIM - 1, _DIM - 2]]
    x = np.zeros(_DIM)
    x[support] = rng.choice([-1.0, 1.0], len(support)) * rng.uniform(1.0, 2.0, len(support))
    subgradient = np.where(x == 0.0, rng.uniform(-0.8, 0.8, _DIM), np.sign(x))
    b = rng.standard_normal((_CLIENTS, _DIM))
    b += spectrum * x + _LAMBDA * subgradient - b.mean(axis=0)
    return Quadratic(np.diag(spectrum)[None], b, L1(_LAMBDA)), x


def _error_of_all(x: np.ndarray) -> Callable[[Any], float]:
    """Return the function of a state that is the squared error of all models."""
    return lambda state: float(np.sum((state.X - x) ** 2))


def _slope(case: Case, progress: Progress) -> Slope | None:
    """Return the fitted slope, None if a run does not get there."""
    rounds = np.empty((_SEEDS, len(_KAPPAS)))
    for path in range(_SEEDS):
        seed = derived_seed(case.seed, "sparse solution", path)
        for place, kappa in enumerate(_KAPPAS):
            problem, x = planted(kappa, seed)
            member = dataclasses.replace(case, problem=problem, changes={}, seed=seed)
            trace = member.run(
                math.ceil(_MOST_ROUNDS * math.sqrt(kappa)),
                record=400,
                until=("error", _ACCURACY),
                observe={"error": _error_of_all(x)},
            )
            rounds[path, place] = trace.reached("round", "error", _ACCURACY)
        progress((path + 1) / _SEEDS)
    return fit(_KAPPAS, rounds) if np.isfinite(rounds).all() else None
