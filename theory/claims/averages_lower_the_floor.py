"""SAEF's averages of the errors lower the floor that error feedback with the same compressor and step size leaves.

Control: error feedback on the same problems, with the same noise. Measured is the mean gap F - F* in the second half of
a run, of the model x, which decides, and of the virtual model. Clients that are alike have one minimiser. The averages
cost numbers too, and for as many numbers error feedback sends more coordinates. Where the paper compares the two they
cost as much, clients are alike, messages are compressed both ways, and there is momentum.
"""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from ...algorithms.parts.error_feedback import virtual
from ...core.randomness import derived_seed, generator
from ...problems import Quadratic
from ..case import Case, Progress
from ..engines.paired import ratio
from ..verdict import Verdict

METHODS = ("saef",)
ON_QUADRATICS = True
REFUTED = {
    "as many numbers, different clients": "Error feedback with a larger k makes more of them than averages do.",
}
#: The problems, all with their own eigenvectors, and what is the same for all runs.
CLIENTS, DIM, KAPPA = 8, 20, 20.0
EVERY = 20
_SEEDS, _ITERATIONS = 6, 4000
_ONE, _TWO, _FIVE = "TopK(1)", "TopK(2)", "TopK(5)"


class Setting(NamedTuple):
    """What is compared in a part of the claim."""

    heterogeneity: float
    """Of the clients; at 0 they are alike."""
    saef: dict[str, Any]
    """Letters of SAEF."""
    control: dict[str, Any]
    """Letters of error feedback."""


PLAIN = {"eta": 0.1, "beta": 0.0, "sigma": 0.5, "C_s": "Identity()"}
_OFTEN = PLAIN | {"C": _ONE, "p": 5}
_PAPER = PLAIN | {"eta": 0.01, "beta": 0.9}
SETTINGS = {
    "different clients": Setting(1.0, _OFTEN, PLAIN | {"C": _ONE}),
    "alike clients": Setting(0.0, _OFTEN, PLAIN | {"C": _ONE}),
    "as many numbers, different clients": Setting(1.0, _OFTEN, PLAIN | {"C": _FIVE}),
    "as the paper compares": Setting(
        0.0, _PAPER | {"C": _ONE, "C_s": _ONE, "p": 20}, _PAPER | {"C": _TWO, "C_s": _TWO}
    ),
}


def measure(case: Case, progress: Progress) -> Iterator[Verdict]:
    """Compare the floors of both in each setting."""
    for place, (part, setting) in enumerate(SETTINGS.items()):
        own, other = np.empty((2, _SEEDS)), np.empty((2, _SEEDS))
        for run in range(_SEEDS):
            one = on_quadratic(case, run, setting.heterogeneity)
            own[:, run] = floors(dataclasses.replace(one, changes=setting.saef))
            other[:, run] = floors(one.other("error_feedback", alpha=0.0, **setting.control))
            progress((place + (run + 1) / _SEEDS) / len(SETTINGS))
        (x, virtual_x), (floor, control) = map(ratio, own, other), (values[0].mean() for values in (own, other))
        sentence = (
            f"The gap of x settles at {floor:.2g}, {x} times that of the control, error feedback with "
            f"C = {setting.control['C']} at {control:.2g}, and that of the virtual model at {virtual_x} times."
        )
        verdict = case.verdict("claim", x.below_one, sentence, x.mean, 1.0, (x.low, x.high), part=part)
        yield dataclasses.replace(verdict, problem=told_of_problems(setting.heterogeneity))


def told_of_problems(heterogeneity: float) -> str:
    """Return the label of the problems of all seeds."""
    return f"quadratics n={CLIENTS} d={DIM} kappa={KAPPA:g} basis=client heterogeneity={heterogeneity:g}"


def on_quadratic(case: Case, run: int, heterogeneity: float) -> Case:
    """Return the case on the quadratic of one seed, with noise of that seed."""
    seed = derived_seed(case.seed, "error feedback", run)
    problem = Quadratic.random(CLIENTS, DIM, KAPPA, seed, heterogeneity, basis="client")
    return dataclasses.replace(case, problem=problem, changes={}, seed=seed)


def floors(case: Case) -> np.ndarray:
    """Return the mean gaps of x and of the virtual model in the second half of a run."""
    return walk(case, _ITERATIONS, gaps_of(case))[_ITERATIONS // EVERY // 2 :].mean(axis=0)


def gaps_of(case: Case) -> Callable[[Any], tuple[float, float]]:
    """Return a function of a state that gives the gaps of x and of the virtual model."""
    return lambda state: (case.problem.gap(case.model(state)), case.problem.gap(virtual(state)))


def walk(case: Case, iterations: int, measured: Callable[[Any], Any]) -> np.ndarray:
    """Return what is measured after every 20 iterations, shape (times, ...); all methods meet the same noise."""
    period = round(case.pace.iterations)
    draws = case.draw(generator(case.seed, "error feedback"), iterations // period)
    state, found = case.initial(), list[Any]()
    for first in range(0, len(draws), EVERY // period):
        state = case.advance(state, draws[first : first + EVERY // period])
        found.append(measured(state))
    return np.array(found)
