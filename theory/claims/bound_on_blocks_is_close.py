"""The bound on the loss is within 5 % of what experiments show.

Control: gradient descent, K = t_sum/(α + β) blocks of one local step, for which the bound is the textbook's.

The bound is 1/(K (η φ τ - (ρ/ε²) h(τ))) with φ = (1 - ηL/2)/‖x* - x₀‖², the largest norm ρ of a client's gradient on
the path, its largest distance δ from the mean one there, and ε the gap at the end, the largest that the proof allows.
"""

import dataclasses

import numpy as np

from ...core.randomness import derived_seed, generator
from ..case import Case, Progress
from ..engines.seeds import geometric_mean
from ..theorems import blade_fl
from ..verdict import Verdict
from .best_number_of_blocks import BETA, LABEL, TIME, on, uneven

METHODS = ("blade_fl",)
OF_ITS_OWN = True
_BEST, _DESCENT = "at the best number of blocks", "with one step in a block"
_LOOSE = "An upper bound that holds for every convex loss is far from one of them; where blocks have several local "
REFUTED = {
    _BEST: _LOOSE + "steps it takes their drift for so much that it promises nothing.",
    _DESCENT: _LOOSE + "steps it is farther still.",
}
#: The best number of blocks by the claim of that name, and the most.
_BLOCKS, _MOST, _PROBLEMS = 20, int(TIME / (1.0 + BETA)), 6
_ALLOWED = 1.05


def measure(case: Case, progress: Progress) -> list[Verdict]:
    """Hold the bound against the gap at the end of the time."""
    found = np.empty((2, _PROBLEMS))
    for place in range(_PROBLEMS):
        seed = derived_seed(case.seed, "bound", place)
        problem = uneven(seed)
        ways = (on(case, problem, _BLOCKS), on(case, problem, _MOST, t_sum=_MOST * (1.0 + BETA)))
        found[:, place] = list(map(bound_over_gap, ways))
        progress((place + 1) / _PROBLEMS)
    ratio, low, high = geometric_mean(found[1])
    descent = f"{ratio:.3g} [{low:.3g}, {high:.3g}] times"
    none = int(np.isinf(found[0]).sum())
    told = f"nothing in {none} of {_PROBLEMS} problems" if none else f"{geometric_mean(found[0])[0]:.3g} times the gap"
    ends, largest = (low, high), float(found[0].min())
    best = f"With K = {_BLOCKS} blocks the bound promises {told}. Control: {descent} the gap with one step in a block."
    one = f"With K = {_MOST} blocks of one local step, the control of all others, the bound is {descent} the gap."
    verdicts = [
        case.verdict("claim", _status(found[0].min()), best, largest, 1.0, part=_BEST),
        case.verdict("claim", _status(low, high), one, ratio, 1.0, ends, part=_DESCENT),
    ]
    return [dataclasses.replace(verdict, problem=LABEL) for verdict in verdicts]


def _status(low: float, high: float = np.inf) -> str:
    """Return whether a ratio that is at least 1 is known to be within 5 % of it."""
    return "refuted" if low > _ALLOWED else "confirmed" if high <= _ALLOWED else "inconclusive"


def bound_over_gap(case: Case) -> float:
    """Return the bound with the constants that are measured on the path, over the gap at its end."""
    problem, params = case.problem, case.params
    state, draws = case.initial(), case.draw(generator(case.seed, "blocks"), params.K)
    rho = delta = 0.0
    for r in range(params.K):
        gradients = problem.gradients(case.model(state))
        rho = max(rho, float(np.linalg.norm(gradients, axis=1).max()))
        delta = max(delta, float(np.linalg.norm(gradients - gradients.mean(axis=0), axis=1).max()))
        state = case.advance(state, draws[r : r + 1])
    gap, distance = problem.gap(case.model(state)), float(np.linalg.norm(problem.solution().x))
    a = params.eta * (1.0 - params.eta * problem.L / 2.0) / distance**2
    return float(blade_fl.bound(params.K, params, a, rho / gap**2, problem.L, delta)) / gap
