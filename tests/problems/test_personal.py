"""Private models against the definition: what they are made of, finite differences, and both extremes."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from rootkappa import algorithms, problems, theory
from rootkappa.core.compiled import njit
from rootkappa.core.errors import InputError
from rootkappa.problems import Composite, Logistic, Personal, Quadratic, Softmax, functions, oracles, personal
from rootkappa.sweeps import ProblemSpec
from rootkappa.sweeps.problems import problem_specs, tried_on
from rootkappa.theory.engines.places import places

pytestmark = pytest.mark.drawn(2)

SEEDS = st.integers(0, 2**32 - 1)
KINDS = ("quadratic", "one hessian", "logistic", "sparse logistic", "softmax", "sparse softmax")


def inner_of(kind, seed, n=3, kappa=20.0):
    """Draw a problem of 6 coordinates."""
    rng = np.random.default_rng(seed)
    if "log" not in kind and "soft" not in kind:
        basis = "client" if kind == "quadratic" else "common"
        return Quadratic.random(n, 6, kappa, seed % 1000, basis=basis)
    classes = 3 if "softmax" in kind else 2
    features = rng.standard_normal((8 * n, 2 if classes == 3 else 6))
    labels = rng.integers(classes, size=8 * n)
    labels[:classes] = np.arange(classes)
    rows = csr_array(features) if "sparse" in kind else features
    return (Softmax if classes == 3 else Logistic)(rows, labels, clients=n, kappa=kappa)


@st.composite
def drawn(draw, kinds=KINDS):
    inner = inner_of(draw(st.sampled_from(kinds)), draw(SEEDS), draw(st.integers(1, 4)))
    private = draw(st.lists(st.integers(0, inner.d - 1), unique=True))
    return Personal(inner, private), np.random.default_rng(draw(SEEDS))


def by_hand(problem, z, i):
    """Return client i's own model, coordinate by coordinate."""
    model, shared = np.empty(problem.inner.d), [j for j in range(problem.inner.d) if j not in problem.private]
    for position, j in enumerate(shared):
        model[j] = z[position]
    for position, j in enumerate(problem.private):
        model[j] = z[len(shared) + i * len(problem.private) + position]
    return model


@given(case=drawn())
def test_a_joint_vector_is_every_clients_own_model(case):
    problem, rng = case
    z = rng.standard_normal(problem.d)
    models = problem.client_models(z)
    np.testing.assert_array_equal(models, [by_hand(problem, z, i) for i in range(problem.n)])
    u, B = models[0, problem.shared], models[:, problem.private]
    np.testing.assert_array_equal(problem.joint(u, B), z)
    assert problem.d == len(problem.shared) + problem.n * len(problem.private)


def value_by_hand(problem, z, only=None):
    """Return F, or one f_i, from the values of quadratics and from the losses of samples, one client at a time."""
    inner, values = problem.inner, []
    for i in range(problem.n):
        x = by_hand(problem, z, i)
        if isinstance(inner, Quadratic):
            values.append(x @ inner.hessians[i] @ x / 2 - inner.kernel.b[i] @ x)
            continue
        first, last = inner._start[i], inner._start[i + 1]
        rows = inner._samples[first:last]
        rows = rows if isinstance(rows, np.ndarray) else rows.toarray()
        if isinstance(inner, Softmax):
            logits = rows @ inner.blocks.matrix(x).T
            own = logits[np.arange(last - first), inner._y[first:last]]
            losses = np.log(np.exp(logits).sum(axis=1)) - own
        else:
            losses = np.log1p(np.exp(-(rows @ x)))
        values.append(losses.mean() + inner.l2 / 2 * (x @ x))
    return values[only] if only is not None else np.mean(values)


@given(case=drawn())
def test_values_and_gradients_against_the_definition(case):
    problem, rng = case
    z, h = rng.standard_normal(problem.d), 1e-5
    assert problem.value(z) == pytest.approx(value_by_hand(problem, z), rel=1e-12, abs=1e-13)
    gradients = problem.gradients(z)
    for j, e in enumerate(np.eye(problem.d)):
        for i in range(problem.n):
            slope = (value_by_hand(problem, z + h * e, i) - value_by_hand(problem, z - h * e, i)) / (2 * h)
            assert gradients[i, j] == pytest.approx(slope, abs=1e-7)
    np.testing.assert_allclose(problem.precise_gradients(z).astype(float), gradients, atol=1e-13)
    np.testing.assert_allclose(problem.gradient(z), gradients.mean(axis=0), atol=1e-15)


