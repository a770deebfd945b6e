"""Quadratics hold the spectrum and the solution that were planted, and the short cut takes the steps it stands for."""

from itertools import product

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa.core.compiled import njit
from rootkappa.problems import InputError, Quadratic, functions, oracles

EPS = np.finfo(float).eps
KAPPAS = st.floats(0.01, 6.0).map(lambda decades: 10.0**decades)
SEEDS = st.integers(0, 2**32)
BASES = ("common", "client")
EYE = [[[1.0, 0.0], [0.0, 2.0]]]


@njit
def compiled_local_steps(kernel, i, x, h, gamma, k, work):
    oracles.local_steps(kernel, i, x, h, gamma, k, work)


@given(kappa=KAPPAS, seed=SEEDS, clients=st.integers(1, 4), dim=st.integers(2, 9))
@pytest.mark.parametrize("basis", BASES)
def test_the_planted_spectrum_is_there(basis, kappa, seed, clients, dim):
    problem = Quadratic.random(clients=clients, dim=dim, kappa=kappa, seed=seed, basis=basis)
    assert problem.hessians.shape == (clients, dim, dim)
    # A Hessian that all share is kept once.
    assert len(problem.kernel.A) == (clients if basis == "client" else 1)
    assert np.array_equal(problem.mu_i, np.full(clients, 1.0 / kappa))
    assert np.array_equal(problem.L_i, np.ones(clients))
    assert problem.kappa == pytest.approx(kappa, rel=2 * EPS)
    # The eigenvalues of the matrices themselves, not of what the problem says about them.
    for A in problem.hessians:
        assert np.array_equal(A, A.T)
        assert np.linalg.eigvalsh(A) == pytest.approx(np.geomspace(1.0 / kappa, 1.0, dim), abs=10 * dim * EPS)


@given(kappa=KAPPAS, seed=SEEDS, heterogeneity=st.sampled_from([0.0, 0.3, 1.0, 20.0]))
@pytest.mark.parametrize("basis", BASES)
def test_the_planted_solution_is_recovered(basis, kappa, seed, heterogeneity):
    problem = Quadratic.random(clients=3, dim=6, kappa=kappa, seed=seed, basis=basis, heterogeneity=heterogeneity)
    solution = problem.solution()
    # With psi = 0 and no heterogeneity any other kappa has the same solution: it names the planted one.
    planted = Quadratic.random(clients=3, dim=6, kappa=1.5, seed=seed, heterogeneity=0.0).solution().x
    # Rounding b by one unit already moves the minimiser by kappa units.
    size = 1.0 + np.abs(planted).max() + heterogeneity
    assert np.abs(solution.x - planted).max() <= 100 * kappa * EPS * size
    assert solution.residual <= 1e-13
    assert np.abs(solution.gradients.mean(axis=0)).max() <= 20 * EPS * size
    spread = np.abs(solution.gradients).max()
    if heterogeneity == 0.0:
        assert spread <= 20 * EPS * size
    else:
        assert spread >= 0.01 * heterogeneity
    expected = problem.kernel.A @ solution.x - problem.kernel.b
    assert np.abs(solution.gradients - expected).max() <= 40 * EPS * size


def test_the_solution_is_normal_and_the_gradients_have_the_spread_that_was_asked_for():
    problem = Quadratic.random(clients=200, dim=50, kappa=10.0, seed=1, heterogeneity=3.0)
    solution = problem.solution()
    # 10 000 numbers: the standard error of their deviation is 0.7 %. Fifty: 10 %.
    assert solution.gradients.std() == pytest.approx(3.0, rel=0.04)
    assert solution.x.std() == pytest.approx(1.0, rel=0.4)


@given(seed=SEEDS)
@pytest.mark.parametrize("basis", BASES)
def test_the_seed_decides_and_nothing_else(basis, seed):
    first, again = (Quadratic.random(clients=3, dim=4, seed=seed, basis=basis) for _ in range(2))
    other = Quadratic.random(clients=3, dim=4, seed=seed + 1, basis=basis)
    for name in ("A", "b", "V", "lam"):
        assert np.array_equal(getattr(first.kernel, name), getattr(again.kernel, name))
    for name in ("A", "b", "V"):
        assert not np.isclose(getattr(first.kernel, name), getattr(other.kernel, name)).all()


