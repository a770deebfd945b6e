"""Methods on one problem, raced to a target: which arrives at which cost, and why the others do not.

A method's path is given up after so much work, a rung of a ladder, and started anew on a higher rung if it may still
win: first the one that should arrive at the least cost, by the slope that its last path had. That is the slope of an
early part, where most methods fall faster than later, so that it flatters rather than wrongs them. Who would cost more
than ``within`` times the cheapest is not waited for. What is decided depends on paths alone, not on the machine or on
threads, but for where a budget in seconds ends; so a comparison that is run again finds all of its paths in the store.
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from ...algorithms.driver.method import find, names
from ...algorithms.parts.letters import checked_letter
from ...core.checks import checked_count, checked_names, checked_number, checked_values
from ...core.errors import InputError, complaint
from ...core.randomness import derived_seed
from ...theory.case import Case
from ...theory.theorem import promised_by
from ...theory.verify import blaming
from ..letters import check_letters
from ..store import Store
from ..sweep import run_cells
from .prices import Budget, Price, Target
from .trials import COUNTED, Trial, measured, refuse_inadmissible

if TYPE_CHECKING:
    import pandas as pd

#: The letters that ``tune`` looks for, by a grid around what is prescribed.
TUNED = ("p", "K", "k", "C")
_FACTORS = (1 / 16, 0.25, 0.5, 1.0, 2.0, 4.0, 16.0)
_COMPRESSORS = ("Identity()", "Natural()", "RandK({few})", "RandK({more})", "TopK({few})", "TopK({more})")
# Multiplications of the lowest rung, about a quarter of a second, and how many times more each next one has.
_LOWEST, _HIGHER, _RUNGS = 2.5e8, 4.0, 16
# So many paths climb at once, whatever the number of cores: what is decided must not depend on that.
_AT_ONCE = 4
# An estimate is one of rounds that are not walked yet, so that a path gets a little more.
_MORE = 1.3
_TUNING_SEEDS = 2
# Reported paths have the seeds below this one, and those for tuning are beyond it.
_MOST_SEEDS = 1000


@dataclass(eq=False)
class Entry:
    """A method with some letters in the race, and what is known of it.

    Attributes
    ----------
    method : str
        Its name, or the path of its file.
    changes : tuple
        What differs from the prescribed letters.
    how : {"prescribed", "given", "tuned"}
        Where the letters are from.
    """

    method: str
    changes: tuple[tuple[str, Any], ...]
    how: str
    seed: int = 0
    rung: int = -1
    found: dict[str, Any] = field(default_factory=dict)
    left: str = ""
    """Why a path that was short was not walked further: "slow" or "budget"."""
    edge: str = ""
    """The letters that are at an end of their grid, where another may be better still."""

    @property
    def status(self) -> str:
        """What became of it, as in :meth:`Trial.compute`; "failed" for what raised an error."""
        return self.found.get("status", "")

    def estimate(self, price: Price) -> float:
        """Return what it costs to the target, where it has not arrived at the pace that it had; infinite if never."""
        cost = price.cost(self.found)
        if self.status == "arrived":
            return cost
        rounds = self.found.get("rounds", 0.0)
        return cost * self.found["needed"] / rounds if self.status == "short" and rounds else math.inf


@dataclass
class Race:
    """What all entries of a comparison share."""

    place: Any
    target: Target
    price: Price
    store: Store
    budget: Budget
    within: float = 10.0
    clock: str = ""
    progress: Callable[[str], None] | None = None
    computed: int = 0
    keys: dict[str, None] = field(default_factory=dict)

    def trial(self, entry: Entry, rung: int) -> Trial:
        """Return the path of an entry on a rung."""
        work = _LOWEST * _HIGHER**rung
        return Trial(entry.method, self.place, self.target, work, entry.changes, entry.seed, self.clock)

    def walk(self, steps: Sequence[tuple[Entry, int]], always: bool = False) -> bool:
        """Compute the paths of some entries on some rungs, as many as the budget affords; return whether any was."""
        trials = [(entry, rung, self.trial(entry, rung)) for entry, rung in steps]
        finished = self.store.keys()
        chosen: list[tuple[Entry, int, Trial, str]] = []
        planned = 0.0
        for entry, rung, trial in trials:
            key = trial.key()
            more = 0.0 if key in finished else trial.work
            if more and not always and not self.budget.affords(planned + more):
                continue
            planned += more
            chosen.append((entry, rung, trial, key))
        self.budget.spend(planned)
        errors: dict[str, BaseException] = {}
        lacking = [trial for _, _, trial, key in chosen if key not in finished]

        def report(done: int) -> None:
            if self.progress and lacking:
                self.progress(f"{done} of {len(lacking)} paths walked")

        def failed(cell: Trial, error: BaseException) -> None:
            errors[cell.key()] = error

        self.computed += run_cells(lacking, self.store, report, failed=failed)
        known = _results(self.store, [key for _, _, _, key in chosen if key not in errors])
        for entry, rung, _, key in chosen:
            entry.rung = rung
            if key in errors:
                entry.found = {"status": "failed", "told": _told(errors[key])}
            else:
                entry.found = known[key]
                self.keys[key] = None
        return bool(chosen)

    def run(self, entries: Sequence[Entry], limit: Callable[[Entry], float]) -> None:
        """Let entries climb, the most promising first, while their estimates are at most a limit."""
        self.walk([(entry, 0) for entry in entries], always=True)
        while True:
            waiting = [entry for entry in entries if entry.status == "short" and entry.rung < _RUNGS]
            self._say(entries, waiting)
            may = [entry for entry in waiting if entry.estimate(self.price) <= limit(entry)]
            may.sort(key=lambda entry: (entry.estimate(self.price), entry.rung))
            # Who is far behind the first waits for how that ends.
            near = [one for one in may if one.estimate(self.price) <= self.within * may[0].estimate(self.price)]
            if not near or not self.walk([(entry, self._next(entry)) for entry in near[:_AT_ONCE]]):
                for entry in waiting:
                    entry.left = "budget" if entry in may else "slow"
                return

    def _next(self, entry: Entry) -> int:
        """Return the rung on which an entry should arrive, the next or the one after it."""
        share = _MORE * entry.found["needed"] / max(entry.found["rounds"], 1.0)
        steps = math.ceil(math.log(max(share, 1.0)) / math.log(_HIGHER)) if math.isfinite(share) else 1
        return entry.rung + min(max(steps, 1), 2)

    def _say(self, entries: Sequence[Entry], waiting: Sequence[Entry]) -> None:
        if self.progress:
            best = min(entries, key=lambda entry: (entry.status != "arrived", entry.estimate(self.price)), default=None)
            first = f", cheapest {best.method} at {best.estimate(self.price):.3g}" if best and best.status else ""
            self.progress(f"{len(entries) - len(waiting)} of {len(entries)} decided{first}")


@dataclass(frozen=True)
class Comparison:
    """What a comparison found.

    Attributes
    ----------
    rows : list of dict
        One for each method, and one more where tuning has found other letters; cheapest first, then what did not
        arrive. See :func:`compare`.
    label, target, price : str
        The problem, the target and the price in words.
    keys : list of str
        Of all paths in the store.
    computed : int
        How many of them were computed now.
    """

    rows: list[dict[str, Any]]
    label: str
    target: str
    price: str
    keys: list[str]
    computed: int

    @property
    def arrived(self) -> list[dict[str, Any]]:
        """The rows of those that arrived."""
        return [row for row in self.rows if row["status"] == "arrived"]

    @property
    def is_open(self) -> bool:
        """Whether the budget ended before it was known who is cheapest."""
        return not self.arrived or any(row["status"] == "budget" for row in self.rows)

    def frame(self) -> "pd.DataFrame":
        """Return the rows as a table."""
        import pandas as pd

        return pd.DataFrame(self.rows)


def compare(
    place: Any,
    methods: str | Iterable[str] | None = None,
    to: str | Target = "gap=1e-4",
    cost: str | Price | Mapping[str, float] = "bits",
    *,
    store: Store,
    letters: Mapping[str, Any] | None = None,
    tune: bool = False,
    seeds: int = 5,
    budget: str | float | Budget = "5m",
    within: float = 10.0,
    clock: str = "",
    progress: Callable[[str], None] | None = None,
) -> Comparison:
    """Race methods to a target, each with prescribed letters and, if wanted, the best of a grid.

    Parameters
    ----------
    place : ProblemSpec or Given
        The problem.
    methods : str or iterable of str, optional
        Names of methods, or paths of files; by default all that are shipped.
    to : str or Target
        Where to arrive: ``gap=1e-4``, ``distance=0.01`` or ``accuracy=0.95``.
    cost : str, Price or mapping
        What one of each thing costs, see :meth:`Price.read`.
    store : Store
        Where paths are kept: a path that is there is not computed again.
    letters : mapping of str to sequence, optional
        A value or several of some letters, for the methods that have them; of several the best is found as by ``tune``.
    tune : bool
        Whether the best of ``TUNED`` on a grid around the prescribed ones is found too, on other seeds than those that
        are reported.
    seeds : int
        Reported paths of what is random.
    budget : str, float or Budget
        A time, or multiplications, after which nothing more is begun.
    within : float
        A method that would cost more than so many times the cheapest is not waited for.
    clock : str
        By which seconds are simulated.
    progress : callable, optional
        Called with a sentence now and then.

    Returns
    -------
    Comparison
        Whose rows have ``method``, ``how`` ("prescribed", "given" or "tuned"), ``params``, ``changes``, ``status``
        ("arrived", "slow", "budget", "rests", "diverged", "unfit" or "failed"), ``cost`` (for "slow" and "budget" at
        the pace that it had), ``low`` and ``high`` of its 95 % interval over ``seeds`` paths, ``times`` the cheapest,
        the counts of the whole rounds to the target (of paths that are random their means), and ``reason`` in words.

    Raises
    ------
    InputError
        If a name, letter, target, price or budget cannot be used, or every method starts at the target.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from rootkappa.sweeps import ProblemSpec
    >>> with TemporaryDirectory() as folder, Store(f"{folder}/compare.sqlite") as store:
    ...     found = compare(ProblemSpec(clients=3, dim=3), ["gradient_descent", "clg_sgd"], cost="rounds", store=store)
    >>> [(row["method"], row["status"]) for row in found.rows]
    [('gradient_descent', 'arrived'), ('clg_sgd', 'unfit')]
    """
    target, price, kept = Target.read(to), Price.read(cost), Budget.read(budget)
    seeds, within = checked_count("seeds", seeds), checked_number("within", within, "a factor", at_least=1.0)
    if seeds >= _MOST_SEEDS:
        raise InputError(f"seeds = {seeds} are too many paths: give at most {_MOST_SEEDS - 1}.")
    if price.needs_clock and not clock:
        raise InputError(f"cost = {cost!r} has a price for seconds, which no clock simulates: give --clock too.")
    chosen = names() if methods is None else checked_names("methods", methods)
    if not chosen:
        raise InputError("methods = [] names no method: give at least one, or leave it out for all of them.")
    found = {name: find(name) for name in chosen}
    letters = checked_values("letters", letters or {})
    check_letters(letters, {name: method.Params._fields for name, method in found.items()})
    label = _checked_start(place, target)
    race = Race(place, target, price, store, kept, within, clock, progress)
    entries = []
    for name in chosen:
        own = found[name].Params
        # A value that is out of its range is so for each method that has the letter.
        fixed = {
            letter: [checked_letter(own, letter, value) for value in letters[letter]]
            for letter in letters
            if letter in own._fields
        }
        single = tuple((letter, values[0]) for letter, values in fixed.items() if len(values) == 1)
        entries.append(Entry(name, single, "given" if single else "prescribed"))
    race.run(entries, lambda entry: within * _cheapest(entries, price))
    if tune or any(len(values) > 1 for values in letters.values()):
        entries += _tuned(race, entries, letters, tune)
    rows = _rows(_all_seeds(race, entries, seeds), price, target)
    return Comparison(rows, label, target.told, price.told, list(race.keys), race.computed)


def _cheapest(entries: Iterable[Entry], price: Price) -> float:
    return min((entry.estimate(price) for entry in entries if entry.status == "arrived"), default=math.inf)


def _checked_start(place: Any, target: Target) -> str:
    """Return the problem's label; a target that a model of zeros reaches is an InputError."""
    problem, measure = measured(place, target)
    start = measure(np.zeros(problem.d))
    value = 1.0 - target.value if target.measure == "accuracy" else target.value
    if start <= value:
        raise InputError(
            f"to = {target.measure}={target.value:g} is where x = 0 is already, at "
            f"{1.0 - start if target.measure == 'accuracy' else start:.3g}: give a target that is harder to reach."
        )
    return problem.label


