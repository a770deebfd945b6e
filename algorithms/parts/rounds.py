"""The randomness of a method as one object, its ``RANDOM``.

A *round* ends with a communication. What ends it says how many steps it has: a coin, a fixed number, a call. What is
drawn besides are *parts*, independent of each other, of two kinds: drawn once a round, for its communication, or in
every step. ``Coin("p") & Orders("c")`` is a coin with one part.

The outcome of a step is a record of its ``coin``, 1 where it ends a round, and of what each part has drawn; what
belongs to a communication is 0 in the steps before it, where nobody reads it. Where there is no part, the coin is the
outcome.
"""

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from typing import Any

import numpy as np

from ...problems.problem import Problem
from ..compressors import get
from ..compressors.bernoulli import Bernoulli
from ..compressors.mixture import Mixture
from .cost import Pace, dimension

#: More outcomes of a step than this are not listed.
LISTED = 4096

#: Every value of something that is drawn, with its probability; None if there are too many.
Listing = Sequence[tuple[float, Any]] | None


@dataclass(frozen=True)
class Draws:
    """The randomness of some rounds.

    Attributes
    ----------
    lengths : ndarray of int, shape (rounds,)
        How many iterations each round has.
    ends : mapping of str to ndarray, shape (rounds, ...)
        What is drawn for the communications.
    steps : mapping of str to ndarray, shape (sum of lengths, ...)
        What is drawn in every step.
    """

    lengths: np.ndarray
    ends: Mapping[str, np.ndarray]
    steps: Mapping[str, np.ndarray]

    @property
    def iterations(self) -> int:
        """The number of iterations in all rounds."""
        return int(self.lengths.sum())

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, rounds: slice) -> "Draws":
        part = Draws(self.lengths[rounds], {name: values[rounds] for name, values in self.ends.items()}, {})
        if not self.steps:
            return part
        first = int(self.lengths[: rounds.start or 0].sum())
        last = first + part.iterations
        return replace(part, steps={name: values[first:last] for name, values in self.steps.items()})


class Part(ABC):
    """One thing that a method draws, independent of all else.

    Attributes
    ----------
    name : str
        The field of an outcome in which it stands.
    in_every_step : bool
        Whether it is drawn in every step, or once a round.
    """

    name: str
    in_every_step: bool = False

    @abstractmethod
    def draw(self, rng: np.random.Generator, problem: Problem, params: Any, count: int) -> np.ndarray:
        """Return so many values, shape (count, ...)."""

    @abstractmethod
    def listed(self, problem: Problem, params: Any) -> Listing:
        """Return every value with its probability."""

    def mixtures(self, problem: Problem, params: Any) -> list[Mixture] | None:
        """Return the independent rows of a value, each as a mixture in which a step is affine; None if it is not.

        In what is drawn once for all there is one row, the value itself; see :meth:`joined`.
        """
        return None

    def joined(self, rows: Sequence[np.ndarray]) -> np.ndarray:
        """Return the value that has these rows."""
        return np.array(rows)

    def apart(self, value: np.ndarray) -> Sequence[np.ndarray]:
        """Return the rows of a value."""
        return list(value)

    def first(self, problem: Problem, params: Any) -> np.ndarray | None:
        """Return one value of which all others, equally likely, differ by the names of the clients only, or None."""
        return None

    def renamed(self, value: np.ndarray, names: np.ndarray) -> np.ndarray:
        """Return the value in which client i has the name ``names[i]``, where there is a first one."""
        raise NotImplementedError

    def takes_components(self) -> bool:
        """Return whether a method that draws this counts gradients of components, and no whole ones."""
        return False

    def cohorts(self, values: np.ndarray) -> np.ndarray | None:
        """Return who takes part in each round, shape (rounds, clients), by the drawn values; None says all."""
        return None

    def __and__(self, other: "Part") -> "Randomness":
        return EveryStep() & self & other


