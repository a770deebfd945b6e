r"""Whether what is drawn is what is listed: the frequencies, the lengths of rounds, and that nothing depends on before.

Listed outcomes of steps are independent. So the numbers of steps between those that are no waiting (the outcome that
is likelier than all others together, as tails where a coin ends a round) are geometric and independent, and so is what
happens there. Each is tested by a likelihood ratio against all frequencies, or all chains, at once: the mixture of them
by Jeffreys' prior (Krichevsky and Trofimov 1981). Under the listed probabilities it is a martingale, which exceeds
:math:`1/\alpha` with probability :math:`\alpha` at most; of all lags at which a value may follow from another,
one may win at the level of all together. And no long run is drawn twice: two runs of k values that share none are the
same with the probability :math:`(\sum q^2)^k`.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...core.randomness import generator
from ..case import Case
from .shown import Shown, shown

_ROUNDS = 1000
# Rounds of a file or an object, whose draws nobody has looked at before, where they have no more steps than this.
_MOST_ROUNDS, _MOST_STEPS = 4000, 1e5
_TESTS = 10
# So many values before a value one is looked for that is the same.
_MEMORY = 16
# Rounds of geometric length scatter by 3 % in the mean of so many.
_PACE_TOLERANCE = 0.15
# Draws that are held against those so many places before: of lags up to this, and where so many pairs are left.
_LONGEST_LAG, _FEWEST_PAIRS = 4000, 50
# Classes of about equal probability into which values are sorted before one is held against the next.
_CLASSES = 8


class Finding(NamedTuple):
    """One identity: its error, what it says when it holds (nothing if another says it too), and when it does not."""

    error: float
    holds: str
    broken: str
    shown: Shown | None = None
    """The numbers of what is broken."""


def findings(case: Case) -> Iterator[Finding]:
    """Hold ``draw`` against ``pace``, ``outcomes`` and the generator that it is given."""
    rounds = _ROUNDS if case.method.is_shipped else int(np.clip(_MOST_STEPS * case.pace.rounds, _ROUNDS, _MOST_ROUNDS))
    draws = case.draw(generator(case.seed, "invariant", "draws"), rounds)
    steps = np.asarray(case.unroll(draws))
    yield from _pace(case, draws, rounds, len(steps))
    yield from _generator(case, rounds, steps)
    place: Case | None = case
    if case.outcomes() is None:
        # What is drawn depends on the size of a problem only, so it may be seen on a small one.
        place = case.on_small_quadratic()
        if place is None or place.outcomes() is None:
            return
        steps = np.asarray(place.unroll(place.draw(generator(case.seed, "invariant", "draws"), rounds)))
    yield from _listed(place, steps)


def _pace(case: Case, draws: Any, rounds: int, count: int) -> Iterator[Finding]:
    pace, spent = case.pace, case.cost(draws)
    for axis, made in {"rounds": rounds, "iterations": spent.iterations}.items():
        told, found = getattr(pace, axis), made / count
        error = abs(found / told - 1.0)
        yield Finding(
            error if error > _PACE_TOLERANCE else 0.0,
            "",
            f"The functions pace and draw part: a step is {found:.3g} {axis} as drawn, and {told:.3g} as told.",
            shown("numbers", case, mine=found, theirs=told, tolerance=_PACE_TOLERANCE),
        )


def _generator(case: Case, rounds: int, steps: np.ndarray) -> Iterator[Finding]:
    def drawn(*axes: str) -> np.ndarray:
        return np.asarray(case.unroll(case.draw(generator(case.seed, "invariant", *axes), rounds)))

    again = drawn("draws")
    yield Finding(
        float(again.tobytes() != steps.tobytes()),
        "",
        "The function draw is not reproducible: from one seed it draws differently each time, so it must take all that "
        "it draws from its argument rng.",
        shown("draws", case, mine=steps, again=again, may_be_the_same=True),
    )
    listed = case.outcomes()
    if listed is None or sum(probability > 0.0 for probability, _ in listed) > 1:
        other = drawn("draws", "again")
        yield Finding(
            float(other.tobytes() == steps.tobytes()),
            "",
            f"The function draw ignores its generator: {rounds} rounds are the same from two seeds.",
            shown("draws", case, mine=steps, again=other, may_be_the_same=False),
        )


def _listed(case: Case, steps: np.ndarray) -> Iterator[Finding]:
    """Yield what the sequence of drawn outcomes says against the listed probabilities."""
    listed = case.outcomes()
    shown: dict[bytes, Any] = {}

    def key(outcome: Any) -> bytes:
        entry = np.asarray(outcome, dtype=steps.dtype)
        shown[entry.tobytes()] = entry.tolist()
        return entry.tobytes()

    expected: dict[bytes, float] = {}
    for probability, outcome in listed:
        expected[key(outcome)] = expected.get(key(outcome), 0.0) + float(probability)
    drawn = [key(step) for step in steps]
    counts = Counter(drawn)
    gaps = {value: abs(counts[value] / len(steps) - expected.get(value, 0.0)) for value in {*counts, *expected}}
    value = max(gaps, key=lambda value: gaps[value])
    yield _judged(
        case,
        _of_frequencies(counts, expected),
        gaps[value],
        "draw, outcomes and pace agree",
        f"outcome {shown[value]} has the frequency {counts[value] / len(steps):.3g} as drawn, and the probability "
        f"{expected.get(value, 0.0):.3g} as listed",
    )
    if not set(counts) <= set(expected):
        return  # said already
    if max(expected.values()) == 1.0:
        return  # nothing is left to chance
    waiting = max(expected, key=lambda value: expected[value])
    wait = expected[waiting]
    if wait <= 0.5:
        yield from _chained(case, drawn, expected)
        return
    events = [value for value in drawn if value != waiting]
    yield from _chained(case, events, {value: q / (1.0 - wait) for value, q in expected.items() if value != waiting})
    yield from _geometric(case, np.diff(np.flatnonzero([value != waiting for value in drawn])), wait)


def _judged(case: Case, counted: "_Counted", error: float, holds: str, fault: str, among: int = 1) -> Finding:
    """Return the finding of one test, of which what was counted is given, or of the worst among some."""
    limit = _TESTS * among / case.alpha
    refuted = counted.evidence > math.log(limit)
    told = f"The functions draw and outcomes part: {fault}."
    return Finding(max(error, 1e-3) if refuted else 0.0, holds, told, counted.shown(case, limit) if refuted else None)


def _chained(case: Case, values: Sequence[bytes], expected: dict[bytes, float]) -> Iterator[Finding]:
    """Yield whether one value depends on those before."""
    if len(expected) == 1:
        return  # nothing is left to chance
    numbers = {value: number for number, value in enumerate(expected)}
    numbered, same = [numbers[value] for value in values], sum(q * q for q in expected.values())
    yield _repeated(case, numbered, same, "outcome")
    yield _drawn_twice(case, numbered, same, "outcomes")
    classes, probabilities = _classes(expected)
    drawn = [classes[value] for value in values]
    yield _judged(
        case,
        _of_chains(drawn, probabilities),
        1.0,
        "",
        "what is drawn in one step depends on what was drawn before, while listed outcomes are independent",
    )
    yield _again(case, drawn, probabilities, "what is drawn")


def _geometric(case: Case, lengths: np.ndarray, wait: float) -> Iterator[Finding]:
    """Yield whether the numbers of steps up to the end of a wait are geometric and independent."""
    # The length k has the class of the probability that it is less than k, so classes are about equally likely.
    most = math.ceil(math.log(1e-6) / math.log(wait))
    tails = wait ** np.arange(most + 1)
    of_length = np.minimum(((1.0 - tails[:-1]) * _CLASSES).astype(int), _CLASSES - 1)
    probabilities = {
        one: float(-np.diff(tails)[of_length == one].sum() + (tails[-1] if one == _CLASSES - 1 else 0.0))
        for one in set(of_length.tolist())
    }
    seen = of_length[np.minimum(lengths, most) - 1].tolist()
    mean, spread = (float(lengths.mean()), float(lengths.std())) if len(lengths) else (0.0, 0.0)
    fault = (
        f"the waits between two events, {mean:.3g} steps with a standard deviation of {spread:.3g}, are not geometric "
        "as they are where the outcomes of steps are independent"
    )
    yield _judged(case, _of_frequencies(Counter(seen), probabilities), 1.0, "", fault)
    fault = "the length of one round depends on that of the round before, while listed outcomes are independent"
    yield _judged(case, _of_chains(seen, probabilities), 1.0, "", fault)
    yield _again(case, seen, probabilities, "the length of a round")
    same = (1.0 - wait) / (1.0 + wait)
    yield _repeated(case, lengths.tolist(), same, "length of a round")
    yield _drawn_twice(case, lengths.tolist(), same, "lengths of rounds")


def _again(case: Case, values: Sequence[int], probabilities: dict[int, float], what: str) -> Finding:
    """Return whether a class depends on that some places before, for the number of places of which most speaks so."""
    lags = range(2, min(len(values) - _FEWEST_PAIRS, _LONGEST_LAG) + 1)
    if not lags or len(probabilities) == 1:
        return Finding(0.0, "", "")
    names = {one: position for position, one in enumerate(probabilities)}
    codes, count = np.array([names[value] for value in values]), len(names)
    # What the gamma functions of the evidence are at whole numbers, of which all lags need many.
    sizes = range(len(values) + 1)
    of_all = np.array([math.lgamma(count / 2) - math.lgamma(size + count / 2) for size in sizes])
    of_one = np.array([math.lgamma(size + 0.5) - math.lgamma(0.5) for size in sizes])
    logs = np.log([*probabilities.values()])

    def evidence(lag: int) -> float:
        pairs = np.bincount(codes[:-lag] * count + codes[lag:], minlength=count * count).reshape(count, count)
        return float(of_all[pairs.sum(axis=1)].sum() + of_one[pairs].sum() - (pairs @ logs).sum())

    lag = max(lags, key=evidence)
    fault = f"{what} depends on that {lag} places before, while listed outcomes are independent"
    return _judged(case, _of_chains(values, probabilities, lag), 1.0, "", fault, len(lags))


def _repeated(case: Case, values: Sequence[int], same: float, name: str) -> Finding:
    """Return whether values are those of some draws before more often than independent ones, in the share ``same``."""
    expected = {True: same, False: 1.0 - same}
    counts: list[Counter[bool]] = []
    for lag in range(1, _MEMORY + 1):
        # Pairs of which no value is in two.
        first = (place for place in range(len(values) - lag) if place // lag % 2 == 0)
        counts.append(Counter(values[place] == values[place + lag] for place in first))
    found = max((_of_frequencies(each, expected) for each in counts), key=lambda each: each.evidence)
    (worst,) = found.counts
    share, lag = worst[True] / max(worst.total(), 1), counts.index(worst) + 1
    after = "" if lag == 1 else f" {lag} draws later"
    fault = (
        f"one {name} is followed by the same{after} in {share:.3g} of all cases as drawn, and in {same:.3g} if steps "
        "are independent as listed"
    )
    return _judged(case, found, abs(share - same), "", fault, among=_MEMORY)


def _drawn_twice(case: Case, values: Sequence[int], same: float, name: str) -> Finding:
    """Return whether a run of values is drawn twice that is so long that this hardly happens to independent ones."""
    pairs = max(len(values) ** 2 / 2, 1.0)
    long = math.ceil(math.log(pairs * _TESTS / case.alpha) / -math.log(same))
    seen: dict[tuple[int, ...], int] = {}
    for place in range(len(values) - long + 1):
        run = tuple(values[place : place + long])
        first = seen.setdefault(run, place)
        # Runs that share values are the same more often.
        if place - first >= long:
            return Finding(
                1.0,
                "",
                f"The functions draw and outcomes part: {long} {name} in a row are drawn again {place - first} draws "
                f"later, which has a probability of {pairs * same**long:.1g} at most if steps are independent "
                "as listed.",
                shown("run", case, mine=run, again=values[first : first + long], chance=pairs * same**long),
            )
    return Finding(0.0, "", "")


def _classes(expected: dict[bytes, float]) -> tuple[dict[bytes, int], dict[int, float]]:
    """Return a class for each value, few of about equal probability, and the probabilities of the classes."""
    classes: dict[bytes, int] = {}
    probabilities: dict[int, float] = {}
    below = 0.0
    for value, probability in sorted(expected.items()):
        one = classes[value] = min(int(below * _CLASSES), _CLASSES - 1)
        probabilities[one] = probabilities.get(one, 0.0) + probability
        below += probability
    return classes, probabilities


def _of_chains(values: Sequence[int], probabilities: dict[int, float], lag: int = 1) -> "_Counted":
    """Return what was counted of whether the probabilities of a value depend on the one so many places before."""
    after = {one: Counter[int]() for one in probabilities}
    for one, other in zip(values, values[lag:], strict=False):
        after[one][other] += 1
    return _Counted([*after.values()], probabilities)


def _of_frequencies(drawn: Counter[Any], expected: dict[Any, float]) -> "_Counted":
    return _Counted([drawn], expected)


class _Counted(NamedTuple):
    """How often each value was drawn, in each of some places, and with what probability it should be."""

    counts: list[Counter[Any]]
    expected: dict[Any, float]

    @property
    def evidence(self) -> float:
        """The logarithm of a test martingale against the probabilities: a Dirichlet mixture's likelihood ratio."""
        return sum(self._of(drawn) for drawn in self.counts)

    def _of(self, drawn: Counter[Any]) -> float:
        expected = self.expected
        if any(expected.get(value, 0.0) <= 0.0 for value in drawn):
            return math.inf
        mixture = math.lgamma(len(expected) / 2) - math.lgamma(sum(drawn.values()) + len(expected) / 2)
        mixture += sum(math.lgamma(drawn.get(value, 0) + 0.5) - math.lgamma(0.5) for value in expected)
        return mixture - sum(count * math.log(expected[value]) for value, count in drawn.items())

    def shown(self, case: Case, limit: float) -> Shown:
        """Return the counts as arrays; what is drawn and not listed has the probability 0."""
        values = [*dict.fromkeys([*self.expected, *(value for drawn in self.counts for value in drawn)])]
        counts = np.array([[drawn.get(value, 0) for value in values] for drawn in self.counts])
        listed = np.array([self.expected.get(value, 0.0) for value in values])
        return shown("frequencies", case, counts=counts, promised=listed, limit=limit)