def _tuned(race: Race, entries: Sequence[Entry], letters: Mapping[str, Sequence[Any]], tune: bool) -> list[Entry]:
    """Return for each method with a grid the best letters of it, found on seeds of their own."""
    candidates: list[Entry] = []
    for entry in entries:
        if entry.status in ("unfit", "failed"):
            continue
        for changes in grid(race.place, entry, letters, tune, race.target):
            candidates.append(Entry(entry.method, changes, "tuned", _tuning_seed(0)))
    cheapest = _cheapest(entries, race.price)

    def limit(entry: Entry) -> float:
        # Neither behind what the same method can do already, nor behind all others.
        own = [other for other in (*candidates, *entries) if other.method == entry.method]
        return min(race.within * cheapest, _cheapest(own, race.price))

    race.run(candidates, limit)
    arrived = [entry for entry in candidates if entry.status == "arrived"]
    methods = dict.fromkeys(entry.method for entry in arrived)
    best = [_best_of(race, [entry for entry in arrived if entry.method == method]) for method in methods]
    known = {(entry.method, entry.changes) for entry in entries}
    better = [one for one in best if (one.method, one.changes) not in known]
    winners = [Entry(one.method, one.changes, "tuned", edge=_at_edge(one, candidates)) for one in better]
    # Another path may be longer.
    race.walk([(winner, one.rung + 1) for winner, one in zip(winners, better, strict=True)], always=True)
    return [replace(winner, left="budget") if winner.status == "short" else winner for winner in winners]


