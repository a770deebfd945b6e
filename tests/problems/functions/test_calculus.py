"""Functions made of functions: what each rule says about the result is true of it, for every function there is."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rootkappa.problems import InputError, functions, oracles
from rootkappa.problems.functions import Function
from rootkappa.problems.functions import function as base
from rootkappa.testing import prox

pytestmark = pytest.mark.drawn(4, "name")

D = 3
ALL = functions.examples(D)
CONVEX = sorted(name for name, function in ALL.items() if function.is_convex)
ROTATION = np.array([[0.6, 0.8, 0.0], [-0.8, 0.6, 0.0], [0.0, 0.0, -1.0]])
BEYOND_EXAMPLES = {
    "smooth elastic net": functions.ElasticNet(0.0, 2.0),
    "elastic net that is a norm": functions.ElasticNet(0.5, 0.0),
    "scaled square": functions.Scaled(functions.SquaredL2(2.0), 4.0),
    "envelope of a square": functions.MoreauEnvelope(functions.SquaredL2(2.0), 0.5),
    "loss and square": functions.PlusSquaredL2(functions.LogisticLoss(2.0), 0.5),
    "loss in other coordinates": functions.Precomposed(functions.Huber(0.5), 2.0 * ROTATION),
    "cone": functions.Box([0.0, -np.inf, 0.0], [np.inf, 0.0, 0.0]),
    "nothing of a norm": functions.L1(0.0),
    "line": functions.Hyperplane([1.0, 2.0, 3.0], 0.0),
    "sum of squares": functions.SeparableSum([(functions.SquaredL2(2.0), 1), (functions.SquaredL2(0.5), 2)]),
    "sum of losses": functions.SeparableSum([(functions.Huber(2.0), 1), (functions.LogisticLoss(2.0), 2)]),
}
RULES = {
    "Scaled": lambda f: functions.Scaled(f, 2.5),
    "Translated": lambda f: functions.Translated(f, np.diag([0.5, -1.0, 0.25]) if f.ndim == 2 else [0.5, -1.0, 0.25]),
    "PlusSquaredL2": lambda f: functions.PlusSquaredL2(f, 0.5),
    "MoreauEnvelope": lambda f: functions.MoreauEnvelope(f, 0.75),
    "Conjugate": functions.Conjugate,
    "Precomposed": lambda f: functions.Precomposed(f, 2.0 * ROTATION),
    "SeparableSum": lambda f: functions.SeparableSum([(f, D), (functions.Huber(0.5), 2)]),
}
# A shift, or the point itself in Moreau's identity, may be larger than the result: check_prox, which knows only the
# point and the result, would take what is lost beside it for a mistake.
LOSSY = ("Translated", "Conjugate")
# In other coordinates a number near 0 is known only up to the rounding of the largest one, too little for a logarithm
# and for a block of its own scale.
SHARP = ("LogBarrier", "Entropy", "KullbackLeibler", "SeparableSum")
CASES = [
    (rule, name)
    for rule in RULES
    for name in CONVEX
    if (ALL[name].ndim != 2 or rule not in ("Precomposed", "SeparableSum"))
    and (name not in SHARP or rule != "Precomposed")
]


def draw_point(data, function):
    size = D * D if function.ndim == 2 else D
    x = np.array(data.draw(st.lists(st.integers(-12, 12).map(lambda k: k / 4), min_size=size, max_size=size)))
    return x.reshape(D, D) if function.ndim == 2 else x


@pytest.fixture
def interpreted(monkeypatch):
    """Run the kernels as plain Python: two hundred compositions would take minutes to compile."""

    def apply(kernel, v, tau, x, work):
        with np.errstate(all="ignore"):
            oracles.prox(kernel, v, tau, x, work)

    monkeypatch.setattr(base, "_apply", apply)


@pytest.fixture
def briefly(monkeypatch):
    """Take few examples and no extremes: there are hundreds of cases, and every part has tests of its own for those."""
    monkeypatch.setattr(prox, "_stays_sound_at_the_edges", lambda function, shape: None)
    monkeypatch.setattr(prox, "_no_search_finds_better", lambda function, shape: None)
    before = settings.get_current_profile_name()
    settings.register_profile("few", settings(), max_examples=8)
    settings.load_profile("few")
    yield
    settings.load_profile(before)


@pytest.mark.usefixtures("interpreted", "briefly")
@pytest.mark.parametrize(("rule", "name"), [case for case in CASES if case[0] not in LOSSY])
def test_every_rule_holds_for_every_function(rule, name):
    function = RULES[rule](ALL[name])
    shape = (D + 2,) if rule == "SeparableSum" else (D, D) if function.ndim == 2 else (D,)
    prox.check_prox(function, shape)


@pytest.mark.usefixtures("interpreted")
@pytest.mark.parametrize(("rule", "name"), [case for case in CASES if case[0] in LOSSY])
@given(data=st.data(), gamma=st.sampled_from([0.25, 1.0, 4.0]))
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_rule_that_adds_numbers_of_its_own_holds_for_every_function(rule, name, data, gamma):
    """The variational inequality between two proxes and at points near one, up to the rounding of numbers near 1."""
    function = RULES[rule](ALL[name])
    x, y, move = (draw_point(data, function) for _ in range(3))
    p, q = function.prox(x, gamma), function.prox(y, gamma)
    at_p = function.value(p, tolerance=1e-12)
    assert at_p < np.inf
    for z in (q, x, y, (p + q) / 2.0, p + 1e-3 * move, function.prox(p + 1e-3 * move, 1e-6)):
        value = function.value(z, tolerance=1e-12)
        allowed = 1e-11 * (1.0 + gamma * (abs(at_p) + (abs(value) if value < np.inf else 0.0)))
        assert np.sum((x - p) * (z - p)) <= gamma * (value - at_p) + allowed
    assert np.sum((p - q) ** 2) <= np.sum((p - q) * (x - y)) + 1e-11


@pytest.mark.usefixtures("interpreted", "briefly")
@pytest.mark.parametrize("rule", ["Scaled", "Translated", "SeparableSum"])
@pytest.mark.parametrize("name", ["L0", "L0Ball"])
def test_rules_hold_without_convexity(rule, name):
    function = RULES[rule](ALL[name])
    assert not function.is_convex
    prox.check_prox(function, D + 2 if rule == "SeparableSum" else D)


@pytest.mark.parametrize("name", sorted(set(ALL) - set(CONVEX)))
def test_a_rule_that_needs_convexity_asks_for_it(name):
    for make in (functions.Conjugate, lambda f: functions.MoreauEnvelope(f, 1.0), lambda f: f.conjugate()):
        with pytest.raises(InputError, match=rf"{name}\(.*not convex.*"):
            make(ALL[name])
    with pytest.raises(InputError, match="not convex"):
        ALL[name].subdifferential_distance(np.eye(D), np.eye(D))


PAIRS = {name: ALL[name] for name in CONVEX} | BEYOND_EXAMPLES


@pytest.mark.parametrize("name", PAIRS)
def test_conjugation_exchanges_what_it_should(name):
    function = PAIRS[name]
    conjugate = function.conjugate()
    assert isinstance(conjugate, Function)
    assert conjugate.is_convex
    if 0.0 < function.L < np.inf:
        assert conjugate.mu == pytest.approx(1.0 / function.L, rel=1e-15)
    if function.mu > 0.0:
        assert pytest.approx(1.0 / function.mu, rel=1e-15) == conjugate.L
    assert conjugate.is_homogeneous or not function.is_indicator
    assert conjugate.is_indicator or not function.is_homogeneous
    assert conjugate.is_separable == function.is_separable


@pytest.mark.usefixtures("interpreted")
@pytest.mark.parametrize("name", PAIRS)
@given(data=st.data(), gamma=st.sampled_from([0.25, 1.0, 8.0]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_conjugate_of_the_conjugate_is_the_function(name, data, gamma):
    function = PAIRS[name]
    again = function.conjugate().conjugate()
    x = draw_point(data, function)
    expected = function.prox(x, gamma)
    np.testing.assert_allclose(again.prox(x, gamma), expected, rtol=0.0, atol=1e-13 * (1.0 + np.abs(x).max()))
    assert again.value(expected, tolerance=1e-12) == pytest.approx(function.value(expected), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("name", [name for name in CONVEX if type(ALL[name].conjugate()) is not functions.Conjugate])
def test_a_conjugate_may_be_made_by_its_class_where_it_has_another(name):
    """A conjugate made by hand has the values of the one that the function itself gives."""
    by_hand, own = functions.Conjugate(ALL[name]), ALL[name].conjugate()
    rng = np.random.default_rng(0)
    shape = (D, D) if ALL[name].ndim == 2 else (D,)
    for u in (np.zeros(shape), own.prox(rng.standard_normal(shape), 1.0), 3.0 * rng.standard_normal(shape)):
        assert by_hand.value(u, tolerance=1e-12) == own.value(u, tolerance=1e-12)
        assert by_hand.in_domain(u, tolerance=1e-12) == own.in_domain(u, tolerance=1e-12)


@pytest.mark.parametrize(
    "name", ["GroupL2", "SecondOrderCone", "Nonnegative", "OSCAR", "TotalVariation1D", "FusedLasso"]
)
@pytest.mark.parametrize("scale", [1.0, 1e6])
def test_the_prox_of_a_conjugate_that_is_an_indicator_is_in_its_domain(name, scale):
    """By Moreau's identity alone the result loses as many digits as the point is larger."""
    conjugate = functions.Conjugate(ALL[name])
    for seed in range(20):
        x = scale * np.random.default_rng(seed).integers(-1, 2, D)
        assert conjugate.in_domain(conjugate.prox(x, 1.980956))


