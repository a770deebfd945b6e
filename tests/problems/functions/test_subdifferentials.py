"""The distance to the subdifferential, against one computed from a description of that set by its corners or edges.

Coordinates are multiples of one quarter, so ties and boundaries are exact.
"""

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import lsq_linear, nnls

from rootkappa.problems import functions

INF = np.inf
QUARTERS = st.integers(-6, 6).map(lambda k: k / 4)
SLOPES = st.one_of(QUARTERS, st.floats(-3.0, 3.0))
SIGNS = (-1.0, 1.0)


def lists(entries, least, most):
    return st.integers(least, most).flatmap(lambda d: st.lists(entries, min_size=d, max_size=d))


def distance_to_hull(corners, u):
    """Return the distance of u from the convex hull of some points (Lawson and Hanson: the least-distance problem)."""
    shifted = (np.array(corners) - u).T
    scale = max(np.abs(shifted).max(), 1.0)
    system = np.vstack((shifted / scale, np.ones(shifted.shape[1])))
    mixture, _ = nnls(system, np.append(np.zeros(len(u)), 1.0))
    return np.linalg.norm(shifted @ (mixture / mixture.sum()))


def distance_to_cone(edges, u):
    """Return the distance of u from the cone of the nonnegative combinations of some vectors."""
    return nnls(np.array(edges).T, u)[1] if len(edges) else np.linalg.norm(u)


# Functions that are the largest of some linear ones: subgradients are mixtures of those that attain the value.


def differences(d):
    return np.diff(np.eye(d), axis=0)


CORNERS = {
    "L1": (lambda d: functions.L1(0.5), lambda d: [0.5 * np.array(s) for s in product(SIGNS, repeat=d)]),
    "LInf": (lambda d: functions.LInf(0.5), lambda d: [*0.5 * np.eye(d), *-0.5 * np.eye(d)]),
    "TotalVariation1D": (
        lambda d: functions.TotalVariation1D(0.5),
        lambda d: [0.5 * differences(d).T @ np.array(s) for s in product(SIGNS, repeat=d - 1)],
    ),
    "FusedLasso": (
        lambda d: functions.FusedLasso(0.25, 0.5),
        lambda d: [
            0.5 * differences(d).T @ np.array(jumps) + 0.25 * np.array(signs)
            for jumps in product(SIGNS, repeat=d - 1)
            for signs in product(SIGNS, repeat=d)
        ],
    ),
    "SortedL1": (
        lambda d: functions.SortedL1([1.0, 0.5, 0.25][:d]),
        lambda d: [np.array(w) * s for w in permutations([1.0, 0.5, 0.25][:d]) for s in product(SIGNS, repeat=d)],
    ),
    "OSCAR": (
        lambda d: functions.OSCAR(0.25, 0.5),
        lambda d: [
            np.array(w) * s
            for w in permutations([0.25 + 0.5 * k for k in range(d)])
            for s in product(SIGNS, repeat=d)
        ],
    ),
    "Hinge": (lambda d: functions.Translated(functions.Hinge(0.5), -np.ones(d)),  # at -x it is the positive part
              lambda d: [-0.5 * np.array(s) for s in product((0.0, 1.0), repeat=d)]),
}  # fmt: skip


@pytest.mark.parametrize("name", CORNERS)
@given(rows=lists(st.tuples(QUARTERS, SLOPES), 1, 3))
def test_of_the_largest_of_linear_functions(name, rows):
    x, u = map(np.array, zip(*rows, strict=True))
    make, corners = CORNERS[name]
    function, all_corners = make(len(x)), corners(len(x))
    values = np.array([corner @ x for corner in all_corners])
    assert function.value(x) == pytest.approx(values.max(), abs=1e-14)
    active = [corner for corner, value in zip(all_corners, values, strict=True) if value >= values.max() - 1e-12]
    expected = distance_to_hull(active, u)
    assert function.subdifferential_distance(x, u) == pytest.approx(expected, abs=1e-12)


