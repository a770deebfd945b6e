"""Clients that see one class each classify better where they prune before they send than where the server prunes.

Control: the server that keeps the sum of the control variates, which is not all that makes the difference.

Softmax regression on handwritten digits, a digit a client, a tenth of the weights kept; the error on digits that nobody
has seen, over splits and coins that are the same for all.
"""

from dataclasses import replace

import numpy as np

from ...core.randomness import derived_seed
from ...problems import Softmax
from ...problems.held_out import split
from ..case import Case, Progress
from ..engines.paired import Ratio, ratio
from ..verdict import Verdict
from .sum_of_control_variates import pruned

METHODS = ("sparse_proxskip",)
OF_ITS_OWN = True
_NAIVE, _KEPT = "sparse_proxskip_server", "sparse_proxskip_server_kept"
_KAPPA, _DENSITY, _SEEDS, _ROUNDS = 100.0, 0.1, 6, 100


def measure(case: Case, progress: Progress) -> Verdict:
    """Compare the shares of held-out digits that are told wrong, over the second half of the rounds."""
    errors: dict[str, list[float]] = {case.method.name: [], _NAIVE: [], _KEPT: []}
    for path in range(_SEEDS):
        seed = derived_seed(case.seed, "unlike clients", path)
        problem, features, labels = split("digits", seed, clients=10, kappa=_KAPPA)
        changes = {"k": int(_DENSITY * problem.d)}
        own = replace(case, problem=problem, changes=changes, seed=seed)
        for name in errors:
            one = own if name == case.method.name else own.other(name)
            errors[name].append(_error(one, features, labels))
        progress((path + 1) / _SEEDS)
    own_errors = errors[case.method.name]
    naive, kept = (ratio(own_errors, errors[name]) for name in (_NAIVE, _KEPT))
    status = "confirmed" if naive.high < 1.0 else "refuted" if naive.low >= 1.0 else "inconclusive"
    sentence = (
        f"Of digits that nobody has seen {np.mean(own_errors):.1%} are told wrong, and {np.mean(errors[_NAIVE]):.1%} "
        f"where the server prunes naively: {naive} times as many over {_SEEDS} seeds. Control: where it keeps the sum "
        f"of the control variates {np.mean(errors[_KEPT]):.1%}, {kept} times."
    )
    verdict = case.verdict(
        "claim", status, sentence, naive.mean, 1.0, (naive.low, naive.high), sensitivity=_sensitivity(naive)
    )
    return replace(verdict, problem=f"softmax digits n=10 kappa={_KAPPA:g} partition=by_label")


def _sensitivity(found: Ratio) -> float:
    """Return by what share of itself the promised 1 would have to be smaller for the interval to be above it."""
    return max(1.0 - found.low, 0.0)


def _error(case: Case, features: np.ndarray, labels: np.ndarray) -> float:
    def wrong(state: object) -> float:
        problem = case.problem
        assert isinstance(problem, Softmax)
        return 1.0 - problem.accuracy(pruned(case.model(state), case.params.k), features, labels)

    late = np.arange(_ROUNDS // 2, _ROUNDS + 1, 5)
    return float(case.run(_ROUNDS, record=late, observe={"wrong": wrong}).column("wrong")[1:].mean())
