"""Softmax regression against a twin written from the definition, finite differences, scikit-learn and Logistic."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.special import logsumexp
from scipy.special import softmax as probabilities
from sklearn.linear_model import LogisticRegression

from rootkappa.core.compiled import njit
from rootkappa.problems import InputError, Logistic, Softmax, functions, oracles, softmax
from rootkappa.problems.data import load_classes
from rootkappa.problems.partitions import NAMES, assign

EPS = np.finfo(float).eps
SEEDS = st.integers(0, 2**32)
CLASSES = st.integers(2, 5)
FORMS = (np.asarray, csr_array)


@njit
def compiled_local_steps(kernel, i, x, h, gamma, k, work):
    oracles.local_steps(kernel, i, x, h, gamma, k, work)


def sample(seed, classes, samples=60, d=4, density=0.7):
    """Draw features and labels of which every class has some; the labels are no numbers from 0."""
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((samples, d)) * (rng.random((samples, d)) < density)
    noise = rng.gumbel(size=(samples, classes))
    labels = (features @ rng.standard_normal((d, classes)) + noise).argmax(axis=1)
    labels[:classes] = np.arange(classes)
    features[0, 0] = 1.0
    return features, 3.0 * labels - 1.0


class Twin:
    """The definition, client by client, with W as a matrix and labels as the user gave them."""

    def __init__(self, features, labels, owner, l2):
        self.l2, self.values = l2, np.unique(labels)
        self.clients = [(features[owner == i], labels[owner == i]) for i in range(owner.max() + 1)]

    def value(self, x):
        W = x.reshape(len(self.values), -1)
        means = [
            np.mean([logsumexp(W @ a) - W[list(self.values).index(label)] @ a for a, label in zip(A, y, strict=True)])
            for A, y in self.clients
        ]
        return np.mean(means) + self.l2 / 2 * (x @ x)

    def gradients(self, x):
        W = x.reshape(len(self.values), -1)
        means = [
            np.mean(
                [np.outer(probabilities(W @ a) - (self.values == label), a) for a, label in zip(A, y, strict=True)], 0
            )
            for A, y in self.clients
        ]
        return np.array(means).reshape(len(means), -1) + self.l2 * x

    def hessian(self, i, x):
        W, (A, _) = x.reshape(len(self.values), -1), self.clients[i]
        P = probabilities(A @ W.T, axis=1)
        total = sum(np.kron(np.diag(p) - np.outer(p, p), np.outer(a, a)) for p, a in zip(P, A, strict=True))
        return total / len(A) + self.l2 * np.eye(len(x))


def compiled_gradients(problem, x):
    G = np.empty((problem.n, problem.d))
    oracles.gradients_at(problem.kernel, x, G, oracles.workspace(problem.kernel))
    return G


@given(seed=SEEDS, classes=CLASSES, samples=st.integers(6, 200), d=st.integers(1, 9), data=st.data())
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("partition", [*NAMES, "label"])
def test_gradients_and_values_against_the_definition(partition, form, seed, classes, samples, d, data):
    features, labels = sample(seed, classes, samples, d)
    clients = data.draw(st.integers(1, min(samples, 5)))
    problem = Softmax(form(features), labels, clients, l2=0.1, partition=partition, seed=seed, alpha=0.3)
    twin = Twin(features, labels, assign(partition, labels, clients, seed, 0.3), 0.1)
    x = 2.0 * np.random.default_rng(seed).standard_normal(problem.d)
    expected = twin.gradients(x)
    # Each is a mean of numbers of the size of the features, at most 6, whose logits are sums of d products.
    tolerance = 200 * (d + 1) * EPS
    before = x.copy()
    assert np.abs(compiled_gradients(problem, x) - expected).max() <= tolerance
    assert np.array_equal(x, before)
    assert np.abs(problem.gradients(x) - expected).max() <= tolerance
    assert np.abs(problem.gradient(x) - expected.mean(axis=0)).max() <= tolerance
    precise = problem.precise_gradients(x.astype(np.longdouble))
    assert precise.dtype == np.longdouble
    assert np.abs(precise - expected).max() <= tolerance
    assert problem.value(x) == pytest.approx(twin.value(x), rel=1e-12)
    assert problem.d == classes * d
    assert problem.classes.tolist() == problem.blocks.classes.tolist() == np.unique(labels).tolist()


@given(seed=SEEDS, classes=CLASSES)
@pytest.mark.parametrize("form", FORMS)
def test_the_gradient_is_the_slope_of_the_value(form, seed, classes):
    features, labels = sample(seed, classes)
    problem = Softmax(form(features), labels, 3, kappa=50.0)
    x, direction = np.random.default_rng(seed).standard_normal((2, problem.d))
    slope = (problem.value(x + 1e-5 * direction) - problem.value(x - 1e-5 * direction)) / 2e-5
    assert problem.gradient(x) @ direction == pytest.approx(slope, abs=1e-7)


@given(seed=SEEDS, classes=CLASSES)
@pytest.mark.parametrize("form", FORMS)
def test_newton_solves_with_the_hessian(form, seed, classes):
    features, labels = sample(seed, classes, samples=20)
    problem = Softmax(form(features), labels, 2, l2=0.1)
    twin = Twin(features, labels, assign("contiguous", labels, 2), 0.1)
    x, v = np.random.default_rng(seed).standard_normal((2, problem.d))
    g = (twin.hessian(0, x) + twin.hessian(1, x)) @ v / 2
    assert problem.newton_direction(x, g) == pytest.approx(v, abs=1e-10)


@given(seed=SEEDS, classes=CLASSES, size=st.floats(-2, 2).map(lambda e: 10.0**e))
def test_no_hessian_is_beyond_the_constants(seed, classes, size):
    features, labels = sample(seed, classes, samples=12, d=3)
    problem = Softmax(features, labels, 2, kappa=50.0)
    twin = Twin(features, labels, assign("contiguous", labels, 2), problem.l2)
    rng = np.random.default_rng(seed)
    # A point at random, 0, and one at which two classes share the first sample, where the bound is nearly attained.
    shared = np.zeros((classes, 3))
    shared[:2], shared[2:] = features[0] * size, -features[0] * size
    for x in (size * rng.standard_normal(problem.d), np.zeros(problem.d), shared.ravel()):
        for i in range(2):
            sizes = np.linalg.eigvalsh(twin.hessian(i, x))
            assert sizes[-1] <= problem.L_i[i] * (1 + 1e-12)
            assert sizes[0] >= problem.mu_i[i] * (1 - 1e-9)
    if classes == 2:
        attained = [np.linalg.eigvalsh(twin.hessian(i, np.zeros(problem.d)))[-1] for i in range(2)]
        assert problem.L_i == pytest.approx(attained, rel=1e-12)
    assert problem.how == {"L": "eigenvalues" if classes == 2 else "bound", "mu": "bound"}


def test_the_bound_is_attained_where_two_of_many_classes_share_everything():
    """So it cannot be improved for all data: at p = (1/2, 1/2, 0, ...)."""
    features, labels = np.array([[1.0], [2.0], [3.0], [1.0]]), [0, 1, 2, 3]
    problem = Softmax(features, labels, 1, l2=0.1)
    x = np.array([0.0, 0.0, -60.0, -60.0])
    hessian = Twin(features, np.array(labels), np.zeros(4, dtype=int), 0.1).hessian(0, x)
    assert np.linalg.eigvalsh(hessian)[-1] == pytest.approx(problem.L, rel=1e-12)


@given(seed=SEEDS, kappa=st.floats(0.01, 12.0).map(lambda e: 10.0**e), clients=st.integers(1, 6), classes=CLASSES)
def test_kappa_is_met_exactly(seed, kappa, clients, classes):
    problem = Softmax(*sample(seed, classes), clients, kappa=kappa)
    assert problem.kappa == pytest.approx(kappa, rel=8 * EPS * kappa / (kappa - 1))
    assert problem.mu == problem.l2


@pytest.mark.parametrize("kappa", [10.0, 1e3])
@pytest.mark.parametrize("form", FORMS)
def test_the_solution_is_that_of_scikit_learn(form, kappa):
    features, labels = sample(4, 4, samples=120)
    problem = Softmax(form(features), labels, 4, kappa=kappa, partition="shuffled")
    # Theirs is C times the sum of the losses plus |W|^2 / 2, without an intercept.
    reference = LogisticRegression(
        C=1 / (120 * problem.l2), fit_intercept=False, tol=1e-12, solver="newton-cg", max_iter=1000
    ).fit(features, labels)
    best = problem.solution().x
    assert problem.blocks.matrix(best) == pytest.approx(reference.coef_, abs=1e-8)
    assert problem.accuracy(best) == reference.score(features, labels)


@given(seed=SEEDS, kappa=st.floats(0.5, 5.0).map(lambda e: 10.0**e))
@pytest.mark.parametrize("form", FORMS)
def test_two_classes_are_logistic_regression(form, seed, kappa):
    """With w_1 = -w_0 = x / 2 the margins are x'a, and l2 |W|^2 / 2 = (l2 / 2) |x|^2 / 2."""
    features, labels = sample(seed, 2)
    problem = Softmax(form(features), labels, 3, kappa=kappa, partition="label")
    logistic = Logistic(form(features), labels, 3, l2=problem.l2 / 2, partition="label")
    assert logistic.kappa == pytest.approx(problem.kappa, rel=1e-12)
    W, x = problem.blocks.matrix(problem.solution().x), logistic.solution().x
    scale = np.abs(x).max()
    assert np.abs(W[1] + W[0]).max() <= 1e-9 * scale
    assert np.abs(W[1] - W[0] - x).max() <= 1e-9 * scale
    assert problem.value(W.ravel()) == pytest.approx(logistic.value(x), rel=1e-12)
    assert problem.gap(np.zeros(problem.d)) == pytest.approx(logistic.gap(np.zeros(logistic.d)), rel=1e-9)


