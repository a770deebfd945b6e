r"""Whether two methods draw by one law, whether or not outcomes can be listed.

Of what both draw, the same features are counted: the value of every entry, whether it is above, equal to or below the
one beside it, how many are, whether it is that of the draw before, and how many entries have a value. If both have one
law, then
:math:`Q(a) Q(b) / \sup_p p(a) p(b)`, where Q mixes all frequencies by Jeffreys' prior, has a mean of 1 at most whatever
the law is, so it exceeds :math:`1/\alpha` with probability :math:`\alpha` at most.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ...core.randomness import generator
from ..case import Case

# Rounds of each, fewer where they have more steps than this.
_DRAWN, _MOST_STEPS = 1000, 1e5
# Entries that are looked at; classes of the values of one and of all of them, and of how many there are in one.
_MOST_ENTRIES, _CLASSES, _VALUES, _NUMBERS = 64, 16, 64, 4


class _Feature(NamedTuple):
    """A class of every draw of one method."""

    name: str
    classes: int
    drawn: np.ndarray


def difference(own: Case, theirs: Case, alpha: float) -> str:
    """Return in what the draws of two methods differ, as a clause; empty if in nothing.

    Two methods that draw by one law are told apart with the probability ``alpha`` at most.
    """
    ours, expected = _rounds(own, "law"), _rounds(theirs, "law")
    if np.array_equal(ours, expected):
        return ""
    # The classes must not depend on what is counted in them.
    sample = _rounds(theirs, "classes")
    pairs = [*zip(_features(ours, sample), _features(expected, sample), strict=True)]
    found = [_evidence(*pair) for pair in pairs]
    worst = int(np.argmax(found))
    if found[worst] <= math.log(len(pairs) / alpha):
        return ""
    one, two = (np.bincount(feature.drawn, minlength=feature.classes) / len(feature.drawn) for feature in pairs[worst])
    value, name = int(np.abs(one - two).argmax()), pairs[worst][0].name
    return f"{one[value]:.3g} of its draws have {name}, and {two[value]:.3g} of those of {theirs.method.name}"


def _rounds(case: Case, axis: str) -> np.ndarray:
    """Return what is drawn for the ends of rounds, one row each, behind the length of the round."""
    count = int(np.clip(_MOST_STEPS * case.pace.rounds / case.pace.iterations, 1, _DRAWN))
    outcomes = np.asarray(case.unroll(case.draw(generator(case.seed, "identity", axis), count)))
    fields = [outcomes[name] for name in outcomes.dtype.names] if outcomes.dtype.names else [outcomes]
    # The first is the coin, where there is one; where each step is a round there may be none.
    ends = np.flatnonzero(fields[0]) if len(outcomes) > count else np.arange(len(outcomes))
    rows = [field[ends].reshape(len(ends), -1).astype(float) for field in fields]
    return np.concatenate([np.diff(ends, prepend=-1)[:, None], *rows], axis=1)[:, :_MOST_ENTRIES]


def _features(rounds: np.ndarray, sample: np.ndarray) -> Iterator[_Feature]:
    """Yield what is counted of rounds, in classes that follow from a sample of others."""
    count, entries = rounds.shape
    edges = [_edges(column, _CLASSES) for column in sample.T]
    for j in range(entries):
        name = f"entry {j} of a round" if j else "the length of a round"
        yield _Feature(f"{name} in one class", len(edges[j]) + 1, np.digitize(rounds[:, j], edges[j]))
        twice = rounds[: count // 2 * 2, j].reshape(-1, 2)
        yield _Feature(f"{name} twice in a row or not", 2, (twice[:, 0] == twice[:, 1]).astype(int))
        if 0 < j < entries - 1:
            order = np.sign(rounds[:, j + 1] - rounds[:, j]).astype(int)
            yield _Feature(f"entries {j} and {j + 1} equal, rising or falling", 3, order + 1)
    # Without the length of the round, and what hardly has two values, such as the coin that ends it.
    varied = [j for j in range(1, entries) if len(edges[j]) > 1]
    rising = (np.diff(rounds[:, varied], axis=1) > 0).sum(axis=1)
    yield _Feature("as many entries that are above the one before", entries, rising)
    # What is alike in all entries, as in each client's minibatches, is seen in all before it is in one.
    values = _edges(sample[:, varied], _VALUES)
    ours, theirs = np.digitize(rounds[:, varied], values), np.digitize(sample[:, varied], values)
    for value in range(len(values) + 1):
        counts: np.ndarray = (ours == value).sum(axis=1)
        numbers = _edges((theirs == value).sum(axis=1), _NUMBERS)
        name = f"the same number of entries in class {value} of {len(values) + 1}"
        yield _Feature(name, len(numbers) + 1, np.digitize(counts, numbers))


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