@pytest.mark.parametrize("name", ["Nonnegative", "Box", "Simplex", "L1Ball", "Hyperplane", "SecondOrderCone"])
@pytest.mark.parametrize("scale", [1.0, 1e6])
def test_a_turned_set_holds_the_projections_onto_it(name, scale):
    """The image of a point is rounded, which must not count as outside where the set has an edge at 0."""
    turned = functions.Precomposed(ALL[name], 2.0 * ROTATION)
    for seed in range(20):
        x = scale * np.random.default_rng(seed).integers(-1, 2, D)
        assert turned.in_domain(turned.prox(x, 1.0))


# What a rule says about its result, from what it says about its parts.


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_factor_scales_the_constants_and_keeps_the_rest(name):
    inner = ALL[name]
    scaled = functions.Scaled(inner, 4.0)
    assert (scaled.L, scaled.mu) == (4.0 * inner.L, 4.0 * inner.mu)
    for predicate in ("ndim", "is_convex", "is_separable", "is_indicator", "is_homogeneous"):
        assert getattr(scaled, predicate) == getattr(inner, predicate)


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_shift_keeps_all_but_homogeneity(name):
    inner = ALL[name]
    shape = (D, D) if inner.ndim == 2 else (D,)
    moved, unmoved = functions.Translated(inner, np.ones(shape)), functions.Translated(inner, np.zeros(shape))
    assert not moved.is_homogeneous
    assert unmoved.is_homogeneous == inner.is_homogeneous
    for predicate in ("L", "mu", "is_convex", "is_separable", "is_indicator"):
        assert getattr(moved, predicate) == getattr(inner, predicate)


