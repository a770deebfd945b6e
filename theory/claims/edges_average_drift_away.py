"""Averages of the edges bring the fixed point closer to the solution than local steps without them.

Control: FedAvg with as many local steps between two averages of all, and with as few as between two of an edge.

Of quadratics whose clients are of four kinds. It holds where each edge has clients of every kind: then edges are
alike, and x_H is about as close as with averages of all. Where an edge has clients of one kind nothing is gained.
"""

import dataclasses
from typing import Any

import numpy as np

from ...core.randomness import derived_seed, generator
from ...problems import Quadratic
from ..case import Case, Progress
from ..case import case as hold
from ..engines.paired import Ratio, ratio
from ..verdict import Verdict

METHODS = ("hierfavg",)
ON_QUADRATICS = True
ELSEWHERE = True
_MIXED, _ALL, _LIKE = "edges that are alike", "edges that are alike, beside averages of all", "edges that differ"
REFUTED = {_LIKE: "Clients of one kind hardly drift apart, and those of different edges do for all k1 k2 steps."}
EDGES, PER_EDGE = 4, 5
_DIM, _KAPPA, _SEEDS, _WITHIN = 6, 20.0, 12, 0.1
# After these even 5 local steps a round have come to rest to 10⁻¹⁰.
_ROUNDS = 100
# What is closer, and what is as close.
_CLOSER, _AS_CLOSE = 0.9, 1.25
_LETTERS: dict[str, Any] = {"k1": 5, "k2": 4, "edges": EDGES}


def measure(case: Case, progress: Progress) -> list[Verdict]:
    """Compare distances of fixed points to the solution."""
    found = np.empty((4, _SEEDS))
    for place in range(_SEEDS):
        seed = derived_seed(case.seed, "drift", place)
        mixed, like = grouped(seed, mixed=True), grouped(seed, mixed=False)
        found[:, place] = (
            distance(dataclasses.replace(case, problem=mixed, changes=_LETTERS)),
            distance(dataclasses.replace(case, problem=like, changes=_LETTERS)),
            # Who is at an edge is nothing to one level of averages.
            distance(hold("fedavg", mixed, K=_LETTERS["k1"] * _LETTERS["k2"])),
            distance(hold("fedavg", mixed, K=_LETTERS["k1"])),
        )
        progress((place + 1) / _SEEDS)
    alike, differing, rare, often = found
    seldom = f"FedAvg's with {_LETTERS['k1'] * _LETTERS['k2']} local steps, the control"
    frequent = f"FedAvg's with {_LETTERS['k1']} local steps, the control"
    return [
        _verdict(case, _MIXED, ratio(alike, rare), _CLOSER, f"{seldom}, where edges are alike"),
        _verdict(case, _ALL, ratio(alike, often), _AS_CLOSE, f"{frequent}, where edges are alike"),
        _verdict(case, _LIKE, ratio(differing, rare), _CLOSER, f"{seldom}, where edges differ"),
    ]


def _verdict(case: Case, part: str, found: Ratio, most: float, control: str) -> Verdict:
    """Say whether a ratio is at most as large as it may be, as far as the interval tells."""
    sentence = f"The fixed point is {found} times as far from the solution as {control}; at most {most:g} is promised."
    status = "confirmed" if found.high <= most else "refuted" if found.low > most else "inconclusive"
    verdict = case.verdict("claim", status, sentence, found.mean, most, (found.low, found.high), part=part)
    return dataclasses.replace(verdict, problem=LABEL)


def distance(case: Case) -> float:
    """Return ‖x - x*‖ of the model at which a method comes to rest."""
    state = case.advance(case.initial(), case.draw(generator(case.seed, "drift"), _ROUNDS))
    return float(np.linalg.norm(case.model(state) - case.problem.solution().x))


def grouped(seed: int, mixed: bool) -> Quadratic:
    """Return quadratics of four kinds of clients: those of a kind at one edge, or one or more of each at every edge."""
    kinds = Quadratic.random(EDGES, _DIM, _KAPPA, seed, basis="client").kernel
    rng, n = generator(seed, "kinds"), EDGES * PER_EDGE
    order = np.arange(n) % EDGES if mixed else np.arange(n) // PER_EDGE
    b = kinds.b[order] + _WITHIN * rng.standard_normal((n, _DIM))
    return Quadratic(kinds.A[order], b)


LABEL = f"quadratics with n={EDGES * PER_EDGE} d={_DIM} kappa={_KAPPA:g}, clients of {EDGES} kinds"