def check_solution(problem, twin):
    solution = problem.solution()
    zero = np.linalg.norm(twin.gradients(np.zeros(problem.d)).mean(axis=0))
    assert solution.residual <= 1e-12
    assert np.linalg.norm(twin.gradients(solution.x).mean(axis=0)) <= 1e-12 * zero
    # The classes' gradients sum to l2 times the classes' weights, which so sum to 0.
    W = problem.blocks.matrix(solution.x)
    assert np.abs(W.sum(axis=0)).max() <= 1e-9 * np.abs(W).max()
    return solution


@pytest.mark.parametrize("kappa", [10.0, 1e6, 1e10])
@pytest.mark.parametrize("dense", [True, False], ids=["direct", "by products"])
def test_separable_data_are_solved(dense, kappa, monkeypatch):
    monkeypatch.setattr(softmax, "_DENSE_SIZE", 1024 if dense else 0)
    features = np.random.default_rng(0).standard_normal((40, 3))
    labels = (features @ np.random.default_rng(1).standard_normal((3, 4))).argmax(axis=1)
    problem = Softmax(features, labels, 3, kappa=kappa, partition="label")
    best = check_solution(problem, Twin(features, labels, assign("by_label", labels, 3), problem.l2)).x
    assert problem.accuracy(best) == 1.0 or kappa == 10.0


