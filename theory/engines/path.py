r"""Path evidence: sampled paths that could refute a rate, and never confirm one.

If the theorem holds, :math:`V_t / (\rho^t V_0)` is a nonnegative supermartingale along every path, and so is its mean
over independent paths, and so is what bets win against each recorded round
(:mod:`rootkappa.theory.engines.bets`), and the mean of all of these. By Ville's inequality it ever exceeds
:math:`1/\alpha` with probability at most :math:`\alpha`, at whatever times it is looked at. A method without
randomness must not exceed what is promised at all, from no round to the next.

A path soon forgets where it started, and then visits states from which a step does better than promised. So states are
also searched from which it does badly (:mod:`rootkappa.theory.engines.states`).
"""

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from threading import Event, Lock
from typing import Any

import numpy as np

from ...algorithms.driver.trace import Trace
from ...core.randomness import derived_seed, generator
from ..case import Case, NotExact, Progress
from ..verdict import TINY, Verdict
from . import bets, states
from .rounding import certain, rounded_more
from .words import raised, said_of_factor

#: A run ends when the error has fallen to this fraction of its start.
ACCURACY = 1e-12
_PATHS = 2
_RECORDS = 200
# What a ratio may exceed, and a factor in units of 1 - rho, where nothing is random.
_SLACK = 1e-6
# Points near the fixed point at which V is to be nothing, and the most that its root may be there.
_ROUNDED_POINTS, _MOST_BLURRED = 16, 1e-6
# Halvings of the interval in which a sensitivity lies.
_HALVINGS = 60


@dataclass(frozen=True)
class Walked:
    """What was measured, whatever is promised."""

    traces: list[Trace]
    """The paths."""
    rounds: int
    """How many rounds they were to have."""
    rounded: list[Trace] | None
    """The same paths with larger rounding errors, where these were needed."""
    worst: states.Stepped | None
    """Steps from a state that was searched."""
    is_random: bool
    """Whether a step has more than one outcome."""

    def walks(self, case: Case) -> list[bets.Walk]:
        """Return what counts of each path."""
        return [
            _counted(case, trace, None if self.rounded is None else self.rounded[path])
            for path, trace in enumerate(self.traces)
        ]


def _counted(case: Case, trace: Trace, rounded: Trace | None) -> bets.Walk:
    column = trace.column("lyapunov")
    V = np.where(np.isnan(column), np.inf, column)
    low, high = (V, V) if rounded is None else certain(V, rounded.column("lyapunov"))
    return bets.Walk(trace.column("round"), case.steps(trace), low / V[0], high / V[0], 1.0 / case.pace.rounds)


def evidence(case: Case, progress: Progress) -> Verdict:
    """Hold sampled paths against the promised factor."""
    case.check_unsolved()
    if case.rho == 1.0:
        raise NotExact("the promised factor of a step rounds to 1, which every path would keep: take a smaller kappa.")
    walked = walk(case, progress)
    if _evidence(case, walked, walked.walks(case), case.rho).log > _limit(case, walked):
        more = [rounded_more(case, path) for path in range(len(walked.traces))]
        rounded = _run(more, walked.rounds, lambda share: None)
        walked = replace(walked, rounded=rounded)
    return judged(case, walked)


@dataclass(frozen=True)
class Forecast:
    """What a path will take, before it is walked."""

    rounds: float
    """About how many rounds the promise needs to the accuracy at which a path ends; infinite if it is none."""
    work: float
    """Multiplications of them all, by :attr:`Case.round_work`."""
    is_cut: bool
    """Whether the budget ends before."""


def forecast(case: Case) -> Forecast:
    """Return what a path will take; for a start of whatever size, as neither the solution nor a state is computed.

    Examples
    --------
    >>> from rootkappa import problems, theory
    >>> case = theory.case("gradient_descent", problems.Quadratic.random(clients=3, dim=2, kappa=100.0))
    >>> ahead = forecast(case)
    >>> 3000 < ahead.rounds < 7000, ahead.is_cut
    (True, False)
    """
    rounds = case.promised_rounds(ACCURACY**2)
    return Forecast(rounds, rounds * case.round_work, rounds * case.round_work > case.budget)


