r"""Checks of a proximal operator against its definition, for plain pytest.

The prox p of a convex function at x is the point with :math:`\psi(z) \ge \psi(p) + \langle x - p, z - p\rangle/\gamma`
for all z. Tried at points z near and far this finds a wrong prox without a right one to compare with.
"""

from collections.abc import Callable, Iterator
from inspect import signature
from typing import Any, NamedTuple

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import minimize

from ..core.errors import InputError, shown
from ..problems.functions import Function

# Products are formed in extended precision where the machine has it, so squares of 1e300 are no problem there.
_WIDE = np.longdouble
_EPS = float(np.finfo(float).eps)
_TINY = _WIDE(5e-324)
_WIDE_RANGE = np.finfo(_WIDE).maxexp > 4 * np.finfo(float).maxexp
# Points as close to 0 as that show how large the numbers inside of a prox are.
_CLOSE, _PROBES = 1e-9, 8
# An operator may lose this many roundings for each coordinate.
_ROUNDINGS = 64
# Conjugates are compared where the subgradient (x - p) / gamma has not lost its digits.
_TAME = (1e-2, 1e2)
_MAGNITUDES = (5e-324, 1e-310, 1e-300, 1e-150, 1e150, 1e300)
# So often a step is halved that leaves the domain.
_HALVINGS = 8
_STEP_SIZES = (1e-12, 1e-6, 1.0, 1e6, 1e12)

# Tiny numbers have checks of their own.
_FLOATS = st.floats(-10.0, 10.0).map(lambda value: value if abs(value) > 1e-9 else 0.0)
_ENTRIES = st.one_of(_FLOATS, st.sampled_from([0.0, -0.0, 0.25, -0.25, 0.5, -0.5, 1.0, -1.0, 2.0]))


class Case(NamedTuple):
    """One drawn example: two points, a step size, and moves to points nearby."""

    x: np.ndarray
    y: np.ndarray
    gamma: float
    move: np.ndarray
    distance: float
    t: float


def check_prox(function: Any, shape: tuple[int, ...] | int = 5) -> None:
    r"""Hold a function's proximal operator against its definition, and all else that it says about itself.

    Of any object with ``value(x)`` and ``prox(x, gamma)`` it checks that the prox is in the domain and satisfies the
    variational inequality, that scipy finds no better minimiser of :math:`\psi(z) + \|z-x\|^2/(2\gamma)`, that it is
    firmly nonexpansive, leaves its input alone, is a function of its input, keeps float32 and float64, and stays finite
    for tiny and huge arguments. Whatever else the object has is checked too: the predicates of
    :class:`~rootkappa.problems.functions.Function` (``is_convex`` is assumed where it is missing), ``conjugate()`` by
    the Moreau identity and the Fenchel-Young inequality, which is an equality at the prox,
    ``subdifferential_distance`` and ``out=``.

    The number of examples and their seed are those of the active Hypothesis profile.

    Parameters
    ----------
    function : object
        The function :math:`\psi`.
    shape : tuple of int or int
        The shape of the points to try.

    Raises
    ------
    AssertionError
        If something is wrong; the message says what, at which point, and by how much.

    Examples
    --------
    A function of another library needs a value and a prox only:

    >>> from types import SimpleNamespace
    >>> square = SimpleNamespace(value=lambda x: 0.5 * np.sum(x**2), prox=lambda x, gamma: x / (1 + gamma))
    >>> check_prox(square)
    >>> square.prox = lambda x, gamma: x / 2
    >>> check_prox(square)  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
        ...
    AssertionError: the prox does not satisfy its definition
    """
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    points = _points(shape)
    exponents = st.one_of(st.floats(-4.0, 4.0), st.floats(-1.0, 1.0), st.sampled_from([-12.0, 0.0, 12.0]))
    cases = st.builds(
        Case,
        x=st.tuples(points, st.sampled_from([1.0, 1.0, 1e-6, 1e6])).map(lambda pair: pair[0] * pair[1]),
        y=points,
        gamma=exponents.map(lambda exponent: 10.0**exponent),
        move=points,
        distance=st.integers(-7, 1).map(lambda exponent: 10.0**exponent),
        t=st.floats(0.0, 1.0),
    )

    @settings(
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
        deadline=None,
    )
    @given(case=cases)
    def examine(case: Case) -> None:
        for check in _checks(function):
            check(function, case)

    _sizes[id(function)] = _size_by_rounding(function, shape)
    try:
        examine()
        with np.errstate(over="ignore", under="ignore"):
            _stays_sound_at_the_edges(function, shape)
        _no_search_finds_better(function, shape)
    finally:
        del _sizes[id(function)]