@pytest.mark.parametrize("basis", BASES)
def test_directions_do_not_change_with_kappa_or_heterogeneity(basis):
    first = Quadratic.random(clients=3, dim=4, kappa=10.0, seed=5, basis=basis)
    other = Quadratic.random(clients=3, dim=4, kappa=1e5, seed=5, basis=basis, heterogeneity=0.0)
    assert np.array_equal(first.kernel.V, other.kernel.V)
    identity = first.kernel.V @ first.kernel.V.transpose(0, 2, 1)
    assert np.abs(identity - np.eye(4)).max() <= 20 * EPS
    same = np.isclose(first.hessians[0], first.hessians[1]).all()
    assert same == (basis == "common")


def test_rotations_are_uniform():
    """Each entry of a uniform orthogonal matrix has mean 0; QR alone fixes the signs of a column."""
    corner = [Quadratic.random(clients=1, dim=3, seed=seed).kernel.V[0].diagonal() for seed in range(300)]
    # An entry's variance is 1/3: five standard errors of the mean.
    assert np.abs(np.mean(corner, axis=0)).max() <= 5 * np.sqrt(1 / 3 / 300)


@st.composite
def explicit(draw):
    """Positive definite matrices with their vectors, of any scale."""
    n, d = draw(st.integers(1, 4)), draw(st.integers(1, 6))
    rng = np.random.default_rng(draw(SEEDS))
    scale = 10.0 ** draw(st.integers(-8, 8))
    factors = rng.standard_normal((n, d + 2, d))
    return scale * np.einsum("nkj,nkl->njl", factors, factors), rng.standard_normal((n, d))


@given(arrays=explicit())
def test_explicit_arrays_give_their_own_constants_and_solution(arrays):
    A, b = arrays
    before = A.copy(), b.copy()
    problem = Quadratic(A, b)
    values = np.linalg.eigvalsh(A)
    assert problem.L_i == pytest.approx(values[:, -1], rel=1e-13)
    assert np.abs(problem.mu_i - values[:, 0]).max() <= 1e-13 * values.max()
    assert problem.L_i.max() == problem.L
    assert problem.mu == problem.mu_i.min()
    assert problem.kappa == problem.L / problem.mu
    assert problem.how == {"L": "eigenvalues", "mu": "eigenvalues"}
    mean = np.linalg.solve(A.mean(axis=0), b.mean(axis=0))
    # A scale of its own for the problem: the condition of the mean matrix times the size of the solution.
    tolerance = 100 * EPS * np.linalg.cond(A.mean(axis=0)) * np.abs(mean).max()
    assert np.abs(problem.solution().x - mean).max() <= tolerance
    assert problem.solution().residual <= 1e-13
    assert np.array_equal(A, before[0])
    assert np.array_equal(b, before[1])
    problem.kernel.A[:] = 0.0
    assert np.array_equal(A, before[0])


@given(arrays=explicit(), data=st.data())
def test_value_gradients_and_gap_agree(arrays, data):
    A, b = arrays
    problem = Quadratic(A, b)
    x = np.random.default_rng(data.draw(SEEDS)).standard_normal(problem.d)
    value = np.mean([x @ A_i @ x / 2 - b_i @ x for A_i, b_i in zip(A, b, strict=True)])
    size = np.abs(A).max() * problem.d**2 + np.abs(b).max() * problem.d
    magnitude = size * max(np.abs(x).max(), 1.0) ** 2
    assert abs(problem.value(x) - value) <= 20 * EPS * magnitude
    best = problem.solution().x
    gap = problem.value(x) - problem.value(best)
    assert abs(problem.gap(x) - gap) <= 100 * EPS * (magnitude + size * max(np.abs(best).max(), 1.0) ** 2)
    assert problem.gap(best) == 0.0
    expected = np.array([A_i @ x - b_i for A_i, b_i in zip(A, b, strict=True)])
    assert np.abs(problem.gradients(x) - expected).max() <= 20 * EPS * magnitude
    precise = problem.precise_gradients(x.astype(np.longdouble))
    assert precise.dtype == np.longdouble
    exact = (A.astype(np.longdouble) * x.astype(np.longdouble)).sum(axis=2) - b
    assert np.abs(precise - exact).max() <= 20 * float(np.finfo(np.longdouble).eps) * magnitude
    G = np.empty((problem.n, problem.d))
    before = x.copy()
    oracles.gradients_at(problem.kernel, x, G, oracles.workspace(problem.kernel))
    assert np.abs(G - expected).max() <= 20 * EPS * magnitude
    assert np.array_equal(x, before)
    assert problem.newton_direction(x, problem.gradient(x)) == pytest.approx(x - best, rel=1e-6, abs=1e-6)


