"""Every proximal operator against a slow one that is written from the definition.

Where a function is piecewise linear or quadratic the twin lists, in exact rational arithmetic, the stationary point of
every piece and takes the one with the least objective; no threshold, no sorting and no tolerance is involved. Elsewhere
it solves the optimality condition with scipy, coordinate by coordinate, or as one linear system.
"""

from fractions import Fraction
from itertools import combinations, pairwise, permutations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq, lsq_linear
from scipy.special import expit

from rootkappa.problems import functions

pytestmark = pytest.mark.drawn(4, "name")

INF = float("inf")
CLASSES = sorted(set(functions.__all__) - {"Function", "examples", "get"})


# Exact twins: candidates of which one is the minimiser, and the value.


def best(x, gamma, value, candidates):
    """Return the candidate with the least value(z) + |z - x|^2 / (2 gamma)."""

    def objective(z):
        return gamma * value(z) + sum((a - b) ** 2 for a, b in zip(z, x, strict=True)) / 2

    return min(candidates, key=objective)


def scalar(x, gamma, pieces):
    """Minimise gamma f(z) + (z - x)^2 / 2 for f(z) = a z^2 / 2 + b z + c on pieces (low, high, a, b, c)."""
    found = []
    for low, high, *numbers in pieces:
        a, b, c = map(Fraction, numbers)
        z = min(max((x - gamma * b) / (1 + gamma * a), low), high)
        found.append((gamma * (a * z * z / 2 + b * z + c) + (z - x) ** 2 / 2, z))
    return min(found)[1]


def coordinatewise(pieces):
    """Return the twin of a sum of one function of each coordinate; ``pieces`` may depend on the coordinate's index."""

    def twin(x, gamma):
        return [scalar(a, gamma, pieces(j) if callable(pieces) else pieces) for j, a in enumerate(x)]

    return twin


def absolute(lam):
    return [(-INF, 0, 0, -lam, 0), (0, INF, 0, lam, 0)]


def elastic(l1, l2):
    return [(-INF, 0, l2, -l1, 0), (0, INF, l2, l1, 0)]


def huber(delta):
    delta = Fraction(delta)
    end = delta * delta / 2
    return [(-INF, -delta, 0, -delta, -end), (-delta, delta, 1, 0, 0), (delta, INF, 0, delta, -end)]


def interval(low, high):
    return [(low, high, 0, 0, 0)]


def subsets(d, largest=None):
    for size in range((largest if largest is not None else d) + 1):
        yield from combinations(range(d), size)


def simplex(total):
    def twin(x, gamma):
        def candidates():
            for on in subsets(len(x)):
                if on:
                    level = (sum(x[j] for j in on) - Fraction(total)) / len(on)
                    z = [x[j] - level if j in on else Fraction(0) for j in range(len(x))]
                    if min(z) >= 0:
                        yield z

        return best(x, gamma, lambda z: 0, candidates())

    return twin


def l1_ball(radius):
    def twin(x, gamma):
        def candidates():
            yield [Fraction(0)] * len(x)
            if sum(map(abs, x)) <= radius:
                yield x
            for on in subsets(len(x)):
                if on:
                    level = (sum(abs(x[j]) for j in on) - Fraction(radius)) / len(on)
                    sizes = [abs(a) - level if j in on else Fraction(0) for j, a in enumerate(x)]
                    if min(sizes) >= 0:
                        yield [-size if a < 0 else size for size, a in zip(sizes, x, strict=True)]

        return best(x, gamma, lambda z: 0, (z for z in candidates() if sum(map(abs, z)) <= radius))

    return twin


def l_inf(lam):
    lam = Fraction(lam)

    def twin(x, gamma):
        def candidates():
            yield [Fraction(0)] * len(x)
            for top in subsets(len(x)):
                level = (sum(abs(x[j]) for j in top) - gamma * lam) / len(top) if top else 0
                yield [(-level if a < 0 else level) if j in top else a for j, a in enumerate(x)]

        return best(x, gamma, lambda z: lam * max(map(abs, z)), candidates())

    return twin