def _points(shape: tuple[int, ...]) -> st.SearchStrategy[np.ndarray]:
    """Arrays with ties and zeros; among matrices those with repeated singular values and eigenvalues too."""
    plain = arrays(float, shape, elements=_ENTRIES)
    if len(shape) != 2:
        return plain
    sizes = st.lists(st.sampled_from([0.0, 0.5, 1.0, -1.0, 2.0]), min_size=min(shape), max_size=min(shape))
    return st.one_of(plain, st.builds(_matrix, st.just(shape), sizes, st.integers(0, 7), st.booleans()))


def _matrix(shape: tuple[int, ...], sizes: list[float], seed: int, is_symmetric: bool) -> np.ndarray:
    """Return a matrix of these singular values, or if square and symmetric eigenvalues; seed 0 makes it diagonal."""
    middle = np.zeros(shape)
    np.fill_diagonal(middle, sizes)
    if seed == 0:
        return middle
    rng = np.random.default_rng(seed)
    left, right = (np.linalg.qr(rng.standard_normal((side, side)))[0] for side in shape)
    if is_symmetric and shape[0] == shape[1]:
        product = left @ middle @ left.T
        return (product + product.T) / 2
    return left @ middle @ right


def _checks(function: Any) -> Iterator[Callable[[Any, Case], None]]:
    """Yield the checks that apply to what the function is and says."""
    yield from (_is_a_pure_function, _keeps_the_type, _satisfies_its_definition)
    if _is_convex(function):
        yield from (_is_firmly_nonexpansive, _values_are_convex)
    if isinstance(function, Function) or "out" in signature(function.prox).parameters:
        yield _writes_to_out
    if getattr(function, "is_indicator", False):
        yield _projects
    if getattr(function, "is_homogeneous", False):
        yield _scales
    if getattr(function, "is_separable", False):
        yield _is_separable
    if _is_convex(function):
        if getattr(function, "L", np.inf) < np.inf or getattr(function, "mu", 0.0) > 0.0:
            yield _keeps_its_constants
        if hasattr(function, "conjugate"):
            yield _has_its_conjugate
        if hasattr(function, "subdifferential_distance"):
            yield _measures_the_distance_to_its_subdifferential


def _is_convex(function: Any) -> bool:
    return getattr(function, "is_convex", True)


def _is_a_pure_function(function, case):
    before = case.x.copy()
    p = _prox(function, case.x, case.gamma)
    _demand(np.array_equal(case.x, before), function, case, "the prox changes its input", case.x, before)
    _demand(not np.shares_memory(p, case.x), function, case, "the prox returns its input", p, "a new array")
    _demand(p.shape == case.x.shape, function, case, "the prox has another shape", p.shape, case.x.shape)
    _demand(np.isfinite(p).all(), function, case, "the prox is not finite", p, "finite numbers")
    again = _prox(function, case.x.copy(), case.gamma)
    _demand(np.array_equal(p, again), function, case, "the prox differs from call to call", again, p)
    inside = _value_at_prox(function, case, p) < np.inf or _is_beside_the_domain(function, p, case.y)
    _demand(inside, function, case, "the prox is outside the domain", p, "a finite value")


def _keeps_the_type(function, case):
    p = _prox(function, case.x, case.gamma)
    _demand(p.dtype == case.x.dtype, function, case, "the prox changes the type", p.dtype, case.x.dtype)
    single = case.x.astype(np.float32)
    p = _prox(function, single, case.gamma)
    _demand(p.dtype == np.float32, function, case, "the prox changes the type of float32", p.dtype, "float32")
    wide = _prox(function, single.astype(float), case.gamma)
    if _is_convex(function):
        size = max(np.abs(single).max(), np.abs(wide).max()) + _unit(function)
        error, allowed = np.abs(p - wide).max(), 64 * p.size * float(np.finfo(np.float32).eps) * size + 1e-37
        _demand(error <= allowed, function, case, "float32 and float64 give different results", error, allowed)
    strided = np.repeat(case.x[..., None], 2, axis=-1)[..., 0]
    p, q = _prox(function, case.x, case.gamma), _prox(function, strided, case.gamma)
    _demand(np.array_equal(p, q), function, case, "an array with gaps gives another result", q, p)