@given(case=drawn())
def test_second_derivatives_are_those_of_the_gradient(case):
    problem, rng = case
    z, v, h = rng.standard_normal(problem.d), rng.standard_normal(problem.d), 1e-5
    bent = (problem.gradient(z + h * v) - problem.gradient(z - h * v)) / (2 * h)
    np.testing.assert_allclose(problem.hessian(z) @ v, bent, atol=1e-8)
    np.testing.assert_allclose(problem.hessian_times(z)(v), bent, atol=1e-8)


@given(case=drawn())
@pytest.mark.parametrize("dense", [True, False], ids=["complements", "products"])
def test_newton_directions_solve_with_the_hessian(dense, case):
    problem, rng = case
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(personal, "_DENSE_SIZE", 1024 if dense else 0)
        z, g = rng.standard_normal(problem.d), rng.standard_normal(problem.d)
        found = problem.newton_direction(z, g)
    np.testing.assert_allclose(problem.hessian(z) @ found, g, atol=1e-8)


@given(case=drawn())
def test_bregman_distances_and_gaps_do_not_cancel(case):
    problem, rng = case
    x, y = rng.standard_normal(problem.d), rng.standard_normal(problem.d)
    far = problem.value(x) - problem.value(y) - problem.gradient(y) @ (x - y)
    assert problem.bregman(x, y) == pytest.approx(far, rel=1e-9, abs=1e-12)
    near, move = 1e-9, x - y
    quadratic = near**2 * (move @ problem.hessian(y) @ move) / 2
    assert problem.bregman(y + near * move, y) == pytest.approx(quadratic, rel=1e-5)
    best = problem.solution()
    assert problem.gap(best.x) <= 1e-25
    assert problem.gap(x) == pytest.approx(problem.value(x) - problem.value(best.x), rel=1e-9)


@given(case=drawn())
def test_the_solution_is_certified_and_no_worse_than_anybody_near(case):
    problem, rng = case
    best = problem.solution()
    assert best.residual < 1e-13
    assert best.gradients.shape == (problem.n, problem.d)
    # Every client's private part is its own best for the shared one, and the shared parts' pulls cancel.
    shared = len(problem.shared)
    assert np.abs(best.gradients[:, shared:]).max(initial=0.0) < 1e-12
    assert np.abs(best.gradients[:, :shared].sum(axis=0)).max(initial=0.0) < 1e-12
    assert problem.value(best.x + 1e-3 * rng.standard_normal(problem.d)) > problem.value(best.x)


@pytest.mark.parametrize("kind", KINDS)
def test_with_nothing_private_it_is_the_problem_itself(kind):
    inner = inner_of(kind, 5)
    problem, x = Personal(inner, []), np.linspace(-1.0, 1.0, inner.d)
    assert problem.d == inner.d
    assert problem.value(x) == pytest.approx(inner.value(x), rel=1e-14)
    np.testing.assert_allclose(problem.gradients(x), inner.gradients(x), atol=1e-15)
    np.testing.assert_allclose(problem.hessian(x), inner.hessian(x), atol=1e-15)
    np.testing.assert_allclose(problem.solution().x, inner.solution().x, atol=1e-13)
    np.testing.assert_allclose(problem.solution().gradients, inner.solution().gradients, atol=1e-13)
    assert problem.gap(x) == pytest.approx(inner.gap(x), rel=1e-12)
    assert (problem.L, problem.mu, problem.kappa, problem.how) == (inner.L, inner.mu, inner.kappa, inner.how)
    assert (problem.work(3.0), problem.component_L) == (inner.work(3.0), inner.component_L)