@pytest.mark.parametrize("kappa", [10.0, 1e6])
@pytest.mark.parametrize("form", FORMS)
def test_badly_scaled_data_are_solved_by_products_with_the_hessian(form, kappa, monkeypatch):
    monkeypatch.setattr(softmax, "_DENSE_SIZE", 0)
    features, labels = sample(5, 3)
    features = features * np.geomspace(1.0, 1e3, 4)
    problem = Softmax(form(features), labels, 4, kappa=kappa)
    check_solution(problem, Twin(features, labels, assign("contiguous", labels, 4), problem.l2))


@given(seed=SEEDS, size=st.integers(-9, 2).map(lambda e: 10.0**e), classes=CLASSES)
@pytest.mark.parametrize("form", FORMS)
def test_the_gap_keeps_its_digits_at_every_distance(form, seed, size, classes):
    features, labels = sample(seed, classes, samples=20)
    problem = Softmax(form(features), labels, 2, kappa=100.0)
    best = problem.solution().x
    x = best + size * np.random.default_rng(seed).standard_normal(problem.d)
    error = x.astype(np.longdouble) - best
    # The gradient's path from the minimum to x, integrated in extended precision by Gauss's rule, is the gap.
    nodes, weights = np.polynomial.legendre.leggauss(20 if size <= 0.1 else 400)
    slopes = [problem.precise_gradients(best + (t + 1) / 2 * error).mean(axis=0) @ error for t in nodes]
    start = problem.precise_gradients(best.astype(np.longdouble)).mean(axis=0) @ error
    gap = float(weights @ (np.array(slopes) - start) / 2)
    assert problem.gap(x) == pytest.approx(gap, rel=1e-9 if size <= 1 else 1e-3)
    assert problem.gap(best) == 0.0