def _satisfies_its_definition(function, case):
    """Compare psi(z) + |z - x|^2 / (2 gamma) at the prox with its values near and far."""
    x, gamma = case.x, case.gamma
    p = _prox(function, x, gamma)
    at_p = _value_at_prox(function, case, p)
    q = _prox(function, case.y, gamma)
    unit = _unit(function)
    moves = [move.reshape(x.shape) for move in np.vstack((np.eye(x.size), -np.eye(x.size)))]
    size = max(np.abs(p).max(), 1e-3 * np.abs(x).max(), 1e-3 * unit)
    near = [p + case.distance * size * move for move in (case.y - p, case.move, *moves)]
    far = [np.zeros_like(x), x, -x, case.y, q, p + case.t * (q - p), np.full_like(x, x.mean())]
    near = [z for z in near if np.isfinite(z).all()]
    on_the_way = [_prox(function, z, 1e-9) for z in (near[0], case.move)]
    # Where a better point may be far from a good one, an entry at a time is exchanged.
    mixed = [] if _is_convex(function) else [np.where(move > 0.0, w, p) for move in moves for w in (0.0 * x, x)]
    for z in (*near, *far, *on_the_way, p + case.t * (on_the_way[1] - p), *mixed):
        value = _value(function, z)
        if not (np.isfinite(value) and np.isfinite(at_p)):
            continue
        largest = max(np.abs(v).max() for v in (x, z, p))
        # A value near 0 may be the difference of terms as large as the point, and the function made of numbers near 1.
        terms = abs(_WIDE(value)) + abs(_WIDE(at_p)) + largest + unit
        rounding = _ROUNDINGS * _EPS * x.size * (_WIDE(largest) * (largest + unit) + gamma * terms)
        rounding += _ROUNDINGS * x.size * _TINY * (largest + gamma)
        rise = gamma * (_WIDE(value) - at_p)
        if _is_convex(function):
            slope = _inner(x - p, z - p)
            if slope > rise + rounding:
                rounding += _WIDE(gamma) * _change_by_rounding(function, z, p)
            _demand(
                slope <= rise + rounding, function, case,
                "the variational inequality <x - p, z - p> <= gamma (psi(z) - psi(p)) fails at z = {!r}",
                slope, rise, z,
            )  # fmt: skip
        else:
            least = (_inner(x - p, x - p) - _inner(x - z, x - z)) / 2
            _demand(least <= rise + rounding, function, case, "z = {!r} is better than the prox", least, rise, z)


def _is_firmly_nonexpansive(function, case):
    p, q = _prox(function, case.x, case.gamma), _prox(function, case.y, case.gamma)
    rounding = _rounding_of_products(function, case.x, case.y, p, q)
    square, product = _inner(p - q, p - q), _inner(p - q, case.x - case.y)
    _demand(square <= product + rounding, function, case, "the prox is not firmly nonexpansive", square, product)


def _values_are_convex(function, case):
    p, q = _prox(function, case.x, case.gamma), _prox(function, case.y, 1.0)
    chord = case.t * _value(function, p) + (1.0 - case.t) * _value(function, q)
    middle = case.t * p + (1.0 - case.t) * q
    between = _value(function, middle)
    if np.isfinite(chord):
        largest = max(np.abs(p).max(), np.abs(q).max())
        terms = abs(_value(function, p)) + abs(_value(function, q)) + largest
        allowed = chord + _ROUNDINGS * p.size * _EPS * terms
        if allowed < between < np.inf:
            allowed += _change_by_rounding(function, p, q, middle)
        # A mean of two points of a thin set may leave it by a rounding that beside its own size is large.
        if between < np.inf or (min(case.t, 1.0 - case.t) > 1e-3 and np.abs(p + q).max() > 0.1 * np.abs(p - q).max()):
            _demand(between <= allowed, function, case, "the values are not convex", between, chord)


def _writes_to_out(function, case):
    p = _prox(function, case.x, case.gamma)
    out = np.full_like(case.x, np.nan)
    returned = _prox(function, case.x, case.gamma, out=out)
    _demand(returned is out, function, case, "prox does not return what it is given as out", returned, out)
    _demand(np.array_equal(out, p), function, case, "prox writes something else to out", out, p)
    over = case.x.copy()
    _prox(function, over, case.gamma, out=over)
    _demand(np.array_equal(over, p), function, case, "prox with out = x gives another result", over, p)


