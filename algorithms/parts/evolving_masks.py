"""A mask of each client's own, that drops what is smallest and grows elsewhere: in compiled code, client by client."""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import numpy as np

from ...core.compiled import njit
from ...core.errors import InputError
from ...core.inner import inner
from ...core.randomness import generator
from ...problems.oracles import workspace
from ...problems.personal import Personal, own_oracles
from ...problems.problem import Problem
from ..compressors.top_k import kth_largest
from ..compressors.wire import support_bits
from . import speeds
from .components import sizes
from .cost import Cost, numbers
from .masks import kept
from .random_graphs import Hearing, of_busiest
from .rounds import Draws, Listing, Part, Phases
from .stochastic import Stochastic, minibatch_gradient, uniform


def check(problem: Problem) -> None:
    """Raise an InputError unless every coordinate of the problem is private: nothing else is averaged as a whole."""
    shared = getattr(problem, "shared", None)
    if shared is None or len(shared) > 0:
        raise InputError(
            f"clients have models of their own here, but of {problem.label} something is shared: give "
            'problems.Personal(problem, private="all"), or --private all.'
        )


def invariants(problem: Problem, params: Any, state: Any) -> dict[str, np.ndarray]:
    """Every mask keeps what the density says, and no model leaves the mask under which it was trained."""
    return {
        "change of how much masks keep": state.mask.sum(axis=1) - kept_by_clients(problem, params),
        "models off their masks": (1.0 - state.trained) * state.x,
    }


def kept_by_clients(problem: Problem, params: Any) -> np.ndarray:
    """Return how many coordinates each client's mask keeps, shape (n,): of its capacity's part of the density."""
    capacity = np.minimum(speeds.of_clients(params.capacity, problem.n, params.w), 1.0)
    return np.array([kept(cast("Personal", problem).inner.d, params.density * share) for share in capacity])


def drawn(problem: Problem, params: Any) -> np.ndarray:
    """Return a mask for each client, 1 at as many coordinates as it keeps, uniform and independent: shape (n, d)."""
    first = np.arange(cast("Personal", problem).inner.d) < kept_by_clients(problem, params)[:, None]
    return generator(params.w, "masks of the clients").permuted(first.astype(float), axis=1)


@dataclass(frozen=True)
class RandomPlaces(Part):
    """A word for every client in every round, from which :func:`grow_anywhere` derives its places.

    Parameters
    ----------
    letter : str
        The letter that says how masks grow; unless it is "random", nothing is drawn.
    """

    letter: str
    name: str = "zeta"

    def draw(self, rng: np.random.Generator, problem: Problem, params: Any, count: int) -> np.ndarray:
        if getattr(params, self.letter) != "random":
            return np.zeros((count, problem.n), dtype=np.int64)
        return rng.integers(2**63, size=(count, problem.n))

    def listed(self, problem: Problem, params: Any) -> Listing:
        return None if getattr(params, self.letter) == "random" else [(1.0, np.zeros(problem.n, dtype=np.int64))]


#: Who hears whom, where masks grow at random, minibatches where they grow by gradients, and those of the local steps.
RANDOM = Phases("K") & Hearing() & RandomPlaces("regrow") & Stochastic("b", None, "at_w", False) & Stochastic("b")


@inner
def slope(params, kernel, i, x, word, phase):
    """Write the gradient at x of a client's minibatch to ``phase.g``; ``phase.v`` changes."""
    minibatch_gradient(kernel.own, i, x, params.b, word, phase.g, phase.v, phase.own.work)


@inner
def word_there(phase, i):
    """Return the word of the minibatch by which client i's mask grows."""
    n = phase.Y.shape[0]
    return phase.w[n * n + n + i]


def cost(problem: Problem, params: Any, draws: Draws) -> Cost:
    """Return what rounds cost in which every client sends what its mask keeps to those who hear it.

    Where masks move, their places travel with the numbers; those of the first ones everybody draws from their number.
    To see where a mask could grow takes a gradient.
    """
    d, k = cast("Personal", problem).inner.d, kept_by_clients(problem, params)
    bits = numbers(1).bits * k
    if params.alpha > 0.0:
        bits = bits + np.array([support_bits(d, int(count)) for count in k])
    (up, down), (bits_up, bits_down) = of_busiest(draws, k), of_busiest(draws, bits)
    looks = len(draws) if params.regrow == "gradient" and params.alpha > 0.0 else 0
    taken = float(np.minimum(sizes(problem), params.b).mean())
    # Each round is rounded by itself, so that costs of rounds add up.
    steps = draws.iterations // max(len(draws), 1) + (looks > 0)
    return Cost(draws.iterations, up, down, bits_up, bits_down, len(draws) * round(steps * taken))


