"""Anybody's object with ``start``, ``step`` and ``model`` is held to a promise like a compiled method."""

from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest

from rootkappa import algorithms, problems, theory
from rootkappa.algorithms.driver.objects import found
from rootkappa.algorithms.parts import Coin, Dense, letters
from rootkappa.problems import InputError
from rootkappa.testing import check_method

PROBLEM = problems.Quadratic.random(clients=4, dim=3, kappa=20.0, basis="client")
PROBLEM = problems.Quadratic(2.5 * PROBLEM.hessians, PROBLEM.kernel.b)
EVIDENCE = ("invariant", "exact", "path")


class Scaffnew:
    """The method in place, with a tuple of arrays."""

    PROMISE = "scaffnew"

    def start(self, problem, params):
        return np.zeros((problem.n, problem.d)), np.zeros((problem.n, problem.d))

    def step(self, problem, params, state, coin):
        x, h = state
        x -= params.gamma * (problem.gradients_at(x) - h)
        if coin:
            mean = np.mean(x, axis=0)
            h += params.p / params.gamma * (mean - x)
            x[:] = mean

    def model(self, state):
        return state[0].mean(axis=0)


class Pair(NamedTuple):
    h: np.ndarray
    x: np.ndarray


class Returned(Scaffnew):
    """A new NamedTuple from each step, its fields in another order."""

    def start(self, problem, params):
        return Pair(*super().start(problem, params))

    def step(self, problem, params, state, coin):
        x, h = state.x.copy(), state.h.copy()
        super().step(problem, params, (x, h), coin)
        return Pair(h, x)

    def model(self, state):
        return state.x.mean(axis=0)


class Lists(Scaffnew):
    """A list of vectors, one for each client."""

    def start(self, problem, params):
        return [[np.zeros(problem.d) for _ in range(problem.n)] for _ in range(2)]

    def step(self, problem, params, state, coin):
        xs, hs = state
        gradients = problem.gradients_at(xs)
        xs = [x - params.gamma * (g - h) for x, g, h in zip(xs, gradients, hs, strict=True)]
        if coin:
            mean = sum(xs) / problem.n
            hs = [h + params.p / params.gamma * (mean - x) for x, h in zip(xs, hs, strict=True)]
            xs = [mean for _ in xs]
        return [xs, hs]

    def model(self, state):
        return sum(state[0]) / len(state[0])


class Numbers(Lists):
    """The same in Python's own numbers."""

    def start(self, problem, params):
        return [[[0.0] * problem.d for _ in range(problem.n)] for _ in range(2)]

    def step(self, problem, params, state, coin):
        assert isinstance(state[0][0][0], float)
        vectors = [[np.array(vector) for vector in field] for field in state]
        return [np.array(field).tolist() for field in super().step(problem, params, vectors, coin)]

    def model(self, state):
        return np.mean(state[0], axis=0).tolist()


class Integers(Lists):
    """A start at 0 that is written without a point."""

    def start(self, problem, params):
        return [[[0] * problem.d for _ in range(problem.n)], [np.zeros(problem.d, dtype=int)] * problem.n]

    def step(self, problem, params, state, coin):
        return super().step(problem, params, [[np.array(vector) for vector in field] for field in state], coin)

    def model(self, state):
        return np.mean(state[0], axis=0)


class Tensor:
    """What another library's tensor looks like from here."""

    def __init__(self, values):
        self._values = np.array(values, dtype=float)

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("this tensor remembers gradients, call detach")

    def detach(self):
        return SimpleNamespace(cpu=lambda: SimpleNamespace(numpy=lambda: self._values))


class TorchLike(Tensor):
    new_tensor = staticmethod(lambda values: TorchLike(values))


class JaxLike:
    """An array that is read as NumPy's and written by ``at[...].set``."""

    def __init__(self, values):
        self._values = np.array(values)
        self.at = self

    def __array__(self, dtype=None, copy=None):
        return self._values

    def __getitem__(self, index):
        assert index is Ellipsis
        return SimpleNamespace(set=JaxLike)


