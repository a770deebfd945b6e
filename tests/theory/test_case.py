"""What a case fills in: whose theorem it is, the rate of a step, the bound of a path."""

import dataclasses
import inspect
import math
from fractions import Fraction
from itertools import product
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import algorithms, problems, theory
from rootkappa.algorithms import scaffnew
from rootkappa.algorithms.parts.cost import Cost, Pace
from rootkappa.problems import InputError
from rootkappa.tests.suited import suited
from rootkappa.theory.case import NotExact

SMALL = problems.Quadratic.random(clients=3, dim=2, kappa=20.0, seed=1, basis="client")
SOURCE = Path(inspect.getfile(scaffnew)).read_text(encoding="utf-8")
LENGTH = 5
OWN = """
def prescribed(problem):
    return Params(gamma=1.0 / problem.L, p=problem.kappa**-0.5)


def contraction(problem, params):
    return max((1.0 - params.gamma * problem.mu) ** 2, 1.0 - params.p**2)


def lyapunov(problem, params, state, target):
    drift = np.sum((state.H - target.gradients) ** 2)
    return float(np.sum((state.X - target.x) ** 2) + (params.gamma / params.p) ** 2 * drift)
"""


ALIKE = {
    "one curvature": problems.Quadratic([np.eye(3)] * 4, np.arange(12.0).reshape(4, 3)),
    "one coordinate": problems.Quadratic([[[1.0]], [[3.0]], [[2.0]]], [[1.0], [2.0], [0.0]]),
    "both": problems.Quadratic([[[2.0]]] * 3, [[1.0], [2.0], [0.0]]),
    "one client": problems.Quadratic([np.diag([1.0, 10.0])], [[1.0, 2.0]]),
    "one of all": problems.Quadratic([[[2.0]]], [[1.0]]),
}


def begun(name, problem):
    """Return the case on a problem that its method takes, and from which it starts."""
    case = theory.case(name, problem)
    case.check()
    case.initial()
    return case


@pytest.mark.parametrize("kind", ALIKE)
@pytest.mark.parametrize("name", algorithms.names())
def test_the_theory_prescribes_and_counts_on_the_smallest_problems(name, kind):
    problem = suited(name, ALIKE[kind])
    alone = problem.n == 1 and name in ("compressed_scaffnew", "decentralized_scaffnew", "dispfl", "tamuna")
    if alone:
        with pytest.raises(InputError, match=r"clients = 1 is too few .*: give at least 2"):
            begun(name, problem)
        return
    case = begun(name, problem)
    # A single coordinate cannot be compressed by leaving coordinates out.
    failing = {condition.name for condition in case.conditions() if not condition.holds}
    assert failing == ({"E C(x) = x with ω > 0"} if problem.d == 1 and name in ("diana", "adiana") else set())
    if case.theorem.contraction is not None:
        assert 0.0 <= case.rho < 1.0
        assert 1 <= case.horizon(1e-6) < 10**6
    assert np.isfinite(case.start[0])


def test_a_factor_of_0_needs_one_step_and_one_of_1_all_that_can_be_afforded():
    assert theory.case("gradient_descent", ALIKE["both"]).horizon(1e-300) <= 2
    never = theory.case("scaffnew", SMALL, p=1e-9)
    assert never.rho == 1.0
    assert never.horizon(0.5) == never.horizon(1e-300) >= 1


def test_the_path_on_one_curvature_ends_where_it_was_promised():
    (verdict,) = theory.verify("gradient_descent", ALIKE["both"], evidence=("path",))
    assert verdict.status == "consistent"
    assert "of its start in 1 rounds" in verdict.sentence


def test_what_is_behind_a_matrix_is_tried_on_one_curvature_too():
    small = theory.case("randprox", ALIKE["one curvature"]).behind_matrix()
    assert small is not None
    assert (small.problem.L, small.problem.mu) == pytest.approx((1.0, 1.0))


@pytest.mark.parametrize("problem", [None, 3, "breast_cancer", np.eye(2)])
def test_what_is_no_problem_is_refused(problem):
    for use in (theory.case, theory.verify):
        with pytest.raises(InputError, match=r"^problem = .* is no problem: give for example problems\.Quadratic"):
            use("scaffnew", problem)


