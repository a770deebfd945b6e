"""Every proximal operator against its definition, and its compiled form against the plain one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rootkappa.problems import InputError, oracles
from rootkappa.problems.compiled import njit
from rootkappa.problems.functions import L1, Consensus, Function, LInfBall, Zero

EPS = np.finfo(float).eps
ENTRIES = st.one_of(st.floats(-1e3, 1e3), st.sampled_from([0.0, -0.0, 0.5, -0.5, 1.0, -1.0]))
STEPS = st.floats(-4.0, 4.0).map(lambda e: 10.0**e)
VECTORS = st.integers(1, 6).flatmap(lambda d: arrays(float, d, elements=ENTRIES))
WEIGHTS = st.one_of(st.floats(0, 1e3), st.sampled_from([0.0, 0.5, 1.0]))
FUNCTIONS = st.one_of(st.just(Zero()), WEIGHTS.map(L1), WEIGHTS.map(LInfBall))
PASSED_ON = [Zero(), L1(0.0), L1(0.7)]


@njit
def compiled_prox(kernel, v, tau, x):
    oracles.prox(kernel, v, tau, x)


@st.composite
def cases(draw, points=1):
    """Draw a function with points of its domain's space."""
    if draw(st.booleans()):
        n, d = draw(st.integers(1, 4)), draw(st.integers(1, 4))
        return Consensus(n), *(draw(arrays(float, (n, d), elements=ENTRIES)) for _ in range(points))
    d = draw(st.integers(1, 6))
    return draw(FUNCTIONS), *(draw(arrays(float, d, elements=ENTRIES)) for _ in range(points))


def scale(function):
    return getattr(function, "lam", getattr(function, "radius", 0.0))


def in_domain(function, z):
    """Return a point where the function is finite."""
    match function:
        case Consensus():
            return np.tile(z[:1], (len(z), 1))
        case LInfBall():
            size = np.abs(z).max()
            return z if size <= function.radius else z * (function.radius / size) * (1 - EPS)
    return z


@given(case=cases(points=2), gamma=STEPS, distance=st.integers(-8, 3).map(lambda e: 10.0**e))
def test_the_prox_is_what_its_definition_says(case, gamma, distance):
    """p = prox(x) if and only if <x - p, z - p> <= gamma (psi(z) - psi(p)) for all z."""
    function, x, other = case
    before = x.copy()
    p = function.prox(x, gamma)
    assert np.array_equal(x, before)
    assert not np.shares_memory(p, x)
    assert p.shape == x.shape
    at_p = function.value(p)
    assert at_p < np.inf
    # Near along every coordinate and in a random direction; far at 0, at x and at the other point.
    moves = [np.zeros(x.size), *np.eye(x.size), *-np.eye(x.size), other.ravel()]
    near = [p + distance * move.reshape(x.shape) for move in moves]
    for z in (*near, np.zeros_like(x), x, -x, other):
        z = in_domain(function, z)
        product = float(np.sum((x - p) * (z - p)))
        promised = gamma * (function.value(z) - at_p)
        size = np.abs(x).max() + np.abs(z).max() + np.abs(p).max()
        rounding = 40 * x.size * EPS * (size**2 + gamma * (function.value(z) + at_p))
        assert product <= promised + rounding


@given(case=cases(points=2), gamma=STEPS)
def test_the_prox_is_firmly_nonexpansive(case, gamma):
    function, x, y = case
    p, q = function.prox(x, gamma), function.prox(y, gamma)
    rounding = 40 * x.size * EPS * (np.abs(x).max() + np.abs(y).max() + 1e-300) ** 2
    assert np.sum((p - q) ** 2) <= np.sum((p - q) * (x - y)) + rounding


@given(v=VECTORS, function=FUNCTIONS, tau=STEPS)
def test_the_compiled_prox_is_the_same(v, function, tau):
    before, expected = v.copy(), function.prox(v, tau)
    for prox in (compiled_prox, oracles.prox):
        x = np.full(len(v), np.nan)
        prox(function.kernel, v, tau, x)
        assert np.array_equal(x, expected)
        assert np.array_equal(v, before)