def walk(case: Case, progress: Progress) -> Walked:
    """Walk the paths, and search for a state from which a step does badly."""
    is_random = len(case.outcomes() or (None, None)) > 1
    rounds = _horizon(case)
    traces = _run([case] * (_PATHS if is_random else 1), rounds, progress)
    return Walked(traces, rounds, None, states.worst(case), is_random)


@dataclass(frozen=True)
class _Evidence:
    """How much speaks against a promise."""

    log: float
    """The logarithm of the evidence: of the mean of the capitals, or of the largest ratio where nothing is random."""
    at_round: int
    """The recorded round where it is largest."""
    ratio: float
    """The logarithm of the largest mean of V_t / (rho^t V_0) after the start."""
    ratio_round: int
    """The round of that."""
    broken_round: int | None
    """The first recorded round where it is more than right paths show; None if it never is."""
    exceeds: bool
    """Whether the mean step from the worst state, over all outcomes, exceeds the promised factor."""


def _limit(case: Case, walked: Walked) -> float:
    return -math.log(case.alpha) if walked.is_random else math.log1p(_SLACK)


def judged(case: Case, walked: Walked) -> Verdict:
    """Return the verdict on a promise, from paths of the same method on the same problem."""
    walks = walked.walks(case)
    found, limit = _evidence(case, walked, walks, case.rho), _limit(case, walked)
    details: dict[str, Any] = {"traces": walked.traces, "promises": [case.promise(trace) for trace in walked.traces]}
    arrival = _arrival(case, walked.traces)
    measured, promised = _exp(found.log), 1.0
    if found.log > limit or found.exceeds:
        told = [_told_of_paths(case, walked, found)] if found.log > limit else []
        if found.broken_round is not None:
            # For whoever draws the paths.
            details["broken"] = found.broken_round
        if found.exceeds and walked.worst is not None:
            details["worst"] = walked.worst
            told.append(_told_of_worst(case, walked.worst))
            if found.log <= limit:
                measured, promised = walked.worst.mean, _allowed(case, walked.worst)
        sentence = "; ".join([*told, arrival])
        return case.verdict(
            "path", "refuted", f"{raised(sentence)}.", measured, promised, details=details, sensitivity=0.0
        )
    sensitivity = _sensitivity(case, walked, walks)
    rounds = int(max(walk.rounds[-1] for walk in walks))
    told = [f"V on {_many(walked)} was never above {_power(found.ratio)} times what is promised over {rounds} rounds"]
    told += [] if walked.worst is None else [_told_of_worst(case, walked.worst)]
    sentence = "; ".join([*told, _told_of_sensitivity(sensitivity), arrival])
    return case.verdict(
        "path", "consistent", f"{sentence}.", measured, promised, details=details, sensitivity=sensitivity
    )


def _evidence(case: Case, walked: Walked, walks: list[bets.Walk], rho: float) -> _Evidence:
    """Return the evidence against a factor of a step."""
    bound = replace(case.bound, rho=rho)
    # Of this size is rounding beside the root of V: each step adds an error, and the promise sums them up.
    rounding = max(4.0 * np.finfo(float).eps * max(case.problem.kappa, 1.0 / (1.0 - rho)), _blurred(case))
    walks = [walk.without(rounding) for walk in walks]
    rounds = max((walk.rounds for walk in walks), key=len)
    mean = bets.whole(bound, walks, walked.rounds)
    # At the start the ratio is 1 by definition, so it says nothing.
    largest = int(mean[1:].argmax()) + 1
    worst, exceeds = walked.worst, False
    if worst is not None and worst.weights is not None:
        exceeds = _needed(case, worst) > rho + _SLACK * (1.0 - rho)
    if walked.is_random:
        # What is won from the state that was searched is won before the paths begin.
        aside = [] if worst is None or worst.weights is not None else [_won_aside(case, worst, rho)]
        parts = [mean, bets.in_turn(bound, walks), *(np.full(len(mean), won) for won in aside)]
        total = np.logaddexp.reduce(parts, axis=0) - math.log(len(parts))
    else:
        total = np.maximum(mean, np.append(-np.inf, bets.ratios(bound, walks[0])))
    at = int(total[1:].argmax()) + 1
    beyond = np.flatnonzero(total > _limit(case, walked))
    broken = int(rounds[beyond[0]]) if len(beyond) else None
    return _Evidence(float(total[at]), int(rounds[at]), float(mean[largest]), int(rounds[largest]), broken, exceeds)


