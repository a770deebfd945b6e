"""The step sizes of the clients are their own in the first rounds only: soon all have nearly the same.

Control: clients that never communicate keep step sizes of their own.

The server averages v̂, and a client's own v̂ leaves that mean only where its gradient is larger than √v̂. So "client
specific" says something of the first rounds; later all clients share the step sizes α/√v̂_j of the coordinates.
"""

import dataclasses
from typing import Any

import numpy as np

from ...core.randomness import derived_seed, generator
from ...problems import Quadratic
from ..case import Case, Progress
from ..verdict import Verdict

METHODS = ("fedlalr",)
ON_QUADRATICS = True
ELSEWHERE = True
ROUNDS = (1, 3, 10, 30, 100, 300)
_CLIENTS, _DIM, _KAPPA, _SEEDS = 8, 10, 20.0, 3
# What is left of the first spread, and what of the control's at least.
_LOST, _KEPT = 0.1, 0.3


def measure(case: Case, progress: Progress) -> Verdict:
    """Compare how much √v̂ differs between clients at the end of the first round and of the last one."""
    own, alone = spreads(case, progress).mean(axis=0).T
    status = "confirmed" if own[-1] <= _LOST * own[0] else "refuted"
    if alone[-1] < _KEPT * alone[0]:
        status = "inconclusive"
    verdict = case.verdict(
        "claim",
        status,
        f"The clients' own √v̂ differ by {own[0]:.2g} of their mean at the end of round 1 and by {own[-1]:.2g} in round "
        f"{ROUNDS[-1]}. Control: where nobody communicates they differ by {alone[0]:.2g} and then by {alone[-1]:.2g}.",
        float(own[-1] / own[0]),
        sensitivity=_LOST,
    )
    return dataclasses.replace(verdict, problem=f"quadratics with n={_CLIENTS} d={_DIM} kappa={_KAPPA:g}")


def spreads(case: Case, progress: Progress) -> np.ndarray:
    """Return how much √v̂ differs between clients, and between clients alone, shape (seeds, rounds, 2)."""
    found = np.empty((_SEEDS, len(ROUNDS), 2))
    for path in range(_SEEDS):
        seed = derived_seed(case.seed, "step sizes agree", path)
        problem = Quadratic.random(_CLIENTS, _DIM, _KAPPA, seed, basis="client")
        together = dataclasses.replace(case, problem=problem, changes={}, seed=seed)
        everybody = [
            dataclasses.replace(together, problem=Quadratic(problem.hessians[i : i + 1], problem.kernel.b[i : i + 1]))
            for i in range(_CLIENTS)
        ]
        for place, rounds in enumerate(ROUNDS):
            state = together.run(rounds - 1, record=1).state if rounds > 1 else together.initial()
            draws = [one.draw(generator(seed, "last round", i), 1) for i, one in enumerate(everybody)]
            # A round of client i alone, from the server's state, ends with what it would send.
            sent = [one.advance(one.state(*map(np.copy, state)), w) for one, w in zip(everybody, draws, strict=True)]
            alone = [one.run(rounds, record=1, seed=seed + i).state for i, one in enumerate(everybody)]
            found[path, place] = _spread(sent), _spread(alone)
        progress((path + 1) / _SEEDS)
    return found


def _spread(states: list[Any]) -> float:
    roots = np.sqrt([state.v_hat for state in states])
    return float((roots.std(axis=0) / roots.mean(axis=0)).mean())
