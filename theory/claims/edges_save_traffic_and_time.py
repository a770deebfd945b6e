"""With edge servers a given loss takes less traffic of cloud and clients, less time and no more computation.

Control: the same with an average of the cloud after each of the edges, k2 = 1, which is split federated learning with
one level; k2 = 16; and, for what a client sends and receives, HierFAVG, whose clients have the whole model.

Of handwritten digits sorted by their labels, so that edges have classes of their own, without noise and clipping, until
the loss is within 0.5 of the optimum. The more seldom the cloud averages the farther edges drift apart: they need more
local steps, and from some k2 on never arrive. So the time has its least inside, at k2 = 4 by a clock on which 10⁴
numbers take a second between a client and its edge and ten through the cloud. A cut saves a client weights, not numbers
to send: features, logits and slopes of all its samples pass in every local step.
"""

import dataclasses
from typing import Any

import numpy as np

from ...algorithms.parts.edges import cloud_floats
from ...algorithms.parts.split import AcrossTheCut, columns, kept_by_client
from ...core.randomness import derived_seed, generator
from ...problems import Softmax
from ..case import Case, Progress
from ..case import case as hold
from ..engines.paired import Ratio, ratio
from ..verdict import Verdict
from .split_training_is_more_accurate import CLIENTS, LABEL, of_digits

METHODS = ("hiersfl",)
OF_ITS_OWN = True
_TRAFFIC, _TIME, _LONG, _WORK = "traffic of the cloud", "time, beside k2 = 1", "time, beside k2 = 16", "computation"
_CLIENT = "traffic of a client"
REFUTED = {
    _WORK: "Between rare averages of the cloud edges drift apart, and local steps undo each other.",
    _CLIENT: "What passes a cut in k1 local steps is less than a model only where that is larger than a client's data.",
}
#: How often edges average in a round of the cloud: one level, the one told of, and too many.
ONE, BEST, MANY = 1, 4, 16
GOAL, EDGES = 0.5, 4
_LEVEL = "with k2 = 1"
_STEPS, _SPLITS, _MOST = 5, 5, 60
_FLOATS_PER_SECOND, _CLOUD_FLOATS_PER_SECOND = 1e4, 1e3


def measure(case: Case, progress: Progress) -> list[Verdict]:
    """Compare traffic, time and local steps until the goal on splits of the digits."""
    # Floats of the cloud, seconds, local steps.
    spent = np.empty((3, 3, _SPLITS))
    for place in range(_SPLITS):
        problem = of_digits(derived_seed(case.seed, "edges", place))[0]
        for row, k2 in enumerate((ONE, BEST, MANY)):
            own = at(case, problem, k2)
            spent[row, :, place] = np.array(prices(own)) * rounds_to_goal(own)
        progress((place + 1) / _SPLITS)
    one, best, many = spent
    floats, steps = best[0].mean(), best[2].mean()
    # Without edges the update of every client goes there, and not one for each edge.
    flat = ratio(best[0], one[0] * CLIENTS / EDGES)
    through = f"numbers through the cloud, {floats:.3g}, {flat.mean:.2g} times as many as without edges, as {_LEVEL}"
    return [
        _verdict(case, _TRAFFIC, ratio(best[0], one[0]), through),
        _verdict(case, _TIME, ratio(best[1], one[1]), f"seconds, {best[1].mean():.3g}, as {_LEVEL}"),
        _verdict(case, _LONG, ratio(best[1], many[1]), f"seconds, {best[1].mean():.3g}, as with k2 = {MANY}"),
        _verdict(case, _WORK, ratio(best[2], one[2]), f"local steps, {steps:.3g}, as {_LEVEL}"),
        _of_client(case),
    ]


def _of_client(case: Case) -> Verdict:
    """Compare what a client sends and receives in a round with what it does with the whole model."""
    own = at(case, of_digits(derived_seed(case.seed, "edges", 0))[0], BEST)
    whole = hold("hierfavg", own.problem, k1=_STEPS, k2=BEST, edges=EDGES)
    costs = [one.cost(one.draw(generator(case.seed, "edges"), 1)) for one in (own, whole)]
    cut, control = (cost.floats_up + cost.floats_down for cost in costs)
    sentence = (
        f"In a round a client sends and receives {cut:.3g} numbers, with {kept_by_client(own.problem, own.params)} "
        f"of {own.problem.d} weights; with all of them, the control, {control:.3g}."
    )
    status = "confirmed" if cut < control else "refuted"
    verdict = case.verdict("claim", status, sentence, cut / control, 1.0, part=_CLIENT)
    return dataclasses.replace(verdict, problem=LABEL)


def _verdict(case: Case, part: str, found: Ratio, what: str) -> Verdict:
    sentence = f"Until F - F* is {GOAL:g}, k2 = {BEST} takes {found} times as many {what}, the control."
    ends = (found.low, found.high)
    verdict = case.verdict("claim", found.below_one, sentence, found.mean, 1.0, ends, part=part)
    return dataclasses.replace(verdict, problem=LABEL)


def at(case: Case, problem: Softmax, k2: int) -> Case:
    """Return the case without noise and clipping, half of the features at four edges."""
    letters: dict[str, Any] = {"k1": _STEPS, "k2": k2, "edges": EDGES, "q": columns(problem) // 2}
    return dataclasses.replace(case, problem=problem, changes=letters | {"C0": 1e100, "z": 0.0})


def rounds_to_goal(case: Case) -> float:
    """Return after how many rounds the gap is down, on a line between logarithms, or the most that are tried."""
    state, last = case.initial(), case.problem.gap(case.model(case.initial()))
    draws = case.draw(generator(case.seed, "edges"), _MOST)
    for r in range(_MOST):
        state = case.advance(state, draws[r : r + 1])
        gap = case.problem.gap(case.model(state))
        if gap <= GOAL:
            return r + float(np.log(last / GOAL) / np.log(last / gap))
        last = gap
    return float(_MOST)


def prices(case: Case) -> tuple[float, float, float]:
    """Return the numbers through the cloud, the seconds and the local steps of a round."""
    problem, params = case.problem, case.params
    floats = cloud_floats(problem, params)
    at_edge = sum(AcrossTheCut(to_edge).length(problem, params).floats for to_edge in (True, False))
    seconds = at_edge / _FLOATS_PER_SECOND + floats / _CLOUD_FLOATS_PER_SECOND
    return floats, seconds, params.k1 * params.k2
