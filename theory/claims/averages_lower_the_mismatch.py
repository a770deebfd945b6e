"""SAEF's averages make gradients nearer to those at the virtual model than error feedback's are.

Controls: error feedback, and steps ahead that are never averaged. The mismatch is the mean square of
∇f_k(y_k) - ∇f_k(x̃), over the clients and the iterations of a period, where y_k is the point of the next gradient. Error
feedback has y_k - x̃ = (1/n) Σ_j e_j and a step ahead (1/n) Σ_j e_j - e_k: of this is left out what clients have in
common, and of that what they differ in. Clients that are alike have one minimiser.
"""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ...algorithms.parts.error_feedback import virtual
from ...core.randomness import generator
from ..case import Case, Progress
from ..engines.paired import ratio
from ..verdict import Verdict
from .averages_lower_the_floor import EVERY, PLAIN, on_alike, on_quadratic, told_of_problems, walk

METHODS = ("saef",)
ON_QUADRATICS = True
REFUTED = {
    "alike clients": "There errors are noise of each client, which their mean averages out and a step ahead does not."
}
_SEEDS, _ITERATIONS, _PERIOD = 6, 1000, 5
_LETTERS: dict[str, Any] = PLAIN | {"C": "TopK(1)"}
_PARTS = {"different clients": on_quadratic, "alike clients": on_alike}


def measure(case: Case, progress: Progress) -> Iterator[Verdict]:
    """Compare the mean mismatch of the second half of a run."""
    for place, (part, on) in enumerate(_PARTS.items()):
        sizes = np.empty((3, _SEEDS))
        for run in range(_SEEDS):
            one = on(case, run)
            saef = dataclasses.replace(one, changes=_LETTERS | {"p": _PERIOD})
            sizes[0, run] = _late_mean(saef, _in_a_period(saef))
            for row, alpha in ((1, 0.0), (2, 1.0)):
                control = one.other("error_feedback", alpha=alpha, **_LETTERS)
                sizes[row, run] = _late_mean(control, lambda state, at=control, ahead=alpha: mismatch(at, state, ahead))
            progress((place + (run + 1) / _SEEDS) / len(_PARTS))
        own, feedback, ahead = sizes
        found, without = ratio(own, feedback), ratio(ahead, feedback)
        sentence = (
            f"With an average every {_PERIOD} iterations the mismatch is {found} times that of error feedback, "
            f"{own.mean():.2g} beside {feedback.mean():.2g}. Control: without averages it is {without} times that."
        )
        verdict = case.verdict("claim", found.below_one, sentence, found.mean, 1.0, (found.low, found.high), part=part)
        yield dataclasses.replace(verdict, problem=told_of_problems(on))


def mismatch(case: Case, state: Any, ahead: float) -> float:
    """Return the mismatch of the next gradients, at y_k = x - ahead e_k."""
    apart = case.problem.gradients_at(state.x - ahead * state.E) - case.problem.gradients(virtual(state))
    return float(np.sum(apart**2)) / case.problem.n


def _in_a_period(case: Case) -> Callable[[Any], float]:
    """Return a function of a state that gives the mean mismatch of the period which begins there.

    A period that ends early is one with a smaller p; at its start all errors are the same, and there is no mismatch.
    """
    rng = generator(case.seed, "in a period")

    def mean(state: Any) -> float:
        total = 0.0
        for p in range(1, case.params.p):
            shorter = dataclasses.replace(case, changes=case.changes | {"p": p})
            begun = shorter.advance(case.state(*(field.copy() for field in state)), shorter.draw(rng, 1))
            total += mismatch(case, begun, 1.0)
        return total / case.params.p

    return mean


def _late_mean(case: Case, measured: Callable[[Any], float]) -> float:
    return float(walk(case, _ITERATIONS, measured)[_ITERATIONS // EVERY // 2 :].mean())