def five_at_once():
    """Return Scaffnew whose step is five iterations, and each of them may communicate."""
    plain = algorithms.get("scaffnew")

    def outcomes(problem, params):
        every = product((1, 0), repeat=LENGTH)
        return [(math.prod(params.p if coin else 1.0 - params.p for coin in coins), np.array(coins)) for coins in every]

    def step(kernel, params, state, coins):
        for coin in coins:
            plain.step(kernel, params, state, int(coin))

    def advance(kernel, params, state, draws):
        for coins in draws:
            step(kernel, params, state, coins)

    return dataclasses.replace(
        plain,
        outcomes=outcomes,
        draw=lambda rng, problem, params, rounds: (rng.random((rounds, LENGTH)) < params.p).astype(int),
        unroll=np.asarray,
        step=step,
        advance=advance,
        cost=lambda problem, params, draws: Cost(LENGTH * len(draws), 0, 0, 0, 0, LENGTH * len(draws)),
        pace=lambda params: Pace(1.0, float(LENGTH)),
    )


def with_theorem(case, **parts):
    return dataclasses.replace(case, theorem=dataclasses.replace(case.theorem, **parts))


def test_a_step_of_five_iterations_is_held_against_the_fifth_power_of_the_factor():
    plain, case = theory.case("scaffnew", SMALL), theory.case(five_at_once(), SMALL)
    assert case.rho == plain.rho**LENGTH
    invariant, exact, path = theory.verify(case.method, SMALL, ("invariant", "exact", "path"))
    assert (invariant.status, exact.status, path.status) == ("confirmed", "confirmed", "consistent")
    assert exact.promised == path.bound.rho == case.rho
    assert exact.measured == pytest.approx(theory.exact.one_step_factor(case), abs=1e-12)
    # A factor that is right for the whole step would be far too good for an iteration.
    tempting = with_theorem(case, contraction=lambda problem, params: exact.measured)
    assert theory.exact.one_step_factor(tempting) > tempting.rho + 1e-3


def test_the_noise_of_a_step_is_that_of_its_iterations_each_contracted_by_those_that_follow():
    noisy = with_theorem(theory.case(five_at_once(), SMALL), noise=lambda problem, params: 2.0)
    rho = theory.case("scaffnew", SMALL).rho
    assert noisy.noise == pytest.approx(2.0 * sum(rho**j for j in range(LENGTH)), rel=1e-12)


def test_a_rate_a_round_needs_steps_that_are_rounds():
    by_round = with_theorem(theory.case("scaffnew", SMALL, p=0.25), unit="round")
    with pytest.raises(NotExact, match=r"a rate a round, but a step of scaffnew ends a round with probability 0\.25"):
        _ = by_round.rho
    assert with_theorem(theory.case(five_at_once(), SMALL), unit="round").rho == theory.case("scaffnew", SMALL).rho
    fedavg = theory.case("fedavg", SMALL, K=7)
    assert fedavg.rho == fedavg.theorem.contraction(SMALL, fedavg.params)


def test_a_rate_an_iteration_needs_steps_of_one_length():
    """The mean of powers is larger than the power of the mean: a true promise would be refuted."""
    whole_rounds = dataclasses.replace(
        algorithms.get("scaffnew"),
        pace=lambda params: Pace(1.0, 1.0 / params.p),
        unroll=lambda draws: range(len(draws)),
    )
    with pytest.raises(NotExact, match="a step of scaffnew is not always 4 iterations: state the rate of a round"):
        _ = theory.case(whole_rounds, SMALL, p=0.25).rho


@given(rho=st.floats(0.0, 1.2), noise=st.floats(0.0, 10.0), start=st.floats(0.0, 1e3), steps=st.integers(0, 60))
def test_the_bound_is_what_the_one_step_promise_adds_up_to(rho, noise, start, steps):
    bound, values = theory.Bound(rho, noise, start), [start]
    for _ in range(steps):
        values.append(rho * values[-1] + noise)
    assert bound(steps) == pytest.approx(values[-1], rel=1e-9, abs=1e-12)
    np.testing.assert_allclose(bound(np.arange(steps + 1)), values, rtol=1e-9, atol=1e-12)


@given(gap=st.floats(1e-16, 1e-3), steps=st.integers(1, 40))
def test_the_bound_keeps_its_digits_where_a_factor_is_close_to_1(gap, steps):
    rho = 1.0 - gap
    expected = float(sum(Fraction(rho) ** j for j in range(steps)))
    assert theory.Bound(rho, 1.0, 0.0)(steps) == pytest.approx(expected, rel=1e-14)


@given(rho=st.floats(0.1, 0.999), noise=st.floats(0.01, 10.0), value=st.floats(1e-6, 1e6), steps=st.integers(0, 1000))
def test_the_bound_and_its_logarithm_agree(rho, noise, value, steps):
    found = theory.Bound(rho, noise, 3.0).log_from(np.log([value / 3.0]), np.array([steps]))
    assert found[0] == pytest.approx(math.log(theory.Bound(rho, noise, value)(steps) / 3.0), abs=1e-9)


