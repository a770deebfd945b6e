"""``check_implementation`` accepts what is the same in other words, and names the round and the mistake of the rest."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import algorithms, problems, theory
from rootkappa.problems import InputError
from rootkappa.testing import check_implementation
from rootkappa.testing.implementation import _default_problem
from rootkappa.testing.mistakes import MISTAKES


class Scaffnew:
    """Step by step, in place; what a mistake changes is a method of its own."""

    dtype = float

    def start(self, problem, params):
        return {key: np.zeros((problem.n, problem.d), dtype=self.dtype) for key in ("x", "h")}

    def step(self, problem, params, state, coin):
        x, h = state["x"], state["h"]
        before = x.copy()
        x -= params.gamma * (problem.gradients_at(x).astype(self.dtype) - h)
        if coin:
            self.communicate(params, x, h, before)

    def communicate(self, params, x, h, before):
        mean = x.mean(axis=0)
        h += params.p / params.gamma * (mean - x)
        x[:] = mean

    def model(self, state):
        return state["x"].mean(axis=0)


class OtherSign(Scaffnew):
    """By rounds, with c = -h and np.mean."""

    step = None

    def start(self, problem, params):
        return np.zeros((problem.n, problem.d)), np.zeros((problem.n, problem.d))

    def round(self, problem, params, state, length):
        x, c = state
        for _ in range(length):
            x = x - params.gamma * (problem.gradients_at(x) + c)
        return np.tile(np.mean(x, axis=0), (len(x), 1)), c - params.p / params.gamma * (np.mean(x, axis=0) - x)

    def model(self, state):
        return np.mean(state[0], axis=0)


class Lists(Scaffnew):
    """A list of vectors, one for each client, and the control variates first."""

    def start(self, problem, params):
        return [[np.zeros(problem.d) for _ in range(problem.n)] for _ in range(2)]

    def step(self, problem, params, state, coin):
        hs, xs = state
        for i in range(problem.n):
            xs[i] = xs[i] - params.gamma * (problem.gradients_at(xs)[i] - hs[i])
        if coin:
            mean = sum(xs) / problem.n
            for i in range(problem.n):
                hs[i] = hs[i] + params.p / params.gamma * (mean - xs[i])
                xs[i] = mean

    def model(self, state):
        return sum(state[1]) / len(state[1])


class Single(Scaffnew):
    dtype = np.float32


class Loop(OtherSign):
    """Rounds of a fixed number of steps, whatever is asked for."""

    def round(self, problem, params, state, length):
        return super().round(problem, params, state, 4)


RIGHT = {"steps": Scaffnew(), "sign": OtherSign(), "lists": Lists(), "float32": Single()}


@given(
    name=st.sampled_from(sorted(RIGHT)),
    kappa=st.floats(2.0, 200.0),
    size=st.floats(0.1, 10.0),
    shares=st.tuples(st.floats(0.2, 1.9), st.floats(0.1, 1.0)),
    spread=st.floats(0.0, 10.0),
    seed=st.integers(0, 1000),
)
def test_what_is_right_in_other_words_agrees(name, kappa, size, shares, spread, seed):
    unit = problems.Quadratic.random(3, 4, kappa, seed, basis="client", heterogeneity=spread)
    problem = problems.Quadratic(size * unit.hessians, unit.kernel.b)
    params = algorithms.get("scaffnew").Params(shares[0] / problem.L, shares[1])
    agreement = check_implementation(RIGHT[name], problem=problem, params=params, rounds=20, seed=seed)
    assert agreement.compared == ("model", "X", "H")
    assert agreement.difference <= agreement.tolerance
    assert (agreement.tolerance > 1e-5) == (name == "float32")


def test_a_convention_is_told():
    agreement = check_implementation(OtherSign(), like="scaffnew", rounds=30, seed=2)
    assert (agreement.like, agreement.rounds, agreement.turned) == ("scaffnew", 30, ("H",))
    assert agreement.tolerance == 1e-9
    assert agreement.difference < 1e-12
    assert check_implementation(Lists()).turned == ()
    assert check_implementation(Single()).tolerance == pytest.approx(1.9e-4, rel=0.01)


def test_a_loop_of_fixed_length_is_compared_with_one(problem):
    assert check_implementation(Loop(), problem=problem, lengths=4).compared == ("model", "X", "H")
    check_implementation(Scaffnew(), problem=problem, lengths=4, p=0.5)
    with pytest.raises(AssertionError, match=r"^Loop parts from scaffnew in round 1 of 50: the model differs by "):
        check_implementation(Loop(), problem=problem)


def control(update):
    """Return an implementation in which communication changes control variates in this way."""

    class Mine(Scaffnew):
        def communicate(self, params, x, h, before):
            mean = x.mean(axis=0)
            h += update(params, mean, x, before)
            x[:] = mean

    return Mine()


def average(mean_of):
    class Mine(Scaffnew):
        def communicate(self, params, x, h, before):
            mean = mean_of(x)
            h += params.p / params.gamma * (mean - x)
            x[:] = mean

    return Mine()


class Replaced(Scaffnew):
    def communicate(self, params, x, h, before):
        x[:] = x.mean(axis=0)
        h += params.p / params.gamma * (x.mean(axis=0) - x)


class Stays(Scaffnew):
    def communicate(self, params, x, h, before):
        h += params.p / params.gamma * (x.mean(axis=0) - x)


class AtTheMean(Scaffnew):
    def step(self, problem, params, state, coin):
        x, h = state["x"], state["h"]
        x -= params.gamma * (problem.gradients(x.mean(axis=0)) - h)
        if coin:
            self.communicate(params, x, h, None)


class EveryStep(Scaffnew):
    def step(self, problem, params, state, coin):
        x, h = state["x"], state["h"]
        x -= params.gamma * (problem.gradients_at(x) - h)
        h += params.p / params.gamma * (x.mean(axis=0) - x)
        if coin:
            x[:] = x.mean(axis=0)


class Adds(Scaffnew):
    def step(self, problem, params, state, coin):
        x, h = state["x"], state["h"]
        x -= params.gamma * (problem.gradients_at(x) + h)
        if coin:
            self.communicate(params, x, h, None)


class Short(OtherSign):
    def round(self, problem, params, state, length):
        return super().round(problem, params, state, length - 1)


class Always(Scaffnew):
    def step(self, problem, params, state, coin):
        super().step(problem, params, state, 1)


def p_over_gamma(params):
    return params.p / params.gamma


WRONG = {
    "control variates that are updated without p": (1, control(lambda q, m, x, b: (m - x) / q.gamma)),
    "control variates that are updated with the wrong sign": (2, control(lambda q, m, x, b: p_over_gamma(q) * (x - m))),
    "control variates that never change": (1, Replaced()),
    "the models before the last local step": (1, control(lambda q, m, x, b: p_over_gamma(q) * (m - b))),
    "control variates that are updated without dividing by gamma": (1, control(lambda q, m, x, b: q.p * (m - x))),
    "an average that divides by n - 1": (1, average(lambda x: x.sum(axis=0) / (len(x) - 1))),
    "an average without the last client": (1, average(lambda x: x[:-1].mean(axis=0))),
    "models that do not take the average back": (1, Stays()),
    "gradients at the mean of the models": (1, AtTheMean()),
    "control variates that are updated in every step": (1, EveryStep()),
    "local steps that add h_i to the gradient and do not subtract it": (2, Adds()),
    "one local step less in every round": (1, Short()),
    "communication in every step": (1, Always()),
}


@pytest.mark.parametrize("like", ["scaffnew", "proxskip"])
@pytest.mark.parametrize("mistake", WRONG)
def test_a_known_mistake_is_named_with_its_round(mistake, like):
    number, theirs = WRONG[mistake]
    with pytest.raises(AssertionError) as found:
        check_implementation(theirs, like=like, seed=1)
    name = type(theirs).__name__
    assert str(found.value).startswith(f"{name} parts from {like} in round {number} of 50: ")
    known = [one for one in MISTAKES if mistake in one]
    assert len(known) == 1
    assert f" That is like {known[0]}. Seed 1, gamma = " in str(found.value)


def test_every_mistake_of_the_table_differs_from_all_others():
    """Each as an implementation of its own is recognised as itself and nothing else."""
    for name, mistake in MISTAKES.items():

        class Mine(OtherSign):
            def round(self, problem, params, state, length, mistake=mistake):
                return mistake(problem, params, *state, length)

        with pytest.raises(AssertionError) as found:
            check_implementation(Mine(), seed=1)
        assert f"That is like {name}. Seed" in str(found.value)


def test_an_unknown_mistake_is_no_guess():
    with pytest.raises(AssertionError, match=r"in round 1 of 50: H differs by .* may be rounding\. Seed 0"):
        check_implementation(control(lambda q, m, x, b: 0.5 * p_over_gamma(q) * (m - x)))
    elsewhere = type("Mine", (Scaffnew,), {"start": lambda *_: {"x": np.ones((4, 3)), "h": np.zeros((4, 3))}})
    with pytest.raises(AssertionError, match=r"^Mine parts from scaffnew at the start: the model differs by 1, "):
        check_implementation(elsewhere())


def test_single_precision_inside_is_a_guess():
    class Inside(Scaffnew):
        def start(self, problem, params):
            return np.zeros((problem.n, problem.d)), np.zeros((problem.n, problem.d))

        def step(self, problem, params, state, coin):
            x, h = state
            x -= params.gamma * (problem.gradients_at(x).astype(np.float32) - h)
            if coin:
                self.communicate(params, x, h, None)

        def model(self, state):
            return state[0].mean(axis=0)

    with pytest.raises(AssertionError, match=r"parts from scaffnew in round 1 of 50: .* float32 somewhere inside;"):
        check_implementation(Inside())


def test_a_late_mistake_is_named_in_its_round():
    class Tires(Scaffnew):
        rounds = 0

        def communicate(self, params, x, h, before):
            self.rounds += 1
            super().communicate(params._replace(p=params.p * (0.9 if self.rounds == 17 else 1.0)), x, h, before)

    with pytest.raises(AssertionError, match=r"^Tires parts from scaffnew in round 17 of 50: H differs by"):
        check_implementation(Tires())


def test_other_methods_draw_what_theirs_is_given():
    problem = _default_problem()

    class Diana:
        def start(self, problem, params):
            return algorithms.get("gradient_descent").start(problem, params)

        def step(self, problem, params, state, outcome):
            state.x[:] -= params.gamma * problem.gradient(state.x)

        def model(self, state):
            return state.x

    assert check_implementation(Diana(), like="gradient_descent").compared == ("model", "x")
    with pytest.raises(InputError, match=r"^lengths = 3, but a round of gradient_descent ends with no coin"):
        check_implementation(Diana(), like="gradient_descent", lengths=3)

    class Probe(Scaffnew):
        def round(self, problem, params, state, length, w):
            self.drawn = length, w
            return state

        step = None

    probe, params = Probe(), theory.get("tamuna").parameters(problem)
    with pytest.raises(AssertionError, match=r"^Probe parts from tamuna in round 1 of 50"):
        check_implementation(probe, like="tamuna", problem=problem, params=params)
    assert probe.drawn[0] >= 1
    assert np.shape(probe.drawn[1])


def test_a_nonsmooth_term_needs_the_prox_and_no_guess_is_made():
    problem = problems.Quadratic.random(clients=3, dim=4, kappa=10.0, psi=problems.functions.L1(0.1), basis="client")

    class Proximal(Scaffnew):
        def step(self, problem, params, state, coin):
            x, h = state["x"], state["h"]
            x -= params.gamma * (problem.gradients_at(x) - h)
            if coin:
                ratio = params.gamma / params.p
                mean = problem.psi.prox((x - ratio * h).mean(axis=0), ratio)
                h += (mean - x) / ratio
                x[:] = mean

    check_implementation(Proximal(), like="proxskip", problem=problem)
    with pytest.raises(AssertionError, match=r"^Scaffnew parts from proxskip in round 1 .* may be rounding\. Seed 0"):
        check_implementation(Scaffnew(), like="proxskip", problem=problem)


def test_other_arrays_of_theirs_do_not_matter():
    class Remembers(Scaffnew):
        def start(self, problem, params):
            return {"g": np.zeros((problem.n, problem.d)), "steps": 0, **super().start(problem, params)}

        def step(self, problem, params, state, coin):
            state["g"], state["steps"] = problem.gradients_at(state["x"]), state["steps"] + 1
            super().step(problem, params, state, coin)

    assert check_implementation(Remembers()).compared == ("model", "X", "H")
    unnamed = type("Mine", (Remembers,), {"start": lambda *own: {"c": 0, **Remembers.start(*own)}})
    assert check_implementation(unnamed()).compared == ("model", "X", "H")

    class Model(Scaffnew):
        def start(self, problem, params):
            self.state = super().start(problem, params)
            return (self.state["x"],)

        def step(self, problem, params, state, coin):
            self.state["x"] = state[0]
            super().step(problem, params, self.state, coin)

        def model(self, state):
            return state[0].mean(axis=0)

    assert check_implementation(Model()).compared == ("model", "X")


class Half(Scaffnew):
    dtype = np.float16


@pytest.mark.parametrize(
    ("theirs", "options", "message"),
    [
        (SimpleNamespace(start=print, step=print), {}, r"^SimpleNamespace cannot be run, it has start, step: give an"),
        (object(), {}, r"^object cannot be run, it has no function of a method: give an object with start\("),
        (Half(), {}, r"^Half rounds by 0\.001, and with kappa = 30 no mistake could be told from that: compare in"),
        (Replaced(), {"like": "scafnew"}, r"^unknown method 'scafnew'"),
        (Replaced(), {"rounds": 0}, r"^rounds = 0 is not a count"),
        (Replaced(), {"q": 1.0}, r"^unknown parameter of scaffnew 'q'"),
        (Replaced(), {"params": (1.0, 0.5)}, r"^params = \(1\.0, 0\.5\) are no parameters of scaffnew"),
        (type("Mine", (Scaffnew,), {"step": lambda *_: 1 / 0})(), {}, r"^step of Mine raised ZeroDivisionError"),
    ],
)
def test_what_cannot_be_compared_gets_a_sentence(theirs, options, message):
    with pytest.raises(InputError, match=message):
        check_implementation(theirs, **options)
