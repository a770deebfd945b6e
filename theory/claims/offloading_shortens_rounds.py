"""With helpers no round takes longer than FedAvg's, and none less than the part 1 - bf of it.

Of cohorts and speeds at random, where sending takes no time. Controls: equal speeds, with which both take as long, and
speeds that are not those of the plan, with which a helper may be the slow one. That no round is longer follows from the
rule that nobody gets a helper with whom it would be later than alone, which is ours.
"""

import dataclasses

import numpy as np

from ...algorithms import Clock
from ...core.randomness import derived_seed, generator
from ...problems import Problem, Quadratic
from ..case import Case, Progress
from ..verdict import Verdict

METHODS = ("aergia",)
OF_ITS_OWN = True
_CLIENTS, _COHORT, _SPEEDS, _ROUNDS = 24, 6, 40, 50
UNEQUAL = "uniform(0.1,1)"
# Of clocks that are compared: rounding of a few sums.
_ROUNDING = 1e-9


def measure(case: Case, progress: Progress) -> Verdict:
    """Compare how long the rounds take, of many cohorts with speeds of their own."""
    problem = Quadratic.random(_CLIENTS, 2, 10.0, case.seed)
    known, wrong, equal, hoped = (np.empty((_SPEEDS, _ROUNDS)) for _ in range(4))
    for place in range(_SPEEDS):
        seed = derived_seed(case.seed, "speeds", place)
        known[place] = ratios(case, problem, seed, seed, UNEQUAL)
        wrong[place] = ratios(case, problem, seed, seed + 1, UNEQUAL)
        equal[place] = ratios(case, problem, seed, seed, "1")
        hoped[place] = ratios(case, problem, seed, seed, UNEQUAL, waits=False)
        progress((place + 1) / _SPEEDS)
    least = 1.0 - case.params.bf
    holds = known.max() <= 1.0 + _ROUNDING and known.min() >= least - _ROUNDING
    verdict = case.verdict(
        "claim",
        "confirmed" if holds else "refuted",
        f"Of {known.size} rounds the longest takes {known.max():.4g} of FedAvg's time, the mean {known.mean():.3g} and "
        f"the shortest {known.min():.4g}, with 1 - bf = {least:.3g}; the plan reckons {hoped.mean():.3g}, as if no "
        f"helper waited for the model that it takes over. Controls: {equal.min():.4g} to {equal.max():.4g} "
        f"with equal speeds, and up to {wrong.max():.3g} where the plan is of other speeds.",
        float(known.max()),
        1.0,
        (float(known.min()), float(known.max())),
    )
    return dataclasses.replace(verdict, problem=f"cohorts of {_COHORT} of n={_CLIENTS} clients, speeds {UNEQUAL}")


def ratios(
    case: Case, problem: Problem, planned: int, true: int, speeds: str, rounds: int = _ROUNDS, *, waits: bool = True
) -> np.ndarray:
    """Return how long rounds take by the true speeds, over FedAvg's.

    Parameters
    ----------
    case : Case
        Of Aergia.
    problem : Problem
        Whose clients they are.
    planned, true : int
        The draw of the speeds that the plan knows, and of those of the clients.
    speeds : str
        How they are drawn.
    rounds : int
        How many rounds.
    waits : bool
        Whether a helper waits for the model that it takes over; the plan reckons that it does not.
    """
    changes = case.changes | {"S": _COHORT, "comm": 0.0, "speeds": speeds, "w": planned}
    own = dataclasses.replace(case, problem=problem, changes=changes)
    draws = own.draw(generator(planned, "cohorts"), rounds)
    clock = Clock(compute=1.0, latency=0.0, up=1e18, down=1e18, speeds=speeds, seed=true)
    alone = clock.seconds(problem.n, draws.lengths, [0], [0], cohorts=draws.ends["plan"][..., 0])
    if waits:
        return own.method.seconds(problem, own.params, draws, clock) / alone
    client, helper, steps = np.moveaxis(draws.ends["plan"], -1, 0)
    K, times = own.params.K, 1.0 / clock.speeds_of(problem.n)
    helped = np.where(steps > 0, (K + steps) * times[helper], 0.0)
    return np.maximum((K - own.params.bf * steps) * times[client], helped).max(axis=1) / alone
