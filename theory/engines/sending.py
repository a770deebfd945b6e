r"""Cost evidence: what a method declares to send and to compute, against what it is seen to on a small quadratic.

Of numbers that clients tell each other the least possible count is known, :mod:`rootkappa.theory.engines.told`, and of
gradients how many are needed at new points. Nothing says in how many bits a number is sent. But numbers that vary
continuously take more than a few, where they stand has to be said unless all know it, and one of m different messages
takes :math:`\log_2 m` bits.

A declared cost above what is seen is no fault.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from ...algorithms.compressors import Compressor, compress, compress_work_size, get
from ...algorithms.driver.plain import Plain
from ...algorithms.parts.cost import Cost
from ...algorithms.parts.messages import EachClient
from ...core.randomness import generator
from ..case import Case, NotExact, Progress
from ..verdict import Verdict
from .shown import Shown, shown
from .told import ROUNDING, STEP, Told, windows
from .watch import AVERAGED, SENT, STATE, Bump
from .watched import NOBODY, ROUNDS, Rounds, Seen
from .words import raised

# The formats in which a number may travel; the last is the least for one that varies continuously.
_WIDTHS = (64, 32, 16, 8)
# How many functions of a client, and draws of a compressor, are tried for what they make of a message.
_SAMPLES = 64


def evidence(case: Case, progress: Progress) -> Verdict:
    """Hold what the method declares to cost against what it is seen to cost."""
    # A wrong method may well diverge.
    with np.errstate(all="ignore"):
        return _evidence(case, progress)


def _evidence(case: Case, progress: Progress) -> Verdict:
    rounds = Rounds(case)
    noticed = rounds.notices()
    progress(0.3)
    # A node that holds all functions and the model sends what no state shows: what it computes is all that is seen.
    found = [] if case.method.handles_composite else list(_Messages(rounds, noticed).findings())
    findings = [*found, *_gradients(rounds, noticed), *_opening(rounds)]
    findings = [finding for finding in findings if finding.seen > 0.0]
    if not findings:
        raise NotExact(f"nothing that {case.method.name} sends or computes could be seen on a small quadratic.")
    refuted = [finding for finding in findings if finding.is_refuted]
    worst = max(refuted or findings, key=lambda finding: finding.seen / max(finding.declared, 1e-3))
    if refuted:
        sentence = " ".join(_first_of_each(refuted))
    else:
        told = "; ".join(_first_of_each(sorted(findings, key=lambda finding: -finding.share)))
        sentence = f"As watched on {rounds.problem.n} clients with {rounds.problem.d} coordinates, {told}."
    status = "refuted" if refuted else "confirmed"
    details = {"shown": worst.shown} if worst.shown else {}
    return case.verdict(
        "cost", status, sentence, worst.seen, worst.declared, details=details, sensitivity=1.0 - worst.share
    )


class Finding(NamedTuple):
    """What is declared of one kind of cost in some rounds, and what is seen."""

    kind: str
    declared: float
    seen: float
    sentence: str
    is_refuted: bool
    shown: Shown | None = None
    """The numbers of what is refuted."""

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
        f"It declares {declared} {of} {_said_of(0, ROUNDS)}, but each client that takes part computes {seen:.4g} in "
        "the mean, at points where it has computed none before: return them from gradients(problem, params, draws)."
        if is_refuted
        else f"each client computes {seen:.4g} {of} {_said_of(0, ROUNDS)} and {declared} are declared",
        is_refuted,
        _shown_gradients(rounds, noticed, declared) if is_refuted else None,
    )


def _opening(rounds: Rounds) -> Iterator[Finding]:
    """Yield what the start needs of all clients, beside what is declared of it."""
    case = rounds.case
    declared = case.method.opening(case.problem, case.params)
    counts = Counter(evaluation.client for evaluation in rounds.opened)
    seen = sum(counts.values()) / max(len(counts), 1)
    advice = "let opening(problem, params) return what is sent and computed before the first round."
    computed = f"its start computes {_plural(seen, 'gradient')} of each client in the mean, and {declared.gradients}"
    is_refuted = seen > declared.gradients + 0.5
    told = f"{raised(computed)} are declared: {advice}" if is_refuted else f"{computed} are declared"
    yield Finding("gradients of the start", declared.gradients, seen, told, is_refuted)
    client = rounds.told_at_the_start()
    if client is not None:
        told = f"At its start others hold what client {client} alone can have told them, and no float up is declared: "
        is_refuted = declared.floats_up == 0
        yield Finding("floats of the start", declared.floats_up, 1.0, told + advice if is_refuted else "", is_refuted)


def _shown_gradients(rounds: Rounds, noticed: np.ndarray, declared: int) -> Shown:
    """Return who computed a gradient in which round, of which component, where, and for how many it counts."""
    asked = rounds.new(noticed)
    arrays = {
        "client": [evaluation.client for _, evaluation, _ in asked],
        "round": [r for r, _, _ in asked],
        "component": [-1 if evaluation.component is None else evaluation.component for _, evaluation, _ in asked],
        "point": np.array([evaluation.point for _, evaluation, _ in asked]),
        "counts": [count for _, _, count in asked],
    }
    return shown("gradients", rounds.case, **arrays, declared=declared, outcomes=_outcomes(rounds, 0, ROUNDS))


def _outcomes(rounds: Rounds, first: int, last: int) -> np.ndarray:
    """Return what was drawn for the steps of some rounds."""
    return np.asarray(rounds.case.unroll(rounds.draws[first:last]))


# Floats and bits.


class _Way(NamedTuple):
    """One of the two directions in which a client's messages go."""

    name: str
    told: str

    def declared(self, cost: Cost) -> tuple[int, int]:
        """Return floats and bits."""
        up = self.name == "up"
        return (cost.floats_up, cost.bits_up) if up else (cost.floats_down, cost.bits_down)


