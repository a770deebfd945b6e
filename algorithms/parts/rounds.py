"""Rounds that end with a coin and a message: the randomness of methods whose communication is random itself.

The draw of a round is a record of its ``length``, geometric with mean 1/p, and of ``w``, the randomness of its
communication. The outcome of a step is a record of its ``coin``, 1 where the round ends, and of the same ``w``, which
nobody reads before the coin is 1.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np


def draw_rounds(rng: np.random.Generator, p: float, w: np.ndarray) -> np.ndarray:
    """Return as many rounds as ``w`` has entries, one record each.

    Examples
    --------
    >>> draw_rounds(np.random.default_rng(0), 1.0, np.array([[3, 1], [0, 2]]))["length"]
    array([1, 1])
    """
    rounds = np.empty(len(w), dtype=[("length", np.int64), ("w", w.dtype, w.shape[1:])])
    rounds["length"] = rng.geometric(p, len(w))
    rounds["w"] = w
    return rounds


def fields(draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the lengths and the randomness of rounds in the one layout that compiled code is compiled for.

    Examples
    --------
    >>> lengths, w = fields(draw_rounds(np.random.default_rng(0), 1.0, np.array([[3, 1], [0, 2]])))
    >>> lengths.tolist(), w.tolist(), lengths.flags.c_contiguous
    ([1, 1], [[3, 1], [0, 2]], True)
    """
    return np.ascontiguousarray(draws["length"]), np.ascontiguousarray(draws["w"])


def unroll(draws: np.ndarray) -> np.ndarray:
    """Return the outcomes of all steps of drawn rounds.

    Examples
    --------
    >>> rounds = np.array([(2, [7, 8]), (1, [5, 6])], dtype=[("length", np.int64), ("w", np.int64, 2)])
    >>> steps = unroll(rounds)
    >>> steps["coin"].tolist(), steps["w"].tolist()
    ([0, 1, 1], [[0, 0], [7, 8], [5, 6]])
    """
    w = draws["w"]
    steps = np.zeros(int(draws["length"].sum()), dtype=[("coin", np.int64), ("w", w.dtype, w.shape[1:])])
    ends = np.cumsum(draws["length"]) - 1
    steps["coin"][ends] = 1
    steps["w"][ends] = w
    return steps


def steps_by_round(rng: np.random.Generator, p: float, rounds: int, fields: list[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Return rounds whose every step draws something: all steps in one array, and views of it, one for each round.

    A step is a record of its ``coin``, 1 at the end of a round, and of further fields, which the caller fills.

    Examples
    --------
    >>> steps, draws = steps_by_round(np.random.default_rng(0), 0.5, 3, [("j", np.int64)])
    >>> [len(draw) for draw in draws], steps["coin"].tolist()
    ([2, 1, 1], [0, 1, 1, 1])
    """
    lengths = rng.geometric(p, rounds)
    steps = np.zeros(int(lengths.sum()), dtype=[("coin", np.int64), *fields])
    ends = np.cumsum(lengths)
    steps["coin"][ends - 1] = 1
    draws = np.empty(rounds, dtype=object)
    draws[:] = np.split(steps, ends[:-1])
    return steps, draws


def listed(p: float, randomness: Iterable[tuple[float, np.ndarray]]) -> list[tuple[float, Any]]:
    """Return the outcomes of a step with their probabilities, from those of ``w`` when the coin is 1.

    Examples
    --------
    >>> for probability, outcome in listed(0.25, [(0.5, np.array([7])), (0.5, np.array([8]))]):
    ...     print(probability, outcome["coin"], outcome["w"])
    0.75 0 [0]
    0.125 1 [7]
    0.125 1 [8]
    """
    pairs = [(probability, np.asarray(w)) for probability, w in randomness]
    steps = np.zeros(1 + len(pairs), dtype=[("coin", np.int64), ("w", pairs[0][1].dtype, pairs[0][1].shape)])
    steps["coin"][1:] = 1
    steps["w"][1:] = [w for _, w in pairs]
    return list(zip([1.0 - p, *(p * probability for probability, _ in pairs)], steps, strict=True))