def largest_entry(x, gamma):
    """The conjugate of the simplex is the largest entry."""

    def candidates():
        for top in subsets(len(x)):
            level = (sum(x[j] for j in top) - gamma) / len(top) if top else 0
            yield [level if j in top else a for j, a in enumerate(x)]

    return best(x, gamma, max, candidates())


def chains(d):
    """Yield every way to cut 0..d-1 into blocks of neighbours."""
    for cuts in subsets(d - 1):
        ends = [0, *(cut + 1 for cut in cuts), d]
        yield [range(*pair) for pair in pairwise(ends)]


def fused(l1, tv):
    l1, tv = Fraction(l1), Fraction(tv)

    def value(z):
        return l1 * sum(map(abs, z)) + tv * sum(abs(b - a) for a, b in pairwise(z))

    def candidates(x, gamma):
        for blocks in chains(len(x)):
            for jumps in product((-1, 1), repeat=len(blocks) - 1):
                ends = (0, *jumps, 0)
                for signs in product((-1, 0, 1), repeat=len(blocks)) if l1 else [(1,) * len(blocks)]:
                    z = []
                    for k, (block, sign) in enumerate(zip(blocks, signs, strict=True)):
                        slope = tv * (ends[k] - ends[k + 1]) / len(block) + l1 * sign
                        mean = sum(x[j] for j in block) / len(block) - gamma * slope
                        z += [mean if sign else Fraction(0)] * len(block)
                    yield z

    return lambda x, gamma: best(x, gamma, value, candidates(x, gamma))


def orders(indices):
    """Yield every weak order of some indices: lists of blocks, the largest entries first."""
    if not indices:
        yield []
    for size in range(1, len(indices) + 1):
        for block in combinations(indices, size):
            for rest in orders([j for j in indices if j not in block]):
                yield [block, *rest]


def slope(weights, value):
    """Minimise for every weak order of the sizes; changing a sign to that of x never makes the objective larger."""
    weights = [Fraction(w) for w in weights]

    def candidates(x, gamma):
        for blocks in orders(list(range(len(x)))):
            z, rank = [Fraction(0)] * len(x), 0
            for block in blocks:
                share = sum(weights[rank : rank + len(block)])
                level = (sum(abs(x[j]) for j in block) - gamma * share) / len(block)
                rank += len(block)
                for j in block:
                    z[j] = -level if x[j] < 0 else level
            yield z
            yield [a if abs(a) > 0 and (a < 0) == (b < 0) else Fraction(0) for a, b in zip(z, x, strict=True)]

    return lambda x, gamma: best(x, gamma, value, candidates(x, gamma))


def sorted_l1(weights):
    """The value is the largest sum of weights and sizes in any order."""
    exact = [Fraction(w) for w in weights]
    return slope(
        weights, lambda z: max(sum(w * abs(a) for w, a in zip(o, z, strict=True)) for o in permutations(exact))
    )


def oscar(l1, l2, d):
    l1, l2 = Fraction(l1), Fraction(l2)

    def value(z):
        return l1 * sum(map(abs, z)) + l2 * sum(max(abs(a), abs(b)) for a, b in combinations(z, 2))

    return slope([l1 + l2 * sum(1 for other in range(d) if other > j) for j in range(d)], value)


def second_order_cone(x, gamma):
    """For each height t the best z is the projection onto the ball of radius t, which leaves max(|z| - t, 0)^2."""
    t, z = float(x[0]), np.array(x[1:], dtype=float)
    size = float(np.sqrt(z @ z))
    # (s - t)^2 + (size - s)^2 up to s = size, and (s - t)^2 from there on.
    low, high = min(max((t + size) / 2, 0.0), size), max(t, size)
    height = min((low, high), key=lambda s: (s - t) ** 2 + max(size - s, 0.0) ** 2)
    return [height, *(z * (min(height, size) / size) if size else z)]


# Twins that solve an equation or a linear system.


