"""SAEF's averages of the errors lower the floor that error feedback with the same compressor and step size leaves.

Control: error feedback on the same problems, with the same noise. Measured is the mean gap F - F* in the second half of
a run, of the model x, which decides, and of the virtual model. Clients that are alike have one minimiser. The averages
cost numbers too, and for as many numbers error feedback sends more coordinates. Where the paper compares the two they
cost as much, clients are alike, messages are compressed both ways, and there is momentum. Of digits every client has
some classes only.
"""

import dataclasses
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from ...algorithms.parts.error_feedback import virtual
from ...core.randomness import derived_seed, generator
from ...problems import Quadratic, Softmax
from ..case import Case, Progress
from ..engines.paired import ratio
from ..verdict import Verdict

METHODS = ("saef",)
ON_QUADRATICS = True
ELSEWHERE = True
_LARGER = "Error feedback with a larger k makes more of them than averages do."
REFUTED = {"as many numbers, different clients": _LARGER, "as many numbers, digits": _LARGER}
#: The problems, all with their own eigenvectors, and what is the same for all runs.
CLIENTS, DIM, KAPPA = 8, 20, 20.0
EVERY = 20
_ONE, _TWO, _FIVE = "TopK(1)", "TopK(2)", "TopK(5)"


@cache
def _digits() -> Softmax:
    return Softmax.load(clients=CLIENTS, kappa=KAPPA, partition="by_label")


def on_quadratic(case: Case, run: int, heterogeneity: float = 1.0) -> Case:
    """Return the case on the quadratic of one seed, with noise of that seed."""
    seed = derived_seed(case.seed, "error feedback", run)
    problem = Quadratic.random(CLIENTS, DIM, KAPPA, seed, heterogeneity, basis="client")
    return dataclasses.replace(case, problem=problem, changes={}, seed=seed)


def on_alike(case: Case, run: int) -> Case:
    """Return the case on a quadratic whose clients have one minimiser."""
    return on_quadratic(case, run, 0.0)


def on_digits(case: Case, run: int) -> Case:
    """Return the case on softmax regression of digits, of which every client has some classes only."""
    seed = derived_seed(case.seed, "error feedback", run)
    return dataclasses.replace(case, problem=_digits(), changes={}, seed=seed)


class Setting(NamedTuple):
    """What is compared in a part of the claim."""

    on: Callable[[Case, int], Case]
    """The case of a seed."""
    saef: dict[str, Any]
    """Letters of SAEF; the step size is in units of 1/L, which is 1 for the quadratics."""
    control: dict[str, Any]
    """Letters of error feedback."""
    iterations: int = 4000
    seeds: int = 6


PLAIN = {"eta": 0.1, "beta": 0.0, "sigma": 0.5, "C_s": "Identity()"}
_OFTEN = PLAIN | {"C": _ONE, "p": 5}
_PAPER = PLAIN | {"eta": 0.01, "beta": 0.9}
_DIGITS = PLAIN | {"eta": 0.3}
SETTINGS = {
    "different clients": Setting(on_quadratic, _OFTEN, PLAIN | {"C": _ONE}),
    "alike clients": Setting(on_alike, _OFTEN, PLAIN | {"C": _ONE}),
    "as many numbers, different clients": Setting(on_quadratic, _OFTEN, PLAIN | {"C": _FIVE}),
    "as the paper compares": Setting(
        on_alike, _PAPER | {"C": _ONE, "C_s": _ONE, "p": 20}, _PAPER | {"C": _TWO, "C_s": _TWO}
    ),
    "digits": Setting(on_digits, _DIGITS | {"C": "TopK(6)", "p": 10}, _DIGITS | {"C": "TopK(6)"}, 600, 2),
    "as many numbers, digits": Setting(
        on_digits, _DIGITS | {"C": "TopK(6)", "p": 10}, _DIGITS | {"C": "TopK(70)"}, 600, 2
    ),
}


def measure(case: Case, progress: Progress) -> Iterator[Verdict]:
    """Compare the floors of both in each setting."""
    for place, (part, setting) in enumerate(SETTINGS.items()):
        own, other = np.empty((2, setting.seeds)), np.empty((2, setting.seeds))
        for run in range(setting.seeds):
            one = setting.on(case, run)
            own[:, run] = floors(with_letters(one, setting.saef), setting.iterations)
            other[:, run] = floors(with_letters(one.other("error_feedback"), setting.control), setting.iterations)
            progress((place + (run + 1) / setting.seeds) / len(SETTINGS))
        (x, virtual_x), (floor, control) = map(ratio, own, other), (values[0].mean() for values in (own, other))
        sentence = (
            f"The gap of x settles at {floor:.2g}, {x} times that of the control, error feedback with "
            f"C = {setting.control['C']} at {control:.2g}, and that of the virtual model at {virtual_x} times."
        )
        verdict = case.verdict("claim", x.below_one, sentence, x.mean, 1.0, (x.low, x.high), part=part)
        yield dataclasses.replace(verdict, problem=told_of_problems(setting.on))


def told_of_problems(on: Callable[[Case, int], Case]) -> str:
    """Return the label of the problems of all seeds."""
    if on is on_digits:
        return _digits().label
    heterogeneity = 0 if on is on_alike else 1
    return f"quadratics n={CLIENTS} d={DIM} kappa={KAPPA:g} basis=client heterogeneity={heterogeneity}"


def with_letters(case: Case, letters: dict[str, Any]) -> Case:
    """Return the case with letters, of which the step size is in units of 1/L; without a p there is no step ahead."""
    ahead = {} if "p" in letters or "alpha" in letters else {"alpha": 0.0}
    return dataclasses.replace(case, changes=letters | ahead | {"eta": letters["eta"] / case.problem.L})


def floors(case: Case, iterations: int) -> np.ndarray:
    """Return the mean gaps of x and of the virtual model in the second half of a run."""
    return walk(case, iterations, gaps_of(case))[iterations // EVERY // 2 :].mean(axis=0)


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