def test_moves_beyond_the_range_of_exponentials_have_a_gap():
    logits, moves = np.array([[0.0, 1.0, -3.0]]), np.array([[5.0, 900.0, -900.0]])
    for sign in (1.0, -1.0):
        there, here = logsumexp(logits + sign * moves), logsumexp(logits)
        expected = there - here - probabilities(logits, axis=1)[0] @ (sign * moves[0])
        assert softmax._loss_bregman(logits, sign * moves)[0] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("form", FORMS)
def test_the_composite_solution_is_optimal_coordinate_by_coordinate(form):
    features, labels = sample(6, 4)
    lam = 0.02
    problem = Softmax(form(features), labels, 3, kappa=1e3, psi=functions.L1(lam))
    x = problem.solution().x
    gradient = Twin(features, labels, assign("contiguous", labels, 3), problem.l2).gradients(x).mean(axis=0)
    assert 0 < np.count_nonzero(x) < problem.d
    assert np.all(np.abs(gradient[x == 0]) <= lam)
    assert gradient[x != 0] == pytest.approx(-lam * np.sign(x[x != 0]), abs=1e-13)
    assert problem.solution().residual <= 1e-12
    assert problem.label.endswith("psi=L1(0.02)")


@pytest.mark.parametrize("form", FORMS)
def test_local_steps_are_gradient_steps(form):
    features, labels = sample(8, 3, samples=301)
    problem = Softmax(form(features), labels, 3, kappa=10.0)
    twin = Twin(features, labels, assign("contiguous", labels, 3), problem.l2)
    start, h = np.random.default_rng(1).standard_normal((2, problem.d))
    work = oracles.workspace(problem.kernel)
    expected = start.copy()
    for _ in range(4):
        expected = expected - 0.3 * (twin.gradients(expected)[1] - h)
    for step in (compiled_local_steps, oracles.local_steps):
        x, control = start.copy(), h.copy()
        step(problem.kernel, 1, x, control, 0.3, 4, work)
        assert x == pytest.approx(expected, abs=1e-13)
        assert np.array_equal(control, h)
        step(problem.kernel, 1, x, control, 0.3, 0, work)
        assert x == pytest.approx(expected, abs=1e-13)


@given(seed=SEEDS, classes=CLASSES)
@pytest.mark.parametrize("form", FORMS)
def test_components_are_samples(form, seed, classes):
    features, labels = sample(seed, classes, samples=7)
    problem = Softmax(form(features), labels, 2, l2=0.2, partition="label")
    x, z = np.random.default_rng(seed).standard_normal((2, problem.d))
    work, found = oracles.workspace(problem.kernel), {}
    for i in range(2):
        m = oracles.components(problem.kernel, i)
        for point in (x, z):
            G = np.empty((m, problem.d))
            for j in range(m):
                oracles.component_gradient(problem.kernel, i, j, point, G[j], work)
            assert G.mean(axis=0) == pytest.approx(problem.gradients(point)[i], abs=1e-13)
            found[i, point is x] = G
        change = found[i, True] - found[i, False]
        # Cocoercivity: every component is convex and as smooth as told.
        assert (change @ (x - z) >= (change**2).sum(axis=1) / problem.component_L * (1 - 1e-12) - 1e-12).all()
    assert problem.component_L >= problem.L