def root(equation):
    """Return the twin of a sum of smooth functions of one coordinate, from gamma psi'(z) + z - x as (z, x, gamma)."""

    def twin(x, gamma):
        gamma = float(gamma)
        return [
            # A root of size 1e-30 takes more halvings than brentq allows by itself.
            brentq(equation, *bracket(equation, float(a), gamma, j), (float(a), gamma, j), 1e-300, 1e-15, maxiter=2000)
            for j, a in enumerate(x)
        ]

    return twin


def bracket(equation, x, gamma, j):
    """Widen until the sign changes, which it does between a positive number near 0, or a negative one, and a large."""
    low, high = 1e-290, 100.0
    if equation(low, x, gamma, j) > 0.0:
        low = -100.0
    return low, high


def multiplier(ball):
    """Project onto balls by their multiplier m: the nearest point is x / (1 + m)."""

    def project(x, radius):
        size = np.linalg.norm(x)
        if size <= radius:
            return x
        m = brentq(lambda m: size - radius * (1.0 + m), 0.0, 2.0 * size / radius, xtol=1e-15, rtol=1e-15)
        return x / (1.0 + m)

    return lambda x, gamma: ball(project, np.array(x, dtype=float), float(gamma))


def euclidean(lam):
    """The prox of a support function is what the projection onto gamma times its set leaves."""
    return multiplier(lambda project, x, gamma: x - project(x, gamma * lam))


def group_norm(lam, groups):
    def twin(project, x, gamma):
        z = x.copy()
        for group in groups:
            z[group] = x[group] - project(x[group], gamma * lam * len(group) ** 0.5)
        return z

    return multiplier(twin)


def equations(A, b):
    """Solve the optimality conditions z - x + A'y = 0 and A z = b; dependent rows leave y open, but not z."""
    A, b = np.atleast_2d(np.array(A, dtype=float)), np.atleast_1d(np.array(b, dtype=float))
    m, d = A.shape
    system = np.block([[np.eye(d), A.T], [A, np.zeros((m, m))]])
    return lambda x, gamma: np.linalg.lstsq(system, np.concatenate((np.array(x, dtype=float), b)))[0][:d]


def half_space(a, b):
    def twin(x, gamma):
        x = np.array(x, dtype=float)
        return x if a @ x <= b else equations(a, b)(x, gamma)

    return twin


def least_squares(lam):
    def twin(x, gamma):
        eye = np.eye(len(x))
        stacked = np.vstack((eye, (float(gamma) * lam) ** 0.5 * eye))
        return np.linalg.lstsq(stacked, np.concatenate((np.array(x, dtype=float), 0 * eye[0])))[0]

    return twin


def box_of_the_dual(lam, A):
    """z = x - A'y for the y within gamma lam that makes it smallest: the dual of a prox of lam |A z|_1."""

    def twin(x, gamma):
        x, radius = np.array(x, dtype=float), float(gamma) * lam
        if radius == 0.0:
            return x
        y = lsq_linear(A.T, x, bounds=(-radius, radius), method="bvls", tol=1e-15).x
        return x - A.T @ y

    return twin


def envelope_of_absolute(lam, delta):
    """Minimise over z and the envelope's own point y at once, for each sign of y."""
    lam, delta = Fraction(lam), Fraction(delta)

    def one(x, gamma):
        found = []
        for sign in (-1, 0, 1):
            # gamma (z - y) / delta + z - x = 0 and, unless y = 0, lam sign + (y - z) / delta = 0.
            y = x - lam * sign * (gamma + delta) if sign else Fraction(0)
            z = (delta * x + gamma * y) / (gamma + delta)
            found.append((gamma * (lam * abs(y) + (z - y) ** 2 / (2 * delta)) + (z - x) ** 2 / 2, z))
        return min(found)[1]

    return lambda x, gamma: [one(a, gamma) for a in x]


def blocks(*parts):
    def twin(x, gamma):
        z, start = [], 0
        for part, size in parts:
            z += list(part(x[start : start + size], gamma)) if size else []
            start += size
        return z

    return twin


def mean_of_rows(clients):
    """Fit one model to all rows by least squares."""

    def twin(X, gamma):
        d = X.shape[1]
        model = np.linalg.lstsq(np.tile(np.eye(d), (clients, 1)), X.ravel())[0]
        return np.tile(model, (clients, 1))

    return twin


