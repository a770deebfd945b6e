"""Logistic regression against a twin written from the definition, against scikit-learn and against its certificate."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import coo_array, csc_array, csr_array, csr_matrix, diags_array, random_array
from scipy.special import expit
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression

from rootkappa.core.compiled import njit
from rootkappa.problems import (
    InputError,
    Logistic,
    functions,
    logistic,
    oracles,
)
from rootkappa.problems.partitions import NAMES, assign

EPS, EXTENDED_EPS = np.finfo(float).eps, float(np.finfo(np.longdouble).eps)
SEEDS = st.integers(0, 2**32)
FORMS = (np.asarray, csr_array)


@njit
def compiled_local_steps(kernel, i, x, h, gamma, k, work):
    oracles.local_steps(kernel, i, x, h, gamma, k, work)


def sample(seed, samples=90, d=5, density=0.6):
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((samples, d)) * (rng.random((samples, d)) < density)
    labels = np.where(rng.random(samples) < expit(features @ rng.standard_normal(d)), 1, -1)
    labels[:2] = -1, 1
    features[0, 0] = 1.0
    return features, labels


class Twin:
    """The definition, client by client, with samples as the user gave them."""

    def __init__(self, features, labels, owner, l2):
        self.l2 = l2
        self.clients = [(features[owner == i], labels[owner == i]) for i in range(owner.max() + 1)]

    def value(self, x):
        means = [np.mean(np.log1p(np.exp(-y * (A @ x)))) for A, y in self.clients]
        return np.mean(means) + self.l2 / 2 * (x @ x)

    def gradients(self, x):
        def mean(A, y):
            return np.mean([-y_j * expit(-y_j * (a @ x)) * a for a, y_j in zip(A, y, strict=True)], axis=0)

        return np.array([mean(A, y) for A, y in self.clients]) + self.l2 * x

    def smoothness(self):
        hessians = [A.T @ A / (4 * len(y)) + self.l2 * np.eye(A.shape[1]) for A, y in self.clients]
        return np.array([np.linalg.eigvalsh(hessian)[-1] for hessian in hessians])


def compiled_gradients(problem, x):
    G = np.empty((problem.n, problem.d))
    oracles.gradients_at(problem.kernel, x, G, oracles.workspace(problem.kernel))
    return G


@given(seed=SEEDS, samples=st.integers(4, 300), d=st.integers(1, 12), data=st.data())
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("partition", NAMES)
def test_gradients_values_and_constants_against_the_definition(partition, form, seed, samples, d, data):
    features, labels = sample(seed, samples, d)
    clients = data.draw(st.integers(1, min(samples, 5)))
    problem = Logistic(form(features), labels, clients, l2=0.1, partition=partition, seed=seed, alpha=0.3)
    owner = assign(partition, labels, clients, seed, 0.3)
    twin = Twin(features, labels, owner, 0.1)
    x = 2.0 * np.random.default_rng(seed).standard_normal(d)
    expected = twin.gradients(x)
    # Each is a mean of numbers of the size of the features, at most 6, whose margins are sums of d products.
    tolerance = 200 * (d + 1) * EPS
    before = x.copy()
    assert np.abs(compiled_gradients(problem, x) - expected).max() <= tolerance
    assert np.array_equal(x, before)
    assert np.abs(problem.gradients(x) - expected).max() <= tolerance
    assert np.abs(problem.gradient(x) - expected.mean(axis=0)).max() <= tolerance
    precise = problem.precise_gradients(x.astype(np.longdouble))
    assert precise.dtype == np.longdouble
    assert np.abs(precise - expected).max() <= tolerance
    assert problem.value(x) == pytest.approx(twin.value(x), rel=1e-13)
    assert problem.L_i == pytest.approx(twin.smoothness(), rel=1e-12)
    assert np.array_equal(problem.mu_i, np.full(clients, 0.1))


@pytest.mark.parametrize("form", FORMS)
def test_unequal_clients_count_equally(form):
    features, labels = sample(3)
    owner = np.repeat([2, 0, 1], [1, 19, 70])
    problem = Logistic(form(features), labels, 3, kappa=30.0, partition=owner)
    twin = Twin(features, labels, owner, problem.l2)
    x = np.linspace(-1.0, 1.0, 5)
    assert compiled_gradients(problem, x) == pytest.approx(twin.gradients(x), abs=1e-14)
    assert problem.value(x) == pytest.approx(twin.value(x), rel=1e-14)
    assert np.linalg.norm(twin.gradients(problem.solution().x).mean(axis=0)) <= 1e-15


@given(seed=SEEDS, kappa=st.floats(0.1, 4.0).map(lambda e: 10.0**e))
def test_dense_and_sparse_data_make_the_same_problem(seed, kappa):
    features, labels = sample(seed)
    stored = coo_array(features)
    # Each entry in two parts that are exactly its sum, and one zero that is stored.
    halves = np.concatenate([stored.data / 2, stored.data / 2, [0.0]])
    coordinates = [np.concatenate([axis, axis, [3]]) for axis in stored.coords]
    twice = coo_array((halves, coordinates), shape=features.shape)
    dense = Logistic(features, labels, 4, kappa=kappa, partition="shuffled", seed=seed)
    x = np.random.default_rng(seed).standard_normal(5)
    for form in (csr_array(features), csr_matrix(features), twice):
        before = form.data.copy()
        sparse = Logistic(form, labels, 4, kappa=kappa, partition="shuffled", seed=seed)
        assert sparse.L_i == pytest.approx(dense.L_i, rel=1e-13)
        assert compiled_gradients(sparse, x) == pytest.approx(compiled_gradients(dense, x), abs=1e-13)
        assert sparse.value(x) == pytest.approx(dense.value(x), rel=1e-13)
        assert sparse.work(3) <= dense.work(3)
        assert np.array_equal(form.data, before)
        # The minimiser inherits kappa units of rounding from L and l2.
        difference = np.abs(sparse.solution().x - dense.solution().x).max()
        assert difference <= 100 * kappa * EPS * np.abs(dense.solution().x).max()


@given(seed=SEEDS, kappa=st.floats(0.01, 12.0).map(lambda e: 10.0**e), clients=st.integers(1, 6))
@pytest.mark.parametrize("form", FORMS)
def test_kappa_is_met_exactly(form, seed, kappa, clients):
    features, labels = sample(seed)
    problem = Logistic(form(features), labels, clients, kappa=kappa)
    # The regularisation is L / (kappa - 1), which has as many digits as the difference.
    assert problem.kappa == pytest.approx(kappa, rel=8 * EPS * kappa / (kappa - 1))
    assert problem.mu == problem.l2
    twin = Twin(features, labels, assign("contiguous", labels, clients), problem.l2)
    assert problem.L_i == pytest.approx(twin.smoothness(), rel=1e-12)
    assert np.array_equal(problem.L, problem.L_i.max())


@pytest.mark.parametrize("form", FORMS)
def test_l2_is_taken_as_it_is(form):
    features, labels = sample(1)
    problem = Logistic(form(features), labels, 3, l2=0.25)
    assert problem.l2 == problem.mu == 0.25
    assert problem.how == {"L": "eigenvalues", "mu": "bound"}


def test_the_constants_hold_where_the_gradient_moves():
    """No two points refute that every client is L_i-smooth and mu_i-strongly convex, and 0 attains L_i."""
    features, labels = sample(9, samples=40)
    problem = Logistic(features, labels, 4, kappa=50.0, partition="by_label")
    rng = np.random.default_rng(0)
    for size in (1e-3, 1.0, 30.0):
        x, y = size * rng.standard_normal((2, 5))
        difference = problem.gradients(x) - problem.gradients(y)
        length = np.linalg.norm(x - y)
        assert np.all(np.linalg.norm(difference, axis=1) <= problem.L_i * length * (1 + 1e-9))
        assert np.all(difference @ (x - y) >= problem.mu_i * length**2 * (1 - 1e-9))
    for i in range(4):
        rows = features[assign("by_label", labels, 4) == i]
        direction = 1e-5 * np.linalg.eigh(rows.T @ rows)[1][:, -1]
        moved = (problem.gradients(direction) - problem.gradients(-direction))[i]
        assert np.linalg.norm(moved) / 2e-5 == pytest.approx(problem.L_i[i], rel=1e-7)


@pytest.mark.parametrize("form", [np.asarray, csr_array])
def test_the_gradients_of_many_clients_at_once_are_those_of_each(form, monkeypatch):
    rng = np.random.default_rng(0)
    features = rng.standard_normal((60, 4)) * (rng.random((60, 4)) < 0.5)
    features[7:9] = 0.0
    owners = np.sort(np.concatenate([np.arange(25), rng.integers(25, size=35)]))
    problem = Logistic(form(features), np.where(rng.random(60) < 0.5, 1, -1), 25, kappa=30.0, partition=owners)
    x = rng.standard_normal(4)

    def both():
        return problem.gradients(x), problem.precise_gradients(x.astype(np.longdouble))

    each = both()
    monkeypatch.setattr(logistic, "_MANY_CLIENTS", 1)
    for apart, together in zip(each, both(), strict=True):
        np.testing.assert_allclose(together, apart, rtol=1e-13, atol=1e-15)
        assert together.dtype == apart.dtype


@pytest.mark.parametrize("kappa", [10.0, 1e3])
@pytest.mark.parametrize("form", FORMS)
def test_the_solution_is_that_of_scikit_learn(form, kappa):
    features, labels = sample(4, samples=120)
    problem = Logistic(form(features), labels, 4, kappa=kappa, partition="shuffled")
    # Theirs is C sum_j log(1 + exp(-y a'x)) + |x|^2 / 2, without an intercept.
    reference = LogisticRegression(
        C=1 / (120 * problem.l2), fit_intercept=False, tol=1e-12, solver="newton-cholesky", max_iter=100
    ).fit(features, labels)
    assert problem.solution().x == pytest.approx(reference.coef_[0], abs=1e-9)


def check_solution(problem, twin):
    solution = problem.solution()
    zero = np.linalg.norm(twin.gradients(np.zeros(problem.d)).mean(axis=0))
    assert solution.residual <= 1e-13
    assert np.linalg.norm(twin.gradients(solution.x).mean(axis=0)) <= 1e-13 * zero
    scale = np.abs(twin.gradients(np.zeros(problem.d))).max()
    assert np.abs(solution.gradients - twin.gradients(solution.x)).max() <= 1e-13 * scale
    return solution


@pytest.mark.parametrize("kappa", [10.0, 1e4, 1e8])
def test_badly_scaled_data_are_solved(kappa):
    features, labels = load_breast_cancer(return_X_y=True)
    assert np.ptp(np.log10(features.max(axis=0))) > 5
    problem = Logistic(features, labels, 10, kappa=kappa)
    owner = assign("contiguous", labels, 10)
    check_solution(problem, Twin(features, np.where(labels == 1, 1, -1), owner, problem.l2))


@pytest.mark.parametrize("size", [1e-90, 1e-8, 1e8, 1e90])
def test_the_size_of_the_data_does_not_matter(size):
    features, labels = sample(2)
    plain, scaled = (Logistic(s * features, labels, 3, kappa=100.0) for s in (1.0, size))
    assert scaled.L_i == pytest.approx(size**2 * plain.L_i, rel=1e-12)
    assert scaled.solution().x * size == pytest.approx(plain.solution().x, rel=1e-10)


@pytest.mark.parametrize("kappa", [10.0, 1e5, 1e10])
def test_separable_data_are_solved(kappa):
    features = np.random.default_rng(0).standard_normal((40, 3))
    labels = np.sign(features[:, 0])
    problem = Logistic(features, labels, 3, kappa=kappa, partition="by_label")
    solution = check_solution(problem, Twin(features, labels, assign("by_label", labels, 3), problem.l2))
    assert np.all(labels * (features @ solution.x) > 0) or kappa == 10.0


@given(seed=SEEDS, size=st.integers(-9, 1).map(lambda e: 10.0**e))
@pytest.mark.parametrize("form", FORMS)
def test_the_gap_keeps_its_digits_at_every_distance(form, seed, size):
    features, labels = sample(seed, samples=20)
    problem = Logistic(form(features), labels, 2, kappa=100.0)
    best = problem.solution().x
    error = (size * np.random.default_rng(seed).standard_normal(5)).astype(np.longdouble)
    x = (best + error).astype(float)
    # The gradient's path from the minimum to x, integrated in extended precision by Gauss's rule, is the gap.
    error = x.astype(np.longdouble) - best
    # Far away the path crosses the losses' bends, which takes more nodes.
    nodes, weights = np.polynomial.legendre.leggauss(40 if size < 1 else 400)
    slopes = [problem.precise_gradients(best + (t + 1) / 2 * error).mean(axis=0) @ error for t in nodes]
    start = problem.precise_gradients(best.astype(np.longdouble)).mean(axis=0) @ error
    gap = float(weights @ (np.array(slopes) - start) / 2)
    assert problem.gap(x) == pytest.approx(gap, rel=3e-9)
    assert problem.gap(best) == 0.0


@pytest.mark.skipif(EXTENDED_EPS > EPS / 100, reason="this machine has no floats beyond double precision")
@given(z=st.floats(-20, 20), decades=st.floats(-4, 1.5), sign=st.sampled_from([-1.0, 1.0]))
@pytest.mark.parametrize("decade", [None, -3.0001, -3.0, -2.9999])
def test_one_sample_s_share_of_the_gap(decade, z, decades, sign):
    """Around 1e-3 the formula changes from a series to a difference."""
    t = sign * 10.0 ** (decades if decade is None else decade)
    a, b = np.longdouble(z), np.longdouble(t)
    slope = -1 / (1 + np.exp(a))
    exact = np.logaddexp(np.longdouble(0), -(a + b)) - np.logaddexp(np.longdouble(0), -a) - slope * b
    share = logistic._loss_bregman(np.array([z]), np.array([t]))[0]
    # The series leaves out t^3 / 60 of the whole and rounds the curvature; the difference loses what the rounding of
    # two values costs, and so does the reference, in extended precision.
    values = 1.0 + abs(z) + abs(t)
    lost = 4 * EPS * values if abs(t) >= 1e-3 else 2 * EPS * t**2 + 8 * EXTENDED_EPS * values
    assert abs(share - exact) <= 1e-9 * exact + lost


@pytest.mark.parametrize("form", FORMS)
def test_the_composite_solution_is_optimal_coordinate_by_coordinate(form):
    features, labels = sample(6)
    lam = 0.05
    problem = Logistic(form(features), labels, 3, kappa=1e3, psi=functions.L1(lam))
    owner = assign("contiguous", labels, 3)
    x = problem.solution().x
    gradient = Twin(features, labels, owner, problem.l2).gradients(x).mean(axis=0)
    assert 0 < np.count_nonzero(x) < 5
    assert np.all(np.abs(gradient[x == 0]) <= lam)
    assert gradient[x != 0] == pytest.approx(-lam * np.sign(x[x != 0]), abs=1e-14)
    assert problem.solution().residual <= 1e-13


@pytest.mark.parametrize("form", FORMS)
def test_local_steps_are_gradient_steps(form):
    features, labels = sample(8, samples=301)
    problem = Logistic(form(features), labels, 3, kappa=10.0)
    owner = assign("contiguous", labels, 3)
    twin = Twin(features, labels, owner, problem.l2)
    rng = np.random.default_rng(1)
    start, h = rng.standard_normal((2, 5))
    work = oracles.workspace(problem.kernel)
    expected = start.copy()
    for _ in range(7):
        expected = expected - 0.3 * (twin.gradients(expected)[1] - h)
    for step in (compiled_local_steps, oracles.local_steps):
        x, control = start.copy(), h.copy()
        step(problem.kernel, 1, x, control, 0.3, 7, work)
        assert x == pytest.approx(expected, abs=1e-13)
        assert np.array_equal(control, h)
        step(problem.kernel, 1, x, control, 0.3, 0, work)
        assert x == pytest.approx(expected, abs=1e-13)


@pytest.mark.parametrize("form", FORMS)
def test_outside_compiled_code_the_oracles_do_the_same(form):
    features, labels = sample(8, samples=70)
    problem = Logistic(form(features), labels, 3, kappa=10.0)
    x, g = np.linspace(-1, 1, 5), np.empty(5)
    work = oracles.workspace(problem.kernel)
    oracles.gradient(problem.kernel, 2, x, g, work)
    assert np.array_equal(g, compiled_gradients(problem, x)[2])
    assert oracles.clients(problem.kernel) == 3
    assert oracles.work_size(problem.kernel) == len(work)


@pytest.mark.parametrize("labels", [[0, 1, 0, 1], [7, 9, 7, 9], [-1.0, 1.0, -1.0, 1.0], [False, True, False, True]])
def test_the_larger_label_is_the_positive_one(labels):
    features = [[1.0], [2.0], [3.0], [4.0]]
    problem = Logistic(features, labels, clients=1, l2=1.0)
    assert problem.kernel.B.ravel().tolist() == [-1.0, 2.0, -3.0, 4.0]


def test_the_data_of_the_user_stay_as_they_were():
    features, labels = sample(5)
    for form in FORMS:
        given_features, given_labels = form(features.copy()), labels.copy()
        problem = Logistic(given_features, given_labels, 3, kappa=10.0, partition="shuffled")
        problem.solution()
        dense = given_features if form is np.asarray else given_features.toarray()
        assert np.array_equal(dense, features)
        assert np.array_equal(given_labels, labels)


def test_large_sparse_data_have_exact_constants_and_the_same_bits_each_time():
    """Beyond 2048 samples and features the eigenvalue comes from an iteration, not from a Gram matrix."""
    rows = 2100
    values = np.linspace(1.0, 2.0, rows)
    features = csr_array(diags_array(values, shape=(2 * rows, rows)))
    labels = np.resize([1, -1], 2 * rows)
    problem = Logistic(features, labels, clients=2, l2=1e-3)
    # The second client has nothing but zeros.
    assert problem.L_i == pytest.approx([4.0 / (4 * rows) + 1e-3, 1e-3], rel=1e-9)
    messy = csr_array(random_array((rows, rows), density=0.002, rng=0))
    first, again = (Logistic(messy, labels[:rows], clients=1, kappa=10.0) for _ in range(2))
    assert first.L == again.L


def test_a_data_set_is_loaded_by_name_and_by_path(tmp_path):
    problem = Logistic.load("breast_cancer", clients=5, kappa=100.0)
    assert (problem.n, problem.d) == (5, 30)
    assert problem.label.startswith("logistic breast_cancer N=569 n=5 d=30 kappa=100")
    path = tmp_path / "tiny.txt"
    path.write_text("2 1:1 2:1\n1 2:2\n2 1:3\n")
    problem = Logistic.load(path, clients=1, l2=1.0, psi=functions.L1(0.5))
    assert compiled_gradients(problem, np.zeros(2))[0] == pytest.approx([-4 / 6, 1 / 6])
    assert "tiny.txt" in problem.label
    assert "psi=L1(0.5)" in problem.label


X = [[1.0, 2.0], [0.5, -1.0], [0.0, 1.0]]
Y = [1, -1, 1]
MASKED = np.ma.array(Y, mask=[True, False, False])


def spoilt(form, **changes):
    """Return a matrix whose own arrays were changed, which SciPy does not notice."""
    matrix = form(np.array(X))
    for attribute, (place, value) in changes.items():
        getattr(matrix, attribute)[place] = value
    return matrix


def replaced(**arrays):
    """Return a matrix with other arrays in the place of its own."""
    matrix = csr_array(np.array(X))
    for attribute, array in arrays.items():
        setattr(matrix, attribute, array)
    return matrix


@pytest.mark.parametrize(
    "features",
    [
        spoilt(csr_array, indices=(0, 2)),
        spoilt(csr_array, indices=(0, 10**6)),
        spoilt(csr_array, indices=(0, -1)),
        spoilt(csr_matrix, indices=(0, 2)),
        spoilt(csr_array, indptr=(-1, 100)),
        spoilt(csr_array, indptr=(1, 5)),
        spoilt(csc_array, indices=(0, 3)),
        spoilt(coo_array, col=(0, 2)),
        replaced(indices=np.array([0.0, 1.0, 0.0, 1.0, 1.5])),
        replaced(indices=[0, 1, 0, 1, 1]),
        replaced(indices=np.array([0, 1, 0, 1])),
        replaced(indptr=np.array([0, 2, 4])),
        replaced(indptr=np.array([0, 4, 2, 5])),
        replaced(indptr=np.array([0, 2, 4, 6])),
        replaced(indptr=np.array([0.0, 2.0, 4.0, 5.0])),
        replaced(data=np.ones(4)),
        replaced(data=np.ones((5, 1))),
    ],
)
def test_an_index_outside_the_matrix_is_refused(features):
    """Compiled code would read and write there."""
    with pytest.raises(InputError, match=r"^features is no matrix that SciPy can read \(.*\): build it anew, .*\.$"):
        Logistic(features, Y, clients=1, kappa=10.0)


@given(data=st.data())
def test_every_array_of_a_sparse_matrix_is_checked(data):
    whole = st.integers(-2, 4)
    arrays = {
        "indices": np.array(data.draw(st.lists(whole, min_size=4, max_size=6)), dtype=np.int32),
        "indptr": np.array([0, *data.draw(st.lists(st.integers(-1, 7), min_size=2, max_size=4))], dtype=np.int32),
        "data": np.ones(data.draw(st.integers(4, 6))),
    }
    indices, indptr = arrays["indices"], arrays["indptr"]
    sound = (
        len(indptr) == 4
        and (np.diff(indptr) >= 0).all()
        and indptr[-1] <= len(indices) == len(arrays["data"])
        and ((indices >= 0) & (indices < 2))[: indptr[-1]].all()
    )
    if sound and indptr[-1]:
        Logistic(replaced(**arrays), Y, clients=1, kappa=10.0)
    else:
        with pytest.raises(InputError, match=r"^features "):
            Logistic(replaced(**arrays), Y, clients=1, kappa=10.0)


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "lil", "dok", "bsr", "dia"])
def test_every_form_of_a_sparse_matrix_is_taken(form):
    plain = Logistic(csr_array(np.array(X)), Y, clients=1, kappa=10.0)
    other = Logistic(csr_array(np.array(X)).asformat(form), Y, clients=1, kappa=10.0)
    assert other.content_key() == plain.content_key()


def test_a_width_that_no_model_can_have_is_refused_before_anything_is_made_of_it():
    wide = csr_array(([1.0, 2.0, 3.0], [0, 1, 2**31 - 2], [0, 1, 2, 3]), shape=(3, 2**31 - 1))
    with pytest.raises(InputError, match=r"^features has 2147483647 columns, .*: give at most 134217728"):
        Logistic(wide, Y, clients=1, kappa=10.0)


def test_matrices_and_one_feature_will_do():
    plain = Logistic(X, Y, clients=1, kappa=10.0)
    assert Logistic(np.array(X).view(np.matrix), Y, clients=1, kappa=10.0).content_key() == plain.content_key()
    assert Logistic([[1.0], [2.0], [-1.0]], Y, clients=1, kappa=10.0).solution().residual < 1e-13


@pytest.mark.parametrize(
    ("features", "labels", "options", "sentence"),
    [
        ([[1.0, np.nan]] * 3, Y, {}, "features holds entries that are NaN"),
        ([[1.0, np.inf]] * 3, Y, {}, "features holds entries that are NaN or infinite"),
        (csr_array([[1.0, np.nan]] * 3), Y, {}, "features holds entries that are NaN"),
        ([1.0, 2.0, 3.0], Y, {}, r"features has shape \(3,\)"),
        (np.empty((0, 2)), [], {}, r"features has shape \(0, 2\)"),
        (np.empty((3, 0)), Y, {}, r"features has shape \(3, 0\)"),
        (None, Y, {}, r"features has shape \(\)"),
        ([[1.0], [1.0, 2.0], [3.0]], Y, {}, "features is no array of numbers"),
        ([["a"], ["b"], ["c"]], Y, {}, "features is no array of numbers"),
        (np.ones((3, 2)) * 1j, Y, {}, "features is complex"),
        (csr_array(np.ones((3, 2)) * 1j), Y, {}, "features is complex"),
        (np.ma.array(X, mask=np.eye(3, 2)), Y, {}, "features has masked entries"),
        (replaced(data=np.ma.array(np.ones(5), mask=np.eye(5)[0])), Y, {}, "features has masked entries"),
        (replaced(data=np.ones(5, dtype="m8[s]")), Y, {}, "features holds dates or durations"),
        (X, np.array(["NaT", "2001", "2002"], dtype="M8[Y]"), {}, "labels holds dates or durations"),
        ([[10**400, 1], [1, 2], [1, 1]], Y, {}, "features holds an integer beyond the largest float"),
        (X, [10**400, 1, 1], {}, "labels holds an integer beyond the largest float"),
        (X, np.array(Y) * (1 + 1j), {}, "labels is complex"),
        (X, MASKED, {}, "labels has masked entries"),
        (X, Y, {"partition": MASKED, "clients": 2}, "partition has masked entries"),
        (np.zeros((3, 2)), Y, {}, "features are all zero"),
        (csr_array((3, 2)), Y, {}, "features are all zero"),
        ([[1e200, 0.0]] * 3, Y, {}, r"features are of size 1e\+200"),
        (csr_array([[-1e200, 0.0]] * 3), Y, {}, r"features are of size 1e\+200"),
        ([[1e-200, 0.0]] * 3, Y, {}, "features are of size 1e-200"),
        (X, [1, -1], {}, r"labels has shape \(2,\)"),
        (X, [[1], [-1], [1]], {}, r"labels has shape \(3, 1\)"),
        (X, [1, 1, 1], {}, "labels has one label only"),
        (X, [1, 2, 3], {}, "labels has 3 different labels"),
        (X, [1, np.nan, -1], {}, "labels has the label nan at sample 1"),
        (X, [{}, 1, 2], {}, "labels is no array of numbers"),
        (X, Y, {"clients": 4}, "clients = 4 is more than the 3 samples"),
        (X, Y, {"clients": 0}, "clients = 0"),
        (X, Y, {"clients": 1.0}, r"clients = 1\.0"),
        (X, Y, {"kappa": 1.0}, r"kappa = 1\.0"),
        (X, Y, {"kappa": -3}, "kappa = -3"),
        (X, Y, {"kappa": np.inf}, "kappa = inf"),
        (X, Y, {"kappa": "high"}, "kappa = 'high' is not a number"),
        (X, Y, {"l2": 0.1}, r"l2 = 0\.1 and kappa = 10\.0 were given"),
        (X, Y, {"kappa": None}, "l2 = None and kappa = None were given"),
        (X, Y, {"kappa": None, "l2": 0.0}, r"l2 = 0\.0"),
        (X, Y, {"kappa": None, "l2": -1.0}, r"l2 = -1\.0"),
        (X, Y, {"kappa": None, "l2": np.nan}, "l2 = nan"),
        (X, Y, {"kappa": None, "l2": np.inf}, "l2 = inf"),
        (X, Y, {"kappa": None, "l2": "some"}, "l2 = 'some'"),
        (X, Y, {"partition": "by_lable"}, "unknown partition 'by_lable': did you mean 'by_label'"),
        (X, Y, {"partition": [0, 0, 2], "clients": 3}, "partition leaves client 1"),
        (X, Y, {"partition": "dirichlet", "alpha": 0.0}, r"alpha = 0\.0"),
        (X, Y, {"partition": "shuffled", "seed": -1}, "seed = -1"),
        (X, Y, {"psi": 0.1}, r"psi = 0\.1"),
        (X, Y, {"psi": functions.Consensus(1)}, r"psi = Consensus\(1\)"),
    ],
)
def test_wrong_input_is_refused_in_one_sentence(features, labels, options, sentence):
    with pytest.raises(InputError, match=f"^{sentence}"):
        Logistic(features, labels, **({"clients": 1, "kappa": 10.0} | options))
