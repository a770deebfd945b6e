"""Numbers and arrays at the edges: NaN and infinity, tiny and huge, every layout in memory, a million coordinates."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa.problems import InputError, functions

pytestmark = pytest.mark.drawn(4, "name")

CLASSES = sorted(set(functions.__all__) - {"Function", "examples", "get"})
D = 4
EXAMPLES = functions.examples(D)
EPS = np.finfo(float).eps


def point_for(function, seed=0):
    shape = (D, D) if function.ndim == 2 else (D,)
    return np.random.default_rng(seed).standard_normal(shape).round(1)


def depends_on(name, place):
    """Return which entries of the result depend on one entry of the point, for the functions where not all do."""
    everything = np.ones((D, D) if EXAMPLES[name].ndim == 2 else D, dtype=bool)
    if EXAMPLES[name].is_separable:
        return np.arange(D) == place
    if name == "Consensus":
        return np.broadcast_to(np.arange(D) == place, (D, D))
    if name == "GroupL2":  # the example's groups are 0 and 3, 1, and 2
        return np.arange(D) % 3 == place % 3
    if name == "SeparableSum":  # the example's blocks are 0 and the rest
        return (np.arange(D) == 0) == (place == 0)
    return everything


@pytest.mark.parametrize("place", range(D))
@pytest.mark.parametrize("name", CLASSES)
def test_nan_is_passed_on_and_spoils_no_more_than_it_must(name, place):
    """A number computed from NaN would be an answer to another question."""
    function = EXAMPLES[name]
    x = point_for(function)
    x[..., place] = np.nan
    p = function.prox(x, 0.5)
    spoilt = depends_on(name, place)
    if name == "L0":  # whether NaN is larger than the threshold is nobody's business, but it is no 0
        assert np.isnan(p[place])
    assert np.isnan(p[spoilt]).any()
    if EXAMPLES[name].is_separable or name in ("Consensus", "GroupL2", "SeparableSum"):
        assert np.isnan(p[spoilt]).all()
        x[..., place] = 0.0
        assert np.array_equal(p[~spoilt], function.prox(x, 0.5)[~spoilt])
    single = function.prox(np.where(np.isnan(p), np.nan, x).astype(np.float32), 0.5)
    assert single.dtype == np.float32
    assert np.isnan(single).any()


@pytest.mark.parametrize("infinity", [np.inf, -np.inf])
@pytest.mark.parametrize("name", CLASSES)
def test_infinity_gives_no_finite_answer_where_coordinates_are_coupled(name, infinity):
    function = EXAMPLES[name]
    x = point_for(function)
    x[..., 0] = infinity
    p = function.prox(x, 0.5)
    if not function.is_separable:
        # What is infinitely far away has a projection along some directions only; a half-space may be open to it.
        assert not np.isfinite(p).all() or (name == "HalfSpace" and infinity < 0)
    else:
        x[0] = 0.0
        assert np.array_equal(p[1:], function.prox(x, 0.5)[1:])


@pytest.mark.parametrize("name", CLASSES)
def test_every_number_type_and_layout_gives_the_same(name):
    function = EXAMPLES[name]
    x = 3.0 * point_for(function)
    expected, before = function.prox(x, 0.5), x.copy()
    fortran, reverse = np.asfortranarray(x), np.ascontiguousarray(x[::-1])[::-1]
    gaps = np.repeat(x[..., None], 3, axis=-1)[..., 1]
    locked = x.copy()
    locked.flags.writeable = False
    for form in (fortran, reverse, gaps, locked, x.tolist(), x.astype(x.dtype.newbyteorder())):
        assert np.array_equal(function.prox(form, 0.5), expected)
        assert np.array_equal(form, before)
    whole = np.rint(x)
    for kind in (int, np.int8, np.int32):
        integers = function.prox(whole.astype(kind), 0.5)
        assert integers.dtype == np.float64
        assert np.array_equal(integers, function.prox(whole, 0.5))
    assert function.prox(whole.astype(np.float32), 0.5).dtype == np.float32


@pytest.mark.parametrize("name", CLASSES)
def test_a_result_may_be_written_anywhere(name):
    function = EXAMPLES[name]
    x = point_for(function)
    expected = function.prox(x, 0.5)
    beside = np.full((*x.shape[:-1], x.shape[-1] * 2), np.nan)
    out = beside[..., ::2]
    assert function.prox(x, 0.5, out=out) is out
    assert np.array_equal(out, expected)
    assert np.isnan(beside[..., 1::2]).all()
    # Over the point, in part: what is read must not be what was just written.
    shared = np.zeros((D + 1, *x.shape[1:]))
    shared[:D] = x
    function.prox(shared[:D], 0.5, out=shared[1:])
    assert np.array_equal(shared[1:], expected)
    shared[:D] = x
    function.prox(shared[:D], 0.5, out=shared[:D][::-1])
    assert np.array_equal(shared[:D][::-1], expected)
    fortran = np.asfortranarray(x)
    assert np.array_equal(function.prox(fortran, 0.5, out=fortran), expected)


@pytest.mark.parametrize("name", CLASSES)
def test_what_cannot_take_a_result_is_refused_and_left_alone(name):
    function = EXAMPLES[name]
    x = point_for(function)
    locked = np.zeros_like(x)
    locked.flags.writeable = False
    for out in (np.zeros(D + 1), np.zeros((D + 1, D)), x.astype(np.float32), x.astype(int), locked, x.tolist(), 0.0):
        with pytest.raises(InputError, match=r"^out is .*: give a writeable float64"):
            function.prox(x, 0.5, out=out)
    assert np.array_equal(locked, np.zeros_like(x))


@pytest.mark.parametrize("magnitude", [5e-324, 1e-310, 1e-300, 1e-160, 1e160, 1e300])
@pytest.mark.parametrize("name", CLASSES)
def test_a_prox_of_tiny_and_huge_points_is_finite_and_a_fixed_point_of_projections(name, magnitude):
    function = EXAMPLES[name]
    for seed in range(3):
        x = point_for(function, seed)
        for point in (magnitude * x, np.where(np.arange(D) % 2 == 0, x, magnitude * x)):
            p = function.prox(point, 0.5)
            assert np.isfinite(p).all()
            if function.is_indicator and function.is_convex:
                again = function.prox(p, 0.5)
                assert np.abs(again - p).max() <= 64 * D * EPS * max(np.abs(p).max(), 1e-323 / EPS)


@pytest.mark.parametrize("gamma", [5e-324, 1e-300, 1e-12, 1e12, 1e300, 1.7e308])
@pytest.mark.parametrize("name", CLASSES)
def test_any_step_size_gives_a_finite_prox(name, gamma):
    function = EXAMPLES[name]
    for seed in range(3):
        x = point_for(function, seed)
        p = function.prox(x, gamma)
        assert np.isfinite(p).all()
        if function.is_indicator and function.is_convex and 1e-13 < gamma < 1e13:
            np.testing.assert_allclose(p, function.prox(x, 1.0), rtol=0.0, atol=64 * D * EPS * np.abs(x).max())


@pytest.mark.parametrize("name", CLASSES)
def test_a_tiny_step_moves_a_point_of_the_domain_by_little(name):
    """p tends to x as gamma goes to 0, where the function is finite."""
    function = EXAMPLES[name]
    x = function.prox(point_for(function), 1.0)
    moved = np.abs(function.prox(x, 1e-12) - x).max()
    steepest = 1e3 if function.is_convex else 1e6
    assert moved <= 1e-12 * steepest + 64 * D * EPS * np.abs(x).max()


@pytest.mark.parametrize("name", CLASSES)
def test_zeros_and_their_signs(name):
    function = EXAMPLES[name]
    shape = (D, D) if function.ndim == 2 else (D,)
    p, q = function.prox(np.zeros(shape), 0.5), function.prox(np.full(shape, -0.0), 0.5)
    assert np.array_equal(p, q)
    if function.is_convex and function.is_homogeneous:
        # A support function is nonnegative, or at least as small at 0 as its own subgradient allows: 0 in the set.
        assert np.isfinite(p).all()


@pytest.mark.parametrize("d", [100_000, pytest.param(1_000_000, marks=pytest.mark.nightly)])
@pytest.mark.parametrize(
    "make",
    [
        lambda d: functions.L1(0.5),
        lambda d: functions.LInf(100.0),
        lambda d: functions.L1Ball(50.0),
        lambda d: functions.Simplex(),
        lambda d: functions.L2(30.0),
        lambda d: functions.L2Ball(3.0),
        lambda d: functions.TotalVariation1D(2.0),
        lambda d: functions.FusedLasso(0.25, 2.0),
        lambda d: functions.Huber(0.5),
        lambda d: functions.SecondOrderCone(),
        lambda d: functions.HalfSpace(np.linspace(-1.0, 1.0, d), -5.0),
        lambda d: functions.Hyperplane(np.linspace(-1.0, 1.0, d), 5.0),
        lambda d: functions.OSCAR(0.1, 1.0 / d),
        lambda d: functions.SortedL1(np.linspace(1.0, 0.5, d)),
        lambda d: functions.LogisticLoss(1.0),
        lambda d: functions.KullbackLeibler(np.linspace(0.5, 1.0, d)),
    ],
    ids=lambda make: make(1).__class__.__name__,
)
def test_a_long_vector_is_optimal(make, d):
    """u = (x - p) / gamma is a subgradient at p: the whole certificate, at any length."""
    function, gamma = make(d), 0.75
    x = np.random.default_rng(d).standard_normal(d)
    p = function.prox(x, gamma)
    assert function.in_domain(p)
    # Sums of d numbers are rounded; each of u's entries has the rounding of an entry of x.
    distance = function.subdifferential_distance(p, (x - p) / gamma)
    assert distance <= 16 * EPS * d * np.abs(x).max() / gamma


@pytest.fixture(scope="module")
def long_examples():
    """Return all examples of a length at which some of them take a second to build."""
    return functions.examples(3000)


@pytest.mark.parametrize("pattern", ["ramp", "steps", "saw", "one value", "outlier"])
@pytest.mark.parametrize("name", ["TotalVariation1D", "FusedLasso", "SortedL1", "OSCAR", "Simplex", "L1Ball", "LInf"])
def test_long_vectors_with_structure_are_optimal(long_examples, name, pattern):
    """Long runs of one value, or none, are where lists shrink slowly and means drift."""
    d = 3000
    j = np.arange(d)
    x = {
        "ramp": j / d,
        "steps": np.floor(j / 100.0) % 3.0,
        "saw": np.where(j % 2 == 0, 1.0, -1.0) * (1.0 + j / d),
        "one value": np.full(d, 0.7),
        "outlier": np.where(j == d // 2, 1e8, 1e-3 * (j % 7)),
    }[pattern]
    function = long_examples[name]
    for gamma in (1e-3, 1.0, 100.0):
        p = function.prox(x, gamma)
        assert function.in_domain(p)
        distance = function.subdifferential_distance(p, (x - p) / gamma)
        assert distance <= 64 * EPS * d * np.abs(x).max() * max(1.0 / gamma, 1.0)


def test_ten_million_coordinates():
    d = 10_000_000
    x = np.random.default_rng(0).standard_normal(d)
    p = functions.Simplex().prox(x, 1.0)
    assert p.min() >= 0.0
    assert abs(p.sum() - 1.0) <= 1e-12
    on = p > 0.0
    levels = x[on] - p[on]
    assert np.ptp(levels) <= 8 * EPS * x.max()
    assert x[~on].max() <= levels.max() + 8 * EPS * x.max()


def test_infeasible_starts_far_outside_reach_the_set():
    far = np.array([1e12, -2e12, 1e-12, 3.0])
    for function in (functions.Simplex(), functions.L1Ball(1.0), functions.L2Ball(1.0), functions.LInfBall(1.0),
                     functions.SecondOrderCone(), functions.HalfSpace([-1.0, -2.0, -3.0, -4.0], -1.0),
                     functions.Hyperplane([1.0, 2.0, 3.0, 4.0], 1.0), functions.AffineSet(np.eye(2, 4), [1.0, 2.0]),
                     functions.Box(-1.0, 1.0), functions.Nonnegative()):  # fmt: skip
        assert function.in_domain(function.prox(far, 1.0), tolerance=1e-14)
        assert not function.in_domain(far)
        assert function.value(far) == np.inf


@given(a=st.lists(st.integers(-3, 3), min_size=1, max_size=4).filter(any), t=st.sampled_from([0.1, 0.25, 0.7, 3.0]))
@pytest.mark.parametrize("kind", [functions.HalfSpace, functions.Hyperplane])
def test_multiples_of_the_normal_are_projected_into_the_set_and_not_beside_it(kind, a, t):
    """Their projection is 0, and what rounding leaves of it has no digit that could be right."""
    x = t * np.array(a, dtype=float)
    linear = kind(a, 0.0)
    p = linear.prox(x, 1.0)
    assert linear.in_domain(p)
    assert linear.subdifferential_distance(p, x) <= 4 * EPS * np.linalg.norm(x)
