"""Pruned naively at the server, every sparse model with matching control variates is a resting place.

Control: pruned at the clients, the method leaves the same model, and its gradient on the support vanishes.

For any k-sparse x the state x_i = x, h_i = ∇f_i(x) does not move, whatever the coins say: no condition of optimality
is needed, because Σ h_i may be anything. The clients keep Σ h_i = 0, and so can only rest where ∇F vanishes on the
support.
"""

import numpy as np

from ...core.randomness import generator
from ...problems import Problem
from ..case import Case, NotExact, Progress
from ..verdict import Verdict
from .sum_of_control_variates import pruned

METHODS = ("sparse_proxskip_server",)
_ROUNDS = 1000
_ROUNDING = 1e-12


def measure(case: Case, progress: Progress) -> Verdict:
    """Start at a random sparse model, at rest for the naive server and with Σ h_i = 0 for the clients."""
    problem, k = case.problem, case.params.k
    if k >= problem.d:
        raise NotExact(f"with k = d = {problem.d} nothing is pruned: give a smaller k.")
    rng = generator(case.seed, "naive pruning rests anywhere")
    x = np.zeros(problem.d)
    x[rng.choice(problem.d, k, replace=False)] = rng.choice([-1.0, 1.0], k) * rng.uniform(1.0, 2.0, k)
    gradients = problem.gradients(x)
    first = _on_support(problem, x)
    resting = _after(case, x, gradients)
    progress(0.5)
    moved = float(np.abs(resting - x).max())
    left = _after(case.other("sparse_proxskip_local"), x, gradients - gradients.mean(axis=0))
    last = _on_support(problem, pruned(left.mean(axis=0), k))
    status = "confirmed" if first > _ROUNDING and last <= 1e-3 * first else "inconclusive"
    if moved > _ROUNDING:
        status = "refuted"
    sentence = (
        f"From a random {k}-sparse model with h_i = ∇f_i(x) it moved by {moved:.1g} in {_ROUNDS} rounds, although the "
        f"gradient on the support is {first:.3g}. Control: pruned at the clients it fell to {last:.1g}."
    )
    return case.verdict("claim", status, sentence, moved, 0.0, sensitivity=_ROUNDING)


def _after(case: Case, x: np.ndarray, H: np.ndarray) -> np.ndarray:
    """Return the clients' models after many rounds from a common model and given control variates."""
    state = case.state(np.tile(x, (case.problem.n, 1)), H.copy())
    draws = case.draw(generator(case.seed, "naive pruning rests anywhere", "rounds"), _ROUNDS)
    return case.advance(state, draws).X


def _on_support(problem: Problem, x: np.ndarray) -> float:
    """Return the norm of ∇F(x) where x is not 0."""
    return float(np.linalg.norm(problem.gradient(x)[x != 0]))
