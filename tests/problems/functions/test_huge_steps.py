"""The prox where the step, the weight or their product leaves the floats, against exact arithmetic."""

import sys
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rootkappa.problems import functions

LARGEST = sys.float_info.max
STEPS = st.floats(1e-3, LARGEST, allow_subnormal=False) | st.floats(-3.0, 308.0).map(lambda power: 10.0**power)
POINTS = st.floats(-30.0, 30.0) | st.floats(-LARGEST, LARGEST) | st.sampled_from([0.0, 1e10, -1e10, 1e300, -1e300])
# What of a root the rounding of products and logarithms explains; near 0 the equation decides of absolute size.
RELATIVE = 1e-12


def has_sign_change(equation, root):
    """Return whether an increasing equation changes its sign within the rounding of a root."""
    with localcontext() as context:
        context.prec, context.Emax, context.Emin = 60, 10**15, -(10**15)
        near = Decimal(root)
        reach = abs(near) * Decimal(RELATIVE) + Decimal(RELATIVE)
        return equation(near - reach) <= 0 <= equation(near + reach)


def exp(x):
    """Return e to a power; beyond these powers nothing changes beside numbers of the size of floats squared."""
    return max(min(x, Decimal(10_000)), Decimal(-10_000)).exp()


@given(v=POINTS, lam=STEPS, gamma=STEPS)
@example(v=0.0, lam=1.0, gamma=1e190)
@example(v=-1e300, lam=1.0, gamma=1e300)
@example(v=-1.7e308, lam=1e300, gamma=1e300)
@example(v=-LARGEST, lam=2.0, gamma=LARGEST)
def test_the_logistic_loss(v, lam, gamma):
    (p,) = functions.LogisticLoss(lam).prox(np.array([v]), gamma)

    def excess(x):
        return x - Decimal(v) - Decimal(lam) * Decimal(gamma) / (1 + exp(x))

    assert has_sign_change(excess, p)


def test_a_root_far_out_has_all_its_digits():
    # W(1e190), the root of p e^p = 1e190, and what e^p + 1 adds to it is nothing.
    assert functions.LogisticLoss(1.0).prox([0.0], 1e190) == pytest.approx([431.4240759], rel=1e-9)


@given(v=POINTS, lam=STEPS, gamma=STEPS)
@example(v=1.0, lam=1.0, gamma=1e308)
@example(v=1.7e308, lam=1e4, gamma=1e304)
@example(v=-1.7e308, lam=1e4, gamma=1e304)
@example(v=1.7976e305, lam=1e-3, gamma=1.0000001e303)
def test_the_entropy(v, lam, gamma):
    (x,) = functions.Entropy(lam).prox(np.array([v]), gamma)
    step = Decimal(lam) * Decimal(gamma)
    # In y = log(x), which has a root for every v, however small x is; 745 is where e^-y is no float.
    if x <= 1e-300:
        assert exp(Decimal(-690)) + step * Decimal(-690) + step - Decimal(v) >= 0
        return
    with localcontext() as context:
        context.prec = 60
        near = Decimal(x)
        # An error of one unit in v / step moves x by as much.
        reach = Decimal(RELATIVE) * (1 + abs(Decimal(v) / step))
        for side, x_there in ((-1, near * (1 - reach)), (1, near * (1 + reach))):
            if x_there > 0:
                assert side * (x_there + step * (x_there.ln() + 1) - Decimal(v)) >= 0


@given(v=POINTS, q=st.floats(-300.0, 300.0).map(lambda power: 10.0**power), gamma=STEPS)
@example(v=1.0, q=1e300, gamma=1e308)
@example(v=-1e308, q=1e-300, gamma=1e308)
def test_the_divergence(v, q, gamma):
    (x,) = functions.KullbackLeibler([q]).prox(np.array([v]), gamma)
    step = Decimal(gamma)
    with localcontext() as context:
        context.prec = 60
        log_q = Decimal(q).ln()
        if x <= 1e-300:
            assert exp(Decimal(-690)) + step * (Decimal(-690) - log_q) - Decimal(v) >= 0
            return
        near = Decimal(x)
        reach = Decimal(RELATIVE) * (1 + abs(Decimal(v) / step) + abs(log_q))
        for side, x_there in ((-1, near * (1 - reach)), (1, near * (1 + reach))):
            if x_there > 0:
                assert side * (x_there + step * (x_there.ln() - log_q) - Decimal(v)) >= 0