def _projects(function, case):
    p = _prox(function, case.x, case.gamma)
    value = _value_at_prox(function, case, p)
    _demand(value == 0.0, function, case, "an indicator has a value", value, 0.0)
    other = _prox(function, case.x, 3.0 * case.gamma)
    allowed = _ROUNDINGS * _EPS * p.size * (np.abs(case.x).max() + _unit(function))
    error = np.abs(other - p).max()
    _demand(error <= allowed, function, case, "a projection depends on gamma", error, allowed)
    error, allowed = np.abs(_prox(function, p, case.gamma) - p).max(), allowed + _ROUNDINGS * _EPS * np.abs(p).max()
    _demand(error <= allowed, function, case, "projecting again moves the point", error, allowed)


def _scales(function, case):
    p = _prox(function, case.x, case.gamma)
    value = _value_at_prox(function, case, p)
    for t in (0.5, 4.0, 3.0):
        scaled = _value(function, t * p)
        allowed = _ROUNDINGS * p.size * _EPS * t * (abs(value) + max(np.abs(p).max(), np.abs(case.x).max()))
        if abs(scaled - t * value) > allowed and scaled < np.inf and _is_convex(function):
            allowed += _change_by_rounding(function, t * p) + t * _change_by_rounding(function, p)
        if scaled < np.inf or t != 3.0:  # a multiple by 3 is rounded, and may so leave a thin set
            _demand(abs(scaled - t * value) <= allowed, function, case, "it is not homogeneous", scaled, t * value)
        error = np.abs(_prox(function, t * case.x, t * case.gamma) - t * p).max()
        allowed = _ROUNDINGS * p.size * _EPS * t * max(np.abs(case.x).max(), np.abs(p).max(), 1.0)
        if _is_convex(function):
            _demand(error <= allowed, function, case, f"the prox does not scale by {t}", error, allowed)


def _is_separable(function, case):
    x, y = case.x, case.y
    mixed = np.where(np.arange(x.size).reshape(x.shape) % 2 == 0, x, y)
    p, q, r = (_prox(function, v, case.gamma) for v in (x, y, mixed))
    expected = np.where(np.arange(x.size).reshape(x.shape) % 2 == 0, p, q)
    _demand(np.array_equal(r, expected), function, case, "a coordinate of the prox depends on others", r, expected)
    swapped = np.where(np.arange(x.size).reshape(x.shape) % 2 == 0, q, p)
    total, other = _value(function, p) + _value(function, q), _value(function, r) + _value(function, swapped)
    if not (np.isfinite(total) and np.isfinite(other)):
        return  # by rounding a point is outside the domain
    allowed = _ROUNDINGS * p.size * _EPS * (sum(abs(_value(function, v)) for v in (p, q, r, swapped)))
    if abs(total - other) > allowed and _is_convex(function):
        # The terms of a sum may be much larger than the sum.
        allowed += _change_by_rounding(function, p, q, r, swapped)
    _demand(abs(total - other) <= allowed, function, case, "the value is no sum over coordinates", other, total)


def _keeps_its_constants(function, case):
    x, y, gamma = case.x, case.y, case.gamma
    p, q = _prox(function, x, gamma), _prox(function, y, gamma)
    # Subgradients at p and q, times gamma.
    u, w = x - p, y - q
    product, square = _inner(u - w, p - q), _inner(p - q, p - q)
    rounding = _rounding_of_products(function, x, y, p, q)
    mu, L = gamma * getattr(function, "mu", 0.0), gamma * getattr(function, "L", np.inf)
    least = mu * square
    slack = rounding * (1 + mu)
    _demand(product >= least - slack, function, case, "it is not mu-strongly convex", product / gamma, least / gamma)
    if np.isfinite(L):
        steepest, slack = _inner(u - w, u - w), rounding * (1 + L)
        _demand(
            steepest <= L * product + slack, function, case, "its gradient is not L-Lipschitz", steepest, L * product
        )