def test_a_table_of_a_path_holds_the_promise_in_each_row():
    case = theory.case("sproxskip_additive", SMALL, sigma=0.1)
    table = case.frame(case.run(50, record=10))
    fallen = case.rho ** table["iteration"]
    assert table["promise"].iloc[0] == 1.0
    np.testing.assert_allclose(table["promise"], fallen + case.bound.floor * (1.0 - fallen), rtol=1e-12)
    assert list(theory.case("fedavg", SMALL).frame(theory.case("fedavg", SMALL).run(3))["promise"])[1] < 1.0


def test_verdicts_carry_the_bound_where_something_is_promised():
    case = theory.case("scaffnew", SMALL)
    for verdict in theory.verify("scaffnew", SMALL, ("invariant", "exact", "path")):
        assert verdict.bound == case.bound
        assert verdict.bound(0) == case.start[0]
    assert [verdict.bound for verdict in theory.verify("scaffnew", SMALL, ("exact",), gamma=2.5)] == [None]
    assert [verdict.bound for verdict in theory.verify("fedcomloc_com", SMALL, ("invariant",))] == [None]


def test_a_method_is_a_name_a_path_or_itself(tmp_path):
    file = tmp_path / "copy.py"
    file.write_text(SOURCE, encoding="utf-8")
    for method in ("scaffnew", file, str(file), algorithms.get("scaffnew")):
        case = theory.case(method, SMALL, p=0.3, seed=4)
        assert (case.params.p, case.seed, case.theorem.name) == (0.3, 4, "scaffnew")
        assert theory.exact.one_step_factor(case) == pytest.approx(case.rho, abs=1e-9)
        assert theory.verify(method, SMALL, ("exact",))[0].status == "confirmed"


def test_a_step_may_return_its_state():
    plain = algorithms.get("scaffnew")

    def step(kernel, params, state, coin):
        new = plain.State(*(field.copy() for field in state))
        plain.step(kernel, params, new, coin)
        return new

    case = theory.case(dataclasses.replace(plain, step=step), SMALL)
    assert theory.exact.one_step_factor(case) == theory.exact.one_step_factor(theory.case("scaffnew", SMALL))
    assert theory.verify(case.method, SMALL, ("invariant",))[0].status == "confirmed"


def file_with(**parts):
    """Return a method as from a user's file that says so much of a theorem."""
    module = ModuleType("own")
    vars(module).update(parts)
    return dataclasses.replace(algorithms.get("scaffnew"), name="own.py", promise=None, module=module)


def test_a_file_that_names_no_theorem_states_its_own():
    parts = {name: getattr(theory.get("proxskip"), name) for name in ("contraction", "lyapunov")}
    theorem = theory.promised_by(file_with(prescribed=lambda problem: None, **parts))
    assert (theorem.name, theorem.unit, theorem.tight, theorem.exponents) == ("own.py", "iteration", False, {})
    assert theorem.admissible(SMALL, None) == ()
    assert theorem.noise(SMALL, None) == 0.0


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({}, "own.py promises nothing: let PROMISE name a theorem, or define prescribed, contraction and lyapunov"),
        ({"prescribed": 1, "contraction": 1}, "own.py states no theorem, it lacks lyapunov: define"),
        ({"prescribed": 1, "contraction": 1, "lyapunov": 1, "UNIT": "rounds"}, "did you mean 'round'"),
    ],
)
def test_what_states_no_theorem_is_told_what_to_define(parts, words):
    with pytest.raises(InputError, match=words):
        theory.promised_by(file_with(**parts))


def test_method_and_theorem_may_stand_in_one_file(tmp_path):
    named = 'PROMISE = "scaffnew"\n'
    assert SOURCE.count(named) == 1
    file = tmp_path / "own.py"
    file.write_text("import numpy as np\n" + SOURCE.replace(named, "") + OWN, encoding="utf-8")
    verdicts = theory.verify(file, SMALL, ("invariant", "exact", "path"))
    assert [verdict.status for verdict in verdicts] == ["confirmed", "confirmed", "consistent"]
    too_good = SOURCE.replace(named, "") + OWN.replace("1.0 - params.p**2", "1.0 - 2.0 * params.p**2")
    file = tmp_path / "boasting.py"
    file.write_text("import numpy as np\n" + too_good, encoding="utf-8")
    assert theory.verify(file, SMALL, ("exact",))[0].status == "refuted"
