"""The driver: draws randomness, advances the method, measures at recorded rounds."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from ...core.checks import as_list, checked_count, checked_number
from ...core.errors import InputError, shown, unknown
from ...core.randomness import generator
from ...problems.problem import Problem
from ...problems.together import go_together
from ..parts.clock import Clock, before_rounds
from ..parts.cost import Cost
from ..parts.rounds import Draws
from .method import Method
from .objects import found
from .trace import COLUMNS, Trace

# Randomness is drawn in blocks of this many rounds, each from a stream of its own, so that no draw depends on which
# rounds are recorded.
_BLOCK = 256
_DISTANCE = COLUMNS.index("distance")


def run(
    method: Any,
    problem: Problem,
    params: Any,
    rounds: int = 1000,
    seed: int = 0,
    *,
    record: int | np.ndarray | Sequence[int] = 200,
    until: tuple[str, float] | None = None,
    lyapunov: Callable[[Problem, Any, Any, Any], float] | None = None,
    target: Any = None,
    clock: Clock | str | None = None,
    observe: Mapping[str, Callable[[Any], float]] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Trace:
    """Run a method from its start and record what happens.

    Parameters
    ----------
    method : str, Path, Method or object
        A name, the path of a Python file, a method from :func:`rootkappa.algorithms.get`, or any object with ``start``,
        ``step`` and ``model``, see :mod:`rootkappa.algorithms.driver.objects`.
    problem : Problem
        What is minimised.
    params : NamedTuple
        The method's parameters, for example from ``theorem.parameters(problem)``.
    rounds : int
        How many communication rounds, at least 1.
    seed : int
        The seed, at least 0. The same seed gives the same run to the bit, whatever is recorded.
    record : int or sequence of int
        How many rounds to record, spaced evenly in the logarithm; or which ones. The start and the last are always
        recorded.
    until : (str, float), optional
        A column and a fraction: stop at the first recorded round where the column is at most that fraction of its
        start, for example ``("distance", 1e-12)``.
    lyapunov : callable, optional
        ``lyapunov(problem, params, state, target)``: the V that is recorded; by default that of the theorem which the
        method names, if it names one, and otherwise the squared distance of its model to the target.
    target : Solution, optional
        The point towards which V measures; by default the theorem's, or else the problem's solution.
    clock : Clock or str, optional
        With it there is a column ``seconds``: how long the rounds up to there take by this :class:`Clock`, or by that
        of this text, such as "compute=1ms up=1Mbit speeds=uniform(0.1,1)".
    observe : mapping of str to callable, optional
        Further columns: each a function of the state.
    progress : callable, optional
        Called with the number of finished rounds after each recorded one.

    Returns
    -------
    Trace

    Raises
    ------
    InputError
        If a parameter is outside its range, ``until`` names no column, the clock is none or has no speed for each
        client, or the method cannot run on the problem.

    Examples
    --------
    >>> from rootkappa import algorithms, problems
    >>> problem = problems.Quadratic.random(clients=3, dim=4, kappa=10.0)
    >>> scaffnew = algorithms.get("scaffnew")
    >>> trace = algorithms.run(scaffnew, problem, scaffnew.Params(gamma=1.0, p=0.3), rounds=300, seed=1)
    >>> bool(trace.column("distance")[-1] < 1e-12)
    True
    """
    method = found(method)
    method.check(problem)
    params = method.letters(params)
    stops = _recorded_rounds(checked_count("rounds", rounds), record)
    options = _Options.checked(method, problem, params, until, lyapunov, target, clock, observe)
    path = _Path(method, problem, params, seed, options)
    for stop in stops:
        path.go(int(stop))
        path.record(int(stop))
        if progress is not None:
            progress(path.done)
        if path.is_finished:
            break
    return path.trace


def run_together(
    method: Any,
    problem: Problem,
    params: Any,
    rounds: int = 1000,
    seeds: int | Sequence[int] = (0,),
    *,
    record: int | np.ndarray | Sequence[int] = 200,
    until: tuple[str, float] | None = None,
    lyapunov: Callable[[Problem, Any, Any, Any], float] | None = None,
    target: Any = None,
) -> list[Trace]:
    """Run a method once for each seed, several runs at a time where that is faster.

    Parameters
    ----------
    method, problem, params, rounds, record, until, lyapunov, target
        Those of :func:`run`.
    seeds : int or sequence of int
        One for each run.

    Returns
    -------
    list of Trace
        What :func:`run` returns for each seed, to the bit.

    Raises
    ------
    InputError
        If :func:`run` would.

    Examples
    --------
    >>> from rootkappa import algorithms, problems
    >>> problem = problems.Quadratic.random(clients=3, dim=4, kappa=10.0)
    >>> scaffnew = algorithms.get("scaffnew")
    >>> traces = algorithms.run_together(scaffnew, problem, scaffnew.Params(gamma=1.0, p=0.3), 100, seeds=[1, 2])
    >>> [trace.seed for trace in traces]
    [1, 2]
    """
    method = found(method)
    method.check(problem)
    params = method.letters(params)
    rounds, seeds = checked_count("rounds", rounds), as_list(seeds)
    advance, pace = method.advance_together, method.pace(params)
    if advance is None or not go_together(problem, len(seeds), rounds, pace.iterations / pace.rounds):
        measured: Any = {"record": record, "until": until, "lyapunov": lyapunov, "target": target}
        return [run(method, problem, params, rounds, seed, **measured) for seed in seeds]
    stops = _recorded_rounds(rounds, record)
    options = _Options.checked(method, problem, params, until, lyapunov, target, None, None)
    paths = [_Path(method, problem, params, seed, options) for seed in seeds]
    for stop in stops:
        going = [path for path in paths if not path.is_finished]
        if not going:
            break
        for batches in zip(*(path.draws.between(path.done, stop) for path in going), strict=True):
            states = [path.trace.state for path in going]
            advance(method.oracles(problem), params, states, batches)
            for path, state, batch in zip(going, states, batches, strict=True):
                path.take(state, batch)
        for path in going:
            path.record(int(stop))
    return [path.trace for path in paths]


@dataclass(frozen=True)
class _Options:
    """What of a run is measured, and when it ends."""

    measure: "_Measure"
    timer: Callable[[], "_Timer | None"]
    observe: Mapping[str, Callable[[Any], float]]
    column: str
    fraction: float

    @classmethod
    def checked(
        cls,
        method: Method,
        problem: Problem,
        params: Any,
        until: Any,
        lyapunov: Any,
        target: Any,
        clock: Any,
        observe: Any,
    ) -> "_Options":
        """Return the options that :func:`run` was given."""
        observe = observe or {}
        if not isinstance(observe, Mapping):
            raise InputError(
                f'observe = {shown(observe)} is no mapping: give functions of a state, such as {{"norm": norm_of}}.'
            )
        column, fraction = _checked_until(until, (*COLUMNS, *observe)) if until is not None else ("", 0.0)
        measure = _Measure(method, problem, params, lyapunov, target)
        timed = Clock.read(clock) if clock is not None else None
        return cls(
            measure, lambda: _Timer(method, problem, params, timed) if timed else None, observe, column, fraction
        )


class _Path:
    """One run under way."""

    def __init__(self, method: Method, problem: Problem, params: Any, seed: int, options: _Options) -> None:
        self._options, self._timer = options, options.timer()
        state, self._spent = method.start(problem, params), method.opening(problem, params)
        self._about = method, problem, params
        self._jumps = method.jumps(method.oracles(problem))
        timed = ["seconds"] if self._timer else []
        self.trace = Trace(method.name, problem.label, params, seed, state, (*COLUMNS, *timed, *options.observe))
        self.draws, self.done, self.is_finished = _Draws(method, problem, params, seed), 0, False
        options.measure.record(self.trace, 0, self._spent, self._timer and self._timer.total, options.observe)
        # The column that ends the run, if one does, and at which number.
        self._ends = self.trace.columns.index(options.column) if options.column else -1
        self._enough = options.fraction * self.trace.rows[0][self._ends] if options.column else 0.0

    def go(self, stop: int) -> None:
        """Take all rounds up to one."""
        method, problem, params = self._about
        if not self._jumps:
            for batch in self.draws.between(self.done, stop):
                self.walk(batch)
            return
        if self._timer:
            for batch in self.draws.between(self.done, stop):
                self._timer.add(batch)
        # From the start, so that no bit depends on where one has looked in between.
        state = method.advanced(problem, params, method.start(problem, params), _nothing_drawn(method, params, stop))
        self.take(state, _nothing_drawn(method, params, stop - self.done))

    def walk(self, batch: Any) -> None:
        """Take some rounds."""
        method, problem, params = self._about
        state = self.trace.state
        for part in _parts(method, batch) if self._timer else [batch]:
            state = method.advanced(problem, params, state, part)
            if self._timer:
                self._timer.add(_decided(method, params, state, part))
        self.take(state, batch)

    def take(self, state: Any, batch: Any) -> None:
        """Go on to the state after some rounds."""
        self.trace.state = state
        method, problem, params = self._about
        self._spent = self._spent.plus(method.cost(problem, params, batch))

    def record(self, done: int) -> None:
        """Measure, and find out whether the run is at its end."""
        method, problem, params = self._about
        options, told = self._options, method.spent(problem, params, self.trace.state, self._spent)
        seconds = self._timer and self._timer.after(self._spent, told.bits_up, told.bits_down)
        options.measure.record(self.trace, done, told, seconds, options.observe)
        self.done = done
        row = self.trace.rows[-1]
        arrived = self._ends >= 0 and row[self._ends] <= self._enough
        self.is_finished = bool(arrived) or not math.isfinite(row[_DISTANCE])


def seconds(
    method: Any,
    problem: Problem,
    params: Any,
    rounds: Iterable[int],
    seed: int,
    clock: Clock | str,
    bits: Sequence[np.ndarray] | None = None,
) -> np.ndarray:
    """Return when some rounds of a run end: its column ``seconds``, from what it draws alone if that says it.

    A method in which who takes part shows in states only, see :attr:`Method.decided`, is run again.

    Parameters
    ----------
    method, problem, params, seed
        Those of :func:`run`.
    rounds : iterable of int
        In ascending order; 0 is the start.
    clock : Clock or str
        The clock, or its text.
    bits : pair of ndarray, optional
        The run's columns ``bits_up`` and ``bits_down`` at these rounds: needed where how long a message is shows in the
        states only, see :attr:`Method.spent`.

    Returns
    -------
    ndarray, shape (len(rounds),)

    Examples
    --------
    >>> from rootkappa import algorithms, problems
    >>> problem = problems.Quadratic.random(clients=3, dim=4, kappa=10.0)
    >>> descent = algorithms.get("gradient_descent")
    >>> seconds(descent, problem, descent.Params(gamma=1.0), [0, 10], 0, "latency=1s compute=0s").round(2).tolist()
    [0.0, 10.0]
    """
    method = found(method)
    params = method.letters(params)
    timer = _Timer(method, problem, params, Clock.read(clock))
    draws = _Draws(method, problem, params, seed)
    done, ends, declared = 0, list[float](), method.opening(problem, params)
    state = method.start(problem, params) if method.decided else None
    for place, stop in enumerate(rounds):
        for batch in draws.between(done, int(stop)):
            for part in _parts(method, batch):
                if method.decided:
                    state = method.advanced(problem, params, state, part)
                timer.add(_decided(method, params, state, part))
            declared = declared if bits is None else declared.plus(method.cost(problem, params, batch))
        done = int(stop)
        up, down = (declared.bits_up, declared.bits_down) if bits is None else (bits[0][place], bits[1][place])
        ends.append(timer.after(declared, up, down))
    return np.array(ends)


def _nothing_drawn(method: Method, params: Any, rounds: int) -> Draws:
    """Return what a method draws that draws nothing, in as little memory for any number of rounds."""
    random: Any = method.random
    return Draws(np.broadcast_to(np.int64(random.count(params)), rounds), {}, {})


def _parts(method: Method, batch: Any) -> list[Any]:
    """Return a batch round by round if the states in between say who takes part, or else as it is."""
    return [batch[r : r + 1] for r in range(len(batch))] if method.decided else [batch]


def _decided(method: Method, params: Any, state: Any, part: Any) -> Any:
    return method.decided(params, state, part) if method.decided else part


def _checked_until(until: Any, columns: tuple[str, ...]) -> tuple[str, float]:
    """Return the column and the fraction that end a run."""
    if not isinstance(until, tuple | list) or len(until) != 2:
        raise InputError(f'until = {shown(until)} is no pair: give a column and a fraction, as ("distance", 1e-12).')
    column, fraction = until
    if not isinstance(column, str) or column not in columns:
        raise unknown("column in until", column, columns)
    return column, checked_number("the fraction in until", fraction, "a fraction", at_least=0.0)


def _recorded_rounds(rounds: int, record: int | np.ndarray | Sequence[int]) -> np.ndarray:
    if isinstance(record, np.ndarray | list | tuple | range) and np.size(record):
        stops = np.append(record, rounds)
        stops = np.unique(stops) if stops.dtype.kind in "iu" else np.array([-1])
        if stops[0] < 0 or stops[-1] > rounds:
            raise InputError(f"record holds rounds outside 0 to {rounds}: give integers in that range.")
        return stops[stops > 0]
    return _spaced(rounds, checked_count("record", record))


@lru_cache(maxsize=16)
def _spaced(rounds: int, count: int) -> np.ndarray:
    """Return so many rounds, spaced evenly in the logarithm: all seeds of a sweep have the same, which is kept."""
    stops = np.unique(np.append(np.geomspace(1, rounds, count).round().astype(int), rounds))
    stops.setflags(write=False)
    return stops


class _Measure:
    """What is recorded of a state: V of the theorem that promises something, distance and gap."""

    def __init__(self, method: Method, problem: Problem, params: Any, lyapunov: Any, target: Any) -> None:
        theorem: Any = method.stated() if lyapunov is None or target is None else None
        self._method, self._problem, self._params = method, problem, params
        self._solution = problem.solution()
        if target is None:
            target = (
                theorem.target(problem, params)
                if theorem is not None and hasattr(theorem, "target")
                else self._solution
            )
        self._target = target
        self._lyapunov = lyapunov or getattr(theorem, "lyapunov", self._squared_distance)

    def _squared_distance(self, problem: Problem, params: Any, state: Any, target: Any) -> float:
        return float(np.sum((self._method.model(state) - target.x) ** 2))

    def record(
        self,
        trace: Trace,
        done: int,
        spent: Cost,
        seconds: float | None,
        observe: Mapping[str, Callable[[Any], float]],
    ) -> None:
        """Append a row to the trace."""
        with np.errstate(over="ignore", invalid="ignore"):
            model = trace.model = self._method.model(trace.state)
            lyapunov = self._lyapunov(self._problem, self._params, trace.state, self._target)
            error = model - self._solution.x
            distance = math.sqrt(error @ error)
            gap = self._problem.gap(model)
            observed = [function(trace.state) for function in observe.values()] if observe else ()
        told = () if seconds is None else (seconds,)
        trace.rows.append((done, spent.iterations, lyapunov, distance, gap, *spent[1:], *told, *observed))


class _Timer:
    """Seconds since the start, added up round by round: the same to the bit whatever is recorded."""

    def __init__(self, method: Method, problem: Problem, params: Any, clock: Clock) -> None:
        self._seconds = lambda batch: method.seconds(problem, params, batch, clock)
        self._up, self._down = float(clock.up), float(clock.down)
        self.total = before_rounds(problem, method.opening(problem, params), clock)

    def add(self, batch: Any) -> None:
        """Add the rounds of a batch."""
        self.total = float(np.cumsum(np.append(self.total, self._seconds(batch)))[-1])

    def after(self, declared: Cost, bits_up: float, bits_down: float) -> float:
        """Return the seconds if so many bits were sent, the same for all clients, and not those that are declared."""
        more = (bits_up - declared.bits_up) / self._up + (bits_down - declared.bits_down) / self._down
        return self.total + more


class _Draws:
    """The randomness of all rounds of one run, drawn block by block."""

    def __init__(self, method: Method, problem: Problem, params: Any, seed: int) -> None:
        self._draw = lambda rng: method.draw(rng, problem, params, _BLOCK)
        self._seed = seed
        self._index, self._block = -1, np.zeros(0, dtype=np.int64)

    def between(self, first: int, last: int) -> Iterator[Any]:
        """Yield the draws of the rounds from ``first`` up to ``last``, in order."""
        while first < last:
            index, offset = divmod(first, _BLOCK)
            if self._index != index:
                self._index, self._block = index, self._draw(generator(self._seed, "rounds", index))
            end = min(last - first + offset, _BLOCK)
            yield self._block[offset:end]
            first += end - offset