def _at_edge(best: Entry, candidates: Sequence[Entry]) -> str:
    """Return the letters of which the best value is the smallest or the largest that was tried."""
    tried = [dict(entry.changes) for entry in candidates if entry.method == best.method]
    ends = []
    for letter, value in best.changes:
        # What is prescribed is no change, and is between the others.
        others = [one[letter] for one in tried if letter in one and not isinstance(one[letter], str)]
        if len(set(others)) > 1 and value in (min(others), max(others)):
            ends.append(letter)
    return " and ".join(ends)


def _tuning_seed(number: int) -> int:
    return _MOST_SEEDS + derived_seed(0, "tuning", number)


def _best_of(race: Race, entries: list[Entry]) -> Entry:
    """Return the cheapest of some letters of a method, of the best few on more than one seed."""
    entries.sort(key=lambda entry: entry.estimate(race.price))
    few = entries[:3]
    more = [replace(entry, seed=_tuning_seed(j), found={}) for entry in few for j in range(1, _TUNING_SEEDS)]
    race.walk([(entry, few[0].rung) for entry in more])
    logs = {
        entry.changes: [
            math.log(max(one.estimate(race.price), 1e-300))
            for one in (entry, *more)
            if one.changes == entry.changes and one.status
        ]
        for entry in few
    }
    return min(few, key=lambda entry: float(np.mean(logs[entry.changes])))