def _has_its_conjugate(function, case):
    """Hold the conjugate against the function: by Moreau at all points, by Fenchel and Young where digits are left."""
    x, gamma = case.x, case.gamma
    conjugate = function.conjugate()
    p = _prox(function, x, gamma)
    both = p + gamma * _prox(conjugate, x / gamma, 1.0 / gamma)
    largest = max(np.abs(x).max(), np.abs(p).max())
    met = largest + _unit(function)
    rounding = _ROUNDINGS * _EPS * x.size * met
    error, allowed = np.abs(both - x).max(), rounding
    _demand(error <= allowed, function, case, "Moreau's identity fails", error, allowed)
    if not (_TAME[0] <= gamma <= _TAME[1] and largest <= 100.0):
        return
    u = (x - p) / gamma
    tolerance = 1e-10
    values = _value(function, p, tolerance), _value(conjugate, u, tolerance)
    product = float(_inner(p, u))
    allowed = 1e-8 * (sum(map(abs, values)) + abs(product) + largest * (1.0 + np.abs(u).max()))
    # The rounding of p, over gamma, is one of u, where the conjugate is as steep as the numbers are large.
    allowed += rounding * (met / gamma + np.abs(u).max())
    _demand(
        abs(sum(values) - product) <= allowed, function, case,
        "psi(p) + conjugate(u) is not <p, u> at the prox p and u = (x - p) / gamma", sum(values), product,
    )  # fmt: skip
    other = _prox(conjugate, case.y, 1.0)
    values, product = (_value(function, p, tolerance), _value(conjugate, other, tolerance)), float(_inner(p, other))
    allowed = 1e-8 * (sum(map(abs, values)) + abs(product) + largest * (1.0 + np.abs(other).max()))
    allowed += rounding * (1.0 + np.abs(other).max())
    _demand(
        sum(values) >= product - allowed, function, case,
        "psi(p) + conjugate(u) is below <p, u> at the prox p and u = {!r}", sum(values), product, other,
    )  # fmt: skip


def _measures_the_distance_to_its_subdifferential(function, case):
    x, gamma = case.x, case.gamma
    p = _prox(function, x, gamma)
    if not _value(function, p) < np.inf:
        return  # by the rounding of a far larger x it is outside the domain
    u = (x - p) / gamma
    size = max(np.abs(x).max(), np.abs(p).max(), _unit(function), 1.0)
    rounding = _ROUNDINGS * _EPS * x.size * (size / gamma + np.abs(u).max())
    L = getattr(function, "L", np.inf)
    rounding += _ROUNDINGS * _EPS * (L if np.isfinite(L) else 0.0) * np.abs(p).max() + _ROUNDINGS * _EPS
    try:
        distance = function.subdifferential_distance(p, u)
    except InputError:
        return  # there is no formula for it
    allowed = rounding
    if distance > allowed:
        allowed += _change_of_distance(function, p, u, distance)
    _demand(distance <= allowed, function, case, "(x - p) / gamma is no subgradient at the prox p", distance, allowed)
    # The distance of another u is at least what a step from p along u fails to come back by.
    other = case.y
    least = np.linalg.norm(p - _prox(function, p + gamma * other, gamma)) / gamma
    found = function.subdifferential_distance(p, other)
    rounding += _ROUNDINGS * _EPS * x.size * (np.abs(p).max() / gamma + np.abs(other).max())
    if found < least - rounding:
        rounding += _change_of_distance(function, p, other, found)
    _demand(found >= least - rounding, function, case, "the distance of u = {!r} is too small", found, least, other)


def _stays_sound_at_the_edges(function, shape):
    """Try tiny, huge and subnormal points, and step sizes far from 1."""
    size = int(np.prod(shape))
    patterns = [np.resize(row, size).reshape(shape) for row in ([1.0, -0.5, 0.25], [1.0], [0.0, 1.0, -1.0], [-1.0])]
    if len(shape) == 2:
        few, equal = [1.0, *[0.0] * (min(shape) - 1)], [1.0] * min(shape)
        patterns += [_matrix(shape, values, seed, True) for values in (few, equal) for seed in (0, 1)]
        patterns += [_matrix(shape, [1.0, *[-0.5] * (min(shape) - 1)], 2, True)]
    cases = [(magnitude * pattern, 1.0) for magnitude in _MAGNITUDES for pattern in patterns]
    cases += [(pattern, gamma) for gamma in _STEP_SIZES for pattern in patterns]
    cases += [(magnitude * pattern, magnitude) for magnitude in _MAGNITUDES[2:] for pattern in patterns]
    for x, gamma in cases:
        p = _prox(function, x, gamma)
        case = Case(x, np.zeros_like(x), gamma, np.sign(x), 0.01, 0.5)
        _demand(
            p.shape == x.shape and np.isfinite(p).all(), function, case, "the prox is not finite", p, "finite numbers"
        )
        inside = function.in_domain(p) if hasattr(function, "in_domain") else True
        # A multiple of the smallest float is a coarse thing.
        inside |= any(0.0 < np.abs(point).max() < 1e-300 for point in (x, p))
        inside = inside or _is_beside_the_domain(function, p, np.sign(x))
        _demand(inside, function, case, "the prox is outside the domain", p, "a point inside")
        if _is_convex(function) and (_WIDE_RANGE or np.abs(x).max() in (1.0, 0.0)):
            _is_firmly_nonexpansive(function, case)
            _satisfies_its_definition(function, case)


