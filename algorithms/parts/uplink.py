"""What methods share whose every step is a round: each client sends one compressed vector, the server its model."""

from .cost import Cost
from .messages import compressor, drawn_messages, listed_messages


def outcomes(problem, params):
    """Return every combination of the clients' messages, None if there are too many."""
    return listed_messages(problem, params)


def draw(rng, problem, params, rounds):
    """Return the randomness of every client's message in each round."""
    return drawn_messages(rng, problem, params, rounds)


def cost(problem, params, draws) -> Cost:
    """A compressed vector up and a full one down a round."""
    rounds, (floats, bits) = len(draws), compressor(params).length(problem.d)
    return Cost(rounds, floats * rounds, problem.d * rounds, bits * rounds, 64 * problem.d * rounds, rounds)