class Randomness(ABC):
    """What ends a round, and the parts that are drawn besides.

    Attributes
    ----------
    parts : tuple of Part
        Independent of each other and of what ends a round.
    """

    parts: tuple[Part, ...] = ()

    def __and__(self, part: Part) -> "Randomness":
        joined = copy.copy(self)
        joined.parts = (*self.parts, part)
        return joined

    @abstractmethod
    def chance(self, params: Any) -> float:
        """Return the probability with which a step ends its round."""

    @abstractmethod
    def lengths(self, rng: np.random.Generator, params: Any, rounds: int) -> np.ndarray:
        """Return the number of steps of each round."""

    def pace(self, params: Any) -> Pace:
        """Return what a step stands for."""
        return Pace(self.chance(params), 1.0)

    def sides(self, params: Any) -> tuple[tuple[float, int], ...]:
        """Return whether a step ends its round, 0 or 1, with the probabilities."""
        chance = self.chance(params)
        return (1.0 - chance, 0), (chance, 1)

    def outcomes(self, problem: Problem, params: Any) -> Listing:
        """Return every outcome of a step with its probability, None if there are over 4096."""
        sides = self.sides(params)
        if not self.parts:
            return sides
        listings = self.listings(problem, params)
        if any(listing is None for listing in listings):
            return None

        def values_of(part: Part, listing: Any, coin: int) -> Any:
            return listing if coin or part.in_every_step else [(1.0, np.zeros_like(listing[0][1]))]

        drawn = [[values_of(*pair, coin) for pair in zip(self.parts, listings, strict=True)] for _, coin in sides]
        if sum(prod(map(len, lists)) for lists in drawn) > LISTED:
            return None
        chances, coins, rows = [], [], []
        for (chance, coin), lists in zip(sides, drawn, strict=True):
            for values in product(*lists):
                chances.append(chance * prod(q for q, _ in values))
                coins.append(coin)
                rows.append([value for _, value in values])
        steps = self._records(np.array(coins), [np.array(column) for column in zip(*rows, strict=True)])
        return list(zip(chances, steps, strict=True))

    def listings(self, problem: Problem, params: Any) -> list[Listing]:
        """Return what each part draws for a step that ends its round."""
        return [part.listed(problem, params) for part in self.parts]

    def record(self, coin: int, values: Sequence[Any]) -> Any:
        """Return the outcome of a step in which the coin and the parts have these values."""
        return self._records(np.array([coin]), [np.asarray(value)[None] for value in values])[0]

    def draw(self, rng: np.random.Generator, problem: Problem, params: Any, rounds: int) -> Draws:
        """Return the randomness of so many rounds."""
        ends = {part.name: part.draw(rng, problem, params, rounds) for part in self.parts if not part.in_every_step}
        lengths = self.lengths(rng, params, rounds)
        total = int(lengths.sum())
        steps = {part.name: part.draw(rng, problem, params, total) for part in self.parts if part.in_every_step}
        return Draws(lengths, ends, steps)

    def unroll(self, draws: Draws) -> np.ndarray:
        """Return the outcomes of all steps of drawn rounds."""
        coins = np.zeros(draws.iterations, dtype=np.int64)
        last = np.cumsum(draws.lengths) - 1
        coins[last] = 1
        if not self.parts:
            return coins
        columns = []
        for part in self.parts:
            if part.in_every_step:
                columns.append(draws.steps[part.name])
            else:
                values = draws.ends[part.name]
                columns.append(np.zeros((len(coins), *values.shape[1:]), dtype=values.dtype))
                columns[-1][last] = values
        return self._records(coins, columns)

    def _records(self, coins: np.ndarray, columns: Sequence[np.ndarray]) -> np.ndarray:
        fields = [(part.name, column.dtype, column.shape[1:]) for part, column in zip(self.parts, columns, strict=True)]
        records = np.empty(len(coins), dtype=[("coin", np.int64), *fields])
        records["coin"] = coins
        for (name, *_), column in zip(fields, columns, strict=True):
            records[name] = column
        return records


class Coin(Randomness):
    """A round ends with the probability that a letter gives, after a geometric number of steps.

    Examples
    --------
    >>> from rootkappa import algorithms
    >>> Coin("p").outcomes(None, algorithms.get("scaffnew").Params(gamma=1.0, p=0.25))
    ((0.75, 0), (0.25, 1))
    """

    def __init__(self, letter: str) -> None:
        self.letter = letter

    def chance(self, params: Any) -> float:
        return getattr(params, self.letter)

    def lengths(self, rng: np.random.Generator, params: Any, rounds: int) -> np.ndarray:
        return rng.geometric(self.chance(params), rounds)


class EveryStep(Randomness):
    """Every step is a round."""

    def chance(self, params: Any) -> float:
        return 1.0

    def sides(self, params: Any) -> tuple[tuple[float, int], ...]:
        return ((1.0, 1),)

    def lengths(self, rng: np.random.Generator, params: Any, rounds: int) -> np.ndarray:
        return np.ones(rounds, dtype=np.int64)