def by_gram(change):
    """Return the twin of a function of singular values, from the eigenvectors of X'X: X V diag(new / old) V'."""

    def twin(X, gamma):
        squares, V = np.linalg.eigh(X.T @ X)
        sizes = np.sqrt(np.maximum(squares, 0.0))
        factors = np.array([change(size, float(gamma)) / size if size > 0.0 else 0.0 for size in sizes])
        return X @ (V * factors) @ V.T

    return twin


def example(name, d):
    return functions.examples(d)[name]


# The parameters are those of the examples, written out here so that nothing is taken from the functions' own fields.
VECTOR_TWINS = {
    "Box": lambda d: coordinatewise(interval(-0.25, 0.75)),
    "Conjugate": lambda d: largest_entry,
    "ElasticNet": lambda d: coordinatewise(elastic(0.5, 2.0)),
    "Entropy": lambda d: root(lambda z, x, gamma, j: gamma * 0.5 * (np.log(z) + 1.0) + z - x),
    "FusedLasso": lambda d: fused(0.25, 0.5),
    "GroupL2": lambda d: group_norm(0.5, [list(range(k, d, 3)) for k in range(min(3, d))]),
    "HalfSpace": lambda d: half_space(np.linspace(1.0, 2.0, d), 0.5),
    "Hinge": lambda d: coordinatewise([(-INF, 1, 0, -0.5, 0.5), (1, INF, 0, 0, 0)]),
    "Huber": lambda d: coordinatewise(huber(0.75)),
    "Hyperplane": lambda d: equations(np.linspace(1.0, 2.0, d), 0.5),
    "KullbackLeibler": lambda d: root(lambda z, x, gamma, j: gamma * np.log(z / np.linspace(0.5, 2.0, d)[j]) + z - x),
    "L1": lambda d: coordinatewise(absolute(0.5)),
    "L1Ball": lambda d: l1_ball(0.5),
    "L2": lambda d: euclidean(0.5),
    "L2Ball": lambda d: multiplier(lambda project, x, gamma: project(x, 0.5)),
    "LInf": lambda d: l_inf(0.5),
    "LInfBall": lambda d: coordinatewise(interval(-0.5, 0.5)),
    "LogBarrier": lambda d: root(lambda z, x, gamma, j: (gamma * -0.5 + z * (z - x)) if z > 0.0 else -1.0),
    "LogisticLoss": lambda d: root(lambda z, x, gamma, j: z - x - gamma * 2.0 * expit(-z)),
    "MoreauEnvelope": lambda d: envelope_of_absolute(0.5, 0.5),
    "Nonnegative": lambda d: coordinatewise(interval(0, INF)),
    "OSCAR": lambda d: oscar(0.25, 0.125, d),
    "PlusSquaredL2": lambda d: coordinatewise(elastic(0.5, 2.0)),
    "Scaled": lambda d: coordinatewise(absolute(1.5)),
    "SecondOrderCone": lambda d: second_order_cone,
    "SeparableSum": lambda d: blocks((coordinatewise(absolute(0.5)), 1), (simplex(1), d - 1)),
    "Simplex": lambda d: simplex(1),
    "SortedL1": lambda d: sorted_l1(np.linspace(1.0, 0.25, d)),
    "SquaredL2": lambda d: least_squares(2.0),
    "TotalVariation1D": lambda d: fused(0.0, 0.5),
    "Zero": lambda d: coordinatewise([(-INF, INF, 0, 0, 0)]),
}
# Those whose parameters are arrays made by a formula are asked for them.
PARAMETER_TWINS = {
    "AffineSet": lambda function: equations(function.A, function.b),
    "Precomposed": lambda function: box_of_the_dual(0.5, function.A),
    "Translated": lambda function: (
        lambda x, gamma: (
            np.array(
                coordinatewise(absolute(0.5))([a - Fraction(b) for a, b in zip(x, function.shift, strict=True)], gamma)
            )
            + function.shift
        )
    ),
}
MATRIX_TWINS = {
    "Consensus": mean_of_rows(3),
    "Nuclear": by_gram(lambda size, gamma: max(size - 0.5 * gamma, 0.0)),
    "SpectralBall": by_gram(lambda size, gamma: min(size, 0.5)),
}
# Tested below: not convex, so that values are compared, or against a decomposition that is known.
OTHERS = {"L0", "L0Ball", "RankBall", "PositiveSemidefinite"}
# Halves and quarters are often tied; so are thresholds.
ENTRIES = st.one_of(st.integers(-8, 8).map(lambda k: k / 4), st.floats(-3.0, 3.0), st.sampled_from([0.0, -0.0]))
STEPS = st.one_of(st.sampled_from([0.125, 0.25, 0.5, 1.0, 2.0]), st.floats(0.05, 4.0))


