import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from rootkappa import algorithms, problems, theory
from rootkappa.problems import InputError, functions

PROBLEM = problems.Quadratic.random(clients=3, dim=4, kappa=10.0)
SCAFFNEW = algorithms.get("scaffnew")
PARAMS = theory.get("scaffnew").parameters(PROBLEM)


def test_the_frame_has_the_promised_columns_and_counts_whole_things():
    frame = algorithms.run(SCAFFNEW, PROBLEM, PARAMS, rounds=50, seed=0).frame()
    assert list(frame.columns) == [
        "round", "iteration", "lyapunov", "distance", "gap",
        "floats_up", "floats_down", "bits_up", "bits_down", "gradients",
    ]  # fmt: skip
    assert frame["round"].iloc[[0, -1]].tolist() == [0, 50]
    assert (frame["floats_up"] == 4 * frame["round"]).all()
    assert (frame["gradients"] == frame["iteration"]).all()
    assert all(frame[name].dtype == np.int64 for name in ("round", "iteration", "bits_up", "gradients"))


def test_the_measures_are_those_of_the_recorded_states():
    trace = algorithms.run(SCAFFNEW, PROBLEM, PARAMS, rounds=7, seed=3)
    x, solution = SCAFFNEW.model(trace.state), PROBLEM.solution()
    assert trace.last("distance") == np.linalg.norm(x - solution.x)
    assert trace.last("gap") == pytest.approx(PROBLEM.value(x) - PROBLEM.value(solution.x), rel=1e-9)
    assert trace.last("lyapunov") == theory.get("scaffnew").lyapunov(PROBLEM, PARAMS, trace.state, solution)


def test_seeds_differ_and_repeat():
    first, again, other = (algorithms.run(SCAFFNEW, PROBLEM, PARAMS, rounds=40, seed=s).state.X for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_run_stops_when_it_has_arrived_or_diverged():
    arrived = algorithms.run(SCAFFNEW, PROBLEM, PARAMS, rounds=10_000, seed=0, record=1000, until=("distance", 1e-6))
    distance = arrived.column("distance")
    assert distance[-1] <= 1e-6 * distance[0] < distance[-2]
    descent = algorithms.get("gradient_descent")
    gone = algorithms.run(descent, PROBLEM, descent.Params(gamma=1e3), rounds=10_000, record=100)
    assert not np.isfinite(gone.last("distance"))
    assert gone.last("round") < 10_000


def test_one_record_is_that_of_the_end():
    trace = algorithms.run(SCAFFNEW, PROBLEM, PARAMS, rounds=30, record=1)
    assert trace.last("round") == 30


def test_what_is_observed_is_a_column_like_others():
    observe = {"first": lambda state: float(state.X[0, 0])}
    trace = algorithms.run(SCAFFNEW, PROBLEM, PARAMS, rounds=7, record=np.arange(7), observe=observe)
    assert trace.frame()["first"].iloc[-1] == trace.state.X[0, 0]
    plain = algorithms.run(SCAFFNEW, PROBLEM, PARAMS, rounds=7, record=np.arange(7)).frame()
    assert trace.frame().drop(columns="first").equals(plain)


def test_an_accuracy_is_reached_between_two_records():
    trace = algorithms.run(SCAFFNEW, PROBLEM, PARAMS, rounds=200, record=np.arange(200))
    fallen = trace.column("distance") / trace.column("distance")[0]
    at = trace.reached("round", "distance", 1e-3)
    after = int(np.argmax(fallen <= 1e-3))
    assert after - 1 <= at <= after
    assert np.isnan(trace.reached("round", "distance", 1e-300))


def test_progress_counts_the_rounds():
    seen = []
    algorithms.run(SCAFFNEW, PROBLEM, PARAMS, rounds=100, record=10, progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 100


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rounds": 0}, "rounds = 0"),
        ({"seed": -1}, "seed = -1"),
        ({"problem": None}, "problem = None is no problem"),
        ({"problem": PROBLEM.kernel}, "problem = QuadraticKernel.* is no problem"),
        ({"params": (1.0, 0.5)}, r"params = \(1.0, 0.5\) are no parameters of scaffnew: give its letters, gamma, p"),
        ({"params": {"gamma": 1.0, "p": 0.5}}, "params = .* are no parameters of scaffnew"),
        ({"params": None}, "params = None are no parameters of scaffnew"),
        ({"until": ("x", 0.1)}, "unknown column in until 'x': Known are"),
        ({"until": ("distanc", 0.1)}, "unknown column in until 'distanc': did you mean 'distance'"),
        ({"until": (3, 0.1)}, "unknown column in until 3: Known are"),
        ({"until": ("distance",)}, r"until = \('distance',\) is no pair: give a column and a fraction"),
        ({"until": "distance"}, "until = 'distance' is no pair"),
        ({"until": 1e-3}, "until = 0.001 is no pair"),
        ({"until": {"distance": 0.1}}, "until = .* is no pair"),
        *[
            ({"until": ("distance", fraction)}, r"the fraction in until = .* is not a fraction")
            for fraction in ("a", None, -0.1, float("nan"), float("inf"), 1j, 10**400, [0.1])
        ],
        ({"record": np.array([5, 2000])}, "record holds rounds outside"),
        ({"params": SCAFFNEW.Params(gamma=1.0, p=0.0)}, "p = 0.0 is out of range"),
        ({"params": SCAFFNEW.Params(gamma=1.0, p=1.5)}, "p = 1.5 is out of range"),
        ({"params": SCAFFNEW.Params(gamma=float("nan"), p=0.5)}, "gamma = nan is out of range"),
        (
            {"problem": problems.Quadratic.random(clients=3, dim=4, kappa=10.0, psi=functions.L1(0.1))},
            r"scaffnew has no prox, but the problem has psi = L1\(0.1\)",
        ),
    ],
)
def test_bad_input_is_one_sentence(change, words):
    call = {"method": SCAFFNEW, "problem": PROBLEM, "params": PARAMS, "rounds": 100, "seed": 0} | change
    with pytest.raises(InputError, match=words):
        algorithms.run(**call)


