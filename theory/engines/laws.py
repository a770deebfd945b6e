r"""Whether two methods draw by one law, whether or not outcomes can be listed.

Of what both draw, the same features are counted: the value of every entry, whether it is above, equal to or below the
one beside it, how many are, whether it is that of any other, whether it is that of the draw before, whether all are
those of some draws before, whether a run of rounds was drawn before, how many entries have a value, and whether one
has it where the round is long, or has an odd length, or where one had it in the round before. If both have one law,
then :math:`Q(a) Q(b) / \sup_p p(a) p(b)`, where Q mixes all frequencies by Jeffreys' prior, has a mean of 1 at most
whatever the law is, so it exceeds :math:`1/\alpha` with probability :math:`\alpha` at most.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from ...core.randomness import generator
from ..case import Case

# Rounds of each, fewer where they have more steps or numbers than this.
_DRAWN, _MOST_STEPS, _MOST_NUMBERS = 20_000, 5e5, 2e5
# Entries that are looked at; classes of the values of one and of all of them, and of how many there are in one.
_MOST_ENTRIES, _CLASSES, _VALUES, _NUMBERS, _FEW = 64, 16, 64, 4, 3
# As many rounds before a round one is looked for that is the same, and the most rounds in a row that may come again.
_MEMORY, _MOST_AGAIN = 16, 16


class _Feature(NamedTuple):
    """A class of every draw of one method."""

    told: Callable[[int], str]
    """What is so of a draw of a class, as the end of "in 0.3 of its rounds"."""
    classes: int
    drawn: np.ndarray


class Difference(NamedTuple):
    """In what the draws of two methods differ."""

    told: str
    """The difference as a clause."""
    counts: np.ndarray
    """How often each class was drawn, by the one and by the other, shape (2, classes)."""
    limit: float
    """What a bet against one law has to win."""


def difference(own: Case, theirs: Case, alpha: float) -> Difference | None:
    """Return in what the draws of two methods differ, None if in nothing.

    Two methods that draw by one law are told apart with the probability ``alpha`` at most.
    """
    ours, expected = _rounds(own, "law"), _rounds(theirs, "law")
    if np.array_equal(ours, expected):
        return None
    # The classes must not depend on what is counted in them.
    sample = _rounds(theirs, "classes")
    pairs = [*zip(_features(ours, sample), _features(expected, sample), strict=True)]
    found = [_evidence(*pair) for pair in pairs]
    worst = int(np.argmax(found))
    if found[worst] <= math.log(len(pairs) / alpha):
        return None
    counts = np.array([np.bincount(feature.drawn, minlength=feature.classes) for feature in pairs[worst]])
    one, two = counts / counts.sum(axis=1, keepdims=True)
    value = int(np.abs(one - two).argmax())
    told, name = pairs[worst][0].told(value), theirs.method.name
    return Difference(
        f"of what is drawn, {told} in {one[value]:.3g} of its rounds and in {two[value]:.3g} of those of {name}",
        counts,
        len(pairs) / alpha,
    )


def _rounds(case: Case, axis: str) -> np.ndarray:
    """Return what is drawn for the ends of rounds, one row each, behind the length of the round."""
    count = int(np.clip(_MOST_STEPS * case.pace.rounds / case.pace.iterations, 1, _DRAWN))
    outcomes = np.asarray(case.unroll(case.draw(generator(case.seed, "identity", axis), count)))
    fields = [outcomes[name] for name in outcomes.dtype.names] if outcomes.dtype.names else [outcomes]
    # The first is the coin, where there is one; where each step is a round there may be none.
    ends = np.flatnonzero(fields[0]) if len(outcomes) > count else np.arange(len(outcomes))
    rows = [field[ends].reshape(len(ends), -1).astype(float) for field in fields]
    found = np.concatenate([np.diff(ends, prepend=-1)[:, None], *rows], axis=1)[:, :_MOST_ENTRIES]
    return found[: int(_MOST_NUMBERS / found.shape[1])]


def _features(rounds: np.ndarray, sample: np.ndarray) -> Iterator[_Feature]:
    """Yield what is counted of rounds, in classes that follow from a sample of others."""
    count, entries = rounds.shape
    edges = [_edges(column, _CLASSES) for column in sample.T]
    for j in range(entries):
        name = f"number {j} of a round" if j else "the length of a round"
        yield _Feature(_within(name, edges[j]), len(edges[j]) + 1, np.digitize(rounds[:, j], edges[j]))
        twice = rounds[: count // 2 * 2, j].reshape(-1, 2)
        yield _Feature(_again(name), 2, (twice[:, 0] == twice[:, 1]).astype(int))
        if 0 < j < entries - 1:
            order = np.sign(rounds[:, j + 1] - rounds[:, j]).astype(int)
            yield _Feature(_beside(j), 3, order + 1)
    for lag in range(2, min(_MEMORY, count // 2) + 1):
        # Pairs of rounds of which none is in two.
        first = np.array([place for place in range(count - lag) if place // lag % 2 == 0], dtype=int)
        same = rounds[first] == rounds[first + lag]
        yield _Feature(_before("the length of a round", lag), 2, same[:, 0].astype(int))
        yield _Feature(_before("a round", lag), 2, same[:, 1:].all(axis=1).astype(int))
    rare = _shortest_rare(sample)
    if rare is not None:
        # Twice as many, as runs that overlap are alike together.
        yield _Feature(_anew(2 * rare), 2, _drawn_before(_numbered(rounds), 2 * rare))
    # Without the length of the round, and what hardly has two values, such as the coin that ends it.
    varied = [j for j in range(1, entries) if len(edges[j]) > 1]
    # Whether what is drawn at the end of a round depends on how long it was, in few classes of both.
    lengths = _edges(sample[:, 0], _FEW)
    for j in varied:
        few = _edges(sample[:, j], _FEW)
        both = np.digitize(rounds[:, 0], lengths) * (len(few) + 1) + np.digitize(rounds[:, j], few)
        yield _Feature(_where(j, lengths, few), (len(lengths) + 1) * (len(few) + 1), both)
    for i, j in combinations(varied, 2):
        yield _Feature(_equal(i, j), 2, (rounds[:, i] == rounds[:, j]).astype(int))
    rising = (np.diff(rounds[:, varied], axis=1) > 0).sum(axis=1)
    yield _Feature(_rising, entries, rising)
    # What is alike in all entries, as in each client's minibatches, is seen in all before it is in one.
    values = _edges(sample[:, varied], _VALUES)
    ours, theirs = np.digitize(rounds[:, varied], values), np.digitize(sample[:, varied], values)
    length, odd = np.digitize(rounds[:, 0], lengths), rounds[:, 0].astype(int) % 2
    of_lengths = [f"the length is {_range(e, lengths)}" for e in range(len(lengths) + 1)]
    for value in range(len(values) + 1):
        counts: np.ndarray = (ours == value).sum(axis=1)
        numbers = _edges((theirs == value).sum(axis=1), _NUMBERS)
        yield _Feature(_counted(value, values, numbers), len(numbers) + 1, np.digitize(counts, numbers))
        has = (counts > 0).astype(int)
        name = f"a number is {_range(value, values)}"
        yield _Feature(_if(name, of_lengths), 2 * len(of_lengths), 2 * length + has)
        yield _Feature(_if(name, ["the length is even", "the length is odd"]), 4, 2 * odd + has)
        before, now = has[: count // 2 * 2].reshape(-1, 2).T
        yield _Feature(
            _if(name, ["none was so in the round before", "one was so in the round before"]), 4, 2 * before + now
        )


def _numbered(rounds: np.ndarray) -> list[int]:
    """Return a number for each round, the same for rounds that are the same."""
    numbers: dict[bytes, int] = {}
    return [numbers.setdefault(row.tobytes(), len(numbers)) for row in rounds]


def _drawn_before(numbers: Sequence[int], long: int) -> np.ndarray:
    """Return, for each run of so many rounds, whether the same run was drawn before."""
    seen: set[tuple[int, ...]] = set()
    was_seen: list[bool] = []
    for place in range(len(numbers) - long + 1):
        run = tuple(numbers[place : place + long])
        was_seen.append(run in seen)
        seen.add(run)
    return np.array(was_seen, dtype=int)


def _shortest_rare(rounds: np.ndarray) -> int | None:
    """Return the least number of rounds in a row that are never drawn twice, None if it is above the most."""
    numbers = _numbered(rounds)
    return next((long for long in range(1, _MOST_AGAIN + 1) if not _drawn_before(numbers, long).any()), None)


def _range(value: int, edges: np.ndarray) -> str:
    """Return which numbers are in a class, in words; those on an edge are in the class above."""
    if len(edges) == 0:
        return "any number"
    if value == 0:
        return f"below {edges[0]:.4g}"
    return (
        f"{edges[-1]:.4g} or more"
        if value == len(edges)
        else f"from {edges[value - 1]:.4g} to below {edges[value]:.4g}"
    )


def _within(name: str, edges: np.ndarray) -> Callable[[int], str]:
    return lambda value: f"{name} is {_range(value, edges)}"


def _again(name: str) -> Callable[[int], str]:
    return lambda value: f"{name} is {'the same as' if value else 'another than'} in the round before"


def _before(name: str, lag: int) -> Callable[[int], str]:
    return lambda value: f"{name} is {'the same as' if value else 'another than'} {lag} rounds before"


def _anew(long: int) -> Callable[[int], str]:
    return lambda value: f"a run of {long} rounds {'was' if value else 'was not'} drawn before"


def _where(j: int, lengths: np.ndarray, few: np.ndarray) -> Callable[[int], str]:
    def told(value: int) -> str:
        length, number = divmod(value, len(few) + 1)
        return f"number {j} of a round is {_range(number, few)} and its length {_range(length, lengths)}"

    return told


def _equal(i: int, j: int) -> Callable[[int], str]:
    return lambda value: f"numbers {i} and {j} of a round are {'the same' if value else 'not the same'}"


def _beside(j: int) -> Callable[[int], str]:
    return lambda value: f"number {j + 1} of a round is {('below', 'equal to', 'above')[value]} number {j}"


def _rising(value: int) -> str:
    return f"just {value} numbers of a round are larger than the one that is drawn before them"


def _counted(value: int, values: np.ndarray, numbers: np.ndarray) -> Callable[[int], str]:
    return lambda count: f"the count of numbers that are {_range(value, values)} is {_range(count, numbers)}"


def _if(name: str, conditions: Sequence[str]) -> Callable[[int], str]:
    return lambda value: f"{conditions[value // 2]} and {'' if value % 2 else 'not so that '}{name}"


def _edges(numbers: np.ndarray, classes: int) -> np.ndarray:
    """Return where classes of equal shares of some numbers end; fewer where many numbers are the same."""
    shares = np.linspace(0.0, 1.0, classes + 1)[1:-1]
    return np.unique(np.quantile(numbers, shares)) if numbers.size else np.zeros(0)


def _evidence(one: _Feature, two: _Feature) -> float:
    """Return the logarithm of the ratio above."""
    counts = [np.bincount(feature.drawn, minlength=feature.classes) for feature in (one, two)]
    pooled = counts[0] + counts[1]
    seen = pooled[pooled > 0]
    return sum(map(_mixture, counts)) - float(seen @ np.log(seen / seen.sum()))


def _mixture(counts: np.ndarray) -> float:
    found = math.lgamma(len(counts) / 2) - math.lgamma(counts.sum() + len(counts) / 2)
    return found + sum(math.lgamma(count + 0.5) - math.lgamma(0.5) for count in counts.tolist())