def compiled(params: Any, state: Any) -> Any:
    """Return the letters with numbers in the place of words: 1 for gradients that say where to grow, and for new."""
    numbered = {"regrow": float(params.regrow == "gradient"), "counted": float(params.counted == "new")}
    return params._replace(graph=0.0, capacity=0.0, **numbered)


class Space(NamedTuple):
    """Space for one thread's averages and masks."""

    sizes: np.ndarray
    """A vector for sizes, or for counts, shape (d,)."""
    work: np.ndarray
    """The space of the oracles of the clients' own models."""


def space(params, kernel, d):
    """Return that space: an ``own_scratch``."""
    return Space(np.empty(d), workspace(own_oracles(kernel)))


@njit
def moved(alpha, t, T, count):
    """Return how many of so many coordinates move in round t: ⌈α/2 (1 + cos(πt/T)) count⌉, from round T on none.

    Examples
    --------
    >>> moved(0.5, 0, 10, 8), moved(0.5, 5, 10, 8), moved(0.5, 10, 10, 8), moved(0.0, 0, 10, 8)
    (4, 2, 0, 0)
    """
    return math.ceil(alpha / 2.0 * (1.0 + math.cos(math.pi * min(t / T, 1.0))) * count)


@njit
def average_by_counts(hears, X, counted, mask, count, Z):
    """Write to row i of Z the mean of the rows of X that client i hears and its own, coordinate by coordinate.

    What the clients send is read here and nowhere else.

    Parameters
    ----------
    hears : ndarray, shape (n² + more,)
        Row after row, not 0 in row i and column j where client i hears client j.
    X, Z : ndarray, shape (n, d)
        The models that are sent, and the means, never the same array.
    counted : ndarray, shape (n, d)
        1 where a model has an entry that counts, 0 elsewhere. A coordinate that nobody counts becomes 0.
    mask : ndarray, shape (n, d)
        1 where client i wants an entry; the others become 0.
    count : ndarray, shape (d,)
        Scratch space.
    """
    n, d = X.shape
    for i in range(n):
        Z[i] = 0.0
        count[:] = 0.0
        for j in range(n):
            if j == i or hears[i * n + j] != 0:
                for k in range(d):
                    Z[i, k] += counted[j, k] * X[j, k]
                    count[k] += counted[j, k]
        for k in range(d):
            Z[i, k] = Z[i, k] / count[k] if mask[i, k] * count[k] > 0.0 else 0.0


@njit
def _size(entry):
    # NaN counts as largest, so that as many are dropped as are asked for.
    return abs(entry) if entry == entry else np.inf


@njit
def drop_smallest(x, mask, q, sizes):
    """Take from the mask the q coordinates where |x| is smallest on it, of equal ones the first; ``sizes``: (d,)."""
    _turn(x, mask, q, sizes, 1.0, 0.0, -1.0)


@njit
def grow_steepest(g, mask, q, sizes):
    """Add to the mask the q coordinates off it where |g| is largest, of equal ones the first; ``sizes``: (d,)."""
    _turn(g, mask, q, sizes, 0.0, 1.0, 1.0)


@njit
def _turn(x, mask, q, sizes, old, new, sign):
    """Turn q entries of the mask from ``old`` to ``new``: those where sign |x| is largest, of equal ones the first."""
    count = 0
    for j in range(x.shape[0]):
        if mask[j] == old:
            sizes[count] = sign * _size(x[j])
            count += 1
    ties = min(q, count)
    if ties < 1:
        return
    least = kth_largest(sizes[:count], ties)
    for j in range(x.shape[0]):
        if mask[j] == old and sign * _size(x[j]) > least:
            mask[j] = new
            ties -= 1
        elif mask[j] == old and sign * _size(x[j]) == least:
            # Whether it turns is known when all that are larger are counted.
            mask[j] = -1.0
    for j in range(x.shape[0]):
        if mask[j] == -1.0:
            mask[j] = new if ties > 0 else old
            ties -= 1


@njit
def grow_anywhere(word, mask, q):
    """Add to the mask q coordinates off it, every choice as likely: those that a word stands for."""
    off = 0
    for j in range(mask.shape[0]):
        if mask[j] == 0.0:
            off += 1
    for j in range(mask.shape[0]):
        if mask[j] == 0.0:
            if uniform(word, j) * off < q:
                mask[j] = 1.0
                q -= 1
            off -= 1
