import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from rootkappa import problems, theory
from rootkappa.problems import InputError
from rootkappa.tests.suited import suited
from rootkappa.theory.engines import path, states

pytestmark = pytest.mark.drawn(8, "rated")

SMALL = problems.Quadratic.random(clients=3, dim=4, kappa=30.0, seed=1, basis="client")


@pytest.fixture(scope="module", autouse=True)
def short_search():
    """Search a few states only: what a search finds is tested beside it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(states, "_MOST", 64)
        yield


def case(name="scaffnew", problem=SMALL, rho=None, seed=0, **changes):
    held = theory.case(name, suited(name, problem), seed=seed, **changes)
    if rho is None:
        return held
    return dataclasses.replace(held, theorem=dataclasses.replace(held.theorem, contraction=lambda problem, params: rho))


def judge(a_case):
    return path.evidence(a_case, lambda share: None)


def test_true_promises_stand(rated, problem):
    assert judge(case(rated, problem)).status == "consistent"


def test_a_promise_that_is_too_good_is_refuted():
    verdict = judge(case(rho=0.5))
    assert verdict.status == "refuted"
    assert verdict.measured > 1e4
    assert "times what is promised; bets against the promise win" in verdict.sentence
    assert "against a true one more than 10000 times with probability 0.0001 at most" in verdict.sentence


def test_a_method_without_randomness_must_not_exceed_its_promise_at_all():
    verdict = judge(case("gradient_descent", rho=0.5))
    assert verdict.status == "refuted"
    assert verdict.promised == 1.0


def test_right_paths_are_refuted_as_rarely_as_the_level_says():
    """From every state V becomes on average just what is promised, so that nothing is nearer to a false alarm.

    With one curvature E V+ is (1 - γ)² |X - x*|² + (1 - p²) (γ/p)² |H - h*|², and here both factors are equal.
    """
    p, runs, level, alarms = 0.6, 200, 0.05, 0
    alike = problems.Quadratic(np.tile(np.eye(2), (3, 1, 1)), np.random.default_rng(1).standard_normal((3, 2)))
    for seed in range(runs):
        held = dataclasses.replace(case(problem=alike, seed=seed, p=p, gamma=1.0 - np.sqrt(1.0 - p**2)), alpha=level)
        rounds = 20
        seen = path.Walked(path._run([held] * 2, rounds, lambda share: None), rounds, None, None, True)
        alarms += path._evidence(held, seen, seen.walks(held), held.rho).log > -np.log(level)
    # A right one errs so for one seed in a million.
    assert alarms <= binom.isf(1e-6, runs, level)


def strengthened(held, by):
    """Return the case with a promise whose 1 - rho is so many times as large."""
    return case(held.method.name, held.problem, 1.0 - by * (1.0 - held.rho), held.seed, **held.changes)


SEEN = {
    "paths": ("scaffnew", {"p": 0.3}, False),
    "paths and a searched state": ("scaffnew", {"p": 0.3}, True),
    "one path": ("gradient_descent", {"gamma": 0.7}, False),
    "one path and a searched state": ("gradient_descent", {"gamma": 0.7}, True),
}


@pytest.fixture(scope="module")
def walked():
    """Return for each kind of what was seen the case, and what was measured."""
    found = {}
    for kind, (name, changes, searched) in SEEN.items():
        held = case(name, **changes)
        seen = path.walk(held, lambda share: None)
        found[kind] = held, seen if searched else dataclasses.replace(seen, worst=None)
    return found


@pytest.mark.parametrize("kind", SEEN)
@given(more=st.floats(1.001, 10.0))
def test_a_promise_that_is_stronger_by_more_than_the_sensitivity_is_refuted_and_by_less_is_not(kind, more, walked):
    held, seen = walked[kind]
    sensitivity = path.judged(held, seen).sensitivity
    assert 0.0 < sensitivity < np.inf
    most = (1.0 - 1e-9) / (1.0 - held.rho)
    assert path.judged(strengthened(held, min(1.0 + more * sensitivity, most)), seen).status == "refuted"
    assert path.judged(strengthened(held, 1.0 + sensitivity / more), seen).status == "consistent"


def test_the_sentence_tells_the_sensitivity(walked):
    held, seen = walked["paths"]
    verdict = path.judged(held, seen)
    assert f"a rate {1.0 + verdict.sensitivity:.3g} times as strong would have been refuted" in verdict.sentence
    refuted = path.judged(strengthened(held, 1.0 + 1.1 * verdict.sensitivity), seen)
    assert refuted.sensitivity == 0.0


def test_a_smaller_level_needs_more_evidence(walked):
    held, seen = walked["paths"]
    level = 1e-9
    stricter = dataclasses.replace(held, alpha=level)
    verdict = path.judged(stricter, seen)
    assert verdict.sensitivity > path.judged(held, seen).sensitivity
    assert verdict.alpha == level


def test_the_arrival_is_told():
    assert "the error fell to" in judge(case()).sentence
    verdict = judge(case("fedavg"))
    bias = np.linalg.norm(case("fedavg").target.x - SMALL.solution().x) / np.linalg.norm(SMALL.solution().x)
    assert f"a point of the method's own, {bias:.2g} |x*| away from the solution x*" in verdict.sentence


def test_the_verdict_can_be_run_again_to_the_bit():
    first, second = judge(case(seed=5)), judge(case(seed=5))
    assert first.record() == second.record()
    assert judge(case(seed=6)).measured != first.measured


def test_rounding_at_the_end_of_a_run_refutes_nothing():
    problem = problems.Quadratic.random(clients=3, dim=4, kappa=1e5, seed=1, basis="client")
    assert judge(case("nesterov", problem)).status == "consistent"
    assert judge(case("scaffnew", problem)).status == "consistent"


STARTS = {
    "no linear term": problems.Quadratic(SMALL.hessians, np.zeros((3, 4))),
    "one too small to be squared": problems.Quadratic(SMALL.hessians, np.full((3, 4), 1e-200)),
    "labels in balance": problems.Logistic(np.ones((16, 3)), [1, -1] * 8, clients=4, kappa=100.0),
}


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("name", ["scaffnew", "gradient_descent", "nesterov"])
def test_a_method_that_starts_at_its_solution_has_no_path(name, start):
    verdicts = theory.verify(name, STARTS[start], ("invariant", "path"))
    for verdict in verdicts:
        assert verdict.status == "not applicable"
        assert "starts at its solution" in verdict.sentence


@given(gamma=st.floats(0.05, 1.5), p=st.floats(0.2, 1.0), seed=st.integers(0, 2**32 - 1))
def test_what_rounding_makes_of_control_variates_refutes_nothing(gamma, p, seed):
    """Their sum drifts by a rounding error a step, which a small kappa does not know of."""
    problem = problems.Quadratic.random(clients=10, dim=3, kappa=100.0, seed=seed)
    assert judge(case("scaffnew", problem, seed=seed, gamma=gamma, p=p)).status == "consistent"


def test_a_floor_of_the_method_s_own_is_no_rounding():
    """A point of its own is reached whatever the rounding is, so V stays as it is."""
    held = case("gradient_descent", problems.Quadratic.random(clients=3, dim=4, kappa=30.0))
    target = held.target._replace(x=held.target.x * (1 + 1e-6))
    theorem = dataclasses.replace(held.theorem, target=lambda problem, params: target)
    verdict = judge(dataclasses.replace(held, theorem=theorem))
    assert verdict.status == "refuted"


@pytest.mark.parametrize("factor", [1e300, 1e-300])
def test_numbers_whose_squares_overflow_are_bad_input(factor):
    problem = problems.Quadratic(factor * SMALL.hessians, SMALL.kernel.b)
    with pytest.raises(InputError, match=r"L = .* is out of range: scale the functions"):
        theory.verify("scaffnew", problem, ("path",))


def test_an_infinite_start_is_bad_input():
    huge = problems.Quadratic(SMALL.hessians, 1e200 * SMALL.kernel.b)
    with (
        np.errstate(over="ignore", invalid="ignore"),
        pytest.raises(InputError, match="V of scaffnew is inf at the start"),
    ):
        theory.verify("scaffnew", huge, ("path",))


def test_a_promise_that_rounds_to_1_is_no_promise():
    (verdict,) = theory.verify("scaffnew", SMALL, ("path",), gamma=1e-30)
    assert verdict.status == "not applicable"
    assert "rounds to 1" in verdict.sentence


def test_a_target_at_the_start_beside_control_variates_is_a_path():
    """The error of the model starts at 0, and V does not."""
    features = np.random.default_rng(0).standard_normal((40, 3))
    labels = np.random.default_rng(1).choice([-1.0, 1.0], 40)
    problem = problems.Logistic(features, labels, 4, kappa=100.0, psi=problems.functions.L1(10.0))
    assert not problem.solution().x.any()
    assert judge(case("proxskip", problem)).status == "consistent"


@pytest.mark.parametrize("name", ["gradient_descent", "scaffnew", "fedlin"])
def test_a_budget_counts_what_a_round_costs_besides_its_multiplications(name):
    rounds = case(name, problems.Quadratic.random(clients=1, dim=2, kappa=1e12)).horizon(1e-12)
    # A round takes a tenth of a microsecond at least, however few numbers there are.
    assert rounds < 3e8
