"""With pseudo data fewer rounds are needed than with FedAvg.

Control: FedAvg, and the same mixing of models without projections, each with a step size that is tuned on problems
other than those of which is told. Measured is the mean gap of the rounds that follow a start which all have in common,
as a ratio over problems whose clients have samples of two classes each. A round of FedReg with ten local steps computes
as many gradients as five of FedAvg. The problems are synthetic: on the digits, where a move of the inputs is as large
as the inputs, labels do worse than FedAvg, see the study fedreg.
"""

import dataclasses
from typing import Any

import numpy as np

from ...core.randomness import derived_seed, generator
from ...problems import Softmax
from ..case import Case, Progress
from ..engines.paired import ratio
from ..verdict import Verdict
from .pseudo_data_keep_what_is_known import FEDAVG, HARD, LABEL, MIXING, SOFT, at, skewed

METHODS = ("fedreg",)
OF_ITS_OWN = True
_LABELS, _GRADIENTS, _SOFTLY = "labels", "labels, at equal gradients", "soft labels"
REFUTED = {
    _GRADIENTS: "Gradients of pseudo data and in the inputs cost four times as much as those of the samples, and save "
    "less than that.",
    _SOFTLY: "The projections take away most of the progress on the clients' own samples.",
}
_STEPS = (0.1, 0.2, 0.4, 0.8)
_COHORT, _WARM, _ROUNDS, _TUNING, _PROBLEMS = 4, 10, 20, 4, 64
# How many rounds of FedAvg compute as many gradients as one.
_DEARER = 5


def measure(case: Case, progress: Progress) -> list[Verdict]:
    """Compare mean gaps at step sizes that are tuned elsewhere."""
    ways = (FEDAVG, MIXING, HARD, SOFT)
    steps: list[float] = []
    for way in ways:
        steps.append(_tuned(case, way))
        progress(0.15 * len(steps))
    gaps = np.empty((5, _PROBLEMS))
    for place in range(_PROBLEMS):
        seed = derived_seed(case.seed, "rounds", "told", place)
        problem = skewed(seed)
        for way, changes in enumerate(ways):
            gaps[way, place] = _gaps(case, problem, seed, steps[way], changes, 1).mean()
        gaps[4, place] = _gaps(case, problem, seed, steps[0], FEDAVG, _DEARER).mean()
        progress(0.6 + 0.4 * (place + 1) / _PROBLEMS)
    fedavg, mixing, hard, soft, longer = gaps
    usual, alone = "that of FedAvg, the control", ratio(hard, mixing)
    both = f"{usual}, and {alone} times that of the mixing of models without projections"
    dearer = f"{usual}, in {_DEARER} times as many rounds, which compute as many gradients"
    told = f"The best step sizes on other problems were taken, {{:g}}/L, and {steps[0]:g}/L for FedAvg."
    return [
        _verdict(case, _LABELS, hard, fedavg, f"{both}. {told.format(steps[2])}"),
        _verdict(case, _GRADIENTS, hard, longer, f"{dearer}. {told.format(steps[2])}"),
        _verdict(case, _SOFTLY, soft, fedavg, f"{usual}. {told.format(steps[3])}"),
    ]


def _verdict(case: Case, part: str, own: np.ndarray, other: np.ndarray, how: str) -> Verdict:
    found = ratio(own, other)
    sentence = f"The mean gap of {_ROUNDS} rounds is {found} times {how}"
    ends = (found.low, found.high)
    return dataclasses.replace(
        case.verdict("claim", found.below_one, sentence, found.mean, 1.0, ends, part=part), problem=LABEL
    )


def _tuned(case: Case, changes: dict[str, Any]) -> float:
    """Return the step size with the smallest mean of the logarithms of mean gaps, on problems of its own."""
    scores = np.zeros(len(_STEPS))
    for place in range(_TUNING):
        seed = derived_seed(case.seed, "rounds", "tuning", place)
        problem = skewed(seed)
        scores += [np.log(_gaps(case, problem, seed, step, changes, 1).mean()) for step in _STEPS]
    return _STEPS[int(scores.argmin())]


def _gaps(case: Case, problem: Softmax, seed: int, step: float, changes: dict[str, Any], pace: int) -> np.ndarray:
    """Return the gap after every ``pace`` rounds, from where some steps of gradient descent lead."""
    x = np.zeros(problem.d)
    for _ in range(_WARM):
        x = x - problem.gradient(x) / problem.L
    own = at(case, problem, seed, step, changes, M=_COHORT)
    state, draws = own.state(x), own.draw(generator(seed, "rounds", "cohorts"), pace * _ROUNDS)
    gaps: list[float] = []
    for r in range(0, pace * _ROUNDS, pace):
        state = own.advance(state, draws[r : r + pace])
        gaps.append(problem.gap(state.x))
    return np.array(gaps)