def _no_search_finds_better(function, shape):
    """Compare with a naive twin: a search that knows the values only."""
    rng = np.random.default_rng(int(np.prod(shape)))
    for gamma in (0.1, 1.0, 10.0):
        x = rng.standard_normal(shape).round(1)
        case = Case(x, x, gamma, x, 0.0, 0.0)
        p = _prox(function, x, gamma)

        def objective(z, x=x, gamma=gamma):
            value = _value(function, z.reshape(x.shape))
            return gamma * value + 0.5 * np.sum((z - x.ravel()) ** 2) if value < np.inf else 1e300

        found = minimize(objective, p.ravel(), method="Nelder-Mead", options={"maxiter": 200 * p.size})
        least = objective(p.ravel())
        allowed = 1e-9 * (1.0 + abs(least))
        _demand(
            found.fun >= least - allowed, function, case, "the search finds {!r}, better", found.fun, least, found.x
        )


def _unit(function: Any) -> float:
    """Return the size of the numbers that the function is made of, a shift or a radius say.

    A prox that subtracts a shift and adds it again is rounded like the shift, however small the point is. Of another
    library's function it is known by that only; a homogeneous function has no size of its own.
    """
    if getattr(function, "is_homogeneous", False):
        return 0.0
    return max(1.0, _largest_number(getattr(function, "kernel", ())), _sizes.get(id(function), 0.0))


#: What :func:`_size_by_rounding` has found of the functions that are being checked.
_sizes: dict[int, float] = {}


def _size_by_rounding(function: Any, shape: tuple[int, ...]) -> float:
    """Return how large the numbers must be that a prox computes with, from its result at 0 and its rounding there.

    Between three points on a line, as close together as they are to 0, a prox is as good as linear: what its second
    difference has is the rounding of numbers inside, or a kink, which is no larger than the points are. What is much
    larger than both is a fault, for others to find.
    """
    rng = np.random.default_rng(int(np.prod(shape)))
    size = float(np.abs(_prox(function, np.zeros(shape), 1.0)).max())
    for _ in range(_PROBES):
        x, step = _CLOSE * rng.standard_normal((2, *shape))
        ends, middle = _prox(function, x - step, 1.0) + _prox(function, x + step, 1.0), _prox(function, x, 1.0)
        bend = float(np.abs(ends - 2.0 * middle).max())
        size = max(size, bend / _EPS if bend <= 10.0 * _CLOSE else 0.0)
    return size if np.isfinite(size) else 0.0


def _largest_number(kernel: Any) -> float:
    """Return the largest finite number in a kernel and in the kernels that it holds."""
    if isinstance(kernel, tuple):
        return max(map(_largest_number, kernel), default=0.0)
    numbers = np.abs(np.asarray(kernel, dtype=float)).ravel() if isinstance(kernel, np.ndarray | float | int) else []
    return float(max((number for number in numbers if np.isfinite(number)), default=0.0))


def _change_by_rounding(function: Any, *points: np.ndarray) -> float:
    """Return by how much the values of a convex function at these points may be off, together.

    A value is that of a point nearby, at most e = 4 roundings of the largest number away in each coordinate: the point
    is rounded itself, or in the differences and shifts that the function takes. By convexity psi(z) - psi(z + s) is at
    most psi(z - s) - psi(z), and z - s is a mean of points that differ from z in one coordinate, by d e; so the largest
    such rise is a bound, however steep psi is, and along whatever direction.
    """
    size = max(float(np.abs(point).max()) for point in points) + _unit(function)
    change = 0.0
    for z in points:
        at_z, e = _value(function, z), 4.0 * _EPS * size * z.size
        largest = 0.0
        for move in _moves(z):
            # At the edge of the domain a shorter way leads up to it, as far as there is any.
            rises = (_value(function, z + e * 2.0**-half * move) - at_z for half in range(_HALVINGS))
            largest = max(largest, next((float(rise) for rise in rises if np.isfinite(rise)), 0.0))
        change += largest
    return change


