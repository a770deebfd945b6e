"""Stochastic gradients: a minibatch of every client's components in every step, and Gaussian noise.

One number is drawn for a client and a step, its *word*, however many components a minibatch has and however many
coordinates a gradient: compiled code derives them from it. So the draws of many rounds take little memory, and a word
is the same minibatch and the same noise in ``step`` and in ``advance``. A method says which letters it has,
``RANDOM = Coin("p") & Stochastic(batch="b", deviation="sigma")``, and calls in its local steps, with ξ the word::

    minibatch_gradient(kernel, i, X[i], params.b, xi[t], g, scratch.v, scratch.work)
    add_noise(g, params.sigma, xi[t])

A word below 0 stands for a minibatch by its place in the list of all, so that they can be listed where they are few;
any other is the seed of a stream of numbers (Steele, Lea and Flood's SplitMix64, 2014).
"""

import math
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from ...core.compiled import njit
from ...core.errors import InputError
from ...core.inner import inner
from ...problems.oracles import component_gradient, components, gradient, local_steps
from ...problems.problem import Problem
from .components import sizes
from .rounds import LISTED, Draws, Listing, Part

# Up to so many minibatches of a client each has a place: products of two such numbers are 64-bit integers.
_PLACES = 2**31
# Where in a word's stream the noise begins, far behind what any minibatch reads.
_NOISE = 2**40
_GOLDEN, _FIRST, _SECOND = (np.uint64(z) for z in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))
_BITS = tuple(np.uint64(count) for count in (30, 27, 31, 11))


@dataclass(frozen=True)
class Stochastic(Part):
    """A word for every client in every step, independent.

    Parameters
    ----------
    batch : str, optional
        The letter for the number b of components in a minibatch, uniform without replacement; a client that has no more
        than b takes them all, which is its gradient to the bit. Without the letter every client does.
    deviation : str, optional
        The letter for the standard deviation σ of the noise, whose squared norm is σ² in expectation.
    """

    batch: str | None = None
    deviation: str | None = None
    name: str = "xi"
    in_every_step: bool = True

    def takes_components(self) -> bool:
        return self.batch is not None

    def _minibatches(self, problem: Problem, params: Any) -> list[int]:
        """Return how many minibatches each client has."""
        if self.batch is None:
            return [1] * problem.n
        b = getattr(params, self.batch)
        return [math.comb(m, b) if b < m else 1 for m in map(int, sizes(problem))]

    def _is_noisy(self, params: Any) -> bool:
        return self.deviation is not None and getattr(params, self.deviation) > 0.0

    def draw(self, rng: np.random.Generator, problem: Problem, params: Any, count: int) -> np.ndarray:
        if self._is_noisy(params):
            return rng.integers(2**63, size=(count, problem.n))
        sizes_of_lists = self._minibatches(problem, params)
        listed = np.array([size <= _PLACES for size in sizes_of_lists])
        highest = [size if is_listed else 2**63 for size, is_listed in zip(sizes_of_lists, listed, strict=True)]
        words = rng.integers(np.array(highest, dtype=np.uint64), dtype=np.uint64, size=(count, problem.n))
        return np.where(listed, -1 - words.astype(np.int64), words.astype(np.int64))

    def listed(self, problem: Problem, params: Any) -> Listing:
        sizes_of_lists = self._minibatches(problem, params)
        count = math.prod(sizes_of_lists)
        if self._is_noisy(params) or count > LISTED:
            return None
        return [(1.0 / count, -1 - np.array(places)) for places in product(*map(range, sizes_of_lists))]

    def gradients(self, problem: Problem, params: Any, draws: Draws) -> int:
        """Return what a method's ``gradients`` does: the components' gradients of an average client."""
        m = sizes(problem)
        taken = m if self.batch is None else np.minimum(m, getattr(params, self.batch))
        return round(draws.iterations * float(taken.mean()))


