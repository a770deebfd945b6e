"""On quadratics gradient descent jumps: to where its steps lead, at their cost, and nobody can tell but by the time."""

import numpy as np
import pytest

from rootkappa import algorithms, problems, theory
from rootkappa.algorithms.driver import template
from rootkappa.problems import InputError

EPS = np.finfo(float).eps
METHOD = algorithms.get("gradient_descent")


def quadratic(kappa, basis):
    return problems.Quadratic.random(clients=3, dim=4, kappa=kappa, seed=3, basis=basis)


@pytest.mark.parametrize("basis", ["common", "client"])
@pytest.mark.parametrize("kappa", [10.0, 1e4])
def test_recorded_rounds_are_those_of_step_after_step(kappa, basis):
    problem = quadratic(kappa, basis)
    case = theory.case("gradient_descent", problem)
    stops = np.array([1, 2, 3, 40, 700, 3000])
    walked, states = case.initial(), {}
    for number in range(1, 3001):
        case.step(walked, 1)
        if number in stops:
            states[number] = walked.x.copy()
    # A step rounds the gradient by a few units of the terms that it is made of, and what stays of that in a direction
    # are as many steps as there were, or 1/(γλ) if that is less.
    kept = np.minimum(stops, problem.L / problem.mu)
    size = np.abs(problem.kernel.b).max() / problem.L + np.abs(problem.solution().x).max()
    trace = case.run(3000, record=stops, observe={str(j): lambda state, j=j: state.x[j] for j in range(4)})
    for row, (stop, allowed) in enumerate(zip(stops, 8 * EPS * kept * size, strict=True), 1):
        jumped = np.array([trace.column(str(j))[row] for j in range(4)])
        assert np.abs(jumped - states[int(stop)]).max() <= allowed
    np.testing.assert_array_equal(trace.column("round")[1:], stops)
    for column, each in {"iteration": 1, "gradients": 1, "floats_up": 4, "floats_down": 4, "bits_up": 256}.items():
        np.testing.assert_array_equal(trace.column(column)[1:], each * stops)


def test_a_path_of_millions_of_rounds_arrives_and_is_the_same_whatever_is_recorded():
    case = theory.case("gradient_descent", quadratic(1e6, "common"))
    rounds = case.horizon(1e-6)
    assert rounds == int(1.2 * np.log(1e-6) / np.log((1.0 - 1e-6) ** 2)) + 1
    often = case.run(rounds, record=np.array([1, 100, 257, 10_001, rounds // 3, rounds // 3 + 1]))
    once = case.run(rounds, record=1)
    assert once.last("lyapunov") <= 1e-6 * once.column("lyapunov")[0]
    assert once.rows[-1] == often.rows[-1]
    # In the last third of the way only the slowest direction is left, which falls by the promised factor.
    before, after = often.column("lyapunov")[-3:-1]
    assert after / before == pytest.approx((1.0 - 1e-6) ** 2, rel=1e-9)


def test_a_clock_sees_every_round_of_a_jump():
    problem = quadratic(10.0, "common")
    plain, timed = (algorithms.run(METHOD, problem, METHOD.Params(1.0), 600, record=5, clock=clock)
                    for clock in (None, "latency=1s compute=0s"))  # fmt: skip
    # Beside the second of a round it takes what is sent a fraction of a millisecond.
    assert timed.column("seconds") == pytest.approx(timed.column("round"), rel=1e-3)
    np.testing.assert_array_equal(timed.column("lyapunov"), plain.column("lyapunov"))


def test_a_step_that_leaves_the_space_of_numbers_ends_the_path():
    trace = algorithms.run(METHOD, quadratic(10.0, "client"), METHOD.Params(1e3), rounds=10**6, record=50)
    assert not np.isfinite(trace.last("distance"))
    assert trace.last("round") < 10**6


@pytest.fixture
def changed(tmp_path):
    """Return the method with a line of its file changed."""

    def method(before, after):
        text = template.template("gradient_descent")
        assert text.count(before) == 1
        (tmp_path / "mine.py").write_text(text.replace(before, after))
        return algorithms.load(tmp_path / "mine.py")

    return method


def test_a_copy_jumps_alike_and_is_refuted_where_it_jumps_too_short(changed):
    problem = quadratic(10.0, "client")
    short = changed("state.x, len(draws)", "state.x, min(len(draws), 100)")
    own, shipped = (theory.case(method, problem).run(100, record=4) for method in (short, METHOD))
    assert own.rows == shipped.rows
    (verdict,) = theory.verify(short, problem, evidence=("invariant",))
    assert verdict.status == "refuted"
    assert "advance and step part in many rounds" in verdict.sentence


def test_what_draws_cannot_jump(changed):
    with pytest.raises(InputError, match=r"JUMPS = .* and RANDOM = .*: give JUMPS = oracles.knows_jumps beside"):
        changed("RANDOM = Nothing()", "from .parts import Coin\n\nRANDOM = Coin('gamma')")
