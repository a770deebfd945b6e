"""What methods share whose clients each send a compressed vector in a communication, with randomness of their own."""

from itertools import product
from math import prod

import numpy as np

from ...core.errors import InputError
from ..compressors import Compressor, get
from .cost import Cost
from .rounds import draw_rounds, listed

# More combinations of the clients' messages than this are not listed.
LISTED = 4095


def compressor(params) -> Compressor:
    """Return the compressor that the parameter C names; one that compresses all clients together is refused."""
    found = get(params.C)
    if found.clients > 1:
        raise InputError(
            f"C = {params.C!r} compresses the vectors of all clients together: give one that each client can apply."
        )
    return found


def unbiased(params, method) -> Compressor:
    """Return the compressor that the parameter C names; a biased one is refused, with the method's name."""
    found = compressor(params)
    if not found.is_unbiased:
        raise InputError(f"C = {params.C!r} is biased, and {method} needs E C(x) = x: give for example 'RandK(2)'.")
    return found


def listed_messages(problem, params):
    """Return every combination of the clients' randomness with its probability, None if there are too many."""
    randomness = compressor(params).randomness(problem.d)
    if randomness is None or len(randomness) ** problem.n > LISTED:
        return None
    every = product(randomness, repeat=problem.n)
    return [(prod(q for q, _ in messages), np.array([w for _, w in messages])) for messages in every]


def drawn_messages(rng, problem, params, rounds):
    """Return the randomness of every client's message in each round, shape (rounds, n, ...)."""
    w = compressor(params).draw(rng, problem.d, rounds * problem.n)
    return w.reshape(rounds, problem.n, *w.shape[1:])


def outcomes(problem, params):
    """Return both sides of the coin, and every combination of the clients' messages when it is 1, if not too many."""
    messages = listed_messages(problem, params)
    return messages and listed(params.p, messages)


def draw(rng, problem, params, rounds):
    """Return the lengths of the rounds, geometric with mean 1/p, and the randomness of every client's message."""
    return draw_rounds(rng, params.p, drawn_messages(rng, problem, params, rounds))


def cost(problem, params, draws) -> Cost:
    """A compressed vector up and a full one down a round."""
    floats, bits = compressor(params).length(problem.d)
    iterations, rounds = int(draws["length"].sum()), len(draws)
    down = problem.d * rounds
    return Cost(iterations, floats * rounds, down, bits * rounds, 64 * down, iterations)
