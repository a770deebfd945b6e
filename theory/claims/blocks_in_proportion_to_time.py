"""The best number of blocks is proportional to the time there is, whatever the bound's constants are.

Control: a step and a block that are twice as dear in twice the time change nothing. So in the same time, where both are
s times as dear, the best number is a share 1/s. The paper's bound says so for every budget, of handwritten digits it
holds; but it holds only while the solution is far.
"""

import dataclasses
from collections.abc import Sequence
from typing import cast

import numpy as np

from ...core.randomness import derived_seed, generator
from ...problems import Problem, Softmax
from ...problems.data import load_classes  # pyright: ignore[reportUnknownVariableType]
from ..case import Case, Progress
from ..engines.seeds import mean_interval
from ..verdict import Verdict
from .best_number_of_blocks import LABEL, on, uneven

METHODS = ("blade_fl",)
OF_ITS_OWN = True
_FAR, _NEAR = "far from the solution, digits", "near the solution"
REFUTED = {
    _NEAR: "Near the solution what drift leaves of the gap does not fall with more blocks, as the bound has it, but "
    "with fewer local steps in each: the best number of these falls, and that of blocks rises faster than the time."
}
# How many problems of each part.
_PROBLEMS, _SAMPLES = {_FAR: 3, _NEAR: 8}, 300
_DIGITS = f"softmax digits, {_SAMPLES} drawn, n=10 kappa=1000"
TIMES, BETA = (75.0, 150.0, 300.0, 600.0), 5.0
#: Numbers of local steps in a block that are tried.
STEPS = (1, 2, 3, 4, 5, 7, 10, 14, 20)
# What whole numbers of steps, of which a few are tried, may do to a power over a factor of eight.
_SLACK = 0.2


def measure(case: Case, progress: Progress) -> list[Verdict]:
    """Fit the power with which the best number of blocks grows with the time."""
    verdicts: list[Verdict] = []
    for part, draw, label in ((_FAR, digits, _DIGITS), (_NEAR, uneven, LABEL)):
        count, twice = _PROBLEMS[part], True
        powers, ends = np.empty(count), np.empty((count, 2))
        for place in range(count):
            problem = draw(derived_seed(case.seed, "proportion", place))
            found = numbers_of_blocks(case, problem, TIMES, 1.0, BETA)
            powers[place] = np.polyfit(np.log(TIMES), np.log(found), 1)[0]
            ends[place] = found[0], found[-1]
            if place == 0:
                twice = found == numbers_of_blocks(case, problem, [2.0 * time for time in TIMES], 2.0, 2.0 * BETA)
            progress((len(verdicts) + (place + 1) / count) / 2)
        mean, low, high = mean_interval(powers)
        status = "confirmed" if abs(mean - 1.0) <= _SLACK else "inconclusive"
        if low > 1.0 + _SLACK or high < 1.0 - _SLACK:
            status = "refuted"
        first, last = np.exp(np.log(ends).mean(axis=0))
        sentence = (
            f"From t_sum = {TIMES[0]:g} to {TIMES[-1]:g}, with β = {BETA:g} α, the best number of blocks goes from "
            f"{first:.3g} to {last:.3g}, like the power {mean:.3g} [{low:.3g}, {high:.3g}] of the time, promised 1 ± "
            f"{_SLACK:g} in whole numbers. Control: twice the times of all change {'nothing' if twice else 'it'}."
        )
        verdict = case.verdict("claim", status, sentence, mean, 1.0, (low, high), sensitivity=_SLACK, part=part)
        verdicts.append(dataclasses.replace(verdict, problem=label))
    return verdicts


def digits(seed: int) -> Softmax:
    """Return softmax regression of a drawn part of the embedded digits, each client with digits of its own."""
    features, labels = cast("tuple[np.ndarray, np.ndarray]", load_classes("digits"))
    chosen = generator(seed, "some digits").permutation(len(labels))[:_SAMPLES]
    rows = features[chosen] / 16.0
    return Softmax(rows, labels[chosen], clients=10, kappa=1000.0, partition="by_label")


def numbers_of_blocks(case: Case, problem: Problem, times: Sequence[float], alpha: float, beta: float) -> list[int]:
    """Return for each budget the number of blocks with the smallest gap, of as many as there is time for.

    Blocks of each number of steps are made until the longest time is over; those of shorter ones are the first of them.
    """
    best = [(np.inf, 0)] * len(times)
    for steps in STEPS:
        each = alpha * steps + beta
        counts = [int(time / each * (1.0 + 1e-12)) for time in times]
        if max(counts) == 0:
            continue
        # Half of a step to spare, so that rounding takes none.
        budget = max(counts) * (each + alpha / 2.0)
        own = on(case, problem, max(counts), t_sum=budget, alpha=alpha, beta=beta)
        state, draws = own.initial(), own.draw(generator(own.seed, "blocks"), max(counts))
        gaps: dict[int, float] = {}
        for count in range(1, max(counts) + 1):
            state = own.advance(state, draws[count - 1 : count])
            if count in counts:
                gaps[count] = problem.gap(own.model(state))
        for place, count in enumerate(counts):
            if count:
                best[place] = min(best[place], (gaps[count], count))
    return [count for _, count in best]