@pytest.mark.parametrize("name", CONVEX)
def test_a_square_adds_its_constant(name):
    inner = ALL[name]
    made = functions.PlusSquaredL2(inner, 2.0)
    assert (made.L, made.mu) == (inner.L + 2.0, inner.mu + 2.0)
    assert not made.is_indicator
    assert not made.is_homogeneous
    assert functions.PlusSquaredL2(inner, 0.0).is_homogeneous == inner.is_homogeneous


@pytest.mark.parametrize("name", CONVEX)
def test_an_envelope_is_smooth(name):
    made = functions.MoreauEnvelope(ALL[name], 0.5)
    assert made.is_smooth
    assert made.L <= 2.0
    assert made.L <= ALL[name].L


def test_a_sum_is_what_all_of_its_parts_are():
    f = functions
    made = f.SeparableSum([(f.SquaredL2(2.0), 1), (f.SquaredL2(0.5), 2)])
    assert (made.L, made.mu, made.is_separable, made.is_smooth) == (2.0, 0.5, True, True)
    made = f.SeparableSum([(f.SquaredL2(2.0), 1), (f.L1(0.5), 2)])
    assert (made.L, made.mu, made.is_separable, made.is_smooth) == (np.inf, 0.0, True, False)
    made = f.SeparableSum([(f.L2(1.0), 1), (f.L1(0.5), 2)])
    assert (made.is_separable, made.is_homogeneous, made.is_indicator) == (False, True, False)
    made = f.SeparableSum([(f.Box(0.0, 1.0), 1), (f.Simplex(), 2)])
    assert (made.is_indicator, made.is_homogeneous, made.is_convex) == (True, False, True)
    assert not f.SeparableSum([(f.L1(0.5), 1), (f.L0(1.0), 1)]).is_convex


def test_a_change_of_coordinates_scales_by_the_length_of_the_rows():
    f = functions
    square, flat = f.Precomposed(f.SquaredL2(0.5), 2.0 * ROTATION), f.Precomposed(f.SquaredL2(0.5), 2.0 * ROTATION[:2])
    assert (square.L, square.mu) == (pytest.approx(2.0), pytest.approx(2.0))
    assert (flat.L, flat.mu) == (pytest.approx(2.0), 0.0)  # constant along what the rows leave out
    assert not square.is_separable


def test_values_follow_the_rules():
    f, x = functions, np.array([3.0, -4.0])
    assert f.Scaled(f.L1(2.0), 0.5).value(x) == 7.0
    assert f.Translated(f.L1(2.0), [1.0, -1.0]).value(x) == 10.0
    assert f.PlusSquaredL2(f.L1(2.0), 2.0).value(x) == 39.0
    assert f.MoreauEnvelope(f.L1(2.0), 1.0).value(x) == 10.0  # two Huber functions: 2 * 3 - 2 and 2 * 4 - 2
    assert f.Conjugate(f.Simplex(2.0)).value(x) == 6.0
    assert f.Precomposed(f.L1(1.0), [[0.6, -0.8]]).value(x) == 5.0
    assert f.SeparableSum([(f.L1(1.0), 1), (f.LInfBall(4.0), 1)]).value(x) == 3.0
    assert f.SeparableSum([(f.L1(1.0), 1), (f.LInfBall(3.0), 1)]).value(x) == np.inf