def grid(
    place: Any, entry: Entry, letters: Mapping[str, Sequence[Any]], tune: bool, target: Target
) -> list[tuple[tuple[str, Any], ...]]:
    """Return the letters to try beside the prescribed ones: what the user gave, and around what is prescribed.

    Whatever the method or its theorem refuses is left out.
    """
    problem, _ = measured(place, target)
    method = find(entry.method)
    theorem, fields = promised_by(method), method.Params._fields
    with blaming(method):
        prescribed = Case(method, theorem, problem, dict(entry.changes), 0).params._asdict()
    axes: dict[str, list[Any]] = {letter: list(letters[letter]) for letter in letters if letter in fields}
    for letter in TUNED if tune else ():
        if letter in fields and letter not in axes:
            axes[letter] = _around(method.Params, letter, prescribed[letter], problem.d)
    found = []
    for values in product(*axes.values()):
        changes = tuple(
            (letter, value)
            for letter, value in zip(axes, values, strict=True)
            if value != prescribed[letter] or letter in letters
        )
        case = Case(method, theorem, problem, dict(changes), 0)
        try:
            with blaming(method):
                case.check_rounds()
                refuse_inadmissible(case)
        except InputError:
            continue
        found.append(changes)
    return list(dict.fromkeys(found)) if axes else []