@pytest.mark.parametrize("function", PASSED_ON, ids=repr)
def test_what_is_not_finite_is_passed_on(function):
    v, x = np.array([np.nan, np.inf, -np.inf]), np.empty(3)
    compiled_prox(function.kernel, v, 1.0, x)
    assert np.array_equal(x, v, equal_nan=True)
    assert np.array_equal(function.prox(v, 1.0), v, equal_nan=True)


@given(x=VECTORS, function=FUNCTIONS, gamma=STEPS)
def test_moreau_s_identity_holds_with_the_conjugate_s_own_prox(x, function, gamma):
    """x = prox of psi + gamma times prox of its conjugate; each side has code of its own."""
    both = function.prox(x, gamma) + gamma * function.conjugate().prox(x / gamma, 1.0 / gamma)
    assert np.abs(both - x).max() <= 16 * EPS * (np.abs(x).max() + gamma * scale(function))


@given(x=VECTORS, function=FUNCTIONS, gamma=STEPS)
def test_fenchel_and_young_agree_at_the_prox(x, function, gamma):
    """psi(p) + conjugate(u) = <p, u> at p = prox(x) and u = (x - p) / gamma, the conjugate's prox."""
    p = function.prox(x, gamma)
    u = function.conjugate().prox(x / gamma, 1.0 / gamma)
    gap = function.value(p) + function.conjugate().value(u) - float(p @ u)
    sizes = np.abs(x).max() + gamma * scale(function)
    assert abs(gap) <= 40 * x.size * EPS * sizes**2 / gamma


@pytest.mark.parametrize("function", [L1(0.7), LInfBall(2.0)], ids=repr)
def test_the_conjugate_of_the_conjugate_is_the_function(function):
    again = function.conjugate().conjugate()
    assert repr(again) == repr(function) != repr(function.conjugate())


@given(case=cases(points=2), t=st.floats(0, 1))
def test_the_value_is_convex(case, t):
    function, x, y = case
    x, y = in_domain(function, x), in_domain(function, y)
    between = t * function.value(x) + (1 - t) * function.value(y)
    assert function.value(in_domain(function, t * x + (1 - t) * y)) <= between + 1e-12 * (1 + abs(between))


def test_a_function_without_a_conjugate_says_so():
    class Foreign(Function):
        def value(self, x):
            return 0.0

        def prox(self, x, gamma):
            return x

    with pytest.raises(InputError, match="has no conjugate in closed form"):
        Foreign().conjugate()


def test_values():
    assert Zero().value(np.array([3.0, -4.0])) == 0.0
    assert L1(0.5).value(np.array([3.0, -4.0])) == 3.5
    assert LInfBall(4.0).value(np.array([3.0, -4.0])) == 0.0
    assert LInfBall(3.9).value(np.array([3.0, -4.0])) == np.inf
    assert Consensus(2).value(np.array([[1.0, 2.0], [1.0, 2.0]])) == 0.0
    assert Consensus(2).value(np.array([[1.0, 2.0], [1.0, np.nextafter(2.0, 3.0)]])) == np.inf


def test_what_they_call_themselves_makes_them_again():
    for function in (Zero(), L1(0.1), L1(1e-300), LInfBall(0.0), Consensus(3)):
        made = eval(repr(function))
        assert type(made) is type(function)
        assert vars(made) == vars(function)


@pytest.mark.parametrize("lam", [-1.0, -1e-300, np.nan, np.inf, None, "much", 1j, [1.0, 2.0]])
def test_a_wrong_weight_is_refused(lam):
    with pytest.raises(InputError, match=r"^lam = .*: give a finite number that is at least 0"):
        L1(lam)
    with pytest.raises(InputError, match=r"^radius = .*: give a finite number that is at least 0"):
        LInfBall(lam)


@pytest.mark.parametrize("clients", [0, -1, 1.0, True, None, "2"])
def test_a_wrong_number_of_clients_is_refused(clients):
    with pytest.raises(InputError, match=r"^clients = .*: give an integer that is at least 1"):
        Consensus(clients)


@pytest.mark.parametrize("shape", [(3,), (3, 2), (2, 2, 2), (0, 2), ()])
def test_an_array_with_another_number_of_rows_is_refused(shape):
    for use in (lambda x: Consensus(2).value(x), lambda x: Consensus(2).prox(x, 1.0)):
        with pytest.raises(InputError, match=r"^x has shape .*: give an array of shape \(2, d\)"):
            use(np.zeros(shape))