@given(rows=lists(st.tuples(QUARTERS, SLOPES), 2, 5))
def test_of_total_variation_as_a_least_squares_problem_in_a_box(rows):
    """Another description: differences of dual variables that are fixed at jumps and within lam elsewhere."""
    x, u = map(np.array, zip(*rows, strict=True))
    jumps = np.sign(np.diff(x))
    fixed = 0.5 * jumps
    free = jumps == 0.0
    D = differences(len(x))
    rest = u - D.T @ fixed
    expected = np.linalg.norm(rest)
    if free.any():
        y = lsq_linear(D[free].T, rest, bounds=(-0.5, 0.5), method="bvls", tol=1e-15).x
        expected = np.linalg.norm(rest - D[free].T @ y)
    found = functions.TotalVariation1D(0.5).subdifferential_distance(x, u)
    assert found == pytest.approx(expected, abs=1e-10)


# Indicators of polyhedra: normals are the nonnegative combinations of the constraints that hold with equality.


def sides(d, low, high):
    return [(-e, -low) for e in np.eye(d) if low > -INF] + [(e, high) for e in np.eye(d) if high < INF]


POLYHEDRA = {
    "Box": (lambda d: functions.Box(-0.25, 0.75), lambda d: sides(d, -0.25, 0.75)),
    "thin Box": (lambda d: functions.Box(0.5, 0.5), lambda d: sides(d, 0.5, 0.5)),
    "Nonnegative": (lambda d: functions.Nonnegative(), lambda d: sides(d, 0.0, INF)),
    "LInfBall": (lambda d: functions.LInfBall(0.5), lambda d: sides(d, -0.5, 0.5)),
    "one point": (lambda d: functions.LInfBall(0.0), lambda d: sides(d, 0.0, 0.0)),
    "L1Ball": (lambda d: functions.L1Ball(1.0), lambda d: [(np.array(s), 1.0) for s in product(SIGNS, repeat=d)]),
    "Simplex": (
        lambda d: functions.Simplex(),
        lambda d: [*sides(d, 0.0, INF), (np.ones(d), 1.0), (-np.ones(d), -1.0)],
    ),
    "HalfSpace": (lambda d: functions.HalfSpace(np.arange(1.0, d + 1), 1.0), lambda d: [(np.arange(1.0, d + 1), 1.0)]),
    "Hyperplane": (
        lambda d: functions.Hyperplane(np.arange(1.0, d + 1), 1.0),
        lambda d: [(sign * np.arange(1.0, d + 1), sign) for sign in SIGNS],
    ),
    "AffineSet": (
        lambda d: functions.AffineSet([np.ones(d), 2.0 * np.ones(d)], [1.0, 2.0]),
        lambda d: [(sign * np.ones(d), sign) for sign in SIGNS],
    ),
}


@pytest.mark.parametrize("name", POLYHEDRA)
@given(rows=lists(st.tuples(QUARTERS, SLOPES), 1, 4))
def test_of_a_polyhedron(name, rows):
    start, u = map(np.array, zip(*rows, strict=True))
    make, constraints = POLYHEDRA[name]
    function = make(len(start))
    excess = [row @ start - bound for row, bound in constraints(len(start))]
    assert function.in_domain(start) == (max(excess) <= 0.0)
    assert (function.subdifferential_distance(start, u) == INF) == (max(excess) > 0.0)
    x = function.prox(start, 1.0)
    active = [row for row, bound in constraints(len(start)) if row @ x >= bound - 1e-12]
    assert function.subdifferential_distance(x, u) == pytest.approx(distance_to_cone(active, u), abs=1e-12)


@given(rows=lists(st.tuples(QUARTERS, QUARTERS, SLOPES), 2, 6))
def test_of_consensus(rows):
    """Normal are the arrays whose columns sum to 0."""
    U = np.array(rows)
    X = np.tile(U[0], (len(U), 1))
    edges = [np.eye(len(U))[i] - np.eye(len(U))[0] for i in range(1, len(U))]
    expected = np.linalg.norm([distance_to_cone([*edges, *np.negative(edges)], column) for column in U.T])
    assert functions.Consensus(len(U)).subdifferential_distance(X, U) == pytest.approx(expected, abs=1e-12)


@given(t=QUARTERS, z=QUARTERS, u=st.lists(SLOPES, min_size=2, max_size=2))
def test_of_the_second_order_cone_in_two_dimensions(t, z, u):
    """There it is a polyhedron."""
    function = functions.SecondOrderCone()
    x = function.prox(np.array([t, z]), 1.0)
    rows = [np.array([-1.0, 1.0]), np.array([-1.0, -1.0])]
    active = [row for row in rows if row @ x >= -1e-12]
    expected = distance_to_cone(active, np.array(u))
    assert function.subdifferential_distance(x, u) == pytest.approx(expected, abs=1e-12)