class Phases(EveryStep):
    """Every step is a round, of as many iterations as a letter says.

    The outcome of a step has what is drawn in all iterations of the round: K values of a part that draws in every one.

    Parameters
    ----------
    letter : str or callable, optional
        The letter for the number K of local steps, or ``letter(params)`` returns it where it follows from others; by
        default a round is one iteration.
    """

    def __init__(self, letter: str | Callable[[Any], int] | None = None) -> None:
        self.letter = letter

    def count(self, params: Any) -> int:
        """Return how many iterations a round has."""
        if callable(self.letter):
            return self.letter(params)
        return getattr(params, self.letter) if self.letter else 1

    def lengths(self, rng: np.random.Generator, params: Any, rounds: int) -> np.ndarray:
        return np.full(rounds, self.count(params), dtype=np.int64)

    def pace(self, params: Any) -> Pace:
        return Pace(1.0, float(self.count(params)))

    def listings(self, problem: Problem, params: Any) -> list[Listing]:
        return [self._of_a_round(part, problem, params) for part in self.parts]

    def _of_a_round(self, part: Part, problem: Problem, params: Any) -> Listing:
        listing, count = part.listed(problem, params), self.count(params)
        if listing is None or not part.in_every_step:
            return listing
        if len(listing) ** count > LISTED:
            return None
        return [
            (prod(q for q, _ in values), np.array([value for _, value in values]))
            for values in product(listing, repeat=count)
        ]

    def unroll(self, draws: Draws) -> np.ndarray:
        coins = np.ones(len(draws), dtype=np.int64)
        if not self.parts:
            return coins
        count = draws.iterations // max(len(draws), 1)

        def of_rounds(values: np.ndarray) -> np.ndarray:
            return values.reshape(len(draws), count, *values.shape[1:])

        columns = [
            of_rounds(draws.steps[part.name]) if part.in_every_step else draws.ends[part.name] for part in self.parts
        ]
        return self._records(coins, columns)


class Calls(Randomness):
    """A round ends with a call of a prox or an average, of which a compressor says what of its answer is used.

    A Bernoulli compressor uses all or nothing, so where it uses nothing there was no need for the call: then a round is
    the steps up to the next call. Under every other compressor each step is a round.

    Parameters
    ----------
    letter : str
        The letter that names the compressor.
    size : callable, optional
        ``size(problem)`` returns the number of coordinates that it compresses; by default d.
    """

    def __init__(self, letter: str, size: Callable[[Problem], int] = dimension) -> None:
        self.letter, self.parts = letter, (Shared(letter, size),)

    def chance(self, params: Any) -> float:
        R = get(getattr(params, self.letter))
        return R.p if isinstance(R, Bernoulli) else 1.0

    def sides(self, params: Any) -> tuple[tuple[float, int], ...]:
        return super().sides(params) if isinstance(get(getattr(params, self.letter)), Bernoulli) else ((1.0, 1),)

    def lengths(self, rng: np.random.Generator, params: Any, rounds: int) -> np.ndarray:
        return rng.geometric(self.chance(params), rounds)


@dataclass(frozen=True)
class Shared(Part):
    """The randomness of one compression a round, the same for everybody; a Bernoulli compressor is taken to send."""

    letter: str
    size: Callable[[Problem], int] = dimension
    name: str = "w"

    def draw(self, rng: np.random.Generator, problem: Problem, params: Any, count: int) -> np.ndarray:
        R = get(getattr(params, self.letter))
        if isinstance(R, Bernoulli):
            return np.ones((count, 1), dtype=np.int64)
        return R.draw(rng, self.size(problem), count)

    def listed(self, problem: Problem, params: Any) -> Listing:
        R = get(getattr(params, self.letter))
        if isinstance(R, Bernoulli):
            return [(1.0, np.ones(1, dtype=np.int64))]
        return R.randomness(self.size(problem))

    def mixtures(self, problem: Problem, params: Any) -> list[Mixture] | None:
        R = get(getattr(params, self.letter))
        # Whether a Bernoulli compressor sends is the coin that ends the round.
        mixture = None if isinstance(R, Bernoulli) else R.mixture(self.size(problem))
        return None if mixture is None else [mixture]

    def joined(self, rows: Sequence[np.ndarray]) -> np.ndarray:
        return rows[0]

    def apart(self, value: np.ndarray) -> Sequence[np.ndarray]:
        return [value]