def _around(params: Any, letter: str, value: Any, d: int) -> list[Any]:
    """Return the values of a letter to try, in the order of their sizes."""
    if isinstance(value, str):
        few, more = max(1, d // 16), max(1, d // 4)
        near = [value, *(one.format(few=few, more=more) for one in _COMPRESSORS)]
    elif isinstance(value, int):
        near = [max(1, round(value * factor)) for factor in _FACTORS]
    else:
        near = [value * factor for factor in _FACTORS]
    allowed = []
    for one in dict.fromkeys(near):
        try:
            allowed.append(checked_letter(params, letter, one))
        except InputError:
            continue
    return allowed


def _all_seeds(race: Race, entries: Sequence[Entry], seeds: int) -> list[list[Entry]]:
    """Return for each entry its paths of all seeds; only who arrived, and is random, has more than one."""
    groups = [[entry] for entry in entries]
    steps = []
    for group in sorted(groups, key=lambda group: group[0].estimate(race.price)):
        entry = group[0]
        if entry.status == "arrived" and entry.found["is_random"]:
            more = [replace(entry, seed=seed, found={}) for seed in range(1, seeds)]
            group += more
            # The rung above, as another path may be longer.
            steps += [(one, entry.rung + 1) for one in more]
    race.walk(steps)
    return [[one for one in group if one.status] for group in groups]


def _rows(groups: Sequence[Sequence[Entry]], price: Price, target: Target) -> list[dict[str, Any]]:
    rows = [_row(group, price) for group in groups]
    cheapest = min((row["cost"] for row in rows if row["status"] == "arrived"), default=math.nan)
    for row in rows:
        row["times"] = row["cost"] / cheapest
        row["reason"] = reason(row, target)
    order = {"arrived": 0, "budget": 1, "slow": 1}
    places = {
        id(row): (order.get(row["status"], 2), row["cost"] if row["cost"] == row["cost"] else math.inf, row["method"])
        for row in rows
    }
    return sorted(rows, key=lambda row: places[id(row)])


def rows_of(cells: "pd.DataFrame", price: Price, target: Target) -> list[dict[str, Any]]:
    """Return the rows of a comparison from its paths in a store, for whatever price.

    Parameters
    ----------
    cells : pandas.DataFrame
        Rows of :meth:`Store.cells` of one problem and target. Paths on which letters were tuned are not reported.
    price : Price
        What one of each thing costs.
    target : Target
        The target, for the words of reasons.
    """
    entries: dict[tuple[str, str], dict[int, Entry]] = {}
    for found in cells.sort_values("work").to_dict("records"):
        method, changes, seed = found["method"], found["changes"], found["seed"]
        if seed < _MOST_SEEDS and isinstance(found.get("status"), str):
            how = "other letters" if changes else "prescribed"
            entries.setdefault((method, changes), {})[seed] = Entry(method, (), how, seed, found=found)
    groups = [[own[seed] for seed in sorted(own)] for own in entries.values() if 0 in own]
    for group in groups:
        group[0].left = "slow" if group[0].status == "short" else ""
    return _rows(groups, price, target)


def _row(group: Sequence[Entry], price: Price) -> dict[str, Any]:
    """Return the row of an entry from its paths of all seeds."""
    first = group[0]
    there = [entry for entry in group if entry.status == "arrived"]
    costs = np.array([entry.estimate(price) for entry in there])
    low = high = mean = first.estimate(price)
    if len(costs):
        mean, low, high = interval(costs, bool(first.found["is_random"]))
    shown = there or [first]
    return {
        "method": first.method,
        "how": first.how,
        "params": json.loads(first.found.get("params") or "{}"),
        "changes": dict(first.changes),
        "status": first.left or first.status,
        "cost": mean if there or math.isfinite(mean) else math.nan,
        "low": low if there else math.nan,
        "high": high if there else math.nan,
        "seeds": len(there),
        "walked": len(group),
        "times": math.nan,
        **{name: float(np.mean([entry.found.get(name, math.nan) for entry in shown])) for name in COUNTED},
        "longest": first.found.get("walked") or 0,
        "reached": first.found.get("reached", math.nan),
        "needed": first.found.get("needed", math.nan),
        "told": first.found.get("told") or "",
        "edge": first.edge,
    }


def interval(costs: np.ndarray, is_random: bool = True) -> tuple[float, float, float]:
    """Return the geometric mean of costs, and the ends of its 95 % interval by Student's t on their logarithms.

    What is not random has an interval of one point; of one random path nothing is known.

    Examples
    --------
    >>> interval(np.array([10.0, 10.0, 10.0])), interval(np.array([7.0]))[1:], interval(np.array([7.0]), False)[1:]
    ((10.0, 10.0, 10.0), (nan, nan), (7.0, 7.0))
    """
    from scipy.stats import t as student

    with np.errstate(divide="ignore"):
        logs = np.log(costs)
    mean = float(np.exp(logs.mean())) if len(set(costs)) > 1 else float(costs[0])
    if len(costs) == 1:
        return (mean, mean, mean) if not is_random else (mean, math.nan, math.nan)
    spread = float(logs.std(ddof=1)) / math.sqrt(len(costs))
    reach = math.exp(float(student.ppf(0.975, len(costs) - 1)) * spread)
    return mean, mean / reach, mean * reach


def reason(row: Mapping[str, Any], target: Target) -> str:
    """Return in words why a row has no cost that was measured, or of how many paths; empty if nothing is to be said."""
    there = 1.0 - row["reached"] if target.measure == "accuracy" else row["reached"]
    at = f"After {row['rounds']:.6g} rounds the {target.measure} was {there:.3g}"
    status = row["status"]
    if status == "arrived":
        lost = row["walked"] - row["seeds"]
        told = [f"{lost} of {row['walked']} paths did not arrive."] if lost else []
        told += [f"{row['edge']} is at the end of its grid, and another may be better."] if row["edge"] else []
        return " ".join(told)
    is_moving = math.isfinite(row["needed"])
    pace = f"at that pace it takes {row['needed']:.3g} of them" if is_moving else "it did not get better any more"
    if status == "slow":
        times = f", {row['times']:.3g} times the cheapest" if math.isfinite(row["times"]) else ""
        return f"{at}; {pace}{times}, so it was not waited for."
    if status == "budget":
        return f"{at}; {pace}, and the budget ended."
    if status == "rests":
        side = "below" if target.measure == "accuracy" else "above"
        return f"{at}, where it rests, {side} the target."
    if status == "diverged":
        return f"It had diverged after {row['rounds']:.6g} rounds."
    told = row["told"]
    return told if told.startswith(row["method"]) else told[:1].upper() + told[1:]


def _results(store: Store, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
    if not keys:
        return {}
    return {row["key"]: row for row in store.cells(keys).to_dict("records")}


def _told(error: BaseException) -> str:
    return str(error) if isinstance(error, InputError) else complaint(error)
