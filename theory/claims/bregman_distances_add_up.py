"""Where no linear rate is promised, the Bregman distances still add up to a bound: O(1/T) in their mean.

Control: the bound is no loose one, a single gradient step on a parabola attains it.

If g and h have corners, μ_h* = 0 and g is not 0, and what is proved is
Σ_t E⟨∇F(x_t) - ∇F(x*), x_t - x*⟩ <= V_0/(2 - γL), over any number of steps, for convex F.
"""

import dataclasses
import math

import numpy as np

from ...core.randomness import generator
from ...problems import Composite, Quadratic
from ...problems.functions.l1 import L1
from ...problems.functions.zero import Zero
from ..case import Case, Progress
from ..verdict import Verdict

METHODS = ("randprox",)
ON_QUADRATICS = True
ELSEWHERE = True
_PATHS, _ROUNDS, _P = 60, 100, 0.3
# With that many standard errors a true bound is refuted for one seed in three million, if it is attained at all.
_ERRORS = 5.0


def measure(case: Case, progress: Progress) -> Verdict:
    """Sum along sampled paths of a problem with corners."""
    base = Quadratic.random(2, 4, 20.0, case.seed, psi=L1(0.1))
    problem = Composite(base, L1(0.2), np.vstack([np.diff(np.eye(4), axis=0), np.ones(4)]))
    held = _held(case, problem, f"Bernoulli({_P})")
    linear = next(condition for condition in held.conditions() if not condition.holds)
    sums: list[float] = []
    for path in range(_PATHS):
        sums.append(_sum(held, generator(case.seed, "Bregman distances", path)))
        progress((path + 1) / _PATHS)
    shares = np.array(sums) / _bound(held)
    measured, error = float(shares.mean()), float(shares.std() / math.sqrt(_PATHS))
    parabola = _held(case, Composite(Quadratic([[[4.0]]], [[8.0]]), Zero(), [[1.0]]), "Identity()")
    attained = _sum(parabola, generator(case.seed, "Bregman distances", "parabola")) / _bound(parabola)
    status = "confirmed" if measured + _ERRORS * error <= 1.0 else "inconclusive"
    if measured - _ERRORS * error > 1.0:
        status = "refuted"
    sentence = (
        f"Where nothing linear is promised, as {linear.name.removesuffix(' for a linear rate')} does not hold, the "
        f"Bregman distances add up to {measured:.3f} of V_0/(2 - γL). Control: on a parabola to {attained:.6f}."
    )
    verdict = case.verdict(
        "claim",
        status,
        sentence,
        measured,
        1.0,
        (measured - error, measured + error),
        sensitivity=max(1.0 - measured + _ERRORS * error, 0.0),
    )
    return dataclasses.replace(verdict, problem=problem.label)


def _held(case: Case, problem: Composite, R: str) -> Case:
    """Return the case with γ = 1/L and the largest dual step size."""
    return dataclasses.replace(case, problem=problem, changes={"R": R})


def _bound(case: Case) -> float:
    return case.start[0] / (2.0 - case.params.gamma * case.problem.L)


def _sum(case: Case, rng: np.random.Generator) -> float:
    """Return Σ_t ⟨∇F(x_t) - ∇F(x*), x_t - x*⟩ along one path."""
    state, total = case.initial(), 0.0
    slope = case.target.gradients.mean(axis=0)
    for outcome in case.unroll(case.draw(rng, _ROUNDS)):
        total += float((case.problem.gradient(state.x) - slope) @ (state.x - case.target.x))
        state = case.step(state, outcome)
    return total