def test_a_hundred_thousand_clients_of_which_few_take_part_fit_into_little_memory():
    tamuna, theorem = algorithms.get("tamuna"), theory.get("tamuna")
    # Compiled before anybody counts.
    algorithms.run(tamuna, PROBLEM, theorem.parameters(PROBLEM), rounds=1)
    tracemalloc.start()
    try:
        problem = problems.Quadratic.random(clients=100_000, dim=50, kappa=1000.0)
        params = theorem.parameters(problem, c=1000, s=20, chi=0.95)
        trace = algorithms.run(tamuna, problem, params, rounds=10, record=1)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (np.abs(trace.state.H).max(axis=1) > 0).sum() <= 10 * 1000
    # Models, control variates, minimisers and gradients, each 40 MB, and copies of some.
    assert peak < 2**30


def test_a_trace_is_told_shortly_and_drawn(problem):
    from matplotlib import pyplot

    method = algorithms.get("gradient_descent")
    trace = algorithms.run(method, problem, method.Params(gamma=1.0 / problem.L), rounds=4)
    assert repr(trace).startswith("<trace of gradient_descent on quadratic")
    axes = trace.plot("bits", "gap")
    (line,) = axes.lines
    assert line.get_xdata().tolist() == (trace.column("bits_up") + trace.column("bits_down")).tolist()
    assert line.get_ydata().tolist() == trace.column("gap").tolist()
    pyplot.close(axes.figure)
    for wrong in ({"axis": "seconds"}, {"measure": "gaps"}):
        with pytest.raises(InputError, match=f"^unknown {next(iter(wrong))} "):
            trace.plot(**wrong)


def test_no_title_is_cut_however_narrow_the_axes(problem):
    from matplotlib import pyplot

    method = algorithms.get("gradient_descent")
    trace = algorithms.run(method, problem, method.Params(gamma=1.0 / problem.L), rounds=1)
    long = "logistic breast_cancer N=569 n=10 d=30 kappa=100 partition=contiguous"
    for columns in (1, 2):
        figure, several = pyplot.subplots(1, columns, squeeze=False)
        axes = replace(trace, problem=long).plot(axes=several[0, 0])
        assert " ".join(axes.get_title().split()) == long
        box = axes.title.get_window_extent()
        assert box.x0 >= 0.0
        assert box.x1 <= figure.bbox.x1 / columns
        assert box.y1 <= figure.bbox.y1
        pyplot.close(figure)


def test_nothing_that_a_notebook_shows_is_taken_for_its_own(problem):
    method = algorithms.get("gradient_descent")
    trace = algorithms.run(method, problem, method.Params(gamma=1.0 / problem.L), rounds=4)
    trace.problem = "<script>"
    shown = trace._repr_html_()
    assert "&lt;script&gt;" in shown
    assert "<script>" not in shown
    assert "<th>bits_up</th>" in shown
