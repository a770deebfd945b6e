"""FLARE's regularisation lets fewer coordinates do what error correction needs more for.

Control: error correction, which is FLARE with τ = 0, on the same problems. Measured is the gap F - F* of softmax
regression after 400 rounds, on data with a planted model and on digits. The letters of both are the best of a grid on
other seeds of the same kind; step sizes lie inside, and τ is 0.03 at least, as with less there is no term. With small
steps for both the term does more; but then it does more than to send all coordinates with that step size, so that it
stands for a larger one.
"""

import dataclasses
from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

import numpy as np

from ...core.randomness import derived_seed, generator
from ...problems import Softmax
from ..case import Case, Progress
from ..engines.paired import ratio
from ..verdict import Verdict

METHODS = ("flare",)
OF_ITS_OWN = True
REFUTED = {
    "ten times fewer": "With a step size of its own error correction makes more of ten times as many coordinates.",
    "digits, 1 %": "With the step size that error correction bears there any push is too much.",
}
_CLIENTS, _SAMPLES, _FEATURES, _CLASSES, _L2 = 8, 40, 40, 10, 0.01
_SEEDS, _ROUNDS = 8, 400


@cache
def planted(seed: int) -> Softmax:
    """Return softmax regression with 400 coordinates: normal features, and labels drawn from a planted model."""
    rng = generator(seed, "flare", "problem")
    features = rng.standard_normal((_CLIENTS * _SAMPLES, _FEATURES))
    logits = features @ (0.5 * rng.standard_normal((_FEATURES, _CLASSES)))
    labels = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    return Softmax(features, labels, clients=_CLIENTS, l2=_L2)


@cache
def digits(seed: int) -> Softmax:
    """Return softmax regression on digits, shuffled to the clients."""
    return Softmax.load(clients=_CLIENTS, l2=_L2, partition="shuffled", seed=seed)


class Letters(NamedTuple):
    """Letters of FLARE with one local step; those of error correction have τ = 0."""

    k: int
    """The coordinates that are kept."""
    eta: float
    """The step size in units of 1/L."""
    tau: float = 0.0
    rho: float = 1.0 / 1.02
    P: int = 1
    """The power of the norm."""


class Setting(NamedTuple):
    """What is compared in a part of the claim."""

    own: Letters
    control: Letters
    problem: Callable[[int], Softmax] = planted
    seeds: int = _SEEDS


SETTINGS = {
    "0.25 %": Setting(Letters(1, 0.15, 0.2, 1.0 / 1.05), Letters(1, 0.2)),
    "1 %": Setting(Letters(4, 0.3, 0.1), Letters(4, 0.35)),
    "4 %": Setting(Letters(16, 0.5, 0.2, 1.0 / 1.05), Letters(16, 0.65)),
    "4 %, small steps": Setting(Letters(16, 0.2, 1.0), Letters(16, 0.2)),
    "ten times fewer, small steps": Setting(Letters(4, 0.2, 0.3), Letters(40, 0.2)),
    "ten times fewer": Setting(Letters(4, 0.3, 0.1), Letters(40, 0.75)),
    "digits, 4 %, small steps": Setting(Letters(26, 0.3, 0.3), Letters(26, 0.3), digits, 3),
    "digits, 1 %": Setting(Letters(6, 2.5, 0.03, 1.0 / 1.05), Letters(6, 2.5), digits, 5),
}


def measure(case: Case, progress: Progress) -> Iterator[Verdict]:
    """Compare the gaps in each setting."""
    for place, (part, setting) in enumerate(SETTINGS.items()):
        own, other = np.empty(setting.seeds), np.empty(setting.seeds)
        for run in range(setting.seeds):
            one = on(case, setting.problem, run)
            own[run], other[run] = gap(one, setting.own), gap(one, setting.control)
            progress((place + (run + 1) / setting.seeds) / len(SETTINGS))
        found = ratio(own, other)
        sentence = (
            f"The gap of top-{setting.own.k}, with ηL = {setting.own.eta:g} and τ = {setting.own.tau:g}, is {found} "
            f"times that of the control, error correction with top-{setting.control.k} and "
            f"ηL = {setting.control.eta:g}: {own.mean():.2g} beside {other.mean():.2g}."
        )
        verdict = case.verdict("claim", found.below_one, sentence, found.mean, 1.0, (found.low, found.high), part=part)
        yield dataclasses.replace(verdict, problem=told_of(setting.problem))


def told_of(problem: Callable[[int], Softmax]) -> str:
    """Return the label of the problems of all seeds."""
    return "softmax digits n=8 partition=shuffled" if problem is digits else "softmax n=8 d=400 of a planted model"


def on(case: Case, problem: Callable[[int], Softmax], run: int) -> Case:
    """Return the case on the problem of one seed."""
    return dataclasses.replace(case, problem=problem(derived_seed(case.seed, "flare", run)))


def gap(case: Case, letters: Letters) -> float:
    """Return the gap after all rounds."""
    return run(case, letters, np.array([_ROUNDS]))[-1]


def run(case: Case, letters: Letters, record: np.ndarray) -> np.ndarray:
    """Return the gaps after some rounds, of which the last ends the run."""
    changes = letters._asdict() | {"eta": letters.eta / case.problem.L, "C": f"TopK({letters.k})", "K": 1}
    del changes["k"]
    return dataclasses.replace(case, changes=changes).run(int(record[-1]), record=record).column("gap")[1:]