@given(v=POINTS, lam=STEPS, gamma=STEPS)
@example(v=-1.0, lam=1e308, gamma=1e308)
@example(v=-1e300, lam=1.7976931348623157e308, gamma=1.797e308)
@example(v=-1.7e308, lam=1.7e308, gamma=1.7e308)
@example(v=-1e-320, lam=1e-320, gamma=1e-320)
def test_the_logarithmic_barrier(v, lam, gamma):
    (x,) = functions.LogBarrier(lam).prox(np.array([v]), gamma)
    with localcontext() as context:
        context.prec = 60
        if x > LARGEST:
            assert Decimal(LARGEST) - Decimal(v) <= Decimal(lam) * Decimal(gamma) / Decimal(LARGEST)
            return
        for side in (-1, 1):
            there = Decimal(float(x)) * (1 + side * Decimal(RELATIVE)) + side * Decimal("1e-320")
            if there > 0:
                assert side * (there - Decimal(v) - Decimal(lam) * Decimal(gamma) / there) >= 0


def exact_sorted_prox(v, weights, gamma):
    """Sort, subtract and average in fractions: the prox of SortedL1 from its definition."""
    order = sorted(range(len(v)), key=lambda j: -abs(v[j]))
    blocks = []
    for k, j in enumerate(order):
        blocks.append([Fraction(abs(v[j])) - Fraction(gamma) * weights[k], 1])
        while len(blocks) > 1 and blocks[-2][0] <= blocks[-1][0]:
            mean, count = blocks.pop()
            before = blocks[-1]
            before[0] = (before[0] * before[1] + mean * count) / (before[1] + count)
            before[1] += count
    levels = [max(mean, Fraction(0)) for mean, count in blocks for _ in range(count)]
    p = [0.0] * len(v)
    for level, j in zip(levels, order, strict=True):
        p[j] = float(level) * np.copysign(1.0, v[j])
    return p


VECTORS = st.lists(POINTS | st.sampled_from([LARGEST, -LARGEST, 5e307]), min_size=1, max_size=5)
WEIGHTS = st.one_of(st.just(0.0), STEPS)


@given(v=VECTORS, data=st.data(), gamma=STEPS)
@example(v=[5e307, 5e307, 5e307], data=None, gamma=1e308)
@example(v=[3.0, -2.0, 1.0], data=None, gamma=1e308)
def test_the_sorted_norm(v, data, gamma):
    drawn = [1.0] + [0.0] * (len(v) - 1) if data is None else None
    weights = drawn or sorted(data.draw(st.lists(WEIGHTS, min_size=len(v), max_size=len(v))), reverse=True)
    p = functions.SortedL1(weights).prox(np.array(v), gamma)
    expected = exact_sorted_prox(v, [Fraction(weight) for weight in weights], gamma)
    scale = max(max(map(abs, v)), min(gamma * weights[0], LARGEST) if max(map(abs, v)) * 16 > gamma * weights[0] else 0)
    np.testing.assert_allclose(p, expected, rtol=1e-13, atol=1e-14 * scale)


@given(v=VECTORS, l1=WEIGHTS, l2=WEIGHTS, gamma=STEPS)
@example(v=[3.0, -2.0, 1.0], l1=1e308, l2=1e308, gamma=1e308)
@example(v=[3.0, -2.0, 1.0], l1=0.0, l2=1e308, gamma=1e-3)
def test_oscar(v, l1, l2, gamma):
    d = len(v)
    oscar = functions.OSCAR(l1, l2)
    p = oscar.prox(np.array(v), gamma)
    weights = [Fraction(l1) + Fraction(l2) * (d - 1 - k) for k in range(d)]
    expected = exact_sorted_prox(v, weights, gamma)
    largest = float(min(Fraction(gamma) * weights[0], Fraction(LARGEST)))
    scale = max(max(map(abs, v)), largest if max(map(abs, v)) * 16 > largest else 0)
    np.testing.assert_allclose(p, expected, rtol=1e-13, atol=1e-14 * scale)
    assert oscar.value(np.zeros(d)) == 0.0
