"""A shared encoder with private predictors classifies better than one model for all, and than each client alone.

Control: the solution of one model for all clients, and that of every client's own samples; accuracy is on samples that
nobody has seen. Labels follow shared weights of some features and each client's own of others. In parts, by how many
samples a client has.
"""

import dataclasses
from typing import cast

import numpy as np

from ...core.randomness import derived_seed, generator
from ...problems import Personal, Softmax
from ..case import Case, Progress
from ..engines.paired import ratio
from ..verdict import Verdict
from .pruned_rows_save_uplink import LABEL, drawn

METHODS = ("spatl",)
OF_ITS_OWN = True
_FEW, _MANY = 20, 120
REFUTED = {
    f"beside one model, {_FEW} samples": "So few samples teach a private predictor less than those of all others do, "
    "unlike as they are."
}
_CONTROLS = ("one model", "each client alone")
_FRESH, _ROUNDS, _SEEDS = 1000, 60, 6


def measure(case: Case, progress: Progress) -> list[Verdict]:
    """Compare the shares of wrong labels."""
    verdicts: list[Verdict] = []
    for samples in (_FEW, _MANY):
        wrong = np.empty((3, _SEEDS))
        for place in range(_SEEDS):
            wrong[:, place] = errors(case, derived_seed(case.seed, "unlike clients", place), samples)
            progress(((samples == _MANY) + (place + 1) / _SEEDS) / 2.0)
        pairs = zip(_CONTROLS, wrong[1:], strict=True)
        verdicts += [_verdict(case, control, samples, wrong[0], other) for control, other in pairs]
    return verdicts


def _verdict(case: Case, control: str, samples: int, own: np.ndarray, other: np.ndarray) -> Verdict:
    found = ratio(own, other)
    sentence = (
        f"With {samples} samples a client {own.mean():.3f} of fresh ones are classified wrongly after {_ROUNDS} "
        f"rounds, {found} times the control's share. Control: {other.mean():.3f} by {control}, on {_SEEDS} problems."
    )
    part, ends = f"beside {control}, {samples} samples", (found.low, found.high)
    verdict = case.verdict("claim", found.below_one, sentence, found.mean, 1.0, ends, part=part)
    return dataclasses.replace(verdict, problem=LABEL)


def errors(case: Case, seed: int, samples: int) -> tuple[float, float, float]:
    """Return the shares of wrong labels of the method's models, of one model, and of models from own samples alone.

    Parameters
    ----------
    case : Case
        Whose method runs.
    seed : int
        Of the problem and of what is fresh.
    samples : int
        How many a client has.
    """
    problem, truth = drawn(seed, samples)
    features, owner, labels = truth.labelled(generator(seed, "fresh"), _FRESH)
    run = dataclasses.replace(case, problem=problem, changes={}, seed=seed).run(_ROUNDS, record=1)
    inner, alone = cast("Softmax", problem.inner), Personal(problem.inner, "all")
    one = np.tile(inner.solution().x, (inner.n, 1))
    every = problem.client_models(run.model), one, alone.client_models(alone.solution().x)

    def wrong(models: np.ndarray) -> float:
        own = [inner.accuracy(model, features[owner == i], labels[owner == i]) for i, model in enumerate(models)]
        return 1.0 - float(np.mean(own))

    return wrong(every[0]), wrong(every[1]), wrong(every[2])