@dataclass(frozen=True)
class OfServer(Part):
    """Words for the steps that a server takes on data of its own in a round: ``phase.w``, shape (E + more,).

    Parameters
    ----------
    batch : str
        The letter for the number of samples in a minibatch of the server's.
    steps : str, optional
        The letter for the number E of its steps.
    more : int
        How many minibatches there are besides, such as one for a gradient before the first step.
    """

    batch: str
    steps: str | None = None
    more: int = 0
    name: str = "zeta"

    def _count(self, params: Any) -> int:
        return self.more + (getattr(params, self.steps) if self.steps else 0)

    def _of_one(self, problem: Problem) -> Problem:
        if problem.server is None:
            raise InputError(f"the server of {problem.label} has no data: give server=0.1 to problems.Logistic.")
        return problem.server

    def draw(self, rng: np.random.Generator, problem: Problem, params: Any, count: int) -> np.ndarray:
        each = self._count(params)
        return Stochastic(self.batch).draw(rng, self._of_one(problem), params, count * each).reshape(count, each)

    def listed(self, problem: Problem, params: Any) -> Listing:
        of_step, each = Stochastic(self.batch).listed(self._of_one(problem), params), self._count(params)
        if of_step is None or len(of_step) ** each > LISTED:
            return None
        return [
            (math.prod(q for q, _ in steps), np.array([word[0] for _, word in steps], dtype=np.int64))
            for steps in product(of_step, repeat=each)
        ]


@inner
def minibatch_gradient(kernel, i, x, b, word, g, spare, work):
    r"""Write :math:`\frac1b \sum_{j \in B} \nabla f_{ij}(x)` to ``g``, for the minibatch B of b components of a word.

    With b at least the number of the client's components it is the gradient, whatever the word; ``spare`` is scratch
    space like ``g``, the other arguments are those of :func:`~rootkappa.problems.oracles.gradient`.
    """
    m = components(kernel, i)
    if b >= m:
        gradient(kernel, i, x, g, work)
    else:
        g[:] = 0.0
        rank = -1 - word
        # How many minibatches have the next component beside those that are chosen.
        count = _choose(m - 1, b - 1) if word < 0 else 0
        left = b
        for j in range(m):
            if left == 0:
                break
            if word < 0:
                is_chosen = rank < count
                rest = m - j - 1
                if not is_chosen:
                    rank -= count
                if rest > 0:
                    count = count * (left - 1 if is_chosen else rest - left + 1) // rest
            else:
                is_chosen = uniform(word, j) * (m - j) < left
            if is_chosen:
                component_gradient(kernel, i, j, x, spare, work)
                for k in range(x.shape[0]):
                    g[k] += spare[k]
                left -= 1
        for k in range(x.shape[0]):
            g[k] /= b


@inner
def minibatch_steps(params, kernel, i, phase, eta, k):
    """Take k local steps of client i along gradients of minibatches: those of all components take the short cut."""
    y, h, g = phase.Y[i], phase.H[i], phase.g
    if params.b >= components(kernel, i):
        local_steps(kernel, i, y, h, eta, k, phase.work)
    else:
        for t in range(k):
            minibatch_gradient(kernel, i, y, params.b, phase.xi[t, i], g, phase.v, phase.work)
            for j in range(g.shape[0]):
                y[j] -= eta * (g[j] - h[j])


@inner
def add_noise(g, sigma, word):
    """Add Gaussian noise with E‖noise‖² = σ² to a gradient; with σ = 0 none, whatever the word."""
    if sigma > 0.0:
        d = g.shape[0]
        scale = sigma / math.sqrt(d)
        for j in range(d):
            g[j] += scale * _normal(word, j)


@njit
def _choose(m, k):
    """Return how many sets of k of m things there are, at most 2^31."""
    few = min(k, m - k)
    count = 1
    for t in range(few):
        count = count * (m - t) // (t + 1)
    return count


@njit
def uniform(word, place):
    """Return the number at a place of a word's stream, in [0, 1)."""
    z = np.uint64(word) + np.uint64(place + 1) * _GOLDEN
    z = (z ^ (z >> _BITS[0])) * _FIRST
    z = (z ^ (z >> _BITS[1])) * _SECOND
    return float((z ^ (z >> _BITS[2])) >> _BITS[3]) * 2.0**-53


@njit
def _normal(word, j):
    """Return a standard normal number for a coordinate, one of a pair (Box and Muller 1958)."""
    pair = _NOISE + j // 2 * 2
    radius = math.sqrt(-2.0 * math.log1p(-uniform(word, pair)))
    angle = 2.0 * math.pi * uniform(word, pair + 1)
    return radius * (math.cos(angle) if j % 2 == 0 else math.sin(angle))
