"""The steps of a method in which all that is drawn has one value, but for independent rows."""

from collections.abc import Iterator
from itertools import product
from math import prod
from typing import Any, NamedTuple

import numpy as np

from ...algorithms.compressors.mixture import Mixture
from ...algorithms.parts.rounds import Part, Randomness
from ..case import Case

# Combinations of what is no row: each is gone through by itself.
_MOST_SIDES = 64


class Side(NamedTuple):
    """The steps in which all that is no row has one value."""

    case: Case
    random: Randomness
    rows: dict[Part, list[Mixture] | None]
    """The rows of each part; None of what has a value here."""
    coin: int
    """Whether the steps end their round."""
    fixed: list[Any]
    """The values of the parts that have one, else None."""

    def varies(self, part: Part) -> bool:
        """Return whether a part has rows here."""
        return bool(self.rows[part]) and bool(self.coin or part.in_every_step)

    def outcome(self, changed: Part | None = None, place: int = 0, value: Any = None) -> Any:
        """Return the outcome of first values, but for one row."""
        values: list[Any] = []
        for part, fixed in zip(self.random.parts, self.fixed, strict=True):
            if fixed is not None:
                values.append(fixed)
                continue
            mixtures = self.rows[part]
            if mixtures is None:  # drawn at the end of a round only, and this is none
                listed: Any = part.listed(self.case.problem, self.case.params)
                values.append(np.zeros_like(listed[0][1]))
                continue
            first = [mixture.values[0] for mixture in mixtures]
            if part is changed:
                first[place] = value
            joined = part.joined(first)
            values.append(joined if self.varies(part) else np.zeros_like(joined))
        return self.random.record(self.coin, values)

    def drawn(self, values: dict[Part, np.ndarray]) -> Any:
        """Return the outcome in which the rows of some parts have these values."""
        first = self.outcome()
        joined = [values[part] if part in values else first[part.name] for part in self.random.parts]
        return self.random.record(self.coin, joined)


def sides_of(case: Case, random: Randomness) -> list[tuple[float, Side]] | None:
    """Return the sides of a step with their probabilities; None if nothing is a row, or too much is none."""
    problem, params = case.problem, case.params
    rows = {part: part.mixtures(problem, params) for part in random.parts}
    rest = {part: None if rows[part] else part.listed(problem, params) for part in random.parts}
    if not any(rows.values()) or any(rows[part] is None and rest[part] is None for part in random.parts):
        return None

    def every() -> Iterator[tuple[float, Side]]:
        for share, coin in random.sides(params):
            drawn = [part for part in random.parts if coin or part.in_every_step]
            values = [[(1.0, None)] if part not in drawn or rows[part] else rest[part] or () for part in random.parts]
            for each in product(*values):
                fixed = [value for _, value in each]
                yield share * prod(q for q, _ in each), Side(case, random, rows, coin, fixed)

    sides = list(every())
    return sides if len(sides) <= _MOST_SIDES else None