@pytest.mark.parametrize("kind", KINDS)
def test_with_all_private_it_is_as_many_problems_as_clients(kind):
    inner = inner_of(kind, 6)
    problem = Personal(inner, "all")
    assert problem.d == inner.n * inner.d
    there = problem.client_models(problem.solution().x)
    for i, own in enumerate(problem.alone):
        assert own.n == 1
        np.testing.assert_allclose(there[i], own.solution().x, atol=1e-13)
        if not isinstance(inner, Quadratic):
            continue
        np.testing.assert_allclose(there[i], np.linalg.solve(inner.hessians[i], inner.kernel.b[i]), rtol=1e-10)
    values = [own.value(own.solution().x) for own in problem.alone]
    assert problem.value(problem.solution().x) == pytest.approx(np.mean(values), rel=1e-14)


@pytest.mark.parametrize("kind", KINDS)
def test_a_client_alone_is_its_own_function(kind):
    inner = inner_of(kind, 7)
    x = np.linspace(-1.0, 1.0, inner.d)
    for i in range(inner.n):
        own = inner.of_client(i)
        np.testing.assert_allclose(own.gradient(x), inner.gradients(x)[i], atol=1e-15)
        np.testing.assert_array_equal(own.gradients_at(x[None]), inner.gradients_at(np.tile(x, (inner.n, 1)))[[i]])
        np.testing.assert_array_equal(own.L_i, inner.L_i[[i]])
        np.testing.assert_array_equal(own.mu_i, inner.mu_i[[i]])
    values = [inner.of_client(i).value(x) for i in range(inner.n)]
    assert np.mean(values) == pytest.approx(inner.value(x), rel=1e-13)


def test_a_client_alone_has_neither_psi_nor_a_server():
    inner = Logistic(np.eye(4), [0, 1, 0, 1], clients=2, l2=0.1, psi=functions.L1(0.1), server=0.5)
    inner.solution()
    own = inner.of_client(1)
    assert own.is_smooth
    assert own.server is None
    assert own.solution().x.shape == (4,)
    assert own.solution().residual < 1e-13
    assert inner.server is not None


@njit
def _asked(kernel, i, j, z, g, c, u, b, x):
    work = oracles.workspace(kernel)
    oracles.gradient(kernel, i, z, g, work)
    oracles.component_gradient(kernel, i, j, z, c, work)
    personal.split_model(kernel, x, u, b)
    x[:] = 0.0
    personal.join_model(kernel, u, b, x)
    return oracles.clients(kernel), oracles.components(kernel, i)


@pytest.mark.parametrize("kind", ["quadratic", "softmax"])
def test_compiled_code_asks_for_the_same(kind):
    problem = Personal(inner_of(kind, 8), [1, 4])
    z, x = np.linspace(-1.0, 1.0, problem.d), np.arange(6.0)
    for i in range(problem.n):
        g, c, total = np.empty(problem.d), np.empty(problem.d), np.zeros(problem.d)
        u, b, again = np.empty(4), np.empty(2), x.copy()
        n, m = _asked(problem.kernel, i, 0, z, g, c, u, b, again)
        np.testing.assert_array_equal(g, problem.gradients(z)[i])
        np.testing.assert_array_equal(again, x)
        assert (u.tolist(), b.tolist(), n) == ([0.0, 2.0, 3.0, 5.0], [1.0, 4.0], problem.n)
        for j in range(m):
            _asked(problem.kernel, i, j, z, g, c, u, b, again)
            total += c / m
        np.testing.assert_allclose(total, g, atol=1e-13)
    G = problem.gradients_at(np.tile(z, (problem.n, 1)))
    np.testing.assert_array_equal(G, problem.gradients(z))


def test_compiled_code_takes_a_problem_without_private_models_as_all_shared():
    problem = inner_of("quadratic", 9)
    x, u = np.arange(6.0), np.empty(6)
    personal.split_model(problem.kernel, x, u, np.empty(0))
    np.testing.assert_array_equal(u, x)
    joined = np.empty(6)
    personal.join_model(problem.kernel, u, np.empty(0), joined)
    np.testing.assert_array_equal(joined, x)
    assert personal.own_oracles(problem.kernel) is problem.kernel