def in_tensors(kind):
    class Tensors(Scaffnew):
        def start(self, problem, params):
            return {key: kind(value) for key, value in zip("xc", super().start(problem, params), strict=True)}

        def step(self, problem, params, state, coin):
            assert type(state["x"]) is kind
            arrays = [value._values.copy() for value in state.values()]
            super().step(problem, params, arrays, coin)
            return {key: kind(value) for key, value in zip("xc", arrays, strict=True)}

        def model(self, state):
            return kind(state["x"]._values.mean(axis=0))

    return Tensors()


class OtherSign(Scaffnew):
    """Control variates c = -h."""

    def start(self, problem, params):
        return {"x": np.zeros((problem.n, problem.d)), "c": np.zeros((problem.n, problem.d))}

    def step(self, problem, params, state, coin):
        x, c = state["x"], state["c"]
        x -= params.gamma * (problem.gradients_at(x) + c)
        if coin:
            mean = x.mean(axis=0)
            c -= params.p / params.gamma * (mean - x)
            x[:] = mean

    def model(self, state):
        return state["x"].mean(axis=0)


class DeclaredSign(OtherSign):
    def fixed_point(self, problem, params, target):
        return {"x": np.tile(target.x, (problem.n, 1)), "c": -target.gradients}

    def lyapunov(self, problem, params, state, target):
        drift = np.sum((state["c"] + target.gradients) ** 2)
        return np.sum((state["x"] - target.x) ** 2) + (params.gamma / params.p) ** 2 * drift


@pytest.fixture(scope="module")
def expected():
    return theory.verify("scaffnew", PROBLEM, EVIDENCE)


RIGHT = {
    "in place": Scaffnew(),
    "returned": Returned(),
    "lists": Lists(),
    "numbers": Numbers(),
    "integers": Integers(),
    "tensors": in_tensors(Tensor),
    "torch": in_tensors(TorchLike),
    "jax": in_tensors(JaxLike),
    "sign": DeclaredSign(),
}


