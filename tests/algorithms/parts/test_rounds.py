"""One object says what is drawn: its listing, its draws, its unrolled steps and its pace tell of the same coins."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa.algorithms.parts import components, random_graphs, rounds
from rootkappa.algorithms.parts.blocks import Copies
from rootkappa.algorithms.parts.cohorts import Orders, Sampled
from rootkappa.algorithms.parts.edges import Releases
from rootkappa.algorithms.parts.error_feedback import ServerMessage
from rootkappa.algorithms.parts.evolving_masks import RandomPlaces
from rootkappa.algorithms.parts.messages import EachClient
from rootkappa.algorithms.parts.nothing_drawn import Nothing
from rootkappa.algorithms.parts.offloading import Plans
from rootkappa.algorithms.parts.stochastic import OfServer, Stochastic
from rootkappa.algorithms.parts.tiers import OfOneTier
from rootkappa.problems import Logistic, Quadratic


class Letters(NamedTuple):
    p: float = 0.3
    q: float = 0.6
    K: int = 3
    b: int = 1
    sigma: float = 0.0
    c: int = 2
    M: int = 1
    C: str = "RandK(1)"
    R: str = "Bernoulli(0.4)"
    S: int = 2
    m: int = 1
    credits: int = 0
    I: int = 0
    bf: float = 0.65
    f: float = 1.0
    comm: float = 0.0
    speeds: str = "uniform(0.1,1)"
    w: int = 0
    k2: int = 2
    edges: int = 2
    z: float = 0.0
    graph: str = "peers"
    deg: int = 1
    regrow: str = "gradient"


SEEDS, RATES = st.integers(0, 2**32 - 1), st.floats(0.05, 1.0)
# Not all of these fit each other, or three clients.
TIERS = [{"S": 2, "m": 1}, {"S": 1, "m": 2}, {"S": 1, "m": 3}]
HEARD = [{"graph": graph, "deg": 2 if graph == "regular" else 1} for graph in random_graphs.names()]
LETTERS = st.builds(
    lambda tiers, heard, **others: Letters(**tiers, **heard, **others),
    tiers=st.sampled_from(TIERS),
    heard=st.sampled_from(HEARD),
    p=RATES,
    q=RATES,
    K=st.integers(1, 5),
    b=st.integers(1, 3),
    sigma=st.sampled_from([0.0, 1.0]),
    c=st.integers(1, 3),
    M=st.integers(0, 2),
    w=st.integers(0, 9),
    z=st.sampled_from([0.0, 1.0]),
    regrow=st.sampled_from(["gradient", "random"]),
    C=st.sampled_from(["RandK(1)", "TopK(1)", "QSGD(1)", "Natural()", "Identity()", "Bernoulli(0.3)"]),
    R=st.sampled_from(["Bernoulli(0.4)", "Bernoulli(1.0)", "RandK(1)", "Identity()"]),
)
_DRAWN = Quadratic.random(clients=3, dim=2, kappa=10.0)
EVEN = Quadratic(_DRAWN.hessians, _DRAWN.kernel.b, server=(np.eye(2), np.ones(2)))
# Clients with 2, 2 and 1 components.
UNEVEN = Logistic(
    np.random.default_rng(0).standard_normal((5, 2)), [1, -1, 1, -1, 1], clients=3, l2=0.1, server=[0, 3, 4]
)
PARTS = [
    Orders("c"),
    Orders(),
    Sampled("c"),
    Copies(),
    Plans(),
    OfOneTier(),
    Releases("z"),
    random_graphs.Hearing(),
    RandomPlaces("regrow"),
    EachClient("C"),
    EachClient("C", in_every_step=True),
    components.Components(),
    components.Flip("q", "refresh"),
    components.Flips(lambda problem, params: np.linspace(params.q, 1.0, problem.n), "eta"),
    components.Flips(lambda problem, params: np.full(problem.n, params.q), "eta", in_every_step=False),
    components.SignedCoordinates(),
    Stochastic("b"),
    Stochastic("b", "sigma"),
    Stochastic(),
    OfServer("b", "K"),
    ServerMessage("C"),
    rounds.Shared("R"),
]
ENDS = [rounds.Coin("p"), rounds.EveryStep(), rounds.Calls("R"), Nothing(), Nothing("K"), rounds.Phases("K")]


def kinds(base) -> Iterator[type]:
    for kind in base.__subclasses__():
        if kind.__module__.startswith("rootkappa.algorithms.parts."):
            yield kind
            yield from kinds(kind)


def test_every_part_and_every_end_of_a_round_is_tested():
    assert set(map(type, PARTS)) == set(kinds(rounds.Part))
    assert set(map(type, ENDS)) == set(kinds(rounds.Randomness))


@st.composite
def randomness(draw):
    """Return an end of rounds and up to two parts with other names, one of each kind at most."""
    whole = draw(st.sampled_from(ENDS))
    if isinstance(whole, Nothing):
        return whole
    for part in draw(st.lists(st.sampled_from(PARTS), max_size=2)):
        if part.name not in {other.name for other in whole.parts}:
            whole = whole & part
    return whole


@pytest.mark.parametrize("problem", [EVEN, UNEVEN], ids=["even", "uneven"])
@pytest.mark.parametrize("part", PARTS, ids=lambda part: f"{type(part).__name__} {part.name}")
@given(letters=LETTERS, seed=SEEDS)
def test_a_part_draws_what_it_lists(part, problem, letters, seed, follow):
    listing = part.listed(problem, letters)
    drawn = part.draw(np.random.default_rng(seed), problem, letters, 2000)
    assert len(drawn) == 2000
    if listing is not None:
        assert math.fsum(q for q, _ in listing) == pytest.approx(1.0, abs=1e-12)
        assert {np.shape(value) for _, value in listing} == {drawn.shape[1:]}
        assert follow(drawn, listing)


def test_draws_that_do_not_follow_their_listing_are_found(follow):
    """The test above has teeth."""
    drawn = components.Flip("q", "refresh").draw(np.random.default_rng(0), EVEN, Letters(q=0.5), 2000)
    assert follow(drawn, [(0.5, 0), (0.5, 1)])
    assert not follow(drawn, [(0.35, 0), (0.65, 1)])
    assert not follow(drawn, [(1.0, 0)])


@given(whole=randomness(), letters=LETTERS, seed=SEEDS)
def test_steps_are_drawn_as_listed(whole, letters, seed, follow):
    listing = whole.outcomes(EVEN, letters)
    if listing is None:
        return  # that too many are not listed is tested below
    assert min(q for q, _ in listing) >= 0.0
    assert math.fsum(q for q, _ in listing) == pytest.approx(1.0, abs=1e-12)
    assert follow(whole.unroll(whole.draw(np.random.default_rng(seed), EVEN, letters, 400)), listing)


@given(whole=randomness(), letters=LETTERS, seed=SEEDS, count=st.integers(1, 30))
def test_there_are_as_many_coins_as_rounds_and_the_last_step_ends_one(whole, letters, seed, count):
    draws = whole.draw(np.random.default_rng(seed), EVEN, letters, count)
    steps = whole.unroll(draws)
    coins = steps["coin"] if whole.parts else steps
    assert len(draws) == coins.sum() == count
    assert coins[-1] == 1
    assert draws.lengths.min() >= 1
    assert draws.iterations == draws.lengths.sum()
    if not isinstance(whole, rounds.Phases):
        np.testing.assert_array_equal(np.diff(np.flatnonzero(coins), prepend=-1), draws.lengths)


@given(whole=randomness(), letters=LETTERS, seed=SEEDS)
def test_what_belongs_to_a_communication_is_0_before_it(whole, letters, seed):
    draws = whole.draw(np.random.default_rng(seed), EVEN, letters, 10)
    steps = whole.unroll(draws)
    for part in whole.parts:
        if part.in_every_step:
            drawn = draws.steps[part.name]
            assert isinstance(whole, rounds.Phases) or steps[part.name].shape == drawn.shape
            np.testing.assert_array_equal(steps[part.name].reshape(drawn.shape), drawn)
        else:
            assert not steps[part.name][steps["coin"] == 0].any()
            np.testing.assert_array_equal(steps[part.name][steps["coin"] == 1], draws.ends[part.name])


@given(whole=randomness(), letters=LETTERS, seed=SEEDS, cuts=st.tuples(st.integers(0, 12), st.integers(0, 12)))
def test_a_slice_of_rounds_has_the_steps_of_these_rounds(whole, letters, seed, cuts):
    first, last = sorted(cuts)
    draws = whole.draw(np.random.default_rng(seed), EVEN, letters, 12)
    pieces = [draws[:first], draws[first:last], draws[last:]]
    assert list(map(len, pieces)) == [first, last - first, 12 - last]
    # Of no rounds at all nobody knows how long they are, which the outcomes of whole rounds show.
    filled = [whole.unroll(piece) for piece in pieces if len(piece)]
    np.testing.assert_array_equal(np.concatenate(filled), whole.unroll(draws))
    assert sum(piece.iterations for piece in pieces) == draws.iterations


@given(whole=randomness(), letters=LETTERS, seed=SEEDS)
def test_the_pace_is_that_of_the_draws(whole, letters, seed):
    draws = whole.draw(np.random.default_rng(seed), EVEN, letters, 3000)
    pace, steps = whole.pace(letters), len(whole.unroll(draws))
    # A geometric length has a standard deviation below its mean: 7 of them err once in 10^11 runs.
    assert steps * pace.rounds == pytest.approx(3000, rel=7 / np.sqrt(3000))
    assert draws.iterations == steps * pace.iterations


def test_a_part_more_is_another_randomness():
    coin = rounds.Coin("p")
    both = coin & components.Flip("q", "refresh")
    assert coin.parts == ()
    assert [part.name for part in (both & components.Components()).parts] == ["refresh", "j"]
    assert len(both.parts) == 1


def test_one_outcome_more_than_4096_is_not_listed():
    flips = components.Flips(lambda problem, params: np.full(problem.n, params.q), "eta")
    few, many = (Quadratic.random(clients=clients, dim=2) for clients in (12, 13))
    assert len((rounds.EveryStep() & flips).outcomes(few, Letters())) == rounds.LISTED
    assert (rounds.Coin("p") & flips).outcomes(few, Letters()) is None
    assert flips.listed(many, Letters()) is None
    assert (rounds.EveryStep() & flips).outcomes(many, Letters()) is None