def test_the_gap_keeps_its_digits_near_the_minimum():
    problem = Quadratic.random(clients=2, dim=3, kappa=10.0, seed=0)
    error = np.array([1e-10, 0.0, 0.0])
    curvature = problem.kernel.A.mean(axis=0)[0, 0]
    assert problem.gap(problem.solution().x + error) == pytest.approx(curvature * 1e-20 / 2, rel=1e-5)


def plain_steps(problem, i, x, h, gamma, k):
    """Take the steps one by one in extended precision."""
    A, c = problem.hessians[i].astype(np.longdouble), problem.kernel.b[i].astype(np.longdouble) + h
    x, gamma = x.astype(np.longdouble), np.longdouble(gamma)
    for _ in range(k):
        x = x - gamma * (A @ x - c)
    return x


def check_the_short_cut(problem, seed, step, k):
    rng = np.random.default_rng(seed)
    i = int(rng.integers(problem.n))
    x, h = rng.standard_normal(problem.d), rng.standard_normal(problem.d)
    start, control = x.copy(), h.copy()
    # L is 1, so gamma is also gamma * L.
    compiled_local_steps(problem.kernel, i, x, h, step, k, oracles.workspace(problem.kernel))
    expected = plain_steps(problem, i, start, h, step, k)
    # A differs from V' diag(lambda) V by d units of rounding, which k steps multiply by k gamma, but at the fixed
    # point by no more than 1 / mu; and r^k by k |r|^(k - 1) <= 1 / (1 - |r|) units, at most 100 at gamma L = 1.99.
    growth = min(k * step, problem.kappa)
    size = np.abs(start).max() + min(k * step, problem.kappa) * np.abs(problem.kernel.b[i] + h).max()
    reach = 1.0 + growth + (100.0 if step > 1.0 else 0.0)
    assert np.abs(x - expected).max() <= 4 * problem.d * EPS * reach * size
    assert np.array_equal(h, control)


STEPS = st.one_of(st.floats(-8.0, 0.29).map(lambda e: 10.0**e), st.floats(0.9, 1.99), st.sampled_from([1.0, 1.99]))


@given(kappa=KAPPAS, seed=SEEDS, step=STEPS, k=st.one_of(st.integers(0, 6), st.integers(0, 2000)))
@pytest.mark.parametrize("basis", BASES)
def test_the_short_cut_takes_the_steps(basis, kappa, seed, step, k):
    check_the_short_cut(Quadratic.random(clients=2, dim=4, kappa=kappa, seed=seed, basis=basis), seed, step, k)


@pytest.mark.parametrize(("step", "k"), [(1e-8, 100_000), (1.0, 100_000), (1.99, 100_000), (0.3, 20_000)])
def test_the_short_cut_takes_very_many_steps(step, k):
    check_the_short_cut(Quadratic.random(clients=2, dim=3, kappa=1e6, seed=2, basis="client"), 2, step, k)


def test_the_short_cut_keeps_every_digit_of_a_tiny_move():
    """Where k gamma lambda is 1e-11, the difference 1 - (1 - gamma lambda)^k would lose eleven digits."""
    problem = Quadratic([np.diag([1e-6, 1.0])], [[1.0, 0.0]])
    x = np.zeros(2)
    compiled_local_steps(problem.kernel, 0, x, np.zeros(2), 1e-8, 1000, oracles.workspace(problem.kernel))
    # The sum of the geometric series to second order; the third is below 1e-22.
    assert x[0] == pytest.approx(1e-5 * (1.0 - 999 * 1e-14 / 2), rel=4 * EPS)


def test_outside_compiled_code_the_oracles_do_the_same():
    problem = Quadratic.random(clients=3, dim=5, seed=4, basis="client")
    kernel, work = problem.kernel, oracles.workspace(problem.kernel)
    rng = np.random.default_rng(0)
    x, h, g = rng.standard_normal(5), rng.standard_normal(5), np.empty(5)
    oracles.gradient(kernel, 1, x, g, work)
    assert g == pytest.approx(problem.gradients(x)[1], abs=1e-14)
    for k in (0, 1, 2, 3, 40):
        moved, compiled = x.copy(), x.copy()
        oracles.local_steps(kernel, 2, moved, h, 0.4, k, work)
        compiled_local_steps(kernel, 2, compiled, h, 0.4, k, work)
        assert moved == pytest.approx(compiled, abs=1e-14)
    assert oracles.clients(kernel) == 3
    assert oracles.work_size(kernel) == len(work)


