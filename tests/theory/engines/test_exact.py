"""The exact engine against closed forms, brute force and sampling."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import algorithms, problems, theory
from rootkappa.tests.suited import suited
from rootkappa.theory.case import NotExact
from rootkappa.theory.engines import exact
from rootkappa.theory.engines.affine import affine_case, affine_model

pytestmark = pytest.mark.drawn(8, "rated", "name")


def held(name, problem, **changes):
    return affine_case(theory.case(name, problem, **changes))


@pytest.mark.parametrize("name", [name for name in theory.names() if theory.get(name).tight])
@given(kappa=st.floats(1.5, 1e4), basis=st.sampled_from(["common", "client"]), seed=st.integers(0, 1000))
def test_a_tight_promise_is_attained(name, kappa, basis, seed):
    case = held(name, problems.Quadratic.random(3, 2, kappa, seed, basis=basis))
    assert exact.one_step_factor(case) == pytest.approx(case.rho, abs=1e-9)


@pytest.mark.parametrize("name", ["proxskip", "scaffnew"])
@given(
    p=st.floats(0.02, 1.0),
    gamma=st.sampled_from([0.5, 1.0, 1.8, 1.98]),
    clients=st.integers(2, 4),
    dim=st.integers(2, 3),
    kappa=st.floats(1.5, 1e4),
    basis=st.sampled_from(["common", "client"]),
    seed=st.integers(0, 1000),
)
def test_the_factor_of_proxskip_is_the_promise(name, p, gamma, clients, dim, kappa, basis, seed):
    problem = problems.Quadratic.random(clients, dim, kappa, seed, basis=basis, heterogeneity=2.0)
    case = held(name, problem, p=p, gamma=gamma)
    promise = max((1 - gamma / kappa) ** 2, (1 - gamma) ** 2, 1 - p**2)
    assert exact.one_step_factor(case) == pytest.approx(promise, abs=1e-9)


@pytest.mark.parametrize(
    "name", [name for name in algorithms.names() if theory.promised_by(algorithms.get(name)).exponents]
)
@given(kappa=st.floats(1.5, 1e3), basis=st.sampled_from(["common", "client"]), seed=st.integers(0, 1000))
def test_radius_factor_and_promise_are_in_order(name, kappa, basis, seed):
    case = held(name, problems.Quadratic.random(3, 2, kappa, seed, basis=basis))
    factor = exact.one_step_factor(case)
    assert exact.spectral_radius(case) <= factor + 1e-9
    assert factor <= case.rho + 1e-9


@given(p=st.floats(0.01, 1.0))
def test_the_consensus_mode_at_lambda_L_falls_by_its_closed_form(p):
    problem = problems.Quadratic(np.ones((2, 1, 1)), [[1.0], [3.0]])
    case = held("scaffnew", problem, p=p, gamma=1.0)
    assert exact.spectral_radius(case) == pytest.approx(1 - 2 * p**2 + p**3, abs=1e-12)


@pytest.mark.parametrize("kappa", [10.0, 1e2, 1e3, 1e4])
def test_gradient_descent_and_nesterov_have_their_textbook_radii(kappa):
    problem = problems.Quadratic.random(3, 6, kappa)
    descent = held("gradient_descent", problem)
    assert math.sqrt(exact.spectral_radius(descent)) == pytest.approx(1 - 1 / kappa, abs=1e-12)
    longer = held("gradient_descent", problem, gamma=2 / (1 + 1 / kappa))
    assert math.sqrt(exact.spectral_radius(longer)) == pytest.approx((kappa - 1) / (kappa + 1), abs=1e-12)
    nesterov = held("nesterov", problem)
    # The slowest mode is a double root, which an eigenvalue solver finds to the square root of rounding.
    assert math.sqrt(exact.spectral_radius(nesterov)) == pytest.approx(1 - kappa**-0.5, abs=1e-6)


@pytest.mark.parametrize(("K", "radius"), [(1, 0.9799), (3, 0.9402), (10, 0.9), (30, 0.9667), (100, 0.99)])
def test_scaffold_2_at_a_large_step_size_is_accelerated(K, radius):
    problem = problems.Quadratic.random(2, 4, 100.0)
    # The step size is beyond SCAFFOLD's theorem. The figures are an independent study's, on another problem with the
    # same ends of the spectrum; modes between the ends fall faster.
    found = math.sqrt(exact.spectral_radius(held("scaffold_2", problem, eta=1.0, K=K)))
    assert found == pytest.approx(max((1 - 0.01) ** K, 1 - 1 / K), abs=1e-9) or found == pytest.approx(radius, abs=2e-4)


@given(seed=st.integers(0, 1000), p=st.floats(0.1, 0.9))
def test_no_state_beats_the_factor(seed, p):
    case = held("scaffnew", problems.Quadratic.random(3, 2, 30.0, seed, basis="client"), p=p)
    rng, fixed = np.random.default_rng(seed), case.fixed_point()
    H = rng.standard_normal((3, 2)) * rng.choice([0.0, 1e-3, 1.0])
    X = rng.standard_normal((3, 2))
    expected = 0.0
    for probability, outcome in case.outcomes():
        state = case.state(fixed.X + X, fixed.H + H - H.mean(axis=0))
        before = case.lyapunov(state)
        expected += probability * case.lyapunov(case.step(state, outcome))
    assert expected <= (exact.one_step_factor(case) + 1e-9) * before


def test_the_time_to_an_accuracy_is_the_first_step_below_it_by_brute_force():
    case = held("scaffnew", problems.Quadratic.random(2, 2, 5.0, basis="client"), p=0.4)
    model = affine_model(case)
    forms = [np.eye(block.maps.shape[1]) for block in model.blocks]
    steps, epsilon = 0, 1e-3
    while max(np.linalg.eigvalsh(form)[-1] for form in forms) > epsilon:
        forms = [
            sum(q * A.T @ form @ A for q, A in zip(model.probabilities, block.maps, strict=True))
            for form, block in zip(forms, model.blocks, strict=True)
        ]
        steps += 1
    times = exact.time_to_accuracy(case, epsilon)
    assert times.iterations == steps
    assert times.rounds == pytest.approx(0.4 * steps)


def test_sampled_paths_have_the_exact_expectation():
    case = held("scaffnew", problems.Quadratic.random(2, 2, 5.0, basis="client"), p=0.3)
    steps, paths = 6, 4000

    def last(coins):
        state = case.initial()
        for coin in coins:
            state = case.step(state, coin)
        return case.lyapunov(state)

    expected = {(): 1.0}
    for length in range(steps):
        expected = {(*path, coin): q * w for path, q in expected.items() for w, coin in case.outcomes()}
        assert len(expected) == 2 ** (length + 1)
    value = sum(q * last(path) for path, q in expected.items())
    rng = np.random.default_rng(0)
    sampled = [last(case.unroll(case.draw(rng, steps))[:steps]) for _ in range(paths)]
    # Five standard errors: a sound draw fails this for one seed in two million.
    assert abs(np.mean(sampled) - value) < 5 * np.std(sampled) / math.sqrt(paths)


def test_a_common_eigenbasis_and_a_dense_problem_give_the_same_numbers():
    split = problems.Quadratic.random(3, 4, 20.0, seed=1)
    whole = problems.Quadratic(split.hessians, split.kernel.b)
    case, other = (held("scaffnew", problem) for problem in (split, whole))
    # Of each coordinate the mean model, and for each further client a model beside a control variate.
    assert sorted(block.maps.shape[1] for block in affine_model(case).blocks) == 4 * [1] + 8 * [2]
    assert [block.maps.shape[1] for block in affine_model(other).blocks] == [5, 5, 5, 5]
    for function in (exact.one_step_factor, exact.time_to_accuracy):
        assert function(case) == pytest.approx(function(other))


def test_what_clients_do_apart_from_their_mean_is_not_lost():
    """Control variates of a graph have a constraint that V does not see, whose coordinate is the mean."""
    split = problems.Quadratic.random(10, 5, 100.0)
    whole = problems.Quadratic(split.hessians, split.kernel.b)
    case, other = (held("decentralized_scaffnew", problem) for problem in (split, whole))
    largest, others = (max(len(block.trial) for block in affine_model(each).blocks) for each in (case, other))
    assert largest < others
    for function in (exact.one_step_factor, exact.spectral_radius):
        assert function(case) == pytest.approx(function(other), abs=1e-12)


def test_the_dense_and_the_iterative_radius_agree(monkeypatch):
    case = held("scaffnew", problems.Quadratic.random(3, 3, 20.0, basis="client"), p=0.4)
    dense = exact.spectral_radius(case)
    monkeypatch.setattr(exact, "_LARGEST_DENSE_OPERATOR", 1)
    assert exact.spectral_radius(case) == pytest.approx(dense, abs=1e-10)


def test_a_diverging_method_takes_for_ever():
    case = held("gradient_descent", problems.Quadratic.random(2, 2, 10.0), gamma=2.1)
    assert exact.one_step_factor(case) == pytest.approx(1.1**2)
    assert exact.time_to_accuracy(case).rounds == math.inf


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (problems.Quadratic.random(2, 3, 10.0, psi=problems.functions.L1(0.1)), "is no quadratic without"),
        (problems.Quadratic.random(50, 30, 10.0, basis="client"), "has 3000 numbers, more than 2000"),
    ],
)
def test_what_is_not_exact_is_said(problem, words):
    with pytest.raises(NotExact, match=words):
        exact.one_step_factor(held("proxskip", problem))


def test_too_many_coupled_errors_are_refused_only_where_they_cost():
    case = held("scaffnew", problems.Quadratic.random(5, 6, 10.0, basis="client"))
    assert exact.one_step_factor(case) > 0
    with pytest.raises(NotExact, match="coordinates are coupled, more than 40"):
        exact.time_to_accuracy(case)


@pytest.mark.parametrize("epsilon", [0.0, 1.0, -1.0, math.nan, None, "a", 1j, 10**400])
def test_an_accuracy_lies_between_0_and_1(epsilon):
    with pytest.raises(problems.InputError, match="epsilon = "):
        exact.time_to_accuracy(held("scaffnew", problems.Quadratic.random(2, 2, 10.0)), epsilon)


def promising(name, problem, rho):
    """Return a case whose theorem promises another factor."""
    case = theory.case(name, problem)
    return dataclasses.replace(
        case, theorem=dataclasses.replace(case.theorem, contraction=lambda problem, params: rho(params))
    )


def judged(case):
    return exact.evidence(case, lambda share: None)


@given(decades=st.floats(1, 11), share=st.floats(1e-4, 0.9), better=st.booleans())
def test_a_promise_is_judged_by_its_progress_however_little_that_is(decades, share, better):
    """Gradient descent makes 1 - (1 - 1/κ)² of progress; a promise of more is refuted, of less confirmed."""
    kappa = 10.0**decades
    true = (2.0 - 1.0 / kappa) / kappa
    promised = true * (1.0 + share if better else 1.0 - share)
    if not promised < 1.0:
        promised = (1.0 + true) / 2
    verdict = judged(promising("gradient_descent", problems.Quadratic.random(4, 3, kappa), lambda params: 1 - promised))
    # A factor is known to some 1e-13. What differs less cannot be told apart, and nothing wrong is said of it.
    right, wrong = ("refuted", "confirmed") if better else ("confirmed", "refuted")
    if abs(promised - true) > 1e-12:
        assert verdict.status == right
    elif abs(promised - true) > 1e-13:
        assert verdict.status != wrong


def test_a_promise_without_legible_progress_is_undecided():
    verdict = judged(theory.case("scaffnew", problems.Quadratic.random(4, 3, 1e12)))
    assert verdict.status == "inconclusive"
    assert "as rounding may have moved it by" in verdict.sentence


@pytest.mark.parametrize("power", [-12, -4, 6, 12])
@pytest.mark.parametrize("evidence", ["invariant", "exact", "path"])
def test_units_change_no_verdict(rated, evidence, power):
    """The functions f and c f are one problem in two units."""
    if theory.promised_by(algorithms.get(rated)).noise(*_small(rated, 0)) > 0.0:
        pytest.skip("the noise has a size of its own, so that another unit is another problem")
    verdicts = [theory.verify(rated, _small(rated, one)[0], (evidence,))[0] for one in (0, power)]
    assert verdicts[0].status == verdicts[1].status
    # What is found beside a path is searched, and a search goes on from whatever rounding has made of a state.
    close = {"exact": 1e-6, "path": 1e-2}
    if evidence in close:
        assert verdicts[0].measured == pytest.approx(verdicts[1].measured, rel=close[evidence], nan_ok=True)


def _small(name, power):
    base = problems.Quadratic.random(3, 2, 20.0, seed=2, basis="client")
    problem = suited(name, problems.Quadratic(10.0**power * base.hessians, 10.0**power * base.kernel.b))
    return problem, theory.promised_by(algorithms.get(name)).parameters(problem)


def test_noise_that_moves_the_fixed_point_in_the_mean_is_a_bias():
    case = theory.case("sproxskip_additive", problems.Quadratic.random(3, 2, 10.0, seed=1))
    own = case.method.step

    def step(kernel, params, state, outcome):
        own(kernel, params, state, outcome)
        state.X[:] += 0.1

    biased = dataclasses.replace(case, method=dataclasses.replace(case.method, step=step))
    assert exact.evidence(case, lambda share: None).status == "confirmed"
    verdict = exact.evidence(biased, lambda share: None)
    assert verdict.status == "refuted"
    assert "also in the mean" in verdict.sentence
