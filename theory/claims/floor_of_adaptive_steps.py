"""Without noise the squared gradient ends at a floor in proportion to α², where linear algebra says.

Control: one local step a round, with as many gradients, has no floor.

Without noise v̂ comes to rest at the largest g² of all clients. From there on the method is FedAvg with momentum β₁ and
the step sizes α/√v̂_j of the coordinates, affine in x and m: its fixed point is the solution of a linear system.
"""

import dataclasses
from collections.abc import Iterator

import numpy as np

from ...algorithms.fedlalr import Params
from ...core.randomness import derived_seed
from ...problems import Quadratic
from ..case import Case, Progress
from ..engines.exponent import fit
from ..verdict import Verdict

METHODS = ("fedlalr",)
ON_QUADRATICS = True
ELSEWHERE = True
ALPHAS = (0.01, 0.02, 0.04)
_CLIENTS, _DIM, _KAPPA, _SEEDS = 8, 10, 20.0, 3
_ROUNDS, _STEPS = 3000, 5
_POWER, _SLACK = 2.0, 0.2
# How far v̂ may be from its rest, and how far below the floor the control has to be.
_PREDICTED, _BELOW = 0.05, 1e-2


def measure(case: Case, progress: Progress) -> Verdict:
    """Fit the power of α in the last squared gradient, and compare that with its prediction and with K = 1."""
    found = np.array([floors(case, path) for path in _counted(progress)])
    floor, predicted, control = found.transpose(2, 0, 1)
    slope, off = fit(ALPHAS, floor), float(np.abs(floor / predicted - 1.0).max())
    beside = float((control / floor).max())
    is_square = slope.low <= _POWER + _SLACK and slope.high >= _POWER - _SLACK
    status = "confirmed" if is_square and off <= _PREDICTED and beside <= _BELOW else "refuted"
    verdict = case.verdict(
        "claim",
        status,
        f"The last squared gradient is like α^{slope.slope:.3f} [{slope.low:.3f}, {slope.high:.3f}], promised 2, for "
        f"α = {ALPHAS[0]:g} to {ALPHAS[-1]:g}, and at most {off:.1g} of itself away from its prediction. Control: with "
        f"one local step a round at most {beside:.1g} of it is left.",
        slope.slope,
        _POWER,
        (slope.low, slope.high),
        sensitivity=_SLACK / _POWER,
    )
    return dataclasses.replace(verdict, problem=f"quadratics with n={_CLIENTS} d={_DIM} kappa={_KAPPA:g}")


def _counted(progress: Progress) -> Iterator[int]:
    for path in range(_SEEDS):
        yield path
        progress((path + 1) / _SEEDS)


def floors(case: Case, path: int) -> list[tuple[float, float, float]]:
    """Return for each α the last squared gradient, what is predicted of it, and the same with one local step."""
    seed = derived_seed(case.seed, "floor of adaptive steps", path)
    problem = Quadratic.random(_CLIENTS, _DIM, _KAPPA, seed, basis="client")
    found: list[tuple[float, float, float]] = []
    for alpha in ALPHAS:
        # A minibatch of all components.
        several, one = (
            dataclasses.replace(case, problem=problem, changes={"alpha": alpha, "b": _DIM, "K": K}, seed=seed)
            for K in (_STEPS, 1)
        )
        trace, control = several.run(_ROUNDS, record=2), one.run(_STEPS * _ROUNDS, record=2)
        resting = problem.gradient(at_rest(problem, several.params, trace.state.v_hat))
        found.append((trace.last("lyapunov"), float(resting @ resting), control.last("lyapunov")))
    return found


def at_rest(problem: Quadratic, params: Params, v_hat: np.ndarray) -> np.ndarray:
    """Return the fixed point x of a round whose v̂ stays as it is and whose gradients are whole, shape (d,)."""
    d, steps = problem.d, params.alpha / np.sqrt(v_hat)

    def round_of(z: np.ndarray, linear: np.ndarray) -> np.ndarray:
        y, m = (np.tile(part, (problem.n, 1)) for part in (z[:d], z[d:]))
        for _ in range(params.K):
            G = np.einsum("nij,nj->ni", problem.hessians, y) - linear
            m = params.beta1 * m + (1.0 - params.beta1) * G
            y = y - steps * m
        return np.concatenate([y.mean(axis=0), m.mean(axis=0)])

    linear = problem.kernel.b
    maps = np.column_stack([round_of(unit, np.zeros_like(linear)) for unit in np.eye(2 * d)])
    return np.linalg.solve(np.eye(2 * d) - maps, round_of(np.zeros(2 * d), linear))[:d]