def vectors(least=1, most=4):
    return st.lists(ENTRIES, min_size=least, max_size=most).map(np.array)


def compare(function, twin, x, gamma, allowed=2e-13):
    exact = [Fraction(float(a)) for a in x]
    expected = np.array([float(a) for a in twin(exact, Fraction(gamma))])
    scale = 1.0 + np.abs(x).max() + np.abs(expected).max()
    np.testing.assert_allclose(function.prox(x, gamma), expected, rtol=0.0, atol=allowed * scale)


def test_every_class_has_a_twin():
    assert sorted({*VECTOR_TWINS, *PARAMETER_TWINS, *MATRIX_TWINS, *OTHERS}) == CLASSES


@pytest.mark.parametrize("name", VECTOR_TWINS)
@given(x=vectors(), gamma=STEPS)
def test_the_twin_of_a_function_of_vectors(name, x, gamma):
    compare(example(name, len(x)), VECTOR_TWINS[name](len(x)), x, gamma)


@pytest.mark.parametrize("name", PARAMETER_TWINS)
@given(x=vectors(), gamma=STEPS)
def test_the_twin_of_a_function_with_an_array(name, x, gamma):
    function = example(name, len(x))
    compare(function, PARAMETER_TWINS[name](function), x, gamma, 1e-12)


@pytest.mark.parametrize("name", MATRIX_TWINS)
@pytest.mark.parametrize("columns", [1, 2, 4])
@given(entries=st.lists(ENTRIES, min_size=12, max_size=12), gamma=STEPS)
def test_the_twin_of_a_function_of_matrices(name, columns, entries, gamma):
    X = np.array(entries)[: 3 * columns].reshape(3, columns)
    expected = MATRIX_TWINS[name](X, gamma)
    # The squares of the twin lose half of the digits of small singular values.
    np.testing.assert_allclose(example(name, 3).prox(X, gamma), expected, rtol=0.0, atol=1e-9)


@given(x=vectors(2, 5), gamma=STEPS, lam=st.sampled_from([0.25, 1.0]))
def test_two_algorithms_for_total_variation(x, gamma, lam):
    """The dual is a least-squares problem in a box."""
    difference = np.diff(np.eye(len(x)), axis=0)
    compare(functions.TotalVariation1D(lam), box_of_the_dual(lam, difference), x, gamma, 1e-11)


@given(x=vectors(1, 5), lam=st.integers(0, 8).map(lambda k: k / 4), gamma=STEPS)
def test_the_count_of_nonzeros_is_least_over_all_supports(x, lam, gamma):
    def objective(z):
        return (
            Fraction(lam) * np.count_nonzero(z) * Fraction(gamma)
            + sum((Fraction(float(a)) - Fraction(float(b))) ** 2 for a, b in zip(z, x, strict=True)) / 2
        )

    least = min(objective(np.where(np.isin(np.arange(len(x)), on), x, 0.0)) for on in subsets(len(x)))
    found = functions.L0(lam).prox(x, gamma)
    assert set(found[found != x]) <= {0.0}
    # The root of the threshold is rounded.
    assert objective(found) - least <= Fraction(1, 2**48)


