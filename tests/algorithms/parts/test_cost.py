"""What is sent adds up over rounds, and is what the letters say."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa.algorithms import compressors
from rootkappa.algorithms.parts.cohorts import Shares
from rootkappa.algorithms.parts.cost import NOTHING, Cost, Dense, Sends, Vectors, numbers
from rootkappa.algorithms.parts.graphs import NEIGHBOURS
from rootkappa.algorithms.parts.messages import Compressed, Known
from rootkappa.algorithms.parts.pruning import DOWN, UP
from rootkappa.problems import Quadratic

PROBLEM = Quadratic.random(clients=4, dim=5, kappa=10.0)
LETTERS = SimpleNamespace(C="RandK(2)", D="QSGD(4)", s=2, c=3, k=2, graph="star", weights="metropolis")
KINDS = {
    "dense": Dense(up=2, down=1),
    "of another size": Sends(Vectors(3, size=lambda problem: problem.n), Vectors(0)),
    "compressed": Compressed(up="C", down="D", count=2),
    "compressed one way": Compressed(down="C"),
    "known": Known("C"),
    "shares": Shares("s", "c"),
    "shares of all": Shares("s"),
    "neighbours": NEIGHBOURS,
    "pruned up": UP,
    "pruned down": DOWN,
}
COUNTS = st.integers(0, 10**9)
COSTS = st.builds(Cost, *(6 * [COUNTS]))


@given(a=COSTS, b=COSTS, c=COSTS)
def test_costs_add_up_in_any_order(a, b, c):
    assert a.plus(b) == b.plus(a)
    assert a.plus(b).plus(c) == a.plus(b.plus(c))
    assert a.plus(NOTHING) == a


@pytest.mark.parametrize("kind", KINDS)
@given(one=st.tuples(COUNTS, COUNTS, COUNTS), other=st.tuples(COUNTS, COUNTS, COUNTS))
def test_the_cost_of_rounds_is_the_sum_of_that_of_each(kind, one, other):
    sends = KINDS[kind]
    first, second = (sends.cost(PROBLEM, LETTERS, *counts) for counts in (one, other))
    whole = sends.cost(PROBLEM, LETTERS, *(a + b for a, b in zip(one, other, strict=True)))
    assert first.plus(second) == whole
    assert (whole.iterations, whole.gradients) == (one[1] + other[1], one[2] + other[2])
    assert all(isinstance(number, int) for number in whole)


@pytest.mark.parametrize(
    ("kind", "floats", "bits"),
    [
        ("dense", (10, 5), (640, 320)),
        ("of another size", (12, 0), (768, 0)),
        # Two numbers, and a bit for each of five places; how QSGD writes its levels is tested there.
        ("compressed", (4, 10), (2 * (2 * 64 + 5), None)),
        ("compressed one way", (5, 2), (320, 2 * 64 + 5)),
        ("known", (2, 2), (128, 128)),
        ("shares", (4, 5), (256, 320)),
        ("shares of all", (3, 5), (192, 320)),
        ("neighbours", (15, 15), (960, 960)),
        ("pruned up", (2, 5), (2 * 64 + 5, 320)),
        ("pruned down", (5, 2), (320, 2 * 64 + 5)),
    ],
)
def test_a_round_sends_what_the_letters_say(kind, floats, bits):
    cost = KINDS[kind].cost(PROBLEM, LETTERS, 1, 1, 1)
    assert (cost.floats_up, cost.floats_down) == floats
    assert cost.bits_up == bits[0]
    assert bits[1] is None or cost.bits_down == bits[1]


@pytest.mark.parametrize("name", [repr(one) for one in compressors.examples(5).values() if one.clients == 1])
def test_a_message_is_as_long_as_its_compressor_says(name):
    cost = Compressed(up="C", count=3).cost(PROBLEM, SimpleNamespace(C=name), 7, 7, 7)
    assert (cost.floats_up, cost.bits_up) == tuple(3 * 7 * length for length in compressors.get(name).length(5))


def test_a_number_has_64_bits():
    assert numbers(3) == (3, 192)
