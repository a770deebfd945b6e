r"""Cost evidence: what a method declares to send, and to compute, against what it is seen to send on a small quadratic.

What client i alone knows is its function. If a change of it in some rounds changes what others know afterwards, then i
has told them; so the rank of that dependence is the least number of numbers that i has sent in these rounds, however
it has packed them. Others know their own states and that of the server, the points at which they compute gradients, and
what goes through ``send``. What the server keeps of a client from earlier rounds cannot be told from the client's own,
so a client's rows of the states count as its own, and only changes of functions are asked for, never of states.
Likewise the rank with which all others' functions change what client j knows is the least that j has received. Where
the letters name a graph clients only talk to neighbours, so a client's numbers are summed over them.

Ranks are of derivatives by differences, and count singular values that are larger than the error of these: they may be
too small, never too large. Nothing says in how many bits a number is sent. But numbers that vary continuously take more
than a few, where they stand has to be said unless all know it, and a message of m values takes :math:`\log_2 m` bits.

A declared cost above what is seen is no fault.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ...algorithms.compressors import Compressor, compress, compress_work_size, get
from ...algorithms.driver.plain import Plain
from ...algorithms.parts import letters
from ...algorithms.parts.graphs import gossip
from ...algorithms.parts.messages import EachClient
from ...core.randomness import generator
from ..case import Case, NotExact, Progress
from ..verdict import Verdict
from .watched import AVERAGED, NOBODY, POINT, ROUNDS, SENT, SERVER, STATE, Bump, Rounds, Seen

# Steps of the differences, relative to the data: the larger ones are for states in single precision.
_STEPS = (1e-6, 1e-3, 3e-2)
# Entries whose error may be more than this of them are left out.
_SHARP = 1e-4
# More directions than this in one client's data are not tried.
_MOST_DIRECTIONS = 40
# The formats in which a number may travel, and the least bits of one that varies continuously.
_WIDTHS = (64, 32, 16, 8)
# How many functions of a client, and draws of a compressor, are tried for what they make of a message.
_SAMPLES = 64
_ROUNDING = 1e-9


def evidence(case: Case, progress: Progress) -> Verdict:
    """Hold what the method declares to cost against what it is seen to cost."""
    rounds = Rounds(case)
    noticed = rounds.notices()
    progress(0.3)
    # A node that holds all functions and the model sends what no state shows: what it computes is all that is seen.
    found = [] if case.method.handles_composite else [*_messages(rounds, noticed, progress)]
    findings = [*found, *_gradients(rounds, noticed)]
    findings = [finding for finding in findings if finding.seen > 0.0]
    if not findings:
        raise NotExact(f"nothing that {case.method.name} sends or computes could be seen on a small quadratic.")
    refuted = [finding for finding in findings if finding.is_refuted]
    worst = max(refuted or findings, key=lambda finding: finding.seen / max(finding.declared, 1e-3))
    numbers: Any = {"measured": worst.seen, "promised": worst.declared, "sensitivity": 1.0 - worst.share}
    if refuted:
        return case.verdict("cost", "refuted", " ".join(_first_of_each(refuted)), **numbers)
    told = "; ".join(_first_of_each(sorted(findings, key=lambda finding: -finding.share)))
    size = f"{rounds.problem.n} clients with {rounds.problem.d} coordinates"
    return case.verdict("cost", "confirmed", f"As watched on {size}, {told}.", **numbers)


class Finding(NamedTuple):
    """What is declared of one kind of cost in some rounds, and what is seen."""

    kind: str
    declared: float
    seen: float
    sentence: str
    is_refuted: bool

    @property
    def share(self) -> float:
        """How much of what is declared has been seen, at most 1."""
        return min(self.seen / self.declared, 1.0) if self.declared else 1.0


def _first_of_each(findings: Iterable[Finding]) -> list[str]:
    """Return one sentence for each kind of cost of which something is to be said."""
    kinds: dict[str, str] = {}
    for finding in findings:
        if finding.sentence:
            kinds.setdefault(finding.kind, finding.sentence)
    return list(kinds.values())


def _said_of(first: int, last: int) -> str:
    return f"in round {first + 1}" if last == first + 1 else f"in rounds {first + 1} to {last} together"


def _plural(count: float, noun: str) -> str:
    return f"{count:g} {noun}{'' if count == 1 else 's'}"


# Gradients.


def _gradients(rounds: Rounds, noticed: np.ndarray) -> Iterator[Finding]:
    counts = rounds.new_gradients(noticed)
    # Whoever computes nothing takes no part; a method may leave out some of the gradients of each.
    seen = sum(float(row[row > 0].mean()) for row in counts if row.any())
    declared = rounds.case.cost(rounds.draws).gradients
    of = "gradients of components" if any(e.component is not None for _, e in rounds.base.evaluations) else "gradients"
    # Whole numbers are declared, so in each round a half may have been lost.
    is_refuted = seen > declared + ROUNDS / 2
    yield Finding(
        "gradients",
        declared,
        seen,
        f"It declares {declared} {of} {_said_of(0, ROUNDS)}, but each client that takes part computes {seen:.4g} in the "
        "mean, at points where it has computed none before: return them from gradients(problem, params, draws)."
        if is_refuted
        else f"each client computes {seen:.4g} {of} {_said_of(0, ROUNDS)} and {declared} are declared",
        is_refuted,
    )


# Floats and bits.


def _messages(rounds: Rounds, noticed: np.ndarray, progress: Progress) -> Iterator[Finding]:
    for step in _STEPS:
        ways = _Ways(rounds, noticed, step)
        found = [finding for finding in ways.findings() if finding.seen > 0.0]
        progress(0.9)
        if found:
            yield from found
            return


class _Told(NamedTuple):
    """How many numbers a client has sent or received at least, in some rounds."""

    client: int
    first: int
    last: int
    numbers: int


@dataclass(frozen=True)
class _Way:
    """One of the two directions in which a client's messages go."""

    name: str
    told: str

    def declared(self, cost: Any) -> tuple[int, int]:
        """Return floats and bits."""
        return getattr(cost, f"floats_{self.name}"), getattr(cost, f"bits_{self.name}")