def _blurred(case: Case) -> float:
    """Return the root of what V, relative to its start, is where the fixed point is rounded otherwise.

    It is nearly nothing unless V is written as a difference, as F(x) - F(x*). No more than that is excused.
    """
    if not case.has_fixed_point:
        return 0.0
    rng, eps, largest = generator(case.seed, "path", "rounded"), np.finfo(float).eps, 0.0
    fixed: list[np.ndarray] = [*case.fixed_point()]
    for _ in range(_ROUNDED_POINTS):
        near = case.state(*(field * (1.0 + eps * rng.integers(-4, 5, field.shape)) for field in fixed))
        with np.errstate(all="ignore"):
            found = abs(case.lyapunov(near)) / case.start[0]
        largest = max(largest, found) if math.isfinite(found) else largest
    return min(4.0 * math.sqrt(largest), _MOST_BLURRED)


def _needed(case: Case, worst: states.Stepped) -> float:
    """Return the factor that a promise with the case's noise must have at least in the worst state."""
    return worst.mean - worst.rounding - case.noise / worst.start


def _won_aside(case: Case, worst: states.Stepped, rho: float) -> float:
    """Return the logarithm of what is won by bets on steps from a state that was searched."""
    with np.errstate(divide="ignore"):
        return float(bets.capital(np.log(worst.after) - math.log(rho + case.noise / worst.start or TINY))[-1])


def _sensitivity(case: Case, walked: Walked, walks: list[bets.Walk]) -> float:
    """Return by how much of itself 1 - rho would have to be larger for these measurements to refute it."""
    progress, limit = 1.0 - case.rho, _limit(case, walked)

    def is_refuted(strength: float) -> bool:
        found = _evidence(case, walked, walks, max(1.0 - strength * progress, 0.0))
        return found.exceeds or found.log > limit

    low, high = 1.0, 1.0 / progress
    if not is_refuted(high):
        return math.inf
    for _ in range(_HALVINGS):
        middle = math.sqrt(low * high)
        low, high = (low, middle) if is_refuted(middle) else (middle, high)
    return high - 1.0


def _many(walked: Walked) -> str:
    return f"{len(walked.traces)} paths" if len(walked.traces) > 1 else "the path"


def _told_of_paths(case: Case, walked: Walked, found: _Evidence) -> str:
    """Return what to say of paths that refute a promise."""
    told = f"after {found.ratio_round} rounds V on {_many(walked)} is {_power(found.ratio)} times what is promised"
    if found.ratio <= (0.0 if walked.is_random else _limit(case, walked)):
        told = f"up to round {found.at_round} V on {_many(walked)} falls more slowly than promised"
    if not walked.is_random:
        return told
    return (
        f"{told}; bets against the promise win {_power(found.log)} times the stake, and against a true one more than "
        f"{1.0 / case.alpha:.6g} times with probability {case.alpha:.3g} at most"
    )


