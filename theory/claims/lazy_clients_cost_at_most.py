"""What lazy clients cost in a block is at most ξ (M θ + ‖Σ noise‖)/N.

Here w is the mean of what all N clients would have trained and w̃ that with the copies of the M lazy ones; θ is how far
a copied model is at most from what its copier would have trained, and ξ the norm of ∇F at w or w̃, the larger one. Then
F(w̃) - F(w) <= ξ ‖w̃ - w‖, as F is convex. The paper's ξ and θ are constants; these are measured in each block.

Control: without the noise in it the bound fails.
"""

import dataclasses

import numpy as np

from ...algorithms.parts.blocks import copy_lazily, local_steps
from ...core.randomness import derived_seed, generator
from ..case import Case, Progress
from ..verdict import Verdict
from .best_number_of_blocks import LABEL, on, uneven

METHODS = ("blade_fl",)
OF_ITS_OWN = True
_LAZY, _SIGMA, _BLOCKS, _PROBLEMS = 5, 5.0, 10, 4
_ROUNDING = 1e-9


def measure(case: Case, progress: Progress) -> Verdict:
    """Take the largest share of the bound over the blocks of some paths, with noise in it and without."""
    shares: list[tuple[float, float]] = []
    for place in range(_PROBLEMS):
        seed = derived_seed(case.seed, "cost of laziness", place)
        for sigma in (0.0, _SIGMA):
            own = on(case, uneven(seed), _BLOCKS, beta=5.0, M=_LAZY, sigma=sigma)
            found = _shares(dataclasses.replace(own, seed=seed))
            shares += found if sigma else [(share, 0.0) for share, _ in found]
        progress((place + 1) / _PROBLEMS)
    largest, without = (float(column.max()) for column in np.transpose(shares))
    status = "confirmed" if largest <= 1.0 + _ROUNDING else "refuted"
    if without <= 1.0:
        status = "inconclusive"
    sentence = (
        f"In {len(shares)} blocks with {_LAZY} lazy clients of 10, half of them with noise of σ = {_SIGMA:g}, the loss "
        f"rises by {largest:.3g} of the bound at most. Control: by up to {without:.3g} of it if the noise is left out."
    )
    return dataclasses.replace(case.verdict("claim", status, sentence, largest, 1.0), problem=LABEL)


def _shares(case: Case) -> list[tuple[float, float]]:
    """Return the rise of the loss as shares of the bound with noise and of that without, block by block."""
    problem, params, found = case.problem, case.params, list[tuple[float, float]]()
    state, draws = case.initial(), case.draw(generator(case.seed, "blocks"), params.K)
    for r, w in enumerate(draws.ends["w"]):
        trained = np.tile(case.model(state), (problem.n, 1))
        for _ in range(local_steps(params)):
            trained -= params.eta * problem.gradients_at(trained)
        copied, noisy = trained.copy(), trained.copy()
        copy_lazily(w, copied, 0.0)
        copy_lazily(w, noisy, params.sigma)
        theta = float(np.linalg.norm(copied - trained, axis=1).max())
        state = case.advance(state, draws[r : r + 1])
        x, lazily = trained.mean(axis=0), case.model(state)
        noise = float(np.linalg.norm((noisy - copied).mean(axis=0)))
        xi = max(float(np.linalg.norm(problem.gradient(at))) for at in (x, lazily))
        rise, of_copies = problem.value(lazily) - problem.value(x), params.M / problem.n * theta
        found.append((rise / (xi * (of_copies + noise)), rise / (xi * of_copies)))
    return found
