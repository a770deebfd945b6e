"""Rounding errors larger than those that are made: what they change is nothing that evidence may rest on."""

from dataclasses import replace
from typing import Any

import numpy as np

from ...core.randomness import generator
from ..case import Case

# How many roundings, of numbers that weigh as much in V as the largest, a step is taken to make in each number.
_ROUNDINGS = 100.0
# By how much V may then grow and still not be made of them. V is a square, so what is made of them grows much more.
_SAME = 4.0


def rounded_more(case: Case, path: int) -> Case:
    """Return the case of the same method with larger rounding errors, made wherever the path is looked at."""
    method = case.method

    def advance(oracles: Any, params: Any, state: Any, draws: Any) -> Any:
        returned = method.advance(oracles, params, state, draws)
        after = state if returned is None else returned
        # The same in every call: errors of one sign add up, those of random signs may cancel.
        disturb(case, after, generator(case.seed, "rounding", path), max(case.cost(draws).iterations, 1))
        return returned

    # A jump would make errors once, where they add up along the way.
    return replace(case, method=replace(method, advance=advance, jumps=lambda kernel: False))


def disturb(case: Case, state: Any, rng: np.random.Generator, steps: float = 1.0) -> None:
    """Add to every number of a state the rounding errors of so many steps, in signs that are drawn."""
    roots = np.sqrt(case.weights)
    error = _ROUNDINGS * np.finfo(float).eps * steps
    with np.errstate(over="ignore", invalid="ignore"):
        sizes = [np.abs(field).max(initial=0.0) for field in state]
        weighed = max((root * size for root, size in zip(roots, sizes, strict=True)), default=0.0)
        for field, root, size in zip(state, roots, sizes, strict=True):
            field += error * (weighed / root if root > 0.0 else size) * rng.choice([-1.0, 1.0], field.shape)


def certain(V: np.ndarray, rounded: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return between what V is without its rounding, from the V of the same path with larger rounding errors."""
    more = np.full(len(V), np.nan)
    # A path that leaves the floating-point numbers may do so a little earlier.
    seen = min(len(V), len(rounded))
    more[:seen] = rounded[:seen]
    with np.errstate(over="ignore", invalid="ignore"):
        made = np.maximum.accumulate(np.where(more > _SAME * V, more, 0.0))
        gap = np.where(np.isfinite(more), np.abs(more - V), 0.0)
        low = np.where(np.isfinite(V) & (made >= V), 0.0, np.maximum(V - gap, 0.0))
        return low, np.maximum(V + gap, made)