@given(u=st.lists(SLOPES, min_size=3, max_size=3), turn=st.integers(0, 359), height=st.sampled_from([0.0, 1.0]))
def test_of_the_second_order_cone_in_three_dimensions(u, turn, height):
    """The edges of its polar cone, one for each degree; at a point of the surface the one that is normal there."""
    angles = np.radians(np.arange(360))
    edges = np.column_stack((-np.ones(360), np.cos(angles), np.sin(angles)))
    x = height * np.array([1.0, np.cos(angles[turn]), np.sin(angles[turn])])
    expected = distance_to_cone(edges if height == 0.0 else edges[turn : turn + 1], np.array(u))
    # A circle and its polygon with one corner each degree are 1 - cos(half a degree) apart.
    allowed = 1e-12 if height else 4e-5 * (1.0 + np.abs(u).max())
    assert functions.SecondOrderCone().subdifferential_distance(x, u) == pytest.approx(expected, abs=allowed)


@pytest.mark.parametrize("make", [functions.L2, functions.L2Ball])
@given(u=st.lists(SLOPES, min_size=2, max_size=2), turn=st.integers(0, 359), size=st.sampled_from([0.0, 0.25, 0.5]))
def test_of_the_euclidean_norm_and_ball(make, u, turn, size):
    angle, u = np.radians(turn), np.array(u)
    direction = np.array([np.cos(angle), np.sin(angle)])
    circle = [[np.cos(a), np.sin(a)] for a in np.radians(np.arange(360))]
    if make is functions.L2:
        expected = distance_to_hull(0.5 * np.array(circle) if size == 0.0 else [0.5 * direction], u)
        allowed = 1e-4 if size == 0.0 else 1e-12
    else:
        expected, allowed = distance_to_cone([direction] if size == 0.5 else [], u), 1e-12
    assert make(0.5).subdifferential_distance(size * direction, u) == pytest.approx(expected, abs=allowed)


@given(
    size=st.sampled_from([0.0, 1.0]),
    other=st.sampled_from([0.0, 0.5]),
    u=st.lists(SLOPES, min_size=4, max_size=4),
)
def test_of_groups_is_that_of_each_group(size, other, u):
    x, u = np.array([size, 0.0, other, 0.0]), np.array(u)
    function = functions.GroupL2(0.5, [[0, 1], [2]], weights=[1.0, 2.0])
    parts = [
        functions.L2(0.5).subdifferential_distance(x[:2], u[:2]),
        functions.L1(1.0).subdifferential_distance(x[2:3], u[2:3]),
        abs(u[3]),
    ]
    assert function.subdifferential_distance(x, u) == pytest.approx(np.linalg.norm(parts), abs=1e-12)


@pytest.mark.parametrize("shape", [(3, 3), (2, 4), (4, 2)])
@given(data=st.data())
def test_of_the_nuclear_norm_in_the_frame_of_its_singular_vectors(shape, data):
    """In that frame X is diagonal; u may have any block beside the positive values, and a diagonal one at the zeros."""
    rows, columns = shape
    few = min(shape)
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    U, V = (np.linalg.qr(rng.standard_normal((size, size)))[0] for size in shape)
    rank = data.draw(st.integers(0, few))
    sizes = np.where(np.arange(few) < rank, 1.0 + np.arange(few), 0.0)
    B = 0.3 * rng.standard_normal(shape)
    zeros = np.zeros((rows - rank, columns - rank))
    values = np.array(data.draw(st.lists(SLOPES, min_size=few - rank, max_size=few - rank)))
    np.fill_diagonal(zeros, values) if values.size else None
    B[rank:, rank:] = zeros
    expected = B.copy()
    expected[:rank, :rank] -= 0.5 * np.eye(rank)
    expected[rank:, rank:] = 0.0
    expected = np.hypot(np.linalg.norm(expected), np.linalg.norm(np.maximum(np.abs(values) - 0.5, 0.0)))
    X = U[:, :few] @ np.diag(sizes) @ V[:, :few].T
    found = functions.Nuclear(0.5).subdifferential_distance(X, U @ B @ V.T)
    assert found == pytest.approx(expected, abs=1e-12)