@given(x=vectors(1, 5), k=st.integers(1, 5))
def test_the_k_largest_are_nearest_over_all_supports(x, k):
    def squares(z):
        return sum((Fraction(float(a)) - Fraction(float(b))) ** 2 for a, b in zip(z, x, strict=True))

    supports = subsets(len(x), min(k, len(x)))
    least = min(squares(np.where(np.isin(np.arange(len(x)), on), x, 0.0)) for on in supports)
    found = functions.L0Ball(k).prox(x, 1.0)
    assert np.count_nonzero(found) <= k
    assert squares(found) == least


@given(sizes=st.lists(st.sampled_from([0.0, 0.5, 1.0, -1.0]), min_size=1, max_size=40), k=st.integers(1, 40))
def test_of_entries_of_one_size_the_first_are_kept(sizes, k):
    kept = np.flatnonzero(functions.L0Ball(k).prox(np.array(sizes), 1.0))
    ranked = sorted(range(len(sizes)), key=lambda j: (-abs(sizes[j]), j))
    assert set(kept) == {j for j in ranked[:k] if sizes[j] != 0.0}


def test_an_entry_at_the_threshold_is_cut():
    assert functions.L0(2.0).prox(np.array([2.0, -2.0, np.nextafter(2.0, 3.0)]), 1.0).tolist() == [
        0.0,
        0.0,
        2.0 + 2**-51,
    ]


@given(entries=st.lists(ENTRIES, min_size=12, max_size=12), rank=st.integers(1, 4))
def test_the_matrix_of_lower_rank_misses_the_smallest_eigenvalues_of_the_gram_matrix(entries, rank):
    X = np.array(entries).reshape(4, 3)
    found = functions.RankBall(rank).prox(X, 1.0)
    squares = np.linalg.eigvalsh(X.T @ X)[::-1]
    missed = np.maximum(squares[rank:], 0.0).sum()
    np.testing.assert_allclose(np.sum((X - found) ** 2), missed, rtol=0.0, atol=1e-12 * (1.0 + squares[0]))
    assert np.all(np.linalg.eigvalsh(found.T @ found)[::-1][rank:] <= 1e-12 * (1.0 + squares[0]))


@given(
    values=st.lists(ENTRIES, min_size=1, max_size=4),
    seed=st.integers(0, 2**32 - 1),
    skew=st.floats(-5.0, 5.0),
)
def test_of_a_matrix_with_known_eigenvalues_the_positive_ones_stay(values, seed, skew):
    rng, d = np.random.default_rng(seed), len(values)
    Q, _ = np.linalg.qr(rng.standard_normal((d, d)))
    N = rng.standard_normal((d, d))
    X = (Q * values) @ Q.T + skew * (N - N.T)
    expected = (Q * np.maximum(values, 0.0)) @ Q.T
    size = 1.0 + np.abs(X).max()
    np.testing.assert_allclose(functions.PositiveSemidefinite().prox(X, 0.5), expected, rtol=0.0, atol=1e-13 * size)


@given(
    x=vectors(2, 4), gamma=STEPS, low=st.lists(ENTRIES, min_size=4, max_size=4), wide=st.sampled_from([0.0, 0.5, INF])
)
def test_bounds_for_each_coordinate(x, gamma, low, wide):
    low = low[: len(x)]
    twin = coordinatewise(lambda j: interval(low[j], low[j] + wide))
    compare(functions.Box(low, np.array(low) + wide), twin, x, gamma, 0.0)


@given(x=vectors(2, 3), gamma=STEPS, weights=st.lists(st.integers(0, 6).map(lambda k: k / 4), min_size=3, max_size=3))
def test_any_falling_weights(x, gamma, weights):
    weights = sorted(weights[: len(x)], reverse=True)
    compare(functions.SortedL1(weights), sorted_l1(weights), x, gamma)


@given(x=vectors(2, 4), gamma=STEPS, total=st.integers(1, 12).map(lambda k: k / 4))
def test_any_radius(x, gamma, total):
    compare(functions.Simplex(total), simplex(total), x, gamma)
    compare(functions.L1Ball(total), l1_ball(total), x, gamma)
    compare(functions.LInf(total), l_inf(total), x, gamma)