def _moves(z: np.ndarray) -> list[np.ndarray]:
    """Return the unit vectors and their negatives, in the shape of a point."""
    return [sign * unit.reshape(z.shape) for unit in np.eye(z.size) for sign in (1.0, -1.0)]


def _change_of_distance(function: Any, p: np.ndarray, u: np.ndarray, distance: float) -> float:
    """Return by how much the distance from the subdifferential at p may be off by the rounding of p.

    Where subgradients change fast, a rounding moves them, in some directions or in one only.
    """
    e = _EPS * (float(np.abs(p).max()) + _unit(function))
    moved = [p * (1.0 + 8.0 * _EPS), *(p + 8.0 * e * move for move in _moves(p))]
    shaken = [function.subdifferential_distance(z, u) for z in moved]
    return 8.0 * max((abs(other - distance) for other in shaken if other < np.inf), default=0.0)


def _is_beside_the_domain(function: Any, p: np.ndarray, y: np.ndarray) -> bool:
    """Return whether a point is within its rounding of a convex domain, towards the prox of another point."""
    inner = _prox(function, y, 1.0)
    way = inner - p
    length = float(np.abs(way).max())
    if not (_is_convex(function) and _value(function, inner) < np.inf and length > 0.0):
        return False
    # As long a step as rounding explains, on the straight way or by as much in every coordinate.
    e = 4.0 * _EPS * (float(np.abs(p).max()) + _unit(function)) * p.size
    steps = (min(e / length, 1.0) * way, np.clip(way, -e, e))
    return any(_value(function, p + step) < np.inf for step in steps)


def _rounding_of_products(function: Any, *points: np.ndarray) -> Any:
    """Return by how much the inner products of differences of these points may be off."""
    size = _WIDE(max(np.abs(point).max() for point in points))
    return _ROUNDINGS * points[0].size * (_EPS * (size + _unit(function)) + _TINY) * size


def _value_at_prox(function: Any, case: Case, p: np.ndarray) -> float:
    """Return the value of a prox, which may be outside the domain by the rounding of the point that it comes from."""
    size = np.abs(p).max()
    # What is smaller than this has lost its digits whatever it comes from, and would make the quotient overflow.
    magnified = max(np.abs(case.x).max() / max(size, 1e-300), 1.0) if size > 0.0 else 1.0
    return _value(function, p, _ROUNDINGS * _EPS * p.size * magnified)


def _prox(function: Any, x: np.ndarray, gamma: float, **options: Any) -> np.ndarray:
    """Return the prox; what it raises, or returns in its place, is told with the point and the step size."""
    p = _called(function, "prox", x, gamma, **options)
    if not isinstance(p, np.ndarray):
        told = f"the prox returns {shown(p)} {_at(x, gamma)}: expected is an array of that shape."
        raise AssertionError(f"{function!r}: {told}")
    return p


def _value(function: Any, x: np.ndarray, tolerance: float | None = None) -> Any:
    """Return the value, with a tolerance of the domain where the function knows one."""
    options = {} if tolerance is None or not isinstance(function, Function) else {"tolerance": tolerance}
    return _called(function, "value", x, **options)


def _called(function: Any, name: str, *arguments: Any, **options: Any) -> Any:
    try:
        return getattr(function, name)(*arguments, **options)
    except (AssertionError, InputError):
        raise
    except Exception as error:
        told = f"{name} raises {type(error).__name__}, {error}, {_at(*arguments)}."
        raise AssertionError(f"{function!r}: {told}") from error


def _at(*arguments: Any) -> str:
    return "at " + ", ".join(f"{name} = {value!r}" for name, value in zip(("x", "gamma"), arguments, strict=False))


def _inner(a: np.ndarray, b: np.ndarray) -> Any:
    return np.sum(a.astype(_WIDE) * b.astype(_WIDE))


def _demand(holds: Any, function: Any, case: Case, sentence: str, found: Any, wanted: Any, *named: Any) -> None:
    """Raise an AssertionError unless something holds; only then is it written what the sentence names."""
    if not holds:
        raise AssertionError(
            f"{function!r}: {sentence.format(*named)}; found {found}, expected {wanted}, at x = {case.x!r}, "
            f"y = {case.y!r}, gamma = {case.gamma!r}."
        )