def test_local_steps_are_gradient_steps():
    problem = Personal(inner_of("quadratic", 10), [0, 5])
    z, h = np.linspace(-1.0, 1.0, problem.d), np.linspace(0.0, 0.1, problem.d)
    moved, expected = z.copy(), z.copy()
    oracles.local_steps(problem.kernel, 1, moved, h, 0.3, 4, np.empty(oracles.work_size(problem.kernel) + problem.d))
    for _ in range(4):
        expected -= 0.3 * (problem.gradients(expected)[1] - h)
    np.testing.assert_allclose(moved, expected, atol=1e-13)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_the_last_features_of_all_classes_are_private(count):
    inner = inner_of("softmax", 11)
    problem = Personal(inner, private_features=count)
    columns = np.arange(6).reshape(3, 2)
    np.testing.assert_array_equal(problem.private, np.sort(columns[:, 2 - count :].ravel()))
    assert Personal(inner, problem.private[::-1]).content_key() == problem.content_key()


def test_its_key_tells_apart_what_differs():
    inner, other = inner_of("quadratic", 12), inner_of("quadratic", 13)
    keys = {
        problem.content_key()
        for problem in (inner, Personal(inner, []), Personal(inner, [1]), Personal(inner, [2]), Personal(inner, "all"))
    }
    assert len(keys | {Personal(other, [1]).content_key()}) == 6


QUADRATIC = Quadratic.random(2, 3)
SOFTMAX = inner_of("softmax", 0)
BAD = [
    (lambda: Personal("digits", "all"), r"inner = 'digits' is no problem of one model: give a Quadratic"),
    (lambda: Personal(Composite.random(2, 3), "all"), "is no problem of one model"),
    (lambda: Personal(Personal(QUADRATIC, "all"), "all"), "is no problem of one model"),
    (lambda: Personal(Quadratic.random(2, 3, psi=functions.L1(0.1)), "all"), r"inner has psi = L1\(0.1\)"),
    (
        lambda: Personal(Quadratic(QUADRATIC.hessians, QUADRATIC.kernel.b, server=(np.eye(3), np.ones(3))), [0]),
        "server",
    ),
    (lambda: Personal(QUADRATIC), "private = None and private_features = None were given: give exactly one"),
    (lambda: Personal(SOFTMAX, "all", 1), "exactly one"),
    (lambda: Personal(QUADRATIC, "some"), "private = 'some' are no coordinates: give their indices, or 'all'"),
    (lambda: Personal(QUADRATIC, [3]), "private holds 3, which is no coordinate of a model with 3: .* 0 to 2"),
    (lambda: Personal(QUADRATIC, [-1]), "private holds -1"),
    (lambda: Personal(QUADRATIC, [0.5]), "private holds 0.5"),
    (lambda: Personal(QUADRATIC, [float("nan")]), "private holds nan"),
    (lambda: Personal(QUADRATIC, [1, 1]), "private holds 1 twice"),
    (lambda: Personal(QUADRATIC, [[1]]), "is no list of coordinates"),
    (lambda: Personal(QUADRATIC, [True, False, True]), "is no list of coordinates"),
    (lambda: Personal(QUADRATIC, private_features=1), "private_features = 1 is for a Softmax"),
    (lambda: Personal(SOFTMAX, private_features=3), "private_features = 3 is no number of features: .* 0 to 2"),
    (lambda: Personal(SOFTMAX, private_features=True), "is no number of features"),
    (lambda: Personal(SOFTMAX, private_features=1.5), "is no number of features"),
    (lambda: Personal(QUADRATIC, "all").with_psi(functions.L1(0.1)), r"psi = L1\(0.1\) goes with no private models"),
]


@pytest.mark.parametrize(("wrong", "words"), BAD)
def test_what_does_not_fit_gets_one_sentence(wrong, words):
    with pytest.raises(InputError, match=words) as told:
        wrong()
    assert "\n" not in str(told.value)


def test_joint_gradients_that_fit_into_no_memory_are_refused(monkeypatch):
    monkeypatch.setattr(personal, "_LARGEST", 10)
    with pytest.raises(InputError, match=r"private has 3 coordinates, and with 2 clients .* give fewer"):
        Personal(QUADRATIC, "all")


@pytest.mark.parametrize("name", [name for name in algorithms.names() if not algorithms.get(name).handles_personal])
def test_a_method_of_one_model_refuses_private_ones(name):
    with pytest.raises(InputError, match=rf"^{name} has one model for all clients"):
        algorithms.get(name).check(Personal(QUADRATIC, "all"))


