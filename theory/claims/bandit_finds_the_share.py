"""An agent that chooses the share of the rows in each round sends as little as the best fixed share.

Control: FedAvg, SCAFFOLD and the smallest fixed shares that it may choose. Measured are the bits that a client sends
until F - F* is 0.01. The agent is a bandit that learns from the loss alone, which each client tells it in a number a
round; in the paper it is a network that was trained on others.
"""

import dataclasses
from typing import NamedTuple

import numpy as np

from ...algorithms.parts.agents import Bandit
from ...core.randomness import derived_seed, generator
from ..case import Case, Progress
from ..engines.paired import Ratio, ratio
from ..verdict import Verdict
from .pruned_rows_save_uplink import FEDAVG, LABEL, ROUNDS, SCAFFOLD, TOLERANCE, bits_to, on_planted

METHODS = ("spatl",)
OF_ITS_OWN = True
_BEST, _FEDAVG, _SCAFFOLD = "beside the best share", "beside FedAvg", "beside SCAFFOLD"
REFUTED = {_BEST: "It has to try large shares to learn that small ones are better, and goes on to try some."}
ARMS, EPSILON = (0.1, 0.2, 0.4, 0.7, 1.0), 0.2
_SEEDS, _BITS_OF_A_LOSS = 8, 64


class Path(NamedTuple):
    """What an agent does, round by round."""

    gaps: np.ndarray
    """F - F* before the first round and after each."""
    bits: np.ndarray
    """What a client has sent by then."""
    shares: np.ndarray
    """The share of rows in each round."""


def measure(case: Case, progress: Progress) -> list[Verdict]:
    """Compare the bits of the agent with those of each share."""
    ways = ({"r": ARMS[0]}, {"r": ARMS[1]}, FEDAVG, SCAFFOLD)
    spent, own, chosen = np.empty((len(ways), _SEEDS)), np.empty(_SEEDS), list[np.ndarray]()
    for place in range(_SEEDS):
        seed = derived_seed(case.seed, "agents", place)
        path = of_agent(on_planted(case, seed), ROUNDS)
        own[place] = path.bits[-1] if path.gaps[-1] <= TOLERANCE else np.inf
        chosen.append(path.shares)
        spent[:, place] = [bits_to(on_planted(case, seed, **way))[0] for way in ways]
        progress((place + 1) / _SEEDS)
    least = float(np.mean(np.equal(np.concatenate(chosen), ARMS[0])))
    # Larger shares take more, as the study shows.
    controls = {_BEST: spent[:2].min(axis=0), _FEDAVG: spent[2], _SCAFFOLD: spent[3]}
    return [_verdict(case, part, own, other, least) for part, other in controls.items()]


def _verdict(case: Case, part: str, own: np.ndarray, other: np.ndarray, least: float) -> Verdict:
    is_known = np.isfinite(other).all()
    found = ratio(own, other) if is_known and np.isfinite(own).all() else Ratio(np.inf, np.inf, np.inf)
    sentence = (
        f"To F - F* = {TOLERANCE:g} a client of the bandit sends {found} times the control's bits, and {least:.0%} of "
        f"its rounds have the share {ARMS[0]:g}. Control: {other.mean() / 8e3:.3g} kB, on {_SEEDS} problems."
    )
    status = found.below_one if is_known else "inconclusive"
    verdict = case.verdict("claim", status, sentence, found.mean, 1.0, (found.low, found.high), part=part)
    return dataclasses.replace(verdict, problem=LABEL)


def of_agent(case: Case, rounds: int, tolerance: float = TOLERANCE) -> Path:
    """Run a method whose share of rows a bandit chooses, until the gap is that small."""
    problem, method, state = case.problem, case.method, case.initial()
    bandit = Bandit(ARMS, EPSILON, generator(case.seed, "bandit"))
    loss, gaps, bits, shares = problem.value(case.model(state)), [problem.gap(case.model(state))], [0.0], list[float]()
    for r in range(rounds):
        share = bandit.choose()
        params, draws = case.params._replace(r=share), case.draw(generator(case.seed, "rounds", r), 1)
        state = method.advanced(problem, params, state, draws)
        cost = method.cost(problem, params, draws).bits_up + _BITS_OF_A_LOSS
        before, loss = loss, problem.value(case.model(state))
        bandit.learn(share, before - loss, cost)
        gaps.append(problem.gap(case.model(state)))
        bits.append(bits[-1] + cost)
        shares.append(share)
        if gaps[-1] <= tolerance:
            break
    return Path(np.array(gaps), np.array(bits), np.array(shares))