@given(seed=SEEDS, classes=CLASSES)
def test_dense_and_sparse_data_make_the_same_problem(seed, classes):
    features, labels = sample(seed, classes)
    dense, sparse = (Softmax(form(features), labels, 4, kappa=100.0, partition="label") for form in FORMS)
    x = np.random.default_rng(seed).standard_normal(dense.d)
    assert sparse.L_i == pytest.approx(dense.L_i, rel=1e-13)
    assert compiled_gradients(sparse, x) == pytest.approx(compiled_gradients(dense, x), abs=1e-13)
    assert sparse.solution().x == pytest.approx(dense.solution().x, abs=1e-11)
    assert sparse.work(3) <= dense.work(3)
    assert sparse.label == dense.label
    assert "by_label" in dense.label


@pytest.mark.parametrize("form", FORMS)
def test_a_server_has_samples_of_its_own(form):
    features, labels = sample(3, 3, samples=20)
    chosen = [16, 0, 5]
    problem = Softmax(form(features), labels, 2, l2=0.1, partition="label", server=chosen)
    x = np.random.default_rng(0).standard_normal(problem.d)
    work = oracles.workspace(problem.kernel)
    g, sums = np.empty(problem.d), np.zeros(problem.d)
    oracles.server_gradient(problem.kernel, x, g, work)
    alone = Softmax(features, labels, 1, l2=0.1)
    for j in chosen:
        own = np.empty(problem.d)
        oracles.component_gradient(alone.kernel, 0, j, x, own, oracles.workspace(alone.kernel))
        sums += own / 3
    assert g == pytest.approx(sums, abs=1e-14)
    assert problem.server.gradient(x) == pytest.approx(sums, abs=1e-14)
    without = oracles.without_ridge(problem.kernel, 0.05)
    oracles.server_gradient(without, x, g, work)
    assert g == pytest.approx(sums - 0.05 * x, abs=1e-14)


def test_far_logits_neither_overflow_nor_hide_a_nan():
    features, labels = sample(1, 3)
    for form in FORMS:
        problem = Softmax(form(features), labels, 2, l2=0.1)
        x = 1e4 * np.random.default_rng(0).standard_normal(problem.d)
        assert compiled_gradients(problem, x) == pytest.approx(problem.gradients(x), rel=1e-12)
        assert np.isfinite(problem.value(x))
        x[0] = np.nan
        assert np.isnan(compiled_gradients(problem, x)).any(axis=1).all()


def test_a_flat_model_is_seen_as_a_matrix():
    problem = Softmax(*sample(0, 3), clients=2, l2=1.0)
    assert problem.blocks[:2] == (3, 4)
    x = np.arange(12.0)
    matrix = problem.blocks.matrix(x)
    assert matrix.tolist() == x.reshape(3, 4).tolist()
    matrix[1, 0] = -1.0
    assert x[4] == -1.0


def test_another_problem_has_another_key():
    features, labels = sample(2, 3)
    problem = Softmax(features, labels, 2, l2=0.1)
    keys = {problem.content_key(), problem.with_psi(functions.L1(0.1)).content_key()}
    keys |= {Softmax(features, labels, 3, l2=0.1).content_key(), Softmax(features, labels, 2, l2=0.2).content_key()}
    keys |= {Softmax(features, labels[::-1], 2, l2=0.1).content_key()}
    keys |= {Softmax(csr_array(features), labels, 2, l2=0.1).content_key()}
    assert len(keys) == 6
    assert Softmax(features.copy(), 2 * labels, 2, l2=0.1).content_key() == problem.content_key()