def knowing(own_check=lambda problem: None):
    """Return a method that claims to know private models; its steps are those in the joint vector."""
    return dataclasses.replace(algorithms.get("gradient_descent"), handles_personal=True, own_check=own_check)


def test_a_run_measures_the_joint_vector():
    problem = Personal(inner_of("quadratic", 14), [2])
    method = knowing()
    trace = algorithms.run(method, problem, method.Params(gamma=1.0 / problem.L), rounds=3000)
    assert trace.last("distance") < 1e-9
    assert trace.last("gap") < 1e-18
    np.testing.assert_allclose(trace.model, problem.solution().x, atol=1e-9)


@pytest.mark.parametrize("private", [[], [1, 3], "all"])
@pytest.mark.parametrize("kind", ["quadratic", "logistic", "softmax"])
def test_places_have_private_models_too(kind, private):
    problem = Personal(inner_of(kind, 15), private)
    held = dataclasses.replace(theory.case("gradient_descent", problem.inner), method=knowing(), problem=problem)
    small = held.on_small_quadratic().problem
    found = [place.case.problem for place in places(held)]
    assert len(found) > 2
    for other in [small, *found]:
        assert isinstance(other, Personal)
        for part in ("shared", "private"):
            # One coordinate cannot be both.
            if other.inner.d > 1 and not (isinstance(other.inner, Softmax) and other.inner.blocks.columns == 1):
                assert bool(len(getattr(other, part))) == bool(len(getattr(problem, part)))


def needs_some_shared(problem):
    if not isinstance(problem, Personal) or not len(problem.shared):
        raise InputError("it needs a shared part")


def needs_all_private(problem):
    if not isinstance(problem, Personal) or len(problem.shared):
        raise InputError("it needs private models")


def test_methods_that_know_private_models_are_tried_on_some():
    usual = problem_specs([20.0], clients=4)
    partly, wholly, one = knowing(needs_some_shared), knowing(needs_all_private), algorithms.get("scaffnew")
    tried = tried_on([partly, wholly, one], usual)
    found = {(spec.problem, spec.private): some for spec, some in tried.items()}
    assert found == {
        ("quadratic", "5"): [partly], ("softmax", "16"): [partly], ("quadratic", "all"): [wholly],
        ("softmax", "all"): [wholly], ("quadratic", ""): [one], ("logistic", ""): [one],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("spec", "size"),
    [
        (ProblemSpec(private="5"), (15, 5)),
        (ProblemSpec(private="all"), (0, 20)),
        (ProblemSpec(private="0"), (20, 0)),
        (ProblemSpec("logistic", data="breast_cancer", private="3"), (27, 3)),
        (ProblemSpec("softmax", data="digits", private="16"), (480, 160)),
    ],
)
def test_a_problem_of_a_sweep_has_what_is_named(spec, size):
    problem = spec.build()
    assert (len(problem.shared), len(problem.private)) == size
    if spec.problem != "softmax" and spec.private.isdecimal():
        assert problem.private.tolist() == list(range(size[0], problem.inner.d))
    assert spec.configuration()["private"] == spec.private


@pytest.mark.parametrize("private", ["21", "-1", "half", "1.5"])
def test_a_part_that_is_none_is_refused(private):
    with pytest.raises(InputError, match=rf"private = '{private}' is no part of a model with 20 coordinates"):
        ProblemSpec(private=private).build()


def test_the_command_line_names_private_parts(command):
    found = command("verify", "scaffnew", "--problem", "quadratic", "--private", "5")
    assert found.code == 3
    assert "scaffnew has one model for all clients" in " ".join(found.output.split())
    found = command("verify", "spatl", "--private", "all", "--evidence", "invariant")
    assert found.code == 3
    assert "has no shared coordinates" in " ".join(found.output.split())
    found = command("verify", "scaffnew", "--problem", "softmax", "--private", "65")
    assert found.code == 2
    assert "private = '65' is no part of a model with 64 features: give 'all', or how many" in found.errors


def test_digits_are_solved_with_private_features():
    inner = Softmax.load(clients=5, kappa=1e3, partition="label")
    problem = Personal(inner, private_features=16)
    assert problem.solution().residual < 1e-12
    assert problem.value(problem.solution().x) < inner.value(inner.solution().x)
    assert isinstance(problems.Personal(inner, "all"), Personal)
