"""What bets win is a supermartingale under a true promise, and grows under a false one."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa.theory.engines import bets
from rootkappa.theory.verdict import Bound

SHARES = st.floats(0.01, 0.99)
# A number of rounds with random lengths, of which one step in three ends a round.
LENGTH = 3.0


def path(steps, V, length=LENGTH):
    """Return the walk over some rounds with so many steps each, and V at their ends."""
    counted, values = np.append(0, np.cumsum(steps)), np.append(1.0, V)
    return bets.Walk(np.arange(len(values)), counted, values, values, length)


@given(chance=SHARES, low=SHARES, rounds=st.integers(1, 6))
def test_the_mean_capital_is_the_stake_if_the_ratio_is_1_in_the_mean(chance, low, rounds):
    ratio = {0: low, 1: (1.0 - (1.0 - chance) * low) / chance}
    mean = 0.0
    for outcomes in itertools.product((0, 1), repeat=rounds):
        probability = math.prod(chance if one else 1.0 - chance for one in outcomes)
        mean += probability * math.exp(bets.capital(np.log([ratio[one] for one in outcomes]))[-1])
    assert mean == pytest.approx(1.0)


@given(
    rho=st.floats(0.1, 0.9), noise=st.floats(0.0, 2.0), up=st.floats(0.0, 1.0), size=st.sampled_from([(1, 2), (2, 1)])
)
def test_neither_part_wins_in_the_mean_whatever_the_lengths_and_the_noise(rho, noise, up, size):
    """Rounds of one step or two, each with half the probability; V is as promised in the mean, or random around it."""
    bound, (paths, rounds) = Bound(rho, noise, 1.0), size
    outcomes = list(itertools.product((1, 2), (1.0 - up, 1.0 + up)))

    def walk(drawn):
        V, values = 1.0, []
        for steps, factor in drawn:
            for _ in range(steps):
                V = rho * V + noise
            V *= factor
            values.append(V)
        return path([steps for steps, _ in drawn], values, 1.5)

    walks = [walk(drawn) for drawn in itertools.product(outcomes, repeat=rounds)]
    together = list(itertools.product(walks, repeat=paths))
    for part in (lambda some: bets.whole(bound, some, rounds), lambda some: bets.in_turn(bound, some)):
        means = np.mean([np.exp(part(some)) for some in together], axis=0)
        assert (means <= 1.0 + 1e-9).all()


@given(rho=st.floats(0.1, 0.9), worse=st.floats(1.2, 1.5))
def test_a_path_that_is_slower_by_a_constant_factor_is_seen(rho, worse):
    steps = np.full(90, 3)
    bound, walk = Bound(rho, 0.0, 1.0), path(steps, np.exp(np.cumsum(steps * math.log(rho) + math.log(worse))))
    assert bets.in_turn(bound, [walk])[-1] > math.log(1e4)
    assert bets.whole(bound, [walk], 90)[-1] > math.log(1e4)


def test_a_path_that_swings_around_the_promise_as_a_whole_is_seen_by_bets_only():
    """Every other round is lost, and won back at once: V is never above its promise, but its ratios are."""
    bound, rounds = Bound(0.5, 0.0, 1.0), 300
    V = np.cumprod(np.where(np.arange(rounds) % 2, 0.5 * 2.4, 0.5 / 2.5))
    walk = path(np.ones(rounds, int), V, 1.0)
    assert bets.whole(bound, [walk], rounds)[1:].max() < 0.0
    assert bets.in_turn(bound, [walk])[-1] > math.log(1e4)


@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_what_is_rounding_is_neither_won_nor_lost(noise):
    walk = path([1, 1, 1, 1], [1e-3, 1e-30, 1.0, 1.0], 1.0).without(1e-10)
    assert walk.low[2] == 0.0
    logs = bets.ratios(Bound(0.5, noise, 1.0), walk)
    assert logs[2] == 0.0
    assert logs[3] == pytest.approx(math.log(1.0 / (0.5 + noise)), abs=1e-6)