@pytest.mark.parametrize(("name", "classes", "d"), [("digits", 10, 64), ("iris", 3, 4), ("wine", 3, 13)])
def test_the_embedded_sets_have_their_own_labels(name, classes, d):
    problem = Softmax.load(name, clients=3, kappa=100.0)
    assert (problem.blocks.rows, problem.blocks.columns, problem.d) == (classes, d, classes * d)
    assert problem.label.startswith(f"softmax {name} N=")
    assert problem.solution().residual <= 1e-12
    features, labels = load_classes(name)
    best = problem.solution().x
    assert problem.accuracy(best) == problem.accuracy(best, features, labels) > 0.8


def test_a_file_of_many_labels_is_loaded_by_its_path(tmp_path):
    path = tmp_path / "tiny.txt"
    path.write_text("7 1:1 2:1\n3 2:2\n5 1:3\n")
    problem = Softmax.load(path, clients=1, l2=1.0)
    assert problem.classes.tolist() == [3.0, 5.0, 7.0]
    assert "softmax tiny.txt N=3" in problem.label
    with pytest.raises(InputError, match=r"tiny.txt has 3 different labels .*: exactly two .* take softmax"):
        Logistic.load(path, clients=1, l2=1.0)
    path.write_text("7 1:1 2:1\n7 2:2\n")
    with pytest.raises(InputError, match=r"tiny.txt has one label only \(7\): at least two are needed"):
        Softmax.load(path, clients=1, l2=1.0)


X, Y = [[1.0, 2.0], [0.5, -1.0], [0.0, 1.0]], [1, 2, 3]


@pytest.mark.parametrize(
    ("features", "labels", "options", "sentence"),
    [
        ([[1.0, np.nan]] * 3, Y, {}, "features holds entries that are NaN"),
        (np.zeros((3, 2)), Y, {}, "features are all zero"),
        (X, [1, 2], {}, r"labels has shape \(2,\)"),
        (X, [1, 1, 1], {}, r"labels has one label only \(1\): at least two are needed"),
        (X, [1, np.nan, -1], {}, "labels has the label nan at sample 1"),
        (X, [{}, 1, 2], {}, "labels is no array of numbers"),
        (csr_array(([1.0], ([0], [2**26])), shape=(3, 2**26 + 1)), Y, {}, "labels has 3 different values, and with"),
        (X, Y, {"clients": 4}, "clients = 4 is more than the 3 samples"),
        (X, Y, {"kappa": 1.0}, r"kappa = 1\.0"),
        (X, Y, {"l2": 0.1}, r"l2 = 0\.1 and kappa = 10\.0 were given"),
        (X, Y, {"kappa": None, "l2": 0.0}, r"l2 = 0\.0"),
        (X, Y, {"partition": "lable"}, "unknown partition 'lable'"),
        (X, Y, {"psi": 0.1}, r"psi = 0\.1"),
    ],
)
def test_wrong_input_is_refused_in_one_sentence(features, labels, options, sentence):
    with pytest.raises(InputError, match=f"^{sentence}"):
        Softmax(features, labels, **({"clients": 1, "kappa": 10.0} | options))


@pytest.mark.parametrize(
    ("features", "labels", "sentence"),
    [
        (X, None, "labels are missing although features were given"),
        (None, Y, "features are missing although labels were given"),
        ([[1.0]], [1], r"features has shape \(1, 1\) and labels \(1,\), but \(M, 2\)"),
        (X, [1, 2], r"features has shape \(3, 2\) and labels \(2,\)"),
        (X, [1, 2, 4], r"labels has 4, which is none of the 3 classes \(1 to 3\)"),
        ([[np.inf, 1.0]], [1], "features holds entries that are NaN or infinite"),
    ],
)
def test_samples_that_were_held_out_fit_the_problem(features, labels, sentence):
    problem = Softmax(X, Y, clients=1, kappa=10.0)
    with pytest.raises(InputError, match=f"^{sentence}"):
        problem.accuracy(np.zeros(6), features, labels)
    assert problem.accuracy(np.zeros(6), csr_array(X), Y) == pytest.approx(1 / 3)
