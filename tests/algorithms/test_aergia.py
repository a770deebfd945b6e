"""Aergia: what it is at the ends of its letters, that no plan is missed, and how long a round takes; TiFL's tiers."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from rootkappa import algorithms, problems, theory
from rootkappa.algorithms import Clock
from rootkappa.algorithms.parts import offloading, speeds, tiers
from rootkappa.problems import InputError
from rootkappa.problems.losses import loss
from rootkappa.tests.suited import softmax, with_server

pytestmark = pytest.mark.drawn(4)

SEEDS = st.integers(0, 2**32 - 1)
PROBLEM, CLASSES = problems.Quadratic.random(clients=7, dim=5, kappa=20.0, seed=2, basis="client"), softmax(7)
EQUAL = {"speeds": "1"}
UNEQUAL = {"speeds": "slowness(0.1,1)"}
INSTANT = {"latency": 0.0, "up": 1e18, "down": 1e18}


def walked(name, problem, seed, draws=None, rounds=5, **letters):
    """Return the model after some rounds from a random start, and what was drawn."""
    case = theory.case(name, problem, **letters)
    rng = np.random.default_rng(seed)
    state = case.initial()._replace(x=rng.standard_normal(problem.d))
    draws = case.draw(rng, rounds) if draws is None else draws
    case.method.advance(problem.kernel, case.params, state, draws)
    return state.x, draws


@pytest.mark.parametrize("problem", [PROBLEM, CLASSES], ids=["quadratic", "softmax"])
@given(seed=SEEDS, K=st.integers(1, 8), S=st.integers(1, 7))
def test_with_equal_speeds_it_is_fedavg_to_the_bit(problem, seed, K, S):
    """TiFL with one tier, and what FedCLG corrects where a server has no steps, are FedAvg of cohorts."""
    eta = 0.5 / problem.L
    x, draws = walked("aergia", problem, seed, eta=eta, K=K, S=S, **EQUAL)
    assert (draws.ends["plan"][..., 2] == 0).all()
    same = algorithms.parts.rounds.Draws(draws.lengths, {"omega": draws.ends["plan"][..., 0].copy()}, {})
    tifl, _ = walked("tifl", problem, seed, same, eta=eta, K=K, S=S, m=1)
    own = {"eta": eta, "K": K, "M": S, "gamma": 1.0, "E": 0, "b": 100, "b_s": 100}
    drawn = theory.case("clg_sgd", with_server(problem), **own).draw(np.random.default_rng(seed), len(draws))
    drawn.ends["omega"][:] = same.ends["omega"]
    served, _ = walked("clg_sgd", with_server(problem), seed, drawn, **own)
    assert x.tobytes() == tifl.tobytes() == served.tobytes()


@given(seed=SEEDS, K=st.integers(1, 8))
def test_without_a_backward_pass_to_save_nobody_is_helped(seed, K):
    letters = {"eta": 0.5 / PROBLEM.L, "K": K, "S": 6}
    x, draws = walked("aergia", PROBLEM, seed, bf=0.0, **letters, **UNEQUAL)
    assert (draws.ends["plan"][..., 2] == 0).all()
    # Of FedAvg with the same cohorts.
    assert x.tobytes() == walked("aergia", PROBLEM, seed, **letters, **EQUAL)[0].tobytes()


@given(seed=SEEDS, K=st.integers(1, 8))
def test_of_all_clients_with_equal_speeds_it_is_the_shipped_fedavg(seed, K, relative_difference):
    eta = 0.5 / PROBLEM.L
    x, _ = walked("aergia", PROBLEM, seed, eta=eta, K=K, S=7, **EQUAL)
    assert relative_difference(x, walked("fedavg", PROBLEM, seed, gamma=eta, K=K)[0]) < 1e-12


@given(seed=SEEDS, K=st.integers(1, 8))
def test_where_all_is_features_helpers_train_the_whole_model(seed, K):
    letters = {"eta": 0.5 / PROBLEM.L, "K": K, "S": 6, **UNEQUAL}
    both = [walked("aergia", PROBLEM, seed, phi=1.0, trains=what, **letters)[0] for what in ("features", "model")]
    np.testing.assert_allclose(*both, rtol=0, atol=1e-12 * np.abs(both[0]).max())
    part = [walked("aergia", PROBLEM, seed, phi=0.4, trains=what, **letters) for what in ("features", "model")]
    is_helped = (part[0][1].ends["plan"][..., 2] > 1).any()
    assert (part[0][0] != part[1][0]).any() == is_helped


def exhaustive(times, apart, K, bf, f, comm):
    """Return the least score of all plans that the rules allow, and the makespans that have it, in loops."""
    slow = [i for i, t in enumerate(times) if t > np.mean(times)]
    fast = [i for i in range(len(times)) if i not in slow]
    if not slow:
        return 0.0, {0.0}
    count = min(len(slow), len(fast))
    scores = {}
    for chosen in itertools.permutations(slow, count):
        for helpers in itertools.combinations(fast, count):
            ends = {i: K * times[i] for i in slow}
            similar = 0.0
            for a, b in zip(chosen, helpers, strict=True):
                joint = [max((K - bf * d) * times[a], (K + d) * times[b] + comm) for d in range(1, K + 1)]
                ends[a] = min(ends[a], *joint)
                similar += max(apart[a, b], 0.01)
            scores.setdefault(max(ends.values()) * max(f * similar, 0.01), set()).add(max(ends.values()))
    least = min(scores)
    return least, set().union(*(spans for score, spans in scores.items() if score <= least * (1 + 1e-12)))


@given(
    seed=SEEDS, S=st.integers(1, 6), K=st.integers(1, 6), bf=st.sampled_from([0.0, 0.3, 0.65, 0.95]),
    f=st.sampled_from([0.0, 1.0, 5.0]), comm=st.sampled_from([0.0, 0.5, 100.0]),
)  # fmt: skip
def test_no_plan_is_better(seed, S, K, bf, f, comm):
    rng = np.random.default_rng(seed)
    times, apart = rng.uniform(0.1, 1.0, S), rng.uniform(0.0, 2.0, (S, S))
    plan = offloading.planned(times, apart, K, bf, f, comm)
    _, spans = exhaustive(times, apart, K, bf, f, comm)
    ends = [K * t for t in times]
    for a, (b, d) in enumerate(zip(*plan, strict=True)):
        assert (d > 0) == (b >= 0)
        if d:
            ends[a] = max((K - bf * d) * times[a], (K + d) * times[b] + comm)
            # Nobody is later than alone.
            assert ends[a] < K * times[a]
            assert times[a] > times.mean() >= times[b]
    own = max((ends[a] for a in range(S) if times[a] > times.mean()), default=0.0)
    assert any(own == pytest.approx(span, rel=1e-12) for span in spans)
    helpers = [b for b in plan.helpers if b >= 0]
    assert len(set(helpers)) == len(helpers)
    if comm == 100.0 or bf == 0.0:
        assert not plan.steps.any()


@given(seed=SEEDS, bf=st.floats(0.05, 0.95), K=st.integers(1, 20), S=st.integers(2, 7), f=st.floats(0.0, 5.0))
def test_a_round_takes_between_what_a_slow_client_saves_and_fedavgs(seed, bf, K, S, f):
    """So it is proved: nobody gets a helper with whom it would be later, and a slow client saves bf at most."""
    letters = {"K": K, "S": S, "bf": bf, "f": f, "w": seed % 2**31, **UNEQUAL}
    case = theory.case("aergia", PROBLEM, **letters)
    draws = case.draw(np.random.default_rng(seed), 20)
    clock = Clock(compute=1.0, speeds=UNEQUAL["speeds"], seed=letters["w"], **INSTANT)
    own = case.method.seconds(PROBLEM, case.params, draws, clock)
    plain = clock.seconds(7, draws.lengths, [0], [0], cohorts=draws.ends["plan"][..., 0])
    assert (own <= plain * (1 + 1e-9)).all()
    assert (own >= (1.0 - bf) * plain * (1 - 1e-9)).all()


def test_a_helper_waits_for_the_model_and_what_is_sent_takes_its_time():
    params = theory.case("aergia", PROBLEM, K=10, S=2, bf=0.5, phi=0.6, speeds="1,0.1,1,1,1,1,1").params
    plans = np.array([[[0, -1, 0], [1, 0, 4]]])
    draws = algorithms.parts.rounds.Draws(np.array([10]), {"plan": plans}, {})
    clock = Clock(compute=1.0, latency=0.5, up=64.0, down=640.0, speeds="1,0.1,1,1,1,1,1")
    (found,) = offloading.seconds(PROBLEM, params, draws, clock)
    # Client 1 hands on 5 numbers after 6 steps of 10 s; the helper takes 4 s, and sends 5 + 3 numbers.
    arrives = 60.0 + 0.5 + 5.0 + 0.5
    slow, helper = 80.0 + 0.5 + 2.0 + 0.5, arrives + 4.0 + 0.5 + 8.0 + 0.5
    assert found == pytest.approx(max(slow, helper), rel=1e-12)
    clock = Clock(compute=1.0, latency=0.5, up=1.0, down=640.0, speeds="1,0.1,1,1,1,1,1")
    (found,) = offloading.seconds(PROBLEM, params, draws, clock)
    assert found == pytest.approx(60.0 + 0.5 + 320.0 + 0.5 + 4.0 + 0.5 + 512.0 + 0.5, rel=1e-12)


def test_without_helpers_a_round_takes_what_its_cost_says():
    case, clock = theory.case("aergia", PROBLEM, S=3, **EQUAL), Clock(speeds="uniform(0.2,1)")
    draws = case.draw(np.random.default_rng(0), 50)
    usual = clock.seconds(7, draws.lengths, [64 * 5], [64 * 5], cohorts=draws.ends["plan"][..., 0])
    np.testing.assert_allclose(case.method.seconds(PROBLEM, case.params, draws, clock), usual, rtol=1e-12)


def test_what_a_helper_receives_and_sends_is_counted():
    case = theory.case("aergia", PROBLEM, S=7, K=10, phi=0.6, **UNEQUAL)
    draws = case.draw(np.random.default_rng(0), 4)
    steps = draws.ends["plan"][..., 2]
    assert (steps > 0).any()
    cost = case.cost(draws)
    # A model of 5 and a block of 3 up; two models down, and places and steps in 3 + 4 bits each of the two is told.
    assert (cost.floats_up, cost.floats_down) == (4 * 8, 4 * 10)
    assert (cost.bits_up, cost.bits_down) == (64 * 32, 64 * 40 + 4 * 2 * 7)
    assert cost.gradients == 40 + np.rint(steps.mean(axis=1)).sum()


@given(seed=SEEDS)
def test_distances_are_wassersteins(seed):
    from scipy.stats import wasserstein_distance

    rng = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(4), rng.integers(4, size=36)])
    problem = problems.Softmax(rng.standard_normal((40, 3)), labels, clients=5, kappa=10.0)
    owned = np.split(problem.kernel.y, problem.kernel.start[1:-1])
    for a, b in itertools.product(range(5), repeat=2):
        assert offloading.distances(problem)[a, b] == pytest.approx(wasserstein_distance(owned[a], owned[b]), abs=1e-12)


def test_the_feature_block_is_the_first_features_of_every_class():
    assert offloading.block_size(CLASSES, 0.5) == 3
    assert offloading.block_size(PROBLEM, 0.5) == 3
    assert offloading.block_size(PROBLEM, 0.0) == 0
    logistic = problems.Logistic.load(clients=3, kappa=10.0)
    assert offloading.block_size(logistic, 1.0) == logistic.d


def test_cohorts_that_do_not_fit_get_one_sentence():
    for letters, told in (
        ({"S": 8}, "S = 8 clients in a cohort do not fit n = 7 clients: give 1 <= S <= n"),
        ({"speeds": "1,2"}, "speeds = 1,2 are 2, but there are n = 7 clients"),
        ({"speeds": "fast"}, "speeds = 'fast' are no speeds above 0"),
        ({"bf": 1.0}, r"bf = 1.0 is out of range: give a part in \[0, 1\)"),
    ):
        with pytest.raises(InputError, match=told):
            theory.case("aergia", PROBLEM, **letters).run(2)
    with pytest.raises(InputError, match="too many assignments to try them all: give S <= 13"):
        theory.case("aergia", problems.Quadratic.random(30, 2, 3.0), S=14).initial()
    assert theory.case("aergia", problems.Quadratic.random(30, 2, 3.0), S=13).initial().x.shape == (2,)
    with pytest.raises(InputError, match="S = 3 clients of one of m = 3 tiers do not fit n = 7 clients: give S <= 2"):
        theory.case("tifl", PROBLEM, S=3, m=3).initial()


def test_cohorts_are_of_one_tier_and_every_tier_is_as_likely():
    case = theory.case("tifl", PROBLEM, S=2, m=3, **UNEQUAL)
    own = tiers.tiers(PROBLEM, case.params)
    v = speeds.of_clients(UNEQUAL["speeds"], 7)
    assert [len(tier) for tier in own] == [3, 2, 2]
    assert all(v[slower].max() <= v[faster].min() for faster, slower in itertools.pairwise(own))
    draws = case.draw(np.random.default_rng(0), 3000).ends["omega"]
    which = np.array([[set(cohort) <= set(tier) for tier in own] for cohort in draws])
    assert (which.sum(axis=1) == 1).all()
    # By Hoeffding's inequality, wrong once in 10^9 times.
    assert np.abs(which.mean(axis=0) - 1 / 3).max() < np.sqrt(np.log(6e9) / 6000)
    assert sum(q for q, _ in case.outcomes()) == pytest.approx(1.0)


def test_a_tier_is_waited_for_and_no_slower_one():
    case, clock = theory.case("tifl", PROBLEM, S=2, m=3, **UNEQUAL), Clock(compute=1.0, **INSTANT, **UNEQUAL)
    draws = case.draw(np.random.default_rng(0), 40)
    found = case.method.seconds(PROBLEM, case.params, draws, clock)
    expected = 10 / clock.speeds_of(7)[draws.ends["omega"]].min(axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_with_credits_every_tier_has_its_turns():
    case = theory.case("tifl", PROBLEM, S=1, m=3, credits=2, **UNEQUAL)
    state, taken = case.initial(), []
    for draws in (case.draw(np.random.default_rng(seed), 1) for seed in range(18)):
        case.method.advance(PROBLEM.kernel, case.params, state, draws)
        (cohort,) = case.method.decided(case.params, state, draws).ends["omega"]
        assert set(cohort) <= set(tiers.tiers(PROBLEM, case.params)[int(state.tier[-1])])
        taken.append(int(state.tier[-1]))
    assert all(sorted(taken[first : first + 6]) == [0, 0, 1, 1, 2, 2] for first in (0, 6, 12))
    assert taken[:6] != taken[6:12]


@given(seed=SEEDS, m=st.integers(1, 6))
def test_a_tier_is_drawn_by_its_share_of_the_chances_of_those_with_credits(seed, m):
    rng = np.random.default_rng(seed)
    chances, left = rng.integers(1, 9, m).astype(float), rng.integers(0, 3, m).astype(float)
    drawn = [tiers.take.py_func(word, 2, chances, left.copy()) for word in rng.integers(2**63, size=2000)]
    share = chances * (left > 0.0 if left.any() else 1.0)
    # By Hoeffding's inequality, each wrong once in 10^9 times.
    slack = np.sqrt(np.log(2e9) / 4000)
    assert np.abs(np.bincount(drawn, minlength=m) / 2000 - share / share.sum()).max() < slack
    assert set(drawn) <= set(np.flatnonzero(share))


def test_chances_follow_losses_unless_the_last_tier_got_better():
    case = theory.case("tifl", PROBLEM, S=1, m=3, I=2, **UNEQUAL)
    state, own = case.initial(), tiers.tiers(PROBLEM, case.params)
    for r, draws in enumerate(case.draw(np.random.default_rng(4), 24)[r : r + 1] for r in range(24)):
        before = [field.copy() for field in state]
        told = [np.mean([PROBLEM.of_client(i).value(state.x) for i in tier]) for tier in own]
        last = int(state.tier[-1])
        case.method.advance(PROBLEM.kernel, case.params, state, draws)
        if r % 2 == 0:
            np.testing.assert_allclose(state.losses, told, rtol=1e-9, atol=1e-12)
        if r % 2 == 0 and r and told[last] >= before[4][last]:
            assert list(np.argsort(state.chances)) == list(np.argsort(told))
        else:
            assert state.chances.tolist() == before[3].tolist()
    assert sorted(state.chances) == [1.0, 2.0, 3.0]


def test_whom_a_state_has_chosen_is_waited_for():
    clock = Clock(compute=1.0, **INSTANT, **UNEQUAL)
    case = theory.case("tifl", PROBLEM, S=2, m=3, I=1, credits=9, **UNEQUAL)
    trace = case.run(30, record=np.arange(31), clock=clock, observe={"tier": lambda state: state.tier[-1]})
    slowest = 10 / np.array([clock.speeds_of(7)[tier].min() for tier in tiers.tiers(PROBLEM, case.params)])
    longest, found = slowest[trace.column("tier")[1:].astype(int)], np.diff(trace.column("seconds"))
    assert (found <= longest * (1 + 1e-9)).all()
    # Two of two are always the slowest of their tier.
    pairs = trace.column("tier")[1:] > 0
    np.testing.assert_allclose(found[pairs], longest[pairs], rtol=1e-9)
    later = algorithms.driver.run.seconds(case.method, PROBLEM, case.params, [7, 30], case.seed, clock)
    assert later.tolist() == trace.column("seconds")[[7, 30]].tolist()


def test_losses_are_the_problems():
    """Of sparse and of dense samples and of quadratics, but for a constant of each client."""
    rng = np.random.default_rng(0)
    features, labels = rng.standard_normal((30, 4)) * (rng.random((30, 4)) < 0.6), np.arange(30) % 3
    several = [PROBLEM]
    for rows in (features, csr_array(features)):
        several += [
            problems.Logistic(rows, np.where(labels > 0, 1, -1), clients=4, kappa=10.0),
            problems.Softmax(rows, labels, clients=4, kappa=10.0),
        ]
    for problem in several:
        x = 3.0 * rng.standard_normal(problem.d)
        for i in range(problem.n):
            one = problem.of_client(i)
            told = loss(problem.kernel, i, x) - loss(problem.kernel, i, 0 * x)
            assert told == pytest.approx(one.value(x) - one.value(0 * x), rel=1e-12)
