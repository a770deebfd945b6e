"""On pseudo data every move away from the server's model climbs, so that FedReg's first projection always acts.

Control: the second projection, on perturbed data with their labels, mostly does not. Where the loss is convex, as here,
its gradient ∇p is 0 at the server's model x, and ⟨w - x, ∇p(x + β(w - x))⟩ >= 0 for every w; with ρ = 1 nothing of
w - x along ∇p is left. Both are looked at in the local steps of a path.
"""

import dataclasses
from typing import Any

import numpy as np

from ...algorithms.parts import pseudo_data
from ...core.randomness import generator
from ...problems.inputs import loss_gradient
from ..case import Case, Progress
from ..verdict import Verdict

METHODS = ("fedreg",)
_ROUNDS, _CLIENTS, _ROUNDING = 5, 3, 1e-9


def measure(case: Case, progress: Progress) -> Verdict:
    """Take the cosines of w - x and the gradients before the first projection, after it, and before the second."""
    cosines: list[tuple[float, float, float]] = []
    for r in range(1, _ROUNDS + 1):
        x = case.run(r, record=1).state.x
        for i in range(min(_CLIENTS, case.problem.n)):
            cosines += _of_client(case, x, i)
        progress(r / _ROUNDS)
    before, left, second = np.transpose(cosines)
    least, most, acts = float(before.min()), float(np.abs(left).max()), float((second > 0.0).mean())
    status = "confirmed" if least >= -_ROUNDING and most <= _ROUNDING else "refuted"
    sentence = (
        f"In {len(before)} local steps the cosine of w - x and ∇p is {least:.3g} at least, and after a projection with "
        f"ρ = 1 it is {most:.1g} at most. Control: with the labels of the perturbed data it is above 0 in "
        f"{100 * acts:.0f} % of them."
    )
    return case.verdict("claim", status, sentence, least, 0.0, sensitivity=_ROUNDING)


def _of_client(case: Case, x: np.ndarray, i: int) -> list[tuple[float, float, float]]:
    """Return the cosines in each local step of a client."""
    problem, params = case.problem, case.params
    pseudo = pseudo_data.pseudo_samples(problem.kernel, i, x, params.eta_s, 1.0)
    perturbed = pseudo_data.pseudo_samples(problem.kernel, i, x, params.eta_s / 100.0, 0.0)
    found: list[tuple[float, float, float]] = []
    for k in range(params.K):
        w = x if k == 0 else _after(case, x, i, k)
        w = w - params.eta * problem.gradients(params.gamma * w + (1.0 - params.gamma) * x)[i]
        z = x + params.beta * (w - x)
        g, h, projected = _gradient(pseudo, z), _gradient(perturbed, z), w.copy()
        pseudo_data.take_away(projected, x, g, 1.0)
        # Beside the size that w - x had: all of it may be gone.
        scale = np.linalg.norm(w - x) * np.linalg.norm(g) or 1.0
        found.append((float((w - x) @ g / scale), float((projected - x) @ g / scale), float((projected - x) @ h)))
    return found


def _after(case: Case, x: np.ndarray, i: int, k: int) -> np.ndarray:
    """Return the model of a client after so many local steps of its own."""
    alone = dataclasses.replace(case, changes=case.params._asdict() | {"K": k, "M": 1})
    outcome: Any = alone.unroll(alone.draw(generator(case.seed, "one client"), 1))[-1].copy()
    outcome["omega"][:] = i
    return alone.step(alone.state(x.copy()), outcome).x


def _gradient(pair: tuple[np.ndarray, np.ndarray], z: np.ndarray) -> np.ndarray:
    g = np.empty_like(z)
    loss_gradient(*pair, z, g, np.empty(pair[1].shape[1]))
    return g
