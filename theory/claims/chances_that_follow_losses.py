"""Tiers whose chances follow their losses make a better model than tiers that are all as likely.

Measured is the gap around which both come to rest, with one step size, over problems in which most of a client's
samples are of few classes and clients of alike samples are about as fast: so every tier has classes of its own. With it
the mean loss of the tier that fares worst, for which such chances are made. Control: tiers that take turns, by one
credit each, of which the second part says that they make a better model, too.
"""

import dataclasses
from typing import Any

import numpy as np

from ...core.randomness import derived_seed
from ...problems import Softmax
from ..case import Case, Progress
from ..engines.paired import ratio
from ..verdict import Verdict
from .offloading_saves_time import CLIENTS, LABEL, skewed

METHODS = ("tifl",)
OF_ITS_OWN = True
_BY_LOSS, _IN_TURN = "chances that follow losses", "tiers that take turns"
REFUTED = {
    _BY_LOSS: "Tiers are of one size, so equal chances are the clients' weights in F: any others pull the model to "
    "another point, and what is drawn more unevenly varies more.",
}
_SPEEDS = ",".join(f"{speed:.3g}" for speed in np.linspace(1.0, 0.1, CLIENTS))
_STEP, _COHORT, _TIERS, _INTERVAL, _CREDITS = 0.5, 4, 3, 5, 1
_ROUNDS, _REST, _PROBLEMS = 120, 60, 16
_WAYS: tuple[dict[str, Any], ...] = ({"I": _INTERVAL}, {"I": 0}, {"credits": _CREDITS})


def measure(case: Case, progress: Progress) -> list[Verdict]:
    """Compare mean gaps, and mean losses of the worst tier, of the last rounds."""
    found = np.empty((2, len(_WAYS), _PROBLEMS))
    for place in range(_PROBLEMS):
        seed = derived_seed(case.seed, "tiers", place)
        problem = skewed(seed)
        for way, changes in enumerate(_WAYS):
            found[:, way, place] = _at_rest(case, problem, seed, **changes)
        progress((place + 1) / _PROBLEMS)
    return [_verdict(case, part, found[:, way], found[:, 1]) for part, way in ((_BY_LOSS, 0), (_IN_TURN, 2))]


def _at_rest(case: Case, problem: Softmax, seed: int, **changes: Any) -> tuple[float, float]:
    """Return the mean gap of the last rounds, and the mean loss of the tier that fares worst."""
    shared = {"eta": _STEP / problem.L, "S": _COHORT, "m": _TIERS, "speeds": _SPEEDS}
    own = dataclasses.replace(case, problem=problem, changes=case.changes | shared | changes, seed=seed)
    clients = [problem.of_client(i) for i in range(CLIENTS)]

    def worst(state: Any) -> float:
        losses = np.array([client.value(state.x) for client in clients])
        return max(losses[state.tier[:-1] == tier].mean() for tier in range(_TIERS))

    last = np.arange(_ROUNDS - _REST, _ROUNDS, 5)
    trace = own.run(_ROUNDS, record=last, observe={"worst": worst})
    return float(trace.column("gap")[1:].mean()), float(trace.column("worst")[1:].mean())


def _verdict(case: Case, part: str, own: np.ndarray, even: np.ndarray) -> Verdict:
    found, worst = (ratio(*pair) for pair in zip(own, even, strict=True))
    sentence = (
        f"The mean gap of the last {_REST} of {_ROUNDS} rounds is {found} times that with equal chances, the control, "
        f"and the mean loss of the tier that fares worst {worst} times."
    )
    verdict = case.verdict("claim", found.below_one, sentence, found.mean, 1.0, (found.low, found.high), part=part)
    return dataclasses.replace(verdict, problem=LABEL)
