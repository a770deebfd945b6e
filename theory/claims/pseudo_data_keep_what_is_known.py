"""Local steps with pseudo data unlearn less of what other clients' samples say.

Control: FedAvg, and the same mixing of models without projections. Measured is by how much the others' mean loss rises
while one client takes its local steps from a model that FedAvg has reached, as a ratio over problems whose clients have
samples of two classes each; and by how much its own loss falls.
"""

import dataclasses
from typing import Any

import numpy as np

from ...core.randomness import derived_seed, generator
from ...problems import Softmax
from ..case import Case, Progress
from ..engines.paired import Ratio, ratio
from ..verdict import Verdict

METHODS = ("fedreg",)
OF_ITS_OWN = True
_MIXING, _HARD = "labels, beside the mixing alone", "labels, beside FedAvg"
_SOFT, _PROGRESS = "soft labels, beside FedAvg", "soft labels, progress"
REFUTED = {
    _HARD: "The mixing evaluates gradients closer to the server's model, so that local steps go farther, and they "
    "unlearn more by it than the projections keep.",
    _PROGRESS: "The gradient of the perturbed data with soft labels is along whatever the client has learnt of its own "
    "samples: taking it away takes that.",
}
#: What makes FedReg FedAvg, the mixing alone, itself with the labels of the authors' code and with soft ones.
FEDAVG: dict[str, Any] = {"gamma": 1.0, "rho": 0.0, "soft": 0.0}
MIXING: dict[str, Any] = {"gamma": 0.4, "rho": 0.0, "soft": 0.0}
HARD: dict[str, Any] = {"gamma": 0.4, "rho": 1.0, "soft": 0.0}
SOFT: dict[str, Any] = {"gamma": 0.4, "rho": 1.0, "soft": 1.0}
_SAMPLES, _FEATURES, _CLASSES, _L2 = 60, 12, 6, 0.02
CLIENTS, LOCAL_STEPS = 20, 10
_STEP, _ROUNDS, _PROBLEMS, _EVERY = 1.5, 20, 6, 4


def measure(case: Case, progress: Progress) -> list[Verdict]:
    """Compare the rise of the others' losses, and the fall of the client's own."""
    found = np.empty((4, 2, _PROBLEMS))
    for place in range(_PROBLEMS):
        seed = derived_seed(case.seed, "forgetting", place)
        problem = skewed(seed)
        x = at(case, problem, seed, _STEP, FEDAVG, M=4).run(_ROUNDS, record=1).state.x
        for way, changes in enumerate((FEDAVG, MIXING, HARD, SOFT)):
            found[way, :, place] = rises(at(case, problem, seed, _STEP, changes, M=1), x)
        progress((place + 1) / _PROBLEMS)
    fedavg, mixing, hard, soft = found
    alone, usual = "the mixing alone, the control", f"FedAvg, the control, {fedavg[0].mean():.3g} in the mean"
    return [
        _verdict(case, _MIXING, ratio(hard[0], mixing[0]), alone),
        _verdict(case, _HARD, ratio(hard[0], fedavg[0]), usual),
        _verdict(case, _SOFT, ratio(soft[0], fedavg[0]), usual),
        _progress(case, soft[1], fedavg[1]),
    ]


def _verdict(case: Case, part: str, found: Ratio, control: str) -> Verdict:
    sentence, ends = f"The others' losses rise {found} times as far as with {control}.", (found.low, found.high)
    verdict = case.verdict("claim", found.below_one, sentence, found.mean, 1.0, ends, part=part)
    return dataclasses.replace(verdict, problem=LABEL)


def _progress(case: Case, own: np.ndarray, fedavg: np.ndarray) -> Verdict:
    """Say whether the client's own loss falls at least half as far as with FedAvg, on every problem."""
    shares = own / fedavg
    status = "confirmed" if shares.min() >= 0.5 else "refuted" if shares.max() < 0.5 else "inconclusive"
    sentence = (
        f"The client's own loss falls {shares.mean():.2g} times as far as with FedAvg, the control, from "
        f"{shares.min():.2g} to {shares.max():.2g} times on {len(shares)} problems."
    )
    verdict = case.verdict("claim", status, sentence, float(shares.mean()), 1.0, part=_PROGRESS)
    return dataclasses.replace(verdict, problem=LABEL)


def at(case: Case, problem: Softmax, seed: int, step: float, changes: dict[str, Any], M: int) -> Case:
    """Return the case of FedReg on a problem with letters of ours; step sizes are in units of 1/L."""
    letters = {"eta": step / problem.L, "K": LOCAL_STEPS, "M": M, **changes}
    return dataclasses.replace(case, problem=problem, seed=seed, changes=letters)


def rises(case: Case, x: np.ndarray) -> tuple[float, float]:
    """Return by how much the others' mean loss rises while a client trains from x, and its own falls: means of some."""
    before = losses(case.problem, x)
    outcome = case.unroll(case.draw(generator(case.seed, "forgetting"), 1))[-1].copy()
    rises: list[tuple[float, float]] = []
    for client in range(0, case.problem.n, _EVERY):
        outcome["omega"][:] = client
        rise = losses(case.problem, case.step(case.state(x.copy()), outcome).x) - before
        rises.append((float(np.delete(rise, client).mean()), -float(rise[client])))
    others, own = np.mean(rises, axis=0)
    return float(others), float(own)


def losses(problem: Any, x: np.ndarray) -> np.ndarray:
    """Return the mean loss of each client's samples, without the ridge, shape (n,)."""
    kernel = problem.kernel
    logits = kernel.A @ problem.blocks.matrix(x).T
    top = logits.max(axis=1)
    own = top + np.log(np.exp(logits - top[:, None]).sum(axis=1)) - logits[np.arange(len(top)), kernel.y]
    return np.add.reduceat(own, kernel.start[:-1]) / np.diff(kernel.start)


def skewed(seed: int) -> Softmax:
    """Return a problem of clients of one size, each of which has samples of about two classes."""
    rng, count = generator(seed, "two classes"), CLIENTS * _SAMPLES
    features = rng.standard_normal((count, _FEATURES))
    labels = (features @ rng.standard_normal((_FEATURES, _CLASSES)) + rng.gumbel(size=(count, _CLASSES))).argmax(axis=1)
    # Each client gets two shards of the samples in the order of their labels.
    shards = rng.permutation(2 * CLIENTS)
    owner = np.empty(count, dtype=np.int64)
    owner[np.argsort(labels, kind="stable")] = np.repeat(shards // 2, count // (2 * CLIENTS))
    return Softmax(features, labels, clients=CLIENTS, l2=_L2, partition=owner)


LABEL = f"softmax regression, n={CLIENTS}, {_SAMPLES} samples and two classes a client"
