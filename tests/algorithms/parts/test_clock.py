"""Simulated seconds: what is written is read back, and a round lasts as long as its slowest client."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import algorithms, problems, theory
from rootkappa.algorithms import Clock
from rootkappa.algorithms.driver.run import seconds
from rootkappa.algorithms.driver.template import template
from rootkappa.algorithms.parts import speeds
from rootkappa.core.randomness import generator
from rootkappa.problems import InputError

pytestmark = pytest.mark.drawn(2)

amounts = st.floats(1e-9, 1e12)
PROBLEM = problems.Quadratic.random(clients=5, dim=4, kappa=10.0)


@given(
    quantities=st.tuples(amounts | st.just(0.0), amounts, amounts, amounts | st.just(0.0)),
    kind=st.sampled_from(["uniform", "loguniform", "slowness", "list"]),
    ends=st.lists(amounts, min_size=2, max_size=2),
    seed=st.integers(0, 2**40),
)
def test_a_clock_is_read_as_it_is_written(quantities, kind, ends, seed):
    named = dict(zip(("compute", "up", "down", "latency"), quantities, strict=True))
    clock = Clock(**named, speeds=ends if kind == "list" else f"{kind}({ends[0]!r},{ends[1]!r})", seed=seed)
    again = Clock.read(str(clock))
    assert again == clock
    assert all(getattr(again, name) == value for name, value in named.items())
    assert again.speeds_of(2).tolist() == clock.speeds_of(2).tolist()
    assert kind != "list" or clock.speeds_of(2).tolist() == ends


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("compute=2 ms latency=1min up=3kbit/s", Clock(compute=0.002, latency=60.0, up=3e3)),
        ("compute = 5us speeds = uniform( 0.2 , 1 )", Clock(compute=5e-6, speeds="uniform(0.2,1)")),
        ("compute=5µs down=0.5Gbit speeds=1, 0.5", Clock(compute=5e-6, down=5e8, speeds=[1.0, 0.5])),
        ("up=1000000 seed=3", Clock(seed=3)),
        ("", Clock()),
    ],
)
def test_units_and_spaces(text, same):
    assert Clock.read(text) == same


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("compute=1parsec", "compute = '1parsec' of the clock is no duration: give a number with one of the units min"),
        ("up=1ms", "up = '1ms' of the clock is no rate: give a number with one of the units Gbit"),
        ("up=0bit", "up of the clock = 0.0 is not a number of bits in a second: give a finite number above 0."),
        (
            "latency=-1s",
            "latency of the clock = -1.0 is not a number of seconds: give a finite number that is at least 0",
        ),
        ("compute=1e999s", "compute of the clock = inf is not a number of seconds"),
        ("speed=1", "unknown part of a clock 'speed': did you mean 'speeds'?"),
        ("compute", "holds 'compute': write each part as in 'compute=1ms"),
        ("up=1bit up=2bit", "gives up twice: give it once."),
        ("speeds=normal(0,1)", "speeds = 'normal(0,1)' are no speeds above 0: give 1, one for each client"),
        ("speeds=uniform(0,1)", "are no speeds above 0"),
        ("speeds=1,,2", "are no speeds above 0"),
        ("speeds=fast", "are no speeds above 0"),
        ("seed=-1", "seed = '-1' of the clock is no seed"),
        (3, "clock = 3 is no clock: give a Clock, or a text such as 'compute=1ms"),
    ],
)
def test_what_is_no_clock_gets_one_sentence(text, told):
    with pytest.raises(InputError) as error:
        Clock.read(text)
    assert told in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("wrong", [[1.0, -1.0], 0.0, [], [[1.0]], None, math.nan])
def test_speeds_that_are_none(wrong):
    with pytest.raises(InputError, match="speed"):
        Clock(speeds=wrong)


def test_a_list_of_speeds_is_for_so_many_clients():
    with pytest.raises(InputError, match=r"speeds = 1,2 are 2, but there are n = 5 clients"):
        algorithms.run("scaffnew", PROBLEM, theory.case("scaffnew", PROBLEM).params, rounds=2, clock="speeds=1,2")


def test_drawn_speeds_stay_between_their_ends_and_do_not_depend_on_how_many_there_are():
    for text, low, high in (("uniform(2,3)", 2, 3), ("loguniform(0.1,10)", 0.1, 10), ("slowness(2,4)", 0.25, 0.5)):
        drawn = speeds.of_clients(text, 500)
        assert ((drawn >= low) & (drawn <= high)).all()
        assert np.ptp(drawn) > 0.9 * (high - low)
        assert drawn[:7].tolist() == speeds.of_clients(text, 7).tolist()
        assert drawn.tolist() != speeds.of_clients(text, 500, seed=1).tolist()


def test_a_round_waits_for_the_slowest_of_those_who_take_part():
    clock = Clock(compute=1.0, up=10.0, down=100.0, latency=0.25, speeds=[1.0, 0.5, 0.1])
    # 2 gradients at the speeds 1, 1/2, 1/10, and 0.25 + 1 + 0.1 beside.
    assert clock.seconds(3, [2], [10], [10]).tolist() == [pytest.approx(21.35)]
    assert clock.seconds(3, [2], [10], [10], exchanges=3).tolist() == [pytest.approx(21.85)]
    assert clock.seconds(3, [2, 2], [10], [10], cohorts=[[0, 1], [1, 0]]).tolist() == pytest.approx([5.35, 5.35])
    # Client 2 computes nothing, so client 1 is the slowest.
    assert clock.seconds(3, [[2, 2, 0]], [0], [0]).tolist() == [pytest.approx(4.25)]


ROUNDS = 300


def by_hand(name, problem, clock, count=ROUNDS, seed=0, **changes):
    """Return the draws of a run and its seconds a round, each from what that round costs, without what vectorises."""
    case = theory.case(name, problem, **changes)
    ends = seconds(case.method, problem, case.params, range(count + 1), seed, clock)
    draws = case.method.draw(generator(seed, "rounds", 0), problem, case.params, 256)
    return case, draws, np.diff(ends)[:256]


def test_skipped_rounds_take_as_long_as_their_random_length():
    clock = Clock(compute=1e-2, latency=0.0, up=1e18, down=1e18, speeds=[1.0, 1.0, 1.0, 1.0, 0.5])
    _, draws, each = by_hand("scaffnew", PROBLEM, clock)
    np.testing.assert_allclose(each, 2e-2 * draws.lengths, rtol=1e-9)
    assert len(set(draws.lengths)) > 3


def test_a_cohort_is_waited_for_and_nobody_else():
    clock = Clock(compute=1e-2, latency=0.0, up=1e18, down=1e18, speeds=[1.0, 0.8, 0.6, 0.4, 0.2])
    _, draws, each = by_hand("tamuna", PROBLEM, clock, c=2, s=2)
    slowest = clock.speeds_of(5)[draws.ends["omega"]].min(axis=1)
    np.testing.assert_allclose(each, 1e-2 * draws.lengths / slowest, rtol=1e-9)
    assert len(set(slowest)) == 4


def test_decentralised_clients_wait_for_the_longest_messages():
    clock = Clock(compute=0.0, latency=0.0, up=1.0, down=1.0, speeds=1.0)
    _, _, each = by_hand("decentralized_scaffnew", PROBLEM, clock, graph="star")
    # The hub sends its vector to four neighbours, and receives four.
    np.testing.assert_allclose(each, 2 * 4 * 4 * 64, rtol=1e-9)


def test_clients_that_skip_gradients_have_computed_earlier():
    problem = problems.Quadratic.random(clients=5, dim=4, kappa=1000.0, basis="client")
    clock = Clock(compute=1.0, latency=0.0, up=1e18, down=1e18, speeds=[1.0, 1.0, 1.0, 1.0, 0.5])
    _, draws, each = by_hand("gradskip", problem, clock)
    counts = algorithms.get("gradskip").module.gradients_of_clients(draws)
    np.testing.assert_allclose(each, (counts / clock.speeds_of(5)).max(axis=1), rtol=1e-9)
    assert each.sum() <= 2.0 * draws.lengths.sum()


def test_the_gradient_of_a_component_takes_its_share_of_a_whole_one():
    problem = problems.Logistic.load(clients=5, kappa=100.0)
    clock = Clock(compute=1.0, latency=0.0, up=1e18, down=1e18, speeds=1.0)
    _, draws, each = by_hand("sproxskip", problem, clock)
    components = algorithms.parts.components.sizes(problem).mean()
    np.testing.assert_allclose(each, draws.lengths / components, rtol=1e-9)
    assert components > 50


@pytest.mark.parametrize(("name", "exchanges"), [("fedlin", 2), ("saef", 3), ("fedavg", 1)])
def test_every_exchange_has_its_latency(name, exchanges):
    clock = Clock(compute=0.0, latency=1.0, up=1e18, down=1e18, speeds=1.0)
    changes = {"p": 3} if name == "saef" else {}
    _, _, each = by_hand(name, PROBLEM, clock, **changes)
    np.testing.assert_allclose(each, exchanges, rtol=1e-9)


def test_what_is_sent_before_the_first_round_takes_time():
    problem = problems.Softmax.load("iris", clients=3, kappa=100.0)
    case = theory.case("salientgrads", problem)
    clock = Clock(compute=1.0, latency=10.0, up=64.0, down=1.0, speeds=[1.0, 1.0, 0.1])
    trace = algorithms.run(case.method, problem, case.params, rounds=1, clock=clock)
    # A gradient at a tenth of the speed, a latency, d scores of 64 bits up and d bits down.
    assert trace.column("seconds")[0] == pytest.approx(10.0 + 10.0 + problem.d + problem.d)


@pytest.mark.parametrize("name", ["scaffnew", "tamuna", "fedavg", "gradskip"])
def test_seconds_are_those_of_the_run_to_the_bit_whatever_is_recorded(name):
    case, clock = theory.case(name, PROBLEM), Clock(latency=0.013)
    few = algorithms.run(case.method, PROBLEM, case.params, rounds=600, seed=2, clock=clock, record=np.array([7, 300]))
    many = algorithms.run(case.method, PROBLEM, case.params, rounds=600, seed=2, clock=str(clock), record=400)
    assert few.last("seconds") == many.last("seconds") > 0.0
    assert (np.diff(many.column("seconds")) > 0).all()
    again = seconds(case.method, PROBLEM, case.params, [0, 7, 300, 600], 2, clock)
    assert again.tolist() == few.column("seconds").tolist()
    plain = algorithms.run(case.method, PROBLEM, case.params, rounds=600, seed=2, record=400)
    assert many.frame().drop(columns="seconds").equals(plain.frame())


def test_messages_that_are_shorter_than_declared_take_less():
    problem = problems.Softmax.load("iris", clients=3, kappa=100.0)
    case, clock = theory.case("feddlr", problem), Clock(compute=0.0, latency=0.0, up=1e3, down=1e4)
    trace = algorithms.run(case.method, problem, case.params, rounds=40, clock=clock)
    sent = trace.column("bits_up") / 1e3 + trace.column("bits_down") / 1e4
    np.testing.assert_allclose(trace.column("seconds"), sent, rtol=1e-9, atol=1e-12)
    bits = trace.column("bits_up"), trace.column("bits_down")
    again = seconds(case.method, problem, case.params, trace.column("round"), 0, clock, bits)
    assert again.tolist() == trace.column("seconds").tolist()
    assert seconds(case.method, problem, case.params, [40], 0, clock)[0] > trace.last("seconds")


def test_a_method_may_say_its_own_seconds(tmp_path):
    text = template("scaffnew")
    file = tmp_path / "mine.py"
    own = "\n\ndef seconds(problem, params, draws, clock):\n    return 2.0 * draws.lengths\n"
    file.write_text(text + own, encoding="utf-8")
    case = theory.case(str(file), PROBLEM)
    trace = algorithms.run(case.method, PROBLEM, case.params, rounds=50, clock=Clock())
    assert trace.last("seconds") == 2.0 * trace.last("iteration")


def test_an_object_takes_as_long_as_the_method_that_it_is_like():
    class Mine:
        LIKE = "scaffnew"
        start, step, model = (
            staticmethod(getattr(algorithms.get("scaffnew"), of)) for of in ("start", "step", "model")
        )

    params, clock = theory.case("scaffnew", PROBLEM).params, Clock()
    shipped = seconds("scaffnew", PROBLEM, params, [100], 0, clock)
    assert seconds(Mine(), PROBLEM, params, [100], 0, clock).tolist() == shipped.tolist()