def lasso_by_enumeration(A, b, lam):
    """Minimise x'Ax/2 - b'x + lam |x|_1 by trying each pattern of signs."""
    found = []
    for signs in product((-1.0, 0.0, 1.0), repeat=len(b)):
        s = np.array(signs)
        x, used = np.zeros(len(b)), s != 0
        x[used] = np.linalg.solve(A[np.ix_(used, used)], (b - lam * s)[used])
        if np.all(x * s >= 0):
            found.append((x @ A @ x / 2 - b @ x + lam * np.abs(x).sum(), tuple(x)))
    return np.array(min(found)[1])


@given(kappa=st.floats(0.1, 4.0).map(lambda e: 10.0**e), seed=SEEDS, lam=st.sampled_from([0.0, 0.01, 0.1, 0.5, 3.0]))
@pytest.mark.parametrize("basis", BASES)
def test_the_composite_solution_is_optimal_coordinate_by_coordinate(basis, kappa, seed, lam):
    problem = Quadratic.random(clients=3, dim=4, kappa=kappa, seed=seed, basis=basis, psi=functions.L1(lam))
    solution = problem.solution()
    A, b, x = problem.kernel.A.mean(axis=0), problem.kernel.b.mean(axis=0), solution.x
    gradient = A @ x - b
    scale = 1.0 + np.abs(b).max()
    assert np.all(np.abs(gradient[x == 0]) <= lam + 1e-13 * scale)
    assert np.abs(gradient + lam * np.sign(x))[x != 0].max(initial=0.0) <= 1e-13 * scale
    assert solution.residual <= 1e-12
    expected = lasso_by_enumeration(A, b, lam)
    # Strong convexity turns the residual above into a distance.
    assert np.abs(x - expected).max() <= 1e-12 * kappa * scale
    assert problem.gap(x) == 0.0
    other = np.random.default_rng(seed).standard_normal(4)
    value = other @ A @ other / 2 - b @ other + lam * np.abs(other).sum()
    best = expected @ A @ expected / 2 - b @ expected + lam * np.abs(expected).sum()
    assert problem.gap(other) == pytest.approx(value - best, rel=1e-9, abs=1e-11 * kappa)
    assert not problem.is_smooth


def test_a_large_weight_keeps_the_solution_at_exactly_zero():
    problem = Quadratic.random(clients=2, dim=5, seed=0, psi=functions.L1(100.0))
    assert np.array_equal(problem.solution().x, np.zeros(5))
    assert problem.solution().residual == 0.0


@pytest.mark.parametrize("name", ["clients", "dim", "kappa", "seed", "heterogeneity", "basis", "psi"])
@pytest.mark.parametrize("value", ["many", 0.5j, -1, np.nan, [1.0, 2.0]])
def test_a_wrong_argument_of_random_is_named(name, value):
    with pytest.raises(InputError, match=rf"^{name} = .*: give "):
        Quadratic.random(**{name: value})


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"clients": 0}, "clients = 0"),
        ({"clients": True}, "clients = True"),
        ({"clients": 2.0}, r"clients = 2\.0"),
        ({"dim": 1}, "dim = 1 cannot hold both ends"),
        ({"kappa": 1.0}, r"kappa = 1\.0"),
        ({"kappa": np.inf}, "kappa = inf"),
        ({"kappa": None}, "kappa = None is not a number"),
        ({"heterogeneity": np.inf}, "heterogeneity = inf"),
        ({"heterogeneity": None}, "heterogeneity = None"),
        ({"basis": "own"}, "basis = 'own' .* common, client"),
        ({"seed": 1.5}, r"seed = 1\.5"),
        ({"psi": functions.Consensus(2)}, r"psi = Consensus\(2\)"),
    ],
)
def test_values_at_the_edge_are_refused(arguments, sentence):
    with pytest.raises(InputError, match=f"^{sentence}"):
        Quadratic.random(**arguments)


