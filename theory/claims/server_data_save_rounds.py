"""FedCLG-C with a tenth of the samples at the server makes the first rounds faster.

Control: FedAvg and CLG-SGD with the same cohorts, and gradient descent on the server's data alone, in the place of a
round with as many steps of one size as the method takes at a client and at the server together. Measured is the mean
gap of the first rounds, as a ratio over problems, with two of fifty clients in a round whose labels differ.
"""

import dataclasses

import numpy as np

from ...core.randomness import derived_seed
from ...problems import Logistic, Problem
from ..case import Case, Progress
from ..engines.paired import Ratio, ratio
from ..verdict import Verdict
from .representative_servers_pay import LETTERS, STEP, on_skewed, skewed

METHODS = ("fedclg_c",)
OF_ITS_OWN = True
_FEDAVG, _ALONE = "beside FedAvg", "beside the server alone"
REFUTED = {
    _ALONE: "To first order in the step size a round is as many gradient steps on the server's data, which the server "
    "takes without any client."
}
_SHARE, _ROUNDS, _PROBLEMS = 0.1, 10, 16


def measure(case: Case, progress: Progress) -> list[Verdict]:
    """Compare the mean gaps of the first rounds."""
    gaps = np.empty((4, _PROBLEMS))
    for place in range(_PROBLEMS):
        seed = derived_seed(case.seed, "first rounds", place)
        problem, control = skewed(seed, _SHARE), case.other("clg_sgd")
        ways = ((case, LETTERS["E"]), (control, 0), (control, LETTERS["E"]))
        gaps[:3, place] = [_mean_gap(on_skewed(one, problem, seed, E)) for one, E in ways]
        gaps[3, place] = _of_the_server(problem)
        progress((place + 1) / _PROBLEMS)
    own, fedavg, clg_sgd, alone = gaps
    beside = f"FedAvg's, the control, and {ratio(own, clg_sgd)} times CLG-SGD's"
    return [
        _verdict(case, _FEDAVG, ratio(own, fedavg), beside),
        _verdict(case, _ALONE, ratio(own, alone), "that of the server alone, the control"),
    ]


def _verdict(case: Case, part: str, found: Ratio, told: str) -> Verdict:
    sentence = f"The mean gap of the first {_ROUNDS} rounds is {found} times {told}."
    ends = (found.low, found.high)
    verdict = case.verdict("claim", found.below_one, sentence, found.mean, 1.0, ends, part=part)
    return dataclasses.replace(verdict, problem="logistic regression, n=50, 100 samples a client, 500 at the server")


def _mean_gap(case: Case) -> float:
    return float(case.run(_ROUNDS, record=np.arange(_ROUNDS + 1)).column("gap")[1:].mean())


def _of_the_server(problem: Logistic) -> float:
    """Return the mean gap of gradient descent on the server's data."""
    server: Problem = problem.server or problem
    x, gaps = np.zeros(problem.d), 0.0
    for _ in range(_ROUNDS):
        for _ in range(LETTERS["K"] + LETTERS["E"]):
            x = x - STEP / problem.L * server.gradient(x)
        gaps += problem.gap(x)
    return gaps / _ROUNDS
