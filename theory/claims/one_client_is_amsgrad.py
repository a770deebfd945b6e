"""One client alone is AMSGrad.

Control: AMSGrad in NumPy, and as many steps in one long round.

It holds within a round. From round to round v starts anew from v̂, the largest so far, and not from where it was: while
AMSGrad's v forgets a large gradient, this one never falls below v̂, so that v̂ ratchets up and step sizes shrink.
"""

import dataclasses

import numpy as np

from ...core.randomness import derived_seed
from ...problems import Quadratic
from ..case import Case, Progress
from ..engines.seeds import geometric_mean
from ..verdict import Verdict

METHODS = ("fedlalr",)
ON_QUADRATICS = True
ELSEWHERE = True
REFUTED = {"in many rounds": "v starts every round from v̂, which only grows: v̂ ratchets up, and step sizes shrink."}
_DIM, _KAPPA, _SEEDS = 10, 20.0, 4
_STEPS, _ROUNDING = 100, 1e-12
# How far from 1 the ratio of two means over minibatches may be.
_SLACK = 0.25
# Local steps in a round, and rounds.
_SHORT, ROUNDS = 5, (100, 400, 1600)


def measure(case: Case, progress: Progress) -> list[Verdict]:
    """Walk beside AMSGrad in one round, and compare √v̂ after many with that after one round of as many steps."""
    apart = _from_amsgrad(case)
    progress(0.2)
    verdicts = [
        case.verdict(
            "claim",
            "confirmed" if apart <= _ROUNDING else "refuted",
            f"After a round of {_STEPS} steps the model of one client is that of AMSGrad to {max(apart, 1e-16):.0e} of "
            "its size. Control: AMSGrad is written out in NumPy and takes the same steps.",
            apart,
            0.0,
            sensitivity=_ROUNDING,
            part="in one round",
        )
    ]
    roots = ratchet(case, lambda share: progress(0.2 + 0.8 * share))
    ratio, low, high = geometric_mean(roots[:, -1, 0] / roots[:, -1, 1])
    many, one = (float(grown) for grown in np.exp(np.log(roots[:, -1] / roots[:, -2]).mean(axis=0)))
    verdicts.append(
        case.verdict(
            "claim",
            "refuted" if low > 1.0 + _SLACK else "confirmed" if high < 1.0 + _SLACK else "inconclusive",
            f"After {ROUNDS[-1]} rounds of {_SHORT} steps √v̂ is {ratio:.3g} [{low:.3g}, {high:.3g}] times AMSGrad's, "
            f"and {many:.3g} times what it was after {ROUNDS[-2]}. Control: in one round of as many steps it is "
            f"{one:.3g} times that.",
            ratio,
            1.0,
            (low, high),
            sensitivity=_SLACK,
            part="in many rounds",
        )
    )
    return [dataclasses.replace(one, problem=f"quadratics with n=1 d={_DIM} kappa={_KAPPA:g}") for one in verdicts]


def _alone(case: Case, path: int, **changes: float) -> Case:
    seed = derived_seed(case.seed, "one client", path)
    return dataclasses.replace(case, problem=Quadratic.random(1, _DIM, _KAPPA, seed), changes=changes, seed=seed)


def _from_amsgrad(case: Case) -> float:
    """Return how far the model is from AMSGrad's after a round with whole gradients, relative to its size."""
    alone = _alone(case, 0, K=_STEPS, b=_DIM)
    letters, x, m = alone.params, np.zeros(_DIM), np.zeros(_DIM)
    v = v_hat = np.full(_DIM, letters.eps**2)
    for _ in range(_STEPS):
        g = alone.problem.gradient(x)
        m = letters.beta1 * m + (1.0 - letters.beta1) * g
        v = letters.beta2 * v + (1.0 - letters.beta2) * g**2
        v_hat = np.maximum(v_hat, v)
        x = x - letters.alpha * m / np.sqrt(v_hat)
    return float(np.abs(alone.run(1).model - x).max() / np.abs(x).max())


def ratchet(case: Case, progress: Progress) -> np.ndarray:
    """Return the mean √v̂ after many rounds, and after one of as many steps, shape (seeds, numbers of rounds, 2)."""
    found = np.empty((_SEEDS, len(ROUNDS), 2))
    for path in range(_SEEDS):
        for place, rounds in enumerate(ROUNDS):
            for way, (count, steps) in enumerate(((rounds, _SHORT), (1, rounds * _SHORT))):
                state = _alone(case, path, K=steps).run(count, record=1).state
                found[path, place, way] = np.sqrt(state.v_hat).mean()
        progress((path + 1) / _SEEDS)
    return found