@pytest.mark.parametrize(
    ("hessians", "linear", "sentence"),
    [
        ([[1.0, 0.0], [0.0, 1.0]], [[1.0, 1.0]], r"hessians has shape \(2, 2\)"),
        ([[[1.0, 0.0]]], [[1.0, 1.0]], r"hessians has shape \(1, 1, 2\)"),
        (np.empty((0, 2, 2)), np.empty((0, 2)), r"hessians has shape \(0, 2, 2\)"),
        ([[[1.0, 0.0], [0.0]]], [[1.0, 1.0]], "hessians is no array of numbers"),
        ("matrix", [[1.0, 1.0]], "hessians is no array of numbers"),
        ([[[np.nan, 0.0], [0.0, 1.0]]], [[1.0, 1.0]], "hessians holds entries that are NaN"),
        ([[[np.inf, 0.0], [0.0, 1.0]]], [[1.0, 1.0]], "hessians holds entries that are NaN or infinite"),
        ([[[1.0, 0.1], [0.0, 1.0]]], [[1.0, 1.0]], "hessians holds a matrix that is not symmetric"),
        ([EYE[0], [[1.0, 2.0], [2.0, 1.0]]], [[1.0, 1.0]] * 2, r"hessians\[1\] has the eigenvalue -1"),
        ([[[0.0, 0.0], [0.0, 1.0]]], [[1.0, 1.0]], r"hessians\[0\] has the eigenvalue 0"),
        (EYE, [1.0, 1.0], r"linear has shape \(2,\)"),
        (EYE, [[1.0, 1.0, 1.0]], r"linear has shape \(1, 3\)"),
        (EYE, [[1.0, np.nan]], "linear .* finite numbers"),
        (EYE, [[1.0, np.inf]], "linear .* finite numbers"),
        (EYE, [[1.0], [1.0, 2.0]], "linear is no array of numbers"),
        (EYE, "vector", "linear is no array of numbers"),
        (np.array(EYE) * (1 + 1j), [[1.0, 1.0]], "hessians is complex"),
        (EYE, [[1.0, 1j]], "linear is complex"),
        (np.ma.array(EYE, mask=EYE), [[1.0, 1.0]], "hessians has masked entries"),
        (EYE, np.ma.array([[1.0, 2.0]], mask=[[True, False]]), "linear has masked entries"),
    ],
)
def test_wrong_arrays_are_refused(hessians, linear, sentence):
    with pytest.raises(InputError, match=f"^{sentence}.*: give "):
        Quadratic(hessians, linear)


def test_matrices_one_coordinate_and_the_condition_number_1_will_do():
    linear = np.array([[1.0, 2.0], [3.0, 4.0]]).view(np.matrix)
    given = Quadratic([np.eye(2).view(np.matrix)] * 2, linear)
    assert given.kappa == 1.0
    assert given.solution().x.tolist() == [2.0, 3.0]
    line = Quadratic([[[2.0]], [[4.0]]], [[1.0], [2.0]], functions.L1(0.5))
    assert line.solution().x == pytest.approx([1.0 / 3.0], rel=1e-14)


def test_all_quadratics_are_one_type_for_compiled_code():
    """Another layout of an array would compile every method once more."""
    eigenbases = [Quadratic.random(4, 5, 20.0, basis=basis) for basis in ("common", "client")]
    rebuilt = Quadratic(np.asfortranarray(eigenbases[1].hessians), eigenbases[1].kernel.b.T.copy().T)
    types = {numba.typeof(problem.kernel) for problem in (*eigenbases, rebuilt, Quadratic.random(1, 2, 2.0))}
    assert len(types) == 1


@njit
def compiled_local_phase(kernel, X, H, gamma, k, work):
    oracles.local_phase(kernel, X, H, gamma, k, work)


@njit
def compiled_cohort_phase(kernel, cohort, X, H, gamma, k, work):
    oracles.cohort_phase(kernel, cohort, X, H, gamma, k, work)


@pytest.mark.parametrize("basis", ["common", "client"])
@pytest.mark.parametrize("k", [0, 1, 2, 3, 50])
@pytest.mark.parametrize("n", [3, 6])
def test_a_phase_of_all_clients_has_the_bits_of_each(n, basis, k):
    problem = Quadratic.random(n, 11, 1e3, basis=basis)
    apart, H = np.random.default_rng(k).standard_normal((2, n, 11))
    work = oracles.workspace(problem.kernel)
    # After an average all clients start from one point.
    for gamma, X in product((0.7, 1.5), (apart, np.tile(apart[0], (n, 1)))):
        moved, kept = X.copy(), H.copy()
        compiled_local_phase(problem.kernel, moved, H, gamma, k, work)
        assert np.array_equal(H, kept)
        for i in range(n):
            alone = X[i].copy()
            compiled_local_steps(problem.kernel, i, alone, H[i], gamma, k, work)
            assert np.array_equal(moved[i], alone)
        some, cohort = X.copy(), np.array([2, 0])
        compiled_cohort_phase(problem.kernel, cohort, some, H, gamma, k, work)
        assert np.array_equal(some[cohort], moved[cohort])
        assert np.array_equal(some[1], X[1])
        expected = X
        for _ in range(k):
            expected = expected - gamma * (
                np.stack([g @ x for g, x in zip(problem.hessians, expected, strict=True)]) - problem.kernel.b - H
            )
        np.testing.assert_allclose(moved, expected, rtol=1e-12, atol=1e-12 * max(1.0, np.abs(expected).max()))
