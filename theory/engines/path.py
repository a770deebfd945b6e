r"""Path evidence: sampled paths that could refute a rate, and never confirm one.

If the theorem holds, :math:`V_t / (\rho^t V_0)` is a nonnegative supermartingale along every path, and so is its mean
over independent paths. By Ville's inequality it ever exceeds :math:`1/\alpha` with probability at most
:math:`\alpha`, at whatever times it is looked at. A method without randomness must not exceed 1 at all.

With noise the same is true, up to a horizon T, of
:math:`\rho^{T-t} V_t + \sigma^2 (1 - \rho^{T-t}) / (1 - \rho)` in the place of :math:`\rho^{T-t} V_t`: the promised V
at the horizon, seen from the step t.
"""

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event, Lock
from typing import Any

import numpy as np

from ...algorithms.driver.run import Trace
from ...core.randomness import derived_seed, generator
from ..case import Case, NotExact, Progress
from ..verdict import TINY, Verdict

#: The probability with which path evidence refutes a true promise.
ALPHA = 1e-4
#: A run ends when the error has fallen to this fraction of its start.
ACCURACY = 1e-12
_PATHS = 2
_RECORDS = 200
# How many roundings, of numbers that weigh as much in V as the largest, a step is taken to make in each number; and by
# how much V may then grow and still not be made of them. V is a square, so what is made of them grows much more.
_ROUNDINGS = 100.0
_SAME = 4.0


def evidence(case: Case, progress: Progress) -> Verdict:
    """Hold sampled paths against the promised factor."""
    case.check_unsolved()
    if case.rho == 1.0:
        raise NotExact("the promised factor of a step rounds to 1, which every path would keep: take a smaller kappa.")
    is_random = len(case.outcomes() or (None, None)) > 1
    paths = _PATHS if is_random else 1
    limit = 1.0 / ALPHA if is_random else 1.0 + 1e-6
    traces = _run([case] * paths, progress)
    excess, at_round = _largest_ratio(case, traces)
    if excess > math.log(limit):
        rounded = _run([_rounded_more(case, path) for path in range(paths)], lambda share: None)
        excess, at_round = _largest_ratio(case, traces, rounded)
    rounds = max(int(trace.column("round")[-1]) for trace in traces)
    details = {"traces": traces, "promises": [case.promise(trace) for trace in traces]}
    walked = f"{paths} paths" if paths > 1 else "the path"
    error_rate = f", and a true promise exceeds {limit:g} with probability {ALPHA:g} at most" if is_random else ""
    if excess > math.log(limit):
        sentence = (
            f"After {at_round} rounds V on {walked} is {_power(excess)} times what is promised{error_rate}; "
            f"{_arrival(case, traces)}."
        )
        return case.verdict("path", "refuted", sentence, _exp(excess), 1.0, details=details)
    sentence = (
        f"V on {walked} was never above {_power(excess)} times what is promised over {rounds} rounds; "
        f"{_arrival(case, traces)}."
    )
    return case.verdict("path", "consistent", sentence, _exp(excess), 1.0, details=details)


def _rounded_more(case: Case, path: int) -> Case:
    """Return the case of the same method with larger rounding errors, made wherever the path is looked at."""
    method = case.method
    roots = np.sqrt(case.weights)

    def advance(oracles: Any, params: Any, state: Any, draws: Any) -> Any:
        returned = method.advance(oracles, params, state, draws)
        after = state if returned is None else returned
        # The same in every call: errors of one sign add up, those of random signs may cancel.
        rng = generator(case.seed, "rounding", path)
        error = _ROUNDINGS * np.finfo(float).eps * max(case.cost(draws).iterations, 1)
        with np.errstate(over="ignore", invalid="ignore"):
            sizes = [np.abs(field).max(initial=0.0) for field in after]
            weighed = max((root * size for root, size in zip(roots, sizes, strict=True)), default=0.0)
            for field, root, size in zip(after, roots, sizes, strict=True):
                field += error * (weighed / root if root > 0.0 else size) * rng.choice([-1.0, 1.0], field.shape)
        return returned

    return replace(case, method=replace(method, advance=advance))


def _run(cases: list[Case], progress: Progress) -> list[Trace]:
    """Walk one path of each case; they are the same but for their rounding errors."""
    case, paths = cases[0], len(cases)
    first, distance = case.start
    # Where the model alone starts at its target, V is what has to fall.
    rounds = case.horizon(min((ACCURACY * distance) ** 2 / first or ACCURACY**2, 0.5))
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


def _largest_ratio(case: Case, traces: list[Trace], rounded: list[Trace] | None = None) -> tuple[float, int]:
    """Return the logarithm of the largest mean of V_t / (rho^t V_0), and the round where it stands.

    What larger rounding errors, on the paths ``rounded``, change of V does not count.
    """
    length = max(len(trace.column("round")) for trace in traces)
    logs = np.full((len(traces), length), -np.inf)
    # Below this V is rounding: each step adds an error of that size, and the promise sums them up.
    rounding = 2.0 * math.log(4.0 * np.finfo(float).eps * max(case.problem.kappa, 1.0 / (1.0 - case.rho)))
    for path, trace in enumerate(traces):
        V = trace.column("lyapunov")
        with np.errstate(divide="ignore"):
            fallen = np.log((V if rounded is None else _certain(V, rounded[path].column("lyapunov"))) / V[0])
        fallen = np.where(np.isnan(fallen), np.inf, fallen)
        steps = case.steps(trace)
        ratio = np.where(fallen > rounding, fallen - steps * math.log(case.rho or TINY), -np.inf)
        if case.noise > 0.0:
            # The promised V at the last step, seen from each step, beside that from the start.
            seen = case.bound.log_from(fallen, steps[-1] - steps)
            ratio = np.where(fallen > rounding, seen - seen[0], -np.inf)
        # A path that has arrived stays where it is: a stopped supermartingale is still one.
        logs[path] = np.append(ratio, np.full(length - len(ratio), ratio[-1]))
    mean = np.logaddexp.reduce(logs, axis=0) - math.log(len(traces))
    longest = max(traces, key=lambda trace: len(trace.column("round"))).column("round")
    # At the start the ratio is 1 by definition, so it says nothing.
    largest = int(mean[1:].argmax()) + 1
    return float(mean[largest]), int(longest[largest])


def _certain(V: np.ndarray, rounded: np.ndarray) -> np.ndarray:
    """Return how much of V is no rounding, from the V of the same path with larger rounding errors."""
    more = np.full(len(V), np.nan)
    # A path that leaves the floating-point numbers may do so a little earlier.
    seen = min(len(V), len(rounded))
    more[:seen] = rounded[:seen]
    with np.errstate(over="ignore", invalid="ignore"):
        made = np.maximum.accumulate(np.where(more > _SAME * V, more, 0.0))
        certain = np.where(np.isfinite(more), V - np.abs(more - V), V)
        return np.where(np.isfinite(V) & (made >= V), 0.0, np.maximum(certain, 0.0))


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
