"""Within a given time there is a best number of blocks, neither few nor many, and the loss is convex in their number.

Control: where mining takes no time, the most blocks are best; and where local steps are long their whole number puts
teeth into the loss. Of softmax regression whose clients have samples of few classes. The best number is found on other
problems than those of which is told. The paper proves convexity of its bound; measured are the losses themselves, with
local steps so small that their whole number is no matter.
"""

import dataclasses
from typing import Any

import numpy as np

from ...algorithms.parts.blocks import local_steps
from ...core.randomness import derived_seed, generator
from ...problems import Problem, Softmax
from ..case import Case, Progress
from ..engines.paired import ratio
from ..engines.seeds import mean_interval
from ..verdict import Verdict

METHODS = ("blade_fl",)
OF_ITS_OWN = True
_BEST, _CONVEX = "neither few nor many", "convex in their number"
LABEL = "softmax regression, 10 clients, 20 samples each, kappa=1000"
#: The budget, with a local step as the unit of time.
TIME, BETA = 300.0, 10.0
_CLIENTS, _SAMPLES, _FEATURES, _CLASSES, _KAPPA = 10, 20, 8, 4, 1000.0
_TUNING, _PROBLEMS = 3, 6
# Steps are so many times shorter, and as many more, where convexity is looked at; and the numbers of blocks there.
_FINER, _BLOCKS, _IN_A_ROW = 8, (2, 5, 8, 11, 14, 17, 20, 23, 26), range(10, 28)


def uneven(seed: int) -> Softmax:
    """Return softmax regression whose clients have samples of one or two classes.

    Examples
    --------
    >>> problem = uneven(0)
    >>> problem.n, problem.d
    (10, 32)
    """
    rng = generator(seed, "uneven clients")
    features = rng.standard_normal((_CLIENTS * _SAMPLES, _FEATURES))
    logits = features @ rng.standard_normal((_FEATURES, _CLASSES)) + rng.gumbel(size=(len(features), _CLASSES))
    return Softmax(features, logits.argmax(axis=1), clients=_CLIENTS, kappa=_KAPPA, partition="by_label")


def on(case: Case, problem: Problem, K: int, **changes: Any) -> Case:
    """Return the case on a problem with so many blocks in the time :data:`TIME`, and other letters."""
    letters = {"K": K, "t_sum": TIME, "alpha": 1.0, "beta": BETA, "M": 0, "sigma": 0.0}
    return dataclasses.replace(case, problem=problem, changes=letters | changes)


def gap(case: Case) -> float:
    """Return the gap when the time is over, after K blocks."""
    draws = case.draw(generator(case.seed, "blocks"), case.params.K)
    return case.problem.gap(case.model(case.advance(case.initial(), draws)))


def measure(case: Case, progress: Progress) -> list[Verdict]:
    """Compare the gap at the best number of blocks with those at the ends, and look at second differences."""
    told = [uneven(derived_seed(case.seed, "number of blocks", place)) for place in range(_PROBLEMS)]
    tuning = [uneven(derived_seed(case.seed, "number of blocks", "tuning", place)) for place in range(_TUNING)]
    most = int(TIME / (1.0 + BETA))
    best = _best(case, tuning, range(1, most + 1))
    progress(0.3)
    few, own, many = (np.array([gap(on(case, problem, K)) for problem in told]) for K in (1, best, most))
    free, freely = _best(case, tuning, (75, 100, 150, 300), beta=0.0), 300
    progress(0.6)
    at_few, at_many = ratio(own, few), ratio(own, many)
    statuses = {at_few.below_one, at_many.below_one}
    status = "refuted" if "refuted" in statuses or not 1 < best < most else "confirmed"
    if status == "confirmed" and "inconclusive" in statuses:
        status = "inconclusive"
    steps = local_steps(on(case, told[0], best).params)
    worse = max(at_few, at_many, key=lambda one: one.high)
    sentence = (
        f"With K = {best} blocks of {steps} local steps, of at most {most}, the gap is {at_few} times that of a single "
        f"block and {at_many} times that of the most. Control: where mining takes no time the best of up to {freely} "
        f"blocks are {free}."
    )
    if free < freely and status == "confirmed":
        status = "inconclusive"
    verdicts = [case.verdict("claim", status, sentence, worse.mean, 1.0, (worse.low, worse.high), part=_BEST)]
    verdicts.append(_convexity(case, told, lambda share: progress(0.6 + 0.4 * share)))
    return [dataclasses.replace(verdict, problem=LABEL) for verdict in verdicts]


def _best(case: Case, tuning: list[Softmax], numbers: Any, **changes: Any) -> int:
    """Return the number of blocks with the least mean logarithm of gaps."""
    scores = [np.mean([np.log(gap(on(case, problem, K, **changes))) for problem in tuning]) for K in numbers]
    return list(numbers)[int(np.argmin(scores))]


def _convexity(case: Case, told: list[Softmax], progress: Progress) -> Verdict:
    """Return whether second differences of the gap over the numbers of blocks are all at least 0."""
    bends, teeth = np.empty((len(told), len(_BLOCKS) - 2)), list[np.ndarray]()
    for place, problem in enumerate(told):
        finer = {"alpha": 1.0 / _FINER, "eta": 1.0 / (_FINER * problem.L)}
        gaps = np.array([gap(on(case, problem, K, **finer)) for K in _BLOCKS])
        bends[place] = np.diff(gaps, 2) / gaps[1:-1]
        teeth.append(np.diff([gap(on(case, problem, K)) for K in _IN_A_ROW], 2) < 0.0)
        progress((place + 1) / len(told))
    found = [mean_interval(bend) for bend in bends.T]
    at = min(range(len(found)), key=lambda place: found[place][0])
    mean, low, high = found[at]
    status = "refuted" if high < 0.0 else "confirmed" if low >= 0.0 else "inconclusive"
    sentence = (
        f"Of the second differences of the gap over K = {_BLOCKS[0]}, {_BLOCKS[1]}, ..., {_BLOCKS[-1]} the smallest is "
        f"at K = {_BLOCKS[at + 1]}, {mean:.2g} [{low:.2g}, {high:.2g}] of the gap there. Control: with local steps "
        f"{_FINER} times as long, and K = {_IN_A_ROW[0]}, ..., {_IN_A_ROW[-1]} in a row, {100.0 * np.mean(teeth):.0f} "
        "% of them are below 0."
    )
    return case.verdict("claim", status, sentence, mean, 0.0, (low, high), part=_CONVEX)