def _told_of_worst(case: Case, worst: states.Stepped) -> str:
    """Return what to say of the worst state that was found."""
    how = f"on average over {len(worst.after)} steps that were drawn" if worst.weights is None else "on average"
    return (
        f"from the worst of {worst.looked_at} states a step multiplies V by {said_of_factor(worst.mean)} {how}, "
        f"promised {said_of_factor(_allowed(case, worst))}"
    )


def _allowed(case: Case, worst: states.Stepped) -> float:
    return case.rho + case.noise / worst.start


def _told_of_sensitivity(sensitivity: float) -> str:
    if not math.isfinite(sensitivity):
        return "no stronger rate would have been refuted"
    strength = f"{1.0 + sensitivity:.3g}" if sensitivity > 0.01 else f"1 + {sensitivity:.1g}"
    return f"a rate {strength} times as strong would have been refuted"


def _horizon(case: Case) -> int:
    first, distance = case.start
    # Where the model alone starts at its target, V is what has to fall.
    return case.horizon(min((ACCURACY * distance) ** 2 / first or ACCURACY**2, 0.5))


def _run(cases: Sequence[Case], rounds: int, progress: Progress) -> list[Trace]:
    """Walk one path of each case; they are the same but for their rounding errors."""
    case, paths = cases[0], len(cases)
    # Evenly spaced to follow the promise, and in the logarithm for methods that are much faster.
    spaced = np.linspace(1, rounds, _RECORDS), np.geomspace(1, rounds, _RECORDS)
    record = np.unique(np.concatenate(spaced).round().astype(int))
    done, lock, stopped = [0] * paths, Lock(), Event()

    def one(path: int) -> Trace:
        def report(finished: int) -> None:
            if stopped.is_set():
                raise InterruptedError
            with lock:
                done[path] = finished
                progress(sum(done) / (paths * rounds))

        seed = derived_seed(case.seed, "path", path)
        return cases[path].run(rounds, seed, record=record, until=("distance", ACCURACY), progress=report)

    case.problem.solution()
    with ThreadPoolExecutor(paths) as pool:
        try:
            return list(pool.map(one, range(paths)))
        except BaseException:
            # The pool waits for its threads; without a word they would walk their paths to the end.
            stopped.set()
            raise


def _arrival(case: Case, traces: list[Trace]) -> str:
    first = case.start[1] or 1.0
    with np.errstate(over="ignore", invalid="ignore"):
        last = max(np.linalg.norm(case.model(trace.state) - case.target.x) for trace in traces)
    rounds = max(int(trace.column("round")[-1]) for trace in traces)
    solution = case.problem.solution().x
    bias = np.linalg.norm(case.target.x - solution)
    verb = "fell" if last <= first else "grew"
    text = f"the error {verb} to {max(last / first, 1e-16):.1e} of its start in {rounds} rounds"
    if not math.isfinite(last):
        text = f"it diverged within {rounds} rounds"
    if case.noise > 0.0:
        text += f", where V has {_last_value(case, traces):.2g} of the promised floor"
    elif ACCURACY * first < last <= first:
        text += ", where the budget ended"
    if bias > 1e-9 * (np.linalg.norm(solution) or 1.0):
        away = bias / np.linalg.norm(solution)
        text += f" towards a point of the method's own, {away:.2g} |x*| away from the solution x*"
    return text


def _last_value(case: Case, traces: list[Trace]) -> float:
    """Return the mean of the last V, in units of the promised floor."""
    last = np.mean([trace.last("lyapunov") for trace in traces])
    return float(last / (case.bound.floor * case.start[0]))


def _power(log_ratio: float) -> str:
    """Write exp(log_ratio), also where it is far outside the floating-point numbers."""
    if not math.isfinite(log_ratio):
        return "infinitely many" if log_ratio > 0 else "0"
    exponent = log_ratio / math.log(10.0)
    return f"{math.exp(log_ratio):.3g}" if abs(exponent) < 5 else f"1e{exponent:+.0f}"


def _exp(log_ratio: float) -> float:
    return math.exp(log_ratio) if log_ratio < 700 else math.inf