_UP, _DOWN = _Way("up", "client {} tells others"), _Way("down", "others tell client {}")


class _Ways:
    """The dependence of what is known on what was known to one client alone, and what follows from it."""

    def __init__(self, rounds: Rounds, noticed: np.ndarray, step: float) -> None:
        self.rounds, self.step = rounds, step
        self.n, self.d = rounds.problem.n, rounds.problem.d
        base = rounds.base
        # A point at which a gradient is computed that nobody needs need not be known.
        self.counted = (base.kinds != AVERAGED) & (base.owners != NOBODY)
        self.counted[base.kinds == POINT] = noticed[base.indices[base.kinds == POINT]]
        of_server = (base.kinds == STATE) & (base.owners == SERVER)
        self.counted[of_server] = rounds.felt()[base.indices[of_server]]
        self.later = [base.since(r) for r in range(ROUNDS)]
        self.rng = generator(rounds.case.seed, "cost", "directions")
        self.costs = {(a, b): rounds.case.cost(rounds.draws[a:b]) for a, b in _windows()}
        self.neighbours = _neighbours(rounds.case)
        self.clients, self.changed_in, self.J, self.E = self._derivative()

    def findings(self) -> Iterator[Finding]:
        """Yield what is seen of every client in all rounds."""
        for way, rank in ((_UP, self._sent), (_DOWN, self._received)):
            told = [_Told(i, a, b, rank(i, a, b)) for a, b in _windows() for i in range(self.n)]
            yield self._floats(way, told)
            for window in _windows():
                most = max((one for one in told if one[1:3] == window), key=lambda one: one.numbers)
                yield from self._bits(way, most)
            yield from self._values(way)
        yield from self._averages()

    def _floats(self, way: _Way, told: list[_Told]) -> Finding:
        def excess(one: _Told) -> float:
            return one.numbers / max(way.declared(self.costs[one.first, one.last])[0], 1e-3)

        worst = max(told, key=excess)
        declared, bits = way.declared(self.costs[worst.first, worst.last])
        is_refuted = worst.numbers > declared
        when, who = _said_of(worst.first, worst.last), way.told.format(worst.client)
        numbers = _plural(worst.numbers, "number")
        sentence = (
            f"It declares {_plural(declared, 'float')} {way.name} {when}, but {who} at least {numbers}: let SENDS or cost "
            "count what is left out."
            if is_refuted
            else f"{who} at least {numbers} {when}, for which {declared} floats and {bits} bits {way.name} are declared"
        )
        return Finding(f"floats {way.name}", declared, worst.numbers, sentence, is_refuted)

    def _bits(self, way: _Way, told: _Told) -> Iterator[Finding]:
        """Yield what the numbers of a client in one round need."""
        floats, bits = way.declared(self.costs[told.first, told.last])
        # Where floats are missing that is what has to be said.
        if not 0 < told.numbers <= floats:
            return
        width = next((width for width in _WIDTHS if width * floats <= bits), _WIDTHS[-1])
        least = width * told.numbers
        who, numbers = way.told.format(told.client), _plural(told.numbers, "number")
        start = f"It declares {_plural(bits, 'bit')} {way.name} {_said_of(told.first, told.last)}, "
        if least > bits:
            sentence = f"{start}but {who} {numbers} that vary continuously, for each of which {width} are the least."
            yield Finding(f"bits {way.name}", bits, least, sentence, True)
            return
        choices = self._choices(way, told, bits - least)
        needed = math.log2(choices)
        sentence = (
            f"{start}{width} for each of {numbers} and {bits - least} for where they stand, but {who} the numbers of "
            f"{choices} different choices of places, which take {needed:.3g}."
        )
        is_refuted = needed > bits - least + _ROUNDING
        yield Finding(f"bits {way.name}", bits, least + needed, sentence if is_refuted else "", is_refuted)

    def _choices(self, way: _Way, told: _Told, spare: float) -> int:
        """Return how many choices of places were seen for the numbers of one round, 1 if there is room for all."""
        if told.last > told.first + 1 or not told.numbers < self.d:
            return 1
        if not 0 <= spare < math.log2(math.comb(self.d, told.numbers)):
            return 1
        private = self._private_choices() if way is _UP else 1
        return max(private, self._choices_by_data(way, told)) if private == 1 else private

    def _private_choices(self) -> int:
        """Return how many choices of places were seen among messages whose randomness only their client knows."""
        method, most = self.rounds.case.method, 1
        for part in method.random.parts if method.random else ():
            if isinstance(part, EachClient) and not part.in_every_step:
                most = max(most, _supports(get(getattr(self.rounds.case.params, part.letter)), self.d, self.rng))
        return most

    def _choices_by_data(self, way: _Way, told: _Told) -> int:
        """Return at how many choices of places a client's numbers were seen, as the functions behind them changed."""
        seen: set[bytes] = set()
        for linear in self._other_linear_terms(way, told.client):
            here = self._with(linear, told.first, told.last)
            near = {i: b + self.step * self.rounds.scale * self.rng.standard_normal(self.d) for i, b in linear.items()}
            there = self._with(near, told.first, told.last)
            if here.is_like(there):
                values = here.values[known := _stated(here, way, told.client)]
                noise = _ROUNDING * self.step * float(np.abs(values).max(initial=1.0))
                places = np.abs(there.values[known] - values) > noise
                seen.add(places.tobytes())
        return max(len(seen), 1)

    def _values(self, way: _Way) -> Iterator[Finding]:
        """Yield how many bits the different messages take, where so few are declared that this matters."""
        first, last = 0, 2
        declared = way.declared(self.costs[first, last])[1]
        if declared >= math.log2(_SAMPLES):
            return
        told: dict[int, int] = {}
        for i in range(self.n):
            seen = [self._with(linear, first, last) for linear in self._other_linear_terms(way, i)]
            told[i] = len({one.values[_stated(one, way, i)].tobytes() for one in seen})
        client = max(told, key=lambda i: told[i])
        needed = math.log2(told[client])
        sentence = (
            f"It declares {_plural(declared, 'bit')} {way.name} {_said_of(first, last)}, but {way.told.format(client)} "
            f"one of at least {told[client]} different things, which takes {needed:.3g}."
        )
        yield Finding(f"bits {way.name}", declared, needed, sentence if needed > declared else "", needed > declared)

    def _averages(self) -> Iterator[Finding]:
        """Yield where a client hands more vectors to averages in one round than it declares to send.

        One may follow from another, as where control variates follow from models; a method that averages both sends
        both.
        """
        base = self.rounds.base
        for r in range(ROUNDS):
            declared = self.costs[r, r + 1].floats_up
            for i in range(self.n):
                rows = np.flatnonzero((base.kinds == AVERAGED) & (base.rounds == r) & (base.owners == i))
                rows = rows[self._is_fresh(rows, i, r) & (base.values[rows] != 0.0)]
                if len(rows) <= declared:
                    continue
                # Only numbers of which the average is taken into account have to be sent, and no vector twice.
                rows = rows[[self._is_noticed(row, i, r) for row in rows]]
                told = self._without_repeats(rows)
                if told > declared:
                    sentence = (
                        f"It declares {_plural(declared, 'float')} up {_said_of(r, r + 1)}, but {told} numbers of client "
                        f"{i} go through average: let SENDS or cost count what is left out."
                    )
                    yield Finding("floats up", declared, told, sentence, True)

    def _is_fresh(self, rows: np.ndarray, i: int, r: int) -> np.ndarray:
        """Return which numbers depend on what the client alone knows, and not on what it has told before only."""
        columns = (self.clients == i) & (self.changed_in == r)
        here = np.ix_(rows, columns)
        return (np.abs(self.J[here]) > 2.0 * self.E[here] + _ROUNDING).any(axis=1)

    def _is_noticed(self, row: int, i: int, r: int) -> bool:
        """Return whether others notice when a number of a client's row in an average is another one."""
        base, by = self.rounds.base, np.zeros((self.n, self.d))
        first = np.flatnonzero(
            (base.kinds == AVERAGED) & (base.rounds == r) & (base.owners == i) & (base.indices == base.indices[row])
        )[0]
        by[i, row - first] = 1.0 + abs(base.values[row])
        seen = self.rounds.play(r, ROUNDS, {}, Bump(r, AVERAGED, int(base.indices[row]), by))
        later = base.rounds >= r
        known = self._others(i)[later]
        return len(seen.values) != len(known) or not np.array_equal(seen.values[known], base.values[later][known])

    def _without_repeats(self, rows: np.ndarray) -> int:
        """Return how many numbers are left if a vector that is a multiple of an earlier one is left out."""
        base, kept = self.rounds.base, list[np.ndarray]()
        for index in np.unique(base.indices[rows]):
            vector = base.values[rows[base.indices[rows] == index]]
            if not any(len(one) == len(vector) and np.linalg.matrix_rank([one, vector]) == 1 for one in kept):
                kept.append(vector)
        return sum(map(len, kept))

    def _other_linear_terms(self, way: _Way, client: int) -> Iterator[dict[int, np.ndarray]]:
        """Yield changes of the linear terms of those whose messages go this way, in all directions and sizes."""
        sources = [client] if way is _UP else [i for i in range(self.n) if i != client]
        for _ in range(_SAMPLES):
            size = self.rounds.scale * 10.0 ** self.rng.uniform(-1.0, 2.0)
            yield {i: size * self.rng.standard_normal(self.d) for i in sources}

    def _with(self, linear: dict[int, np.ndarray], first: int, last: int) -> Seen:
        """Return what is seen if something is added to the linear terms in the first round."""
        return self.rounds.play(first, last, {first: self.rounds.problem.with_changes({}, linear)})

    # What is known, and to whom.

    def _sent(self, i: int, first: int, last: int) -> int:
        if self.neighbours is None:
            return self._rank(self._others(i), np.array([i]), first, last)
        if last > first + 1:
            return 0  # what goes on from neighbours to theirs is not the client's
        return sum(self._rank(self._known_to(k), np.array([i]), first, last) for k in self.neighbours[i])

    def _received(self, j: int, first: int, last: int) -> int:
        if self.neighbours is None:
            return self._rank(self._known_to(j), np.delete(np.arange(self.n), j), first, last)
        if last > first + 1:
            return 0
        return sum(self._rank(self._known_to(j), np.array([k]), first, last) for k in self.neighbours[j])

    def _others(self, i: int) -> np.ndarray:
        return self.counted & (self.rounds.base.owners != i)

    def _known_to(self, j: int) -> np.ndarray:
        return self.counted & (self.rounds.base.owners == j)

    def _rank(self, known: np.ndarray, clients: np.ndarray, first: int, last: int) -> int:
        rounds = self.rounds.base.rounds
        rows = known & (rounds >= first) & (rounds < last)
        columns = np.isin(self.clients, clients) & (self.changed_in >= first) & (self.changed_in < last)
        return _rank(self.J[np.ix_(rows, columns)], self.E[np.ix_(rows, columns)])

    def _derivative(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return for each direction its client and round, and the derivatives of all numbers with their errors."""
        base, step = self.rounds.base, self.step
        clients, changed_in = np.empty(0, int), np.empty(0, int)
        columns, errors = [], []
        for r in range(ROUNDS):
            cost = self.costs[r, r + 1]
            most = max(cost.floats_up, cost.floats_down, self.d) + 1
            for i in range(self.n):
                for _ in range(min(most, 2 * self.d + 2, _MOST_DIRECTIONS)):
                    direction = self._direction()
                    ahead = self._played(r, i, direction, step)
                    behind = self._played(r, i, direction, -step)
                    if ahead is None or behind is None:
                        continue
                    here = base.values[base.rounds >= r]
                    column, error = np.zeros(len(base.values)), np.zeros(len(base.values))
                    column[base.rounds >= r] = (ahead - behind) / (2 * step)
                    # A jump between two of the three shows in full; so does curvature, which errs less than that.
                    error[base.rounds >= r] = (np.abs(ahead + behind - 2 * here) + 1e-15 * np.abs(here)) / step
                    columns.append(column)
                    errors.append(error)
                    clients, changed_in = np.append(clients, i), np.append(changed_in, r)
        shape = (len(base.values), len(columns))
        return clients, changed_in, np.reshape(columns, shape[::-1]).T, np.reshape(errors, shape[::-1]).T

    def _direction(self) -> tuple[np.ndarray, np.ndarray]:
        S = self.rng.standard_normal((self.d, self.d))
        size = self.rounds.case.problem.L / self.d
        return size * (S + S.T) / 2, self.rounds.scale * self.rng.standard_normal(self.d)

    def _played(self, r: int, i: int, direction: tuple[np.ndarray, np.ndarray], step: float) -> np.ndarray | None:
        """Return what is seen from a round on, None if other gradients are computed or other messages sent."""
        changed = self.rounds.problem.with_changes({i: step * direction[0]}, {i: step * direction[1]})
        seen = self.rounds.play(r, ROUNDS, {r: changed})
        return seen.values if seen.is_like(self.later[r]) else None


def _windows() -> list[tuple[int, int]]:
    """Return all sequences of watched rounds, as the first and the one after the last."""
    return [(a, b) for a in range(ROUNDS) for b in range(a + 1, ROUNDS + 1)]


def _neighbours(case: Case) -> list[list[int]] | None:
    """Return the neighbours of each client in the graph that a letter names; None if there is none."""
    named = letters.of_kind(case.method.Params, letters.Graph)
    if not named:
        return None
    W = gossip(getattr(case.params, named[0]), case.problem.n).W
    return [[k for k in np.flatnonzero(row).tolist() if k != i] for i, row in enumerate(W)]


def _stated(seen: Seen, way: _Way, client: int) -> np.ndarray:
    """Return which numbers are states and messages that others know, or that a client knows."""
    whose = (seen.owners != client) & (seen.owners != NOBODY) if way is _UP else seen.owners == client
    return np.isin(seen.kinds, (STATE, SENT)) & whose


def _rank(J: np.ndarray, E: np.ndarray) -> int:
    """Return the least rank of a matrix of which J is known up to an error of size E."""
    for axis in (0, 1):
        size = np.linalg.norm(J, axis=axis)
        sharp = np.linalg.norm(E, axis=axis) < _SHARP * size
        keep = (slice(None), sharp) if axis == 0 else (sharp, slice(None))
        # Scaling changes no rank; what is left out makes it smaller.
        scale = np.expand_dims(size[sharp], axis)
        J, E = J[keep] / scale, E[keep] / scale
    if not J.size:
        return 0
    return int(np.sum(np.linalg.svd(J, compute_uv=False) > 2.0 * np.linalg.norm(E) + _ROUNDING))


def _supports(C: Compressor, d: int, rng: np.random.Generator) -> int:
    """Return how many different places a compressor's messages were seen to have."""
    plain = Plain({})
    work = np.empty(plain.of(compress_work_size)(C.kernel, d))
    seen: set[bytes] = set()
    for w in C.draw(rng, d, _SAMPLES):
        message = np.empty(d)
        plain.of(compress)(C.kernel, rng.standard_normal(d), w, message, work)
        seen.add((message != 0.0).tobytes())
    return len(seen)
