"""The longer a block takes to mine, and a local step to take, the fewer blocks are best in a given time.

Control: where everything takes longer by one factor, and the time is longer by it too, nothing changes. The best
numbers of blocks are compared problem by problem, of softmax regression whose clients have samples of few classes.
"""

import dataclasses

import numpy as np

from ...core.randomness import derived_seed
from ..case import Case, Progress
from ..engines.paired import ratio
from ..verdict import Verdict
from .best_number_of_blocks import LABEL, TIME, uneven
from .blocks_in_proportion_to_time import numbers_of_blocks

METHODS = ("blade_fl",)
OF_ITS_OWN = True
_MINING, _TRAINING = "mining", "training"
#: The times β of a block with α = 1, and α of a step with β = 10.
BETAS, ALPHAS = (2.5, 5.0, 10.0, 20.0, 40.0), (0.5, 1.0, 2.0, 4.0)
_BETA, _PROBLEMS, _FACTOR = 10.0, 4, 3.0


def measure(case: Case, progress: Progress) -> list[Verdict]:
    """Compare the best numbers of blocks at the ends of both lists, and see whether they fall along them."""
    verdicts: list[Verdict] = []
    for part, letter, values in ((_MINING, "β", BETAS), (_TRAINING, "α", ALPHAS)):
        found, same = np.empty((_PROBLEMS, len(values))), True
        for place in range(_PROBLEMS):
            problem = uneven(derived_seed(case.seed, "dearer", place))
            for at, value in enumerate(values):
                alpha, beta = (1.0, value) if part == _MINING else (value, _BETA)
                (found[place, at],) = numbers_of_blocks(case, problem, [TIME], alpha, beta)
                if place == at == 0:
                    scaled = numbers_of_blocks(case, problem, [_FACTOR * TIME], _FACTOR * alpha, _FACTOR * beta)
                    same = scaled == [found[0, 0]]
            progress((len(verdicts) * _PROBLEMS + place + 1) / (2 * _PROBLEMS))
        steps, whole = np.diff(np.log(found).mean(axis=0)), ratio(found[:, -1], found[:, 0])
        status = "refuted" if (steps >= 0.0).any() else whole.below_one
        means = ", ".join(f"{mean:.3g}" for mean in np.exp(np.log(found).mean(axis=0)))
        taken = ", ".join(f"{value:g}" for value in values)
        sentence = (
            f"With {letter} = {taken} the best numbers of blocks are {means}, the last {whole} times the first. "
            f"Control: {_FACTOR:g} times all times change {'nothing' if same else 'it'}."
        )
        verdict = case.verdict("claim", status, sentence, whole.mean, 1.0, (whole.low, whole.high), part=part)
        verdicts.append(dataclasses.replace(verdict, problem=LABEL))
    return verdicts