@given(data=st.data())
def test_of_the_spectral_ball_and_of_semidefinite_matrices_in_their_frames(data):
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    Q, R = (np.linalg.qr(rng.standard_normal((3, 3)))[0] for _ in range(2))
    at_edge = data.draw(st.integers(0, 3))
    values = np.array(data.draw(st.lists(SLOPES, min_size=3, max_size=3)))
    # u is diagonal in the frame: at the edge of the set one sign of each entry is normal, inside nothing is.
    normal = np.where(np.arange(3) < at_edge, np.maximum(values, 0.0), 0.0)
    X, u = (Q * np.where(np.arange(3) < at_edge, 0.5, 0.25)) @ R, (Q * values) @ R
    expected = np.linalg.norm(values - normal)
    assert functions.SpectralBall(0.5).subdifferential_distance(X, u) == pytest.approx(expected, abs=1e-12)
    X, u = (Q * np.where(np.arange(3) < at_edge, 0.0, 1.0)) @ Q.T, (Q * -values) @ Q.T
    skew = rng.standard_normal((3, 3))
    found = functions.PositiveSemidefinite().subdifferential_distance(X, u + skew - skew.T)
    assert found == pytest.approx(expected, abs=1e-12)


SMOOTH = [
    "ElasticNet",
    "Entropy",
    "Huber",
    "KullbackLeibler",
    "LogBarrier",
    "LogisticLoss",
    "MoreauEnvelope",
    "SquaredL2",
]


@pytest.mark.parametrize("name", SMOOTH)
@given(x=st.lists(st.floats(0.125, 3.0), min_size=2, max_size=2), u=st.lists(SLOPES, min_size=2, max_size=2))
def test_of_a_function_with_a_gradient_against_differences_of_values(name, x, u):
    function, x, step = functions.examples(2)[name], np.array(x), 1e-5
    moves = step * np.eye(2)
    gradient = [(function.value(x + move) - function.value(x - move)) / (2.0 * step) for move in moves]
    expected = np.linalg.norm(np.array(u) - gradient)
    # The third derivative of the logarithm at 1/8, and the kink of the slope of Huber's function.
    assert function.subdifferential_distance(x, u) == pytest.approx(expected, abs=3e-5)


@given(x=st.lists(QUARTERS, min_size=3, max_size=3), u=st.lists(SLOPES, min_size=3, max_size=3))
def test_of_functions_of_functions_from_that_of_their_parts(x, u):
    x, u, f = np.array(x), np.array(u), functions
    turned = np.array([[0.6, 0.8, 0.0], [-0.8, 0.6, 0.0], [0.0, 0.0, 1.0]])
    shift = np.array([0.5, -1.0, 0.25])
    for inner, other in ((f.L1(0.5), f.Huber(0.75)), (f.TotalVariation1D(0.5), f.LInf(1.0))):
        alone = inner.subdifferential_distance
        assert f.Scaled(inner, 2.0).subdifferential_distance(x, 2.0 * u) == pytest.approx(2.0 * alone(x, u), abs=1e-12)
        moved = f.Translated(inner, shift).subdifferential_distance(x + shift, u)
        assert moved == pytest.approx(alone(x, u), abs=1e-12)
        plus = f.PlusSquaredL2(inner, 2.0).subdifferential_distance(x, u + 2.0 * x)
        assert plus == pytest.approx(alone(x, u), abs=1e-12)
        both = f.SeparableSum([(inner, 3), (other, 3)]).subdifferential_distance(np.append(x, u), np.append(u, x))
        assert both == pytest.approx(np.hypot(alone(x, u), other.subdifferential_distance(u, x)), abs=1e-12)
        # At y = A'x the image A y is x up to rounding, which decides ties.
        found = f.Precomposed(inner, turned).subdifferential_distance(turned.T @ x, turned.T @ u)
        assert found == pytest.approx(alone(x, u), abs=1e-12)


@pytest.mark.parametrize("function", [functions.L1(0.5), functions.LInfBall(1.0), functions.Simplex()])
def test_there_is_no_subgradient_where_a_number_is_missing(function):
    fine, broken = np.array([0.5, 0.5]), np.array([0.5, np.nan])
    for x, u in ((fine, broken), (broken, fine), (np.array([np.inf, 0.0]), fine)):
        assert not function.subdifferential_distance(x, u) < np.inf