@pytest.mark.parametrize("thing", RIGHT.values(), ids=list(RIGHT))
def test_a_right_object_gets_the_verdicts_of_the_shipped_method(thing, expected):
    judged = theory.verify(thing, PROBLEM, EVIDENCE)
    assert [verdict.status for verdict in judged] == ["confirmed", "confirmed", "consistent"]
    for ours, theirs in zip(expected, judged, strict=True):
        np.testing.assert_allclose(theirs.measured, ours.measured, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(theirs.promised, ours.promised)


def test_an_object_serves_wherever_a_method_is_taken():
    held, shipped = theory.case(Scaffnew(), PROBLEM), theory.case("scaffnew", PROBLEM)
    assert theory.exact.time_to_accuracy(held) == theory.exact.time_to_accuracy(shipped)
    ours = algorithms.run("scaffnew", PROBLEM, shipped.params, rounds=40, seed=3)
    theirs = algorithms.run(Lists(), PROBLEM, shipped.params, rounds=40, seed=3)
    np.testing.assert_allclose(theirs.frame(), ours.frame(), rtol=1e-9, atol=1e-12)
    theirs = algorithms.run(DeclaredSign(), PROBLEM, shipped.params, rounds=40, seed=3)
    np.testing.assert_allclose(theirs.column("lyapunov"), ours.column("lyapunov"), rtol=1e-9, atol=1e-12)
    assert theory.promised_by(Scaffnew()).name == "scaffnew"
    check_method(Scaffnew(), problems=[PROBLEM])
    exponents = theory.verify(Scaffnew(), PROBLEM, ("exponent",))
    assert [verdict.status for verdict in exponents] == ["confirmed"]


def test_a_module_and_a_class_are_objects_too():
    names = ("PROMISE", "start", "step", "model")
    module = SimpleNamespace(**{name: getattr(Scaffnew(), name) for name in names})
    assert theory.verify(module, PROBLEM, ("exact",))[0].status == "confirmed"
    still = type("Still", (), {name: staticmethod(getattr(Scaffnew(), name)) for name in names[1:]} | {"PROMISE": None})
    check_method(still, theorem="scaffnew", problems=[PROBLEM])


def test_a_wrong_object_is_refuted():
    class WithoutP(Scaffnew):
        def step(self, problem, params, state, coin):
            super().step(problem, params._replace(p=1.0), state, coin)

    verdicts = theory.verify(WithoutP(), PROBLEM, EVIDENCE)
    assert [verdict.status for verdict in verdicts] == ["confirmed", "refuted", "refuted"]
    with pytest.raises(AssertionError, match=r"WithoutP breaks the promise of scaffnew\."):
        check_method(WithoutP(), problems=[PROBLEM])


def test_the_other_sign_is_named():
    message = r"^H of OtherSign has the other sign than in the theorem scaffnew: turn it, or define both"
    with pytest.raises(InputError, match=message):
        theory.verify(OtherSign(), PROBLEM)
    with pytest.raises(InputError, match=message):
        theory.case(OtherSign(), PROBLEM)
    half = type("OtherSign", (OtherSign,), {"fixed_point": DeclaredSign.fixed_point})
    with pytest.raises(InputError, match=message):
        theory.verify(half(), PROBLEM)


def test_a_sign_that_is_wrong_in_one_place_is_no_convention():
    class AgainstItsControl(Scaffnew):
        def step(self, problem, params, state, coin):
            x, h = state
            x -= params.gamma * (problem.gradients_at(x) + h)
            if coin:
                h += params.p / params.gamma * (x.mean(axis=0) - x)
                x[:] = x.mean(axis=0)

    verdicts = theory.verify(AgainstItsControl(), PROBLEM, EVIDENCE)
    assert [verdict.status for verdict in verdicts] == ["refuted", "inconclusive", "refuted"]
    assert verdicts[0].sentence.startswith("The fixed point does not stay")


def test_a_lyapunov_of_its_own_is_that_of_the_theorem():
    class Flattered(DeclaredSign):
        def lyapunov(self, problem, params, state, target):
            return np.sum((state["x"] - target.x) ** 2)

    with pytest.raises(InputError, match=r"^lyapunov of Flattered is .* at the start, and that of scaffnew is"):
        theory.verify(Flattered(), PROBLEM)


def test_single_precision_is_named():
    class Single(Scaffnew):
        def start(self, problem, params):
            return [field.astype(np.float32) for field in super().start(problem, params)]

        def step(self, problem, params, state, coin):
            assert state[0].dtype == np.float32
            super().step(problem, params, state, coin)

    with pytest.raises(InputError, match=r"^Single rounds X to float32, .*check_implementation"):
        theory.verify(Single(), PROBLEM)


class Own(NamedTuple):
    size: letters.StepSize
    chance: letters.Probability


class WithItsTheorem(DeclaredSign):
    """The method and its theorem in one object.

    Source: nobody.
    """

    PROMISE = None
    Params = Own
    RANDOM = Coin("chance")
    SENDS = Dense(up=1, down=1)
    EXPONENTS = {"rounds": 0.5}  # noqa: RUF012

    def step(self, problem, params, state, coin):
        super().step(problem, SimpleNamespace(gamma=params.size, p=params.chance), state, coin)

    def prescribed(self, problem):
        return Own(1.0 / problem.L, problem.kappa**-0.5)

    def contraction(self, problem, params):
        return max((1 - params.size * problem.mu) ** 2, 1 - params.chance**2)

    def lyapunov(self, problem, params, state, target):
        return super().lyapunov(problem, SimpleNamespace(gamma=params.size, p=params.chance), state, target)

    def invariants(self, problem, params, state):
        return {"sum of c": state["c"].sum(axis=0)}


def test_an_object_states_a_theorem_of_its_own(expected):
    verdicts = theory.verify(WithItsTheorem(), PROBLEM)
    assert [verdict.evidence for verdict in verdicts] == ["invariant", "exact", "path", "exponent", "cost"]
    assert [verdict.status for verdict in verdicts] == [*2 * ["confirmed"], "consistent", *2 * ["confirmed"]]
    assert verdicts[1].measured == pytest.approx(expected[1].measured, rel=1e-9)
    assert verdicts[1].params == {"size": 1.0 / PROBLEM.L, "chance": PROBLEM.kappa**-0.5}

    class Bold(WithItsTheorem):
        def contraction(self, problem, params):
            return 0.9 * super().contraction(problem, params)

    assert theory.verify(Bold(), PROBLEM, ("exact",))[0].status == "refuted"
    assert theory.verify(WithItsTheorem(), PROBLEM, ("exact",), chance=0.5)[0].status == "confirmed"


def test_missing_invariants_are_asked_for_and_excuse_nothing():
    class Unsaid(WithItsTheorem):
        invariants = None

    verdicts = theory.verify(Unsaid(), PROBLEM, ("exact", "exponent"))
    # What the object does not say keeps evidence from it, so its promise is open.
    assert [verdict.status for verdict in verdicts] == ["inconclusive", "not applicable"]
    for verdict in verdicts:
        assert "Unsaid declares no invariants, but every step keeps 3 sums of the entries of c" in verdict.sentence

    class Bold(Unsaid):
        def contraction(self, problem, params):
            return 0.9 * super().contraction(problem, params)

    assert theory.verify(Bold(), PROBLEM, ("exact",))[0].status == "refuted"

    class Frozen(Unsaid):
        def step(self, problem, params, state, outcome):
            """All that there is stays as it is, so nothing that stays is an excuse."""

    assert {verdict.status for verdict in theory.verify(Frozen(), PROBLEM, ("exact", "path"))} == {"refuted"}


def without(*names):
    kept = {name: staticmethod(getattr(Scaffnew(), name)) for name in ("start", "step", "model") if name not in names}
    return type("Part", (), kept | {"PROMISE": "scaffnew"})()


def changed(**functions):
    return type("Mine", (Scaffnew,), functions)()


@pytest.mark.parametrize(
    ("thing", "message"),
    [
        (without("step"), r"^Part is no method, it lacks step: give a name, a path or an object with start\("),
        (None, r"^NoneType is no method, it lacks start and step and model: "),
        (changed(PROMISE="scafnew"), r"^unknown PROMISE of Mine 'scafnew': did you mean 'scaffnew'\?"),
        (changed(PROMISE=None), r"^Mine has no PROMISE from which to take RANDOM and Params: let it name a theorem"),
        (changed(step=lambda *_: 1 / 0), r"^step of Mine raised ZeroDivisionError: division by zero: mend it"),
        (
            changed(step=lambda *_: (np.zeros(3), np.zeros(3))),
            r"^the field 0 of a state of Mine has the shape \(4, 3\)",
        ),
        (changed(step=lambda *_: np.zeros(3)), r"^a state of Mine has the fields 0, 1 at the start and then x:"),
        (changed(step=lambda *_: ("a", "b")), r"^a state holds a str that is no array of real numbers"),
        (changed(model=lambda self, state: state[0]), r"^model of Mine returns an array of shape \(4, 3\): return one"),
        (
            changed(start=lambda *_: np.zeros(3)),
            r"^the state of Mine has x \(3,\), and that of scaffnew has X \(4, 3\)",
        ),
        (
            changed(
                start=lambda *_: np.ones(3), step=lambda *_: None, model=lambda *own: own[1], lyapunov=lambda *_: 1.0
            ),
            r"^Mine defines a lyapunov for a state of its own and no fixed_point",
        ),
    ],
)
def test_what_is_missing_or_wrong_gets_one_sentence(thing, message):
    with pytest.raises(InputError, match=message):
        theory.verify(thing, PROBLEM, EVIDENCE)


class Descent:
    """A method whose state is one array."""

    PROMISE = "gradient_descent"

    def start(self, problem, params):
        return np.zeros(problem.d)

    def step(self, problem, params, x, outcome):
        return x - params.gamma * problem.gradient(x)

    def model(self, x):
        return x


class Diana:
    """What is drawn for a step is part of its outcome."""

    PROMISE = "diana"

    def start(self, problem, params):
        return algorithms.get("diana").start(problem, params)

    def step(self, problem, params, state, outcome):
        algorithms.get("diana").step(problem.kernel, params, state, outcome)

    def model(self, state):
        return state.x


@pytest.mark.parametrize("thing", [Descent(), Diana()], ids=["gradient_descent", "diana"])
def test_other_methods_are_objects_too(thing):
    for ours, theirs in zip(*(theory.verify(one, PROBLEM, EVIDENCE) for one in (thing.PROMISE, thing)), strict=True):
        assert theirs.status == ours.status
        if ours.evidence != "path":
            np.testing.assert_allclose(theirs.measured, ours.measured, rtol=1e-9, atol=1e-9)
        # What is searched beside a path depends on how much steps cost; the paths are the same.
        for one, other in zip(theirs.details.get("traces", ()), ours.details.get("traces", ()), strict=True):
            np.testing.assert_allclose(one.column("lyapunov"), other.column("lyapunov"), rtol=1e-9, atol=1e-12)


def test_outside_of_the_theorem_nothing_is_asked():
    assert theory.verify(OtherSign(), PROBLEM, ("exact",), gamma=5.0)[0].status == "not applicable"
    assert theory.case(OtherSign(), PROBLEM, gamma=5.0).params.gamma == 5.0


def test_what_cannot_run_on_the_problem_is_said_as_of_a_file():
    composite = problems.Quadratic.random(clients=3, dim=4, kappa=10.0, psi=problems.functions.L1(0.1))
    verdicts = theory.verify(Scaffnew(), composite)
    assert {verdict.status for verdict in verdicts} == {"not applicable"}
    theory.case(Scaffnew(), composite)


def test_what_an_object_says_itself_is_taken():
    class Rare(Scaffnew):
        """Scaffnew that pays twice.

        Source: nobody.
        """

        RANDOM = Coin("gamma")
        SENDS = Dense(up=2, down=1)

    method = found(Rare())
    assert (method.name, method.summary, method.source) == ("Rare", "Scaffnew that pays twice.", "nobody.")
    params = method.Params(gamma=0.25, p=0.5)
    assert [probability for probability, _ in method.outcomes(PROBLEM, params)] == [0.75, 0.25]
    draws = method.draw(np.random.default_rng(0), PROBLEM, params, 10)
    assert method.cost(PROBLEM, params, draws).floats_up == 20 * PROBLEM.d
    assert found(method) is method


class PrunesAtTheServer(Scaffnew):
    PROMISE = None
    LIKE = "sparse_proxskip_server"


class PrunesAtTheServerAsPromised(PrunesAtTheServer):
    PROMISE = "sparse_proxskip"


class WithItsTheoremLikeScaffnew(WithItsTheorem):
    LIKE = "scaffnew"


def test_what_an_object_leaves_out_is_that_of_the_method_that_it_is_like():
    like = algorithms.get(PrunesAtTheServer.LIKE)
    for kind in (PrunesAtTheServer, PrunesAtTheServerAsPromised):
        method = found(kind())
        assert (method.promise, method.Params, method.likenesses) == ("sparse_proxskip", like.Params, (like,))
        params = method.Params(gamma=0.25, p=0.5, k=1)
        draws = method.draw(np.random.default_rng(0), PROBLEM, params, 10)
        # It prunes what the server sends, as only that method does.
        assert method.cost(PROBLEM, params, draws) == like.cost(PROBLEM, params, draws)
    assert found(WithItsTheoremLikeScaffnew()).promise is None


def test_an_object_that_says_only_which_method_it_is_makes_its_promise():
    class Like(Scaffnew):
        PROMISE = None
        LIKE = "scaffnew"

    assert theory.case(Like(), PROBLEM).rho == theory.case("scaffnew", PROBLEM).rho
    Like.LIKE = "scafnew"
    with pytest.raises(InputError, match="LIKE of Like 'scafnew': did you mean 'scaffnew'"):
        found(Like())