_UP, _DOWN = _Way("up", "client {} tells others"), _Way("down", "others tell client {}")


class _Some(NamedTuple):
    """How many numbers a client has sent or received at least, in some rounds."""

    client: int
    first: int
    last: int
    numbers: int


class _Messages:
    """What the clients of some rounds are seen to have told each other, beside what is declared."""

    def __init__(self, rounds: Rounds, noticed: np.ndarray) -> None:
        self._rounds, self._n, self._d = rounds, rounds.problem.n, rounds.problem.d
        self._rng = generator(rounds.case.seed, "cost", "messages")
        self._costs = {(a, b): rounds.case.cost(rounds.draws[a:b]) for a, b in windows()}
        most = max(max(self._costs[r, r + 1].floats_up, self._costs[r, r + 1].floats_down) for r in range(ROUNDS))
        self._told = Told(rounds, noticed, min(max(most, self._d) + 1, 2 * self._d + 2))

    def findings(self) -> Iterator[Finding]:
        """Yield what is seen of every client in all rounds."""
        for way, told in ((_UP, self._told.sent), (_DOWN, self._told.received)):
            seen = [_Some(i, a, b, told(i, a, b)) for a, b in windows() for i in range(self._n)]
            yield self._floats(way, seen)
            for window in windows():
                most = max((one for one in seen if one[1:3] == window), key=lambda one: one.numbers)
                yield from self._bits(way, most)
            yield from self._values(way)
        yield from self._averages()

    def _floats(self, way: _Way, seen: list[_Some]) -> Finding:
        def excess(one: _Some) -> float:
            return one.numbers / max(way.declared(self._costs[one.first, one.last])[0], 1e-3)

        worst = max(seen, key=excess)
        declared, bits = way.declared(self._costs[worst.first, worst.last])
        is_refuted = worst.numbers > declared
        when, who = _said_of(worst.first, worst.last), way.told.format(worst.client)
        numbers = _plural(worst.numbers, "number")
        sentence = (
            f"It declares {_plural(declared, 'float')} {way.name} {when}, but {who} at least {numbers}: let SENDS or "
            "cost count what is left out."
            if is_refuted
            else f"{who} at least {numbers} {when}, for which {declared} floats and {bits} bits {way.name} are declared"
        )
        told = self._shown_rank(way, worst, declared, 1) if is_refuted else None
        return Finding(f"floats {way.name}", declared, worst.numbers, sentence, is_refuted, told)

    def _shown_rank(self, way: _Way, some: _Some, declared: int, width: int) -> Shown:
        """Return the derivatives of what is known in what a client alone knew, of which each rank takes that many."""
        of = self._told.sending if way is _UP else self._told.receiving
        pairs = of(some.client, some.first, some.last)
        arrays = {f"J{k}": J for k, (J, _) in enumerate(pairs)} | {f"E{k}": E for k, (_, E) in enumerate(pairs)}
        return self._shown(
            "rank", some, declared, unit="bits" if width > 1 else "floats", width=width, parts=len(pairs), **arrays
        )

    def _shown(self, kind: str, some: _Some, declared: float, **arrays: Any) -> Shown:
        client, first, last, _ = some
        outcomes = _outcomes(self._rounds, first, last)
        return shown(
            kind, self._rounds.case, client=client, rounds=(first, last), declared=declared, outcomes=outcomes, **arrays
        )

    def _bits(self, way: _Way, some: _Some) -> Iterator[Finding]:
        """Yield what the numbers of a client need."""
        floats, bits = way.declared(self._costs[some.first, some.last])
        # Where floats are missing that is what has to be said.
        if not 0 < some.numbers <= floats:
            return
        width = next((width for width in _WIDTHS if width * floats <= bits), _WIDTHS[-1])
        least = width * some.numbers
        who, numbers = way.told.format(some.client), _plural(some.numbers, "number")
        start = f"It declares {_plural(bits, 'bit')} {way.name} {_said_of(some.first, some.last)}, "
        if least > bits:
            sentence = f"{start}but {who} {numbers} that vary continuously, for each of which {width} are the least."
            yield Finding(f"bits {way.name}", bits, least, sentence, True, self._shown_rank(way, some, bits, width))
            return
        seen = self._choices(way, some, bits - least)
        choices = max(len(seen), 1)
        needed = math.log2(choices)
        sentence = (
            f"{start}{width} for each of {numbers} and {bits - least} for where they stand, but {who} the numbers of "
            f"{choices} different choices of places, which take {needed:.3g}."
        )
        is_refuted = needed > bits - least + ROUNDING
        told = self._shown("choices", some, bits - least, seen=_rows(seen)) if is_refuted else None
        yield Finding(f"bits {way.name}", bits, least + needed, sentence if is_refuted else "", is_refuted, told)

    def _choices(self, way: _Way, some: _Some, spare: float) -> set[bytes]:
        """Return the choices of places that were seen for the numbers of one round, none if there is room for all."""
        is_sparse = some.last == some.first + 1 and some.numbers < self._d
        if not is_sparse or spare >= math.log2(math.comb(self._d, some.numbers)):
            return set()
        drawn = self._drawn_choices() if way is _UP else set[bytes]()
        return drawn if len(drawn) > 1 else self._choices_by_data(way, some)

    def _drawn_choices(self) -> set[bytes]:
        """Return the choices of places that were seen among messages whose randomness only their client knows."""
        case, most = self._rounds.case, set[bytes]()
        for part in case.method.random.parts if case.method.random else ():
            if isinstance(part, EachClient) and not part.in_every_step:
                most = max(most, _choices(get(getattr(case.params, part.letter)), self._d, self._rng), key=len)
        return most

    def _choices_by_data(self, way: _Way, some: _Some) -> set[bytes]:
        """Return the choices of places at which a client's numbers were seen, as the functions behind them changed."""
        by_count: dict[int, set[bytes]] = {}
        for linear in self._other_linear_terms(way, some.client):
            here = self._with(linear, some.first, some.last)
            near = {i: b + STEP * self._rounds.scale * self._rng.standard_normal(self._d) for i, b in linear.items()}
            there = self._with(near, some.first, some.last)
            if here.is_like(there):
                values = here.values[known := self._stated(here, way, some.client)]
                noise = ROUNDING * STEP * float(np.abs(values).max(initial=1.0))
                places = np.abs(there.values[known] - values) > noise
                by_count.setdefault(int(places.sum()), set()).add(places.tobytes())
        # Numbers that others take for 0 change the count and need not have been told where they stand.
        return max(by_count.values(), key=len, default=set[bytes]())

    def _values(self, way: _Way) -> Iterator[Finding]:
        """Yield how many bits the different messages take, where so few are declared that this matters."""
        first, last = 0, 2
        declared = way.declared(self._costs[first, last])[1]
        if declared >= math.log2(_SAMPLES):
            return
        told: dict[int, set[bytes]] = {}
        for i in range(self._n):
            seen = [self._with(linear, first, last) for linear in self._other_linear_terms(way, i)]
            told[i] = {one.values[self._stated(one, way, i)].tobytes() for one in seen}
        client = max(told, key=lambda i: len(told[i]))
        count = len(told[client])
        needed = math.log2(count)
        sentence = (
            f"It declares {_plural(declared, 'bit')} {way.name} {_said_of(first, last)}, but {way.told.format(client)} "
            f"one of at least {count} different things, which takes {needed:.3g}."
        )
        is_refuted = needed > declared
        some = _Some(client, first, last, count)
        kept = self._shown("choices", some, declared, seen=_rows(told[client])) if is_refuted else None
        yield Finding(f"bits {way.name}", declared, needed, sentence if is_refuted else "", is_refuted, kept)

    def _other_linear_terms(self, way: _Way, client: int) -> Iterator[dict[int, np.ndarray]]:
        """Yield changes of the linear terms of those whose messages go this way, in all directions and sizes."""
        sources = [client] if way is _UP else [i for i in range(self._n) if i != client]
        for _ in range(_SAMPLES):
            size = self._rounds.scale * 10.0 ** self._rng.uniform(-1.0, 2.0)
            yield {i: size * self._rng.standard_normal(self._d) for i in sources}

    def _stated(self, seen: Seen, way: _Way, client: int) -> np.ndarray:
        """Return which numbers are states and messages that others know, or that a client knows."""
        if way is _UP:
            return np.isin(seen.kinds, (STATE, SENT)) & (seen.owners != client) & (seen.owners != NOBODY)
        held = (seen.kinds == STATE) & (seen.owners == client)
        held[held] = self._told.fields_held[seen.which[held]]
        return held

    def _with(self, linear: dict[int, np.ndarray], first: int, last: int) -> Seen:
        """Return what is seen if something is added to the linear terms in the first round."""
        return self._rounds.play(first, last, {first: self._rounds.problem.with_changes({}, linear)})

    def _averages(self) -> Iterator[Finding]:
        """Yield where a client hands more numbers to averages in one round than it declares to send.

        One vector may follow from another, as where control variates follow from models; a method that averages both
        sends both.
        """
        base = self._rounds.base
        for r in range(ROUNDS):
            declared = self._costs[r, r + 1].floats_up
            for i in range(self._n):
                rows = np.flatnonzero((base.kinds == AVERAGED) & (base.rounds == r) & (base.owners == i))
                rows = rows[self._told.fresh(rows, i, r) & (base.values[rows] != 0.0)]
                if len(rows) <= declared:
                    continue
                # Only numbers of which the average is taken into account have to be sent, and no vector twice.
                rows = rows[[self._is_noticed(row, i, r) for row in rows]]
                handed = self._without_repeats(rows)
                if handed > declared:
                    sentence = (
                        f"It declares {_plural(declared, 'float')} up {_said_of(r, r + 1)}, but {handed} numbers of "
                        f"client {i} go through average: let SENDS or cost count what is left out."
                    )
                    some = _Some(i, r, r + 1, handed)
                    told = self._shown("averaged", some, declared, which=base.which[rows], averaged=base.values[rows])
                    yield Finding("floats up", declared, handed, sentence, True, told)

    def _is_noticed(self, row: int, i: int, r: int) -> bool:
        """Return whether others notice when a number of a client's row in an average is another one."""
        base = self._rounds.base
        which = int(base.which[row])
        whole = (base.kinds == AVERAGED) & (base.rounds == r) & (base.which == which)
        by = np.where(np.flatnonzero(whole) == row, 1.0 + np.abs(base.values[row]), 0.0).reshape(self._n, -1)
        seen = self._rounds.play(r, ROUNDS, {}, Bump(r, AVERAGED, which, by))
        later = base.rounds >= r
        known = self._told.others(i)[later]
        return len(seen.values) != len(known) or not np.array_equal(seen.values[known], base.values[later][known])

    def _without_repeats(self, rows: np.ndarray) -> int:
        """Return how many numbers are left if a vector that is a multiple of an earlier one is left out."""
        base = self._rounds.base
        kept: list[np.ndarray] = []
        for which in np.unique(base.which[rows]):
            vector = base.values[rows[base.which[rows] == which]]
            alike = [one for one in kept if len(one) == len(vector)]
            if not any(np.linalg.matrix_rank(np.array([one, vector])) == 1 for one in alike):
                kept.append(vector)
        return sum(map(len, kept))


def _choices(C: Compressor, d: int, rng: np.random.Generator) -> set[bytes]:
    """Return the different choices of places that a compressor's messages were seen to have."""
    plain = Plain({})
    work = np.empty(plain.of(compress_work_size)(C.kernel, d))
    seen: set[bytes] = set()
    for w in C.draw(rng, d, _SAMPLES):
        message = np.empty(d)
        plain.of(compress)(C.kernel, rng.standard_normal(d), w, message, work)
        seen.add((message != 0.0).tobytes())
    return seen


def _rows(seen: set[bytes]) -> np.ndarray:
    """Return different messages, or choices of places, as rows of bytes, the shorter ones filled up."""
    longest = max(map(len, seen))
    return np.array([[*one, *[0] * (longest - len(one))] for one in sorted(seen)], dtype=np.uint8)
