"""A server with a few data of its own lowers the floor that few clients in a round leave.

Control: FedAvg with the same cohorts, and training on the server's data alone. Measured is the mean gap after settling,
with two of fifty clients in a round whose labels differ, as a ratio over problems, for servers that have seen a
growing share of all samples. The server's sample has to be so large that its own bias is below what FedAvg loses to
cohorts; with fewer samples its corrections do harm.
"""

import dataclasses
import math
from typing import Any

import numpy as np

from ...core.randomness import derived_seed, generator
from ...problems import Logistic
from ..case import Case, Progress
from ..engines.paired import Ratio, ratio
from ..verdict import Verdict

METHODS = ("fedclg_c", "fedclg_s")
OF_ITS_OWN = True
_FEW, _MANY, _ALONE = "1 % of the samples", "half of the samples", "the server alone"
REFUTED = {
    _FEW: "The method follows the gradient of the server's data, so its floor is not below their bias, "
    "which falls like one over the number of samples.",
    _ALONE: "With full batches the server finds the minimiser of its own data without any client, and the method "
    "comes no closer to the solution.",
}
#: The shares of all samples that the server has.
SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
_CLIENTS, _SAMPLES, _DIM, _L2, _NOISE = 50, 100, 10, 0.05, 0.5
#: What every method here is run with; step sizes are in units of 1/L.
LETTERS = {"K": 10, "M": 2, "E": 10}
STEP, SERVER_STEP = 0.4, 0.13
_ROUNDS, _SETTLED, _EVERY, _PROBLEMS = 100, 50, 5, 5


def measure(case: Case, progress: Progress) -> list[Verdict]:
    """Compare the floors with FedAvg's and with the bias of the server's data."""
    floors = np.array([_floors(case, place, progress) for place in range(_PROBLEMS)])
    own, fedavg, clg_sgd, bias = np.moveaxis(floors, 2, 0)
    ratios = [ratio(*pair) for pair in zip(own.T, fedavg.T, strict=True)]
    alone, beside = ratio(own[:, -1], bias[:, -1]), ratio(own[:, -1], clg_sgd[:, -1])
    few, many = ratios[0], ratios[-1]
    met = crossing(SHARES, [one.mean for one in ratios])
    where = f"The two meet where the server has {100 * met:.2g} % of all samples." if met else "The two do not meet."
    return [
        _verdict(case, _FEW, few, f"Its floor is {few} times FedAvg's. {where} Control: FedAvg with the same cohorts."),
        _verdict(case, _MANY, many, f"Its floor is {many} times FedAvg's, the control, and {beside} times CLG-SGD's."),
        _verdict(case, _ALONE, alone, f"Its floor is {alone} times F(x_s) - F* of the server's data, the control."),
    ]


def _verdict(case: Case, part: str, found: Ratio, sentence: str) -> Verdict:
    # What is reached to rounding is no less.
    status = "refuted" if found.low > 1.0 - 1e-6 else found.below_one
    verdict = case.verdict("claim", status, sentence, found.mean, 1.0, (found.low, found.high), part=part)
    return dataclasses.replace(verdict, problem=f"logistic regression, n={_CLIENTS}, {_SAMPLES} samples a client")


def _floors(case: Case, place: int, progress: Progress) -> list[list[float]]:
    """Return on one problem, for each share, the floor of the method, of FedAvg, of CLG-SGD, and the server's bias."""
    seed = derived_seed(case.seed, "representative servers", place)
    control = case.other("clg_sgd")
    fedavg = floor(control, skewed(seed, SHARES[0]), seed, E=0)
    rows: list[list[float]] = []
    for number, share in enumerate(SHARES):
        problem = skewed(seed, share)
        bias = problem.gap(case.theorem.target(problem, case.params).x)
        rows.append([floor(case, problem, seed), fedavg, floor(control, problem, seed), bias])
        progress((place + (number + 1) / len(SHARES)) / _PROBLEMS)
    return rows


def floor(case: Case, problem: Logistic, seed: int, E: int = LETTERS["E"]) -> float:
    """Return the mean of F(x) - F* after settling, with E steps of the server in a round."""
    held = on_skewed(case, problem, seed, E)
    return float(held.run(_ROUNDS, record=np.arange(_SETTLED, _ROUNDS + 1, _EVERY)).column("gap")[1:].mean())


def on_skewed(case: Case, problem: Logistic, seed: int, E: int) -> Case:
    """Return the case on another problem, with E steps of the server in a round."""
    letters: dict[str, Any] = {**LETTERS, "E": E, "eta": STEP / problem.L, "gamma": SERVER_STEP / problem.L}
    return dataclasses.replace(case, problem=problem, changes=letters, seed=seed)


def skewed(seed: int, share: float) -> Logistic:
    """Return a problem of clients of one size with different shares of the labels, whose server has a share of all."""
    rng, count = generator(seed, "skewed labels"), _CLIENTS * _SAMPLES
    features, w = rng.standard_normal((count, _DIM)), rng.standard_normal(_DIM)
    labels = np.where(rng.random(count) < 1.0 / (1.0 + np.exp(-features @ w)), 1.0, -1.0)
    ranks = np.argsort(np.argsort(labels + _NOISE * rng.standard_normal(count)))
    return Logistic(features, labels, clients=_CLIENTS, l2=_L2, partition=ranks // _SAMPLES, seed=seed, server=share)


def crossing(shares: tuple[float, ...], ratios: list[float]) -> float:
    """Return from which share on the ratio is below 1, on straight lines between the logarithms; 0 if nowhere.

    Examples
    --------
    >>> round(crossing((0.01, 0.1), [10.0, 0.1]), 9)
    0.031622777
    """
    logs = np.log(ratios)
    for place in range(1, len(shares)):
        high, low = logs[place - 1], logs[place]
        if high >= 0.0 > low:
            step = math.log(shares[place] / shares[place - 1])
            return math.exp(math.log(shares[place - 1]) + step * high / (high - low))
    return 0.0
