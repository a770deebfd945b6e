"""Measured facts, each computed here from the definition."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rootkappa.algorithms.compressors import (
    QSGD,
    Bernoulli,
    BiasedRandK,
    ClientMask,
    L1Selection,
    LowRank,
    Natural,
    PermK,
    RandBlocks,
    RandK,
    ScaledSign,
    TopK,
)

VECTORS = arrays(np.float64, st.integers(1, 7), elements=st.integers(-80, 80).map(lambda whole: whole / 16))


def variance(compressor, x):
    """Return E‖C(x) - x‖², row by row."""
    return sum(p * ((message - x) ** 2).sum(axis=-1) for p, message in compressor.outcomes(x))


@given(VECTORS, st.integers(1, 7), st.sampled_from([0.1, 0.5, 1.0]))
def test_equalities_that_hold_everywhere(x, k, p):
    k, squared = min(k, x.size), (x**2).sum()
    assert variance(RandK(k), x) == pytest.approx((x.size / k - 1.0) * squared, abs=1e-9)
    assert variance(BiasedRandK(k), x) == pytest.approx((1.0 - k / x.size) * squared, abs=1e-9)
    assert variance(RandBlocks(k, 1), x) == pytest.approx(variance(RandK(k), x))
    assert variance(Bernoulli(p), x) == pytest.approx((1.0 / p - 1.0) * squared, abs=1e-9)
    assert variance(L1Selection(), x) == pytest.approx(np.abs(x).sum() ** 2 - squared, abs=1e-9)
    assert variance(ScaledSign(), x) == pytest.approx(squared - np.abs(x).sum() ** 2 / x.size, abs=1e-9)
    assert variance(TopK(k), x) == pytest.approx(np.sort(x**2)[: x.size - k].sum(), abs=1e-9)


@given(VECTORS)
def test_natural_has_the_variance_of_its_definition(x):
    low = 2.0 ** np.floor(np.log2(np.where(x == 0, 1.0, np.abs(x))))
    t = np.where(x == 0, 1.0, np.abs(x) / low)
    assert variance(Natural(), x) == pytest.approx((low**2 * (2 - t) * (t - 1)).sum(), abs=1e-9)


@pytest.mark.parametrize(("r", "measured"), [(0, 1.828), (1, 0.414), (2, 0.121), (4, 0.00704)])
def test_the_variance_of_qsgd_at_eight_ones(r, measured):
    fraction = (2**r / np.sqrt(8)) % 1
    ones = variance(QSGD(r), np.ones(8)) / 8
    assert ones == pytest.approx(8 * fraction * (1 - fraction) / 4**r, rel=1e-9)
    assert ones == pytest.approx(measured, rel=5e-3)
    assert ones <= QSGD(r).omega(8)


@given(arrays(np.float64, 6, elements=st.integers(-80, 80)), st.integers(0, 6))
def test_the_variance_of_qsgd_is_that_of_its_fractions(x, r):
    norm = np.linalg.norm(x)
    a = 2**r * np.abs(x) / (norm or 1.0)
    fractions = a - np.floor(a)
    expected = (norm / 2**r) ** 2 * (fractions * (1 - fractions)).sum()
    assert variance(QSGD(r), x) == pytest.approx(expected, abs=1e-9 * norm**2)
    assert expected <= QSGD(r).omega(6) * norm**2 * (1 + 1e-12)


@pytest.mark.parametrize("d", [1, 2, 3, 4, 5, 16, 17, 100, 10**6])
@pytest.mark.parametrize("r", range(8))
def test_the_omega_of_qsgd_is_below_that_of_the_paper(d, r):
    assert 0.0 <= QSGD(r).omega(d) <= min(d / 4**r, np.sqrt(d) / 2**r)


@pytest.mark.parametrize(("r", "d"), [(0, 4), (0, 9), (1, 16)])
def test_the_omega_of_qsgd_is_attained_where_it_is_the_root(r, d):
    s = 2**r
    fraction = s / np.sqrt(d)
    assert d * fraction * (1 - fraction) / s**2 == pytest.approx(QSGD(r).omega(d), rel=1e-12)
    assert variance(QSGD(r), np.ones(d)) / d == pytest.approx(QSGD(r).omega(d), rel=1e-12)


@given(arrays(np.float64, st.tuples(st.just(3), st.integers(1, 5)), elements=st.integers(-80, 80)))
def test_the_mean_of_perm_k(X):
    outcomes = PermK(3).outcomes(X)
    measured = sum(p * ((message.mean(axis=0) - X.mean(axis=0)) ** 2).sum() for p, message in outcomes)
    claimed = (X**2).sum() / 3 - (X.mean(axis=0) ** 2).sum()
    assert measured == pytest.approx(claimed, abs=1e-8)
    assert PermK(3).mean_variance(X) == pytest.approx(claimed, abs=1e-8)
    for _, message in PermK(3).outcomes(np.tile(X[0], (3, 1))):
        np.testing.assert_allclose(message.mean(axis=0), X[0], atol=1e-12)


@pytest.mark.parametrize(("n", "d"), [(2, 4), (3, 5), (4, 2), (5, 5)])
def test_the_blocks_of_perm_k_are_balanced_and_every_owner_is_as_likely(n, d):
    draws = PermK(n).draw(np.random.default_rng(0), d, 3000)
    loads = np.stack([(draws == i).sum(axis=1) for i in range(n)])
    assert np.ptp(loads, axis=0).max() <= 1
    shares = np.stack([(draws == i).mean(axis=0) for i in range(n)])
    np.testing.assert_allclose(shares, 1.0 / n, atol=6 * np.sqrt(0.25 / 3000))


@pytest.mark.parametrize(("n", "c", "s"), [(2, 2, 2), (4, 4, 2), (4, 3, 2), (4, 2, 2), (5, 4, 3), (5, 5, 4), (6, 4, 2)])
@pytest.mark.parametrize("d", [1, 3, 5])
def test_the_identities_of_the_mask(n, c, s, d):
    X = np.random.default_rng(0).standard_normal((n, d))
    W = X - X.mean(axis=0)
    compressor, nu = ClientMask(n, c, s), (n - s) / (s * (n - 1))
    outcomes = compressor.outcomes(X)
    means = [(p, s / n * message, message.mean(axis=0)) for p, message in outcomes]
    np.testing.assert_allclose(sum(p * mean for p, _, mean in means), X.mean(axis=0), atol=1e-13)
    spread = sum(p * ((mean - X.mean(axis=0)) ** 2).sum() for p, _, mean in means)
    assert n * spread == pytest.approx(nu * (W**2).sum(), rel=1e-12, abs=1e-13)
    # The step of the control variates, (mean - x_i) where i sends: zero sum, its mean and its mean square.
    steps = [(p, (sent != 0) * (mean - X)) for p, sent, mean in means]
    for _, step in steps:
        np.testing.assert_allclose(step.sum(axis=0), 0.0, atol=1e-13)
    np.testing.assert_allclose(sum(p * step for p, step in steps), -(s - 1) / (n - 1) * W, atol=1e-13)
    square = sum(p * (step**2).sum() for p, step in steps)
    assert square == pytest.approx((s - 1) / (n - 1) * (W**2).sum(), rel=1e-12)


@pytest.mark.parametrize(("c", "d"), list(product(range(2, 9), range(1, 12))))
def test_the_template_of_the_mask(c, d):
    for s in range(2, c + 1):
        template = ClientMask(c, c, s).template(d)
        assert template.shape == (c, d)
        assert (template.sum(axis=0) == s).all()
        loads = template.sum(axis=1)
        assert np.ptp(loads) <= 1
        assert loads.max() == -(-s * d // c)


@pytest.mark.parametrize(
    ("rank", "rows", "columns"), [(1, 3, 3), (2, 3, 5), (2, 5, 3), (3, 4, 6), (4, 4, 4), (7, 4, 6)]
)
def test_low_rank_is_a_projection_of_that_rank(rank, rows, columns):
    rng = np.random.default_rng(0)
    compressor, d = LowRank(rank, rows), rows * columns
    for w in compressor.draw(rng, d, 20):
        M = rng.standard_normal((rows, columns))
        Q, _ = np.linalg.qr(M @ w.T)
        np.testing.assert_allclose(compressor(M.ravel(), w).reshape(M.shape), Q @ Q.T @ M, atol=1e-11)
        # At equal singular values every projection leaves the same part.
        x = compressor.worst(d)
        assert ((compressor(x, w) - x) ** 2).sum() == pytest.approx((1 - compressor.delta(d)) * (x**2).sum(), abs=1e-12)


@pytest.mark.parametrize("ratio", [1.0, 0.9, 0.5, 0.1])
def test_low_rank_contracts_on_average_whatever_the_spectrum(ratio):
    rng = np.random.default_rng(1)
    for rank in (1, 2, 3):
        M = np.diag(ratio ** np.arange(4))
        draws = LowRank(rank, 4).draw(rng, 16, 4000)
        P = np.linalg.qr(np.einsum("ij,trj->tir", M, draws))[0]
        kept = (np.einsum("tir,ij->trj", P, M) ** 2).sum(axis=(1, 2)) / (M**2).sum()
        assert kept.mean() >= rank / 4 - 6 * kept.std() / np.sqrt(4000) - 1e-12


@pytest.mark.parametrize("true", [0, 1, 2])
def test_low_rank_returns_matrices_of_low_rank(true):
    rng = np.random.default_rng(2)
    M = rng.standard_normal((5, true)) @ rng.standard_normal((true, 4))
    compressor = LowRank(3, 5)
    for w in compressor.draw(rng, 20, 10):
        np.testing.assert_allclose(compressor(M.ravel(), w), M.ravel(), atol=1e-11)
    repeated = np.ones((3, 4))
    np.testing.assert_allclose(compressor(np.outer(np.arange(5.0), np.ones(4)).ravel(), repeated).reshape(5, 4)[4], 4.0)


@pytest.mark.parametrize(("compressor", "d"), [(Natural(), 5), (QSGD(0), 5), (QSGD(3), 5), (L1Selection(), 5)])
def test_the_numbers_that_decide(compressor, d):
    """Just below its probability a number raises, at it and above it does not: the law is exact, not only its look."""
    x = np.random.default_rng(3).standard_normal(d)
    if isinstance(compressor, L1Selection):
        edges = np.cumsum(np.abs(x)) / np.abs(x).sum()
        for j in range(d - 1):
            before, after = (np.flatnonzero(compressor(x, [edges[j] + step]))[0] for step in (-1e-12, 1e-12))
            assert (before, after) == (j, j + 1)
        return
    size = np.abs(x)
    if isinstance(compressor, Natural):
        p = size / 2.0 ** np.floor(np.log2(size)) - 1.0
    else:
        a = compressor.s * size / np.linalg.norm(x)
        p = a - np.floor(a)
    raised, kept = np.abs(compressor(x, p - 1e-12)), np.abs(compressor(x, p + 1e-12))
    assert (raised > size).all()
    assert (kept < size).all()


@pytest.mark.parametrize(("u", "chosen"), [(0.0, 1), (0.249, 1), (0.25, 3), (0.75, 4), (1.0 - 2.0**-53, 4)])
def test_l1_selection_at_the_edges(u, chosen):
    message = L1Selection()([0.0, 1.0, 0.0, -2.0, 1.0, 0.0], [u])
    assert np.flatnonzero(message).tolist() == [chosen]


def test_natural_at_the_ends_of_the_floats():
    compressor = Natural()
    least, normal, largest = 5e-324, 2.0**-1022, 2.0**1023
    exact = np.array([0.0, -0.0, least, -least, 2 * least, normal, 1.0, -largest])
    for w in (np.zeros(8), np.full(8, 0.999)):
        assert compressor(exact, w).tobytes() == exact.tobytes()
    x = np.array([3 * least, -3 * least, 1.5 * normal, 0.75 * largest, 7 * least])
    up, down = compressor(x, np.zeros(5)), compressor(x, np.full(5, 0.999))
    assert up.tolist() == [4 * least, -4 * least, 2 * normal, largest, 8 * least]
    assert down.tolist() == [2 * least, -2 * least, normal, largest / 2, 4 * least]
    # Multiples of the least float have no finer fractions, so the weights are applied to its multiples.
    mean = sum(p * (message / least) for p, message in compressor.outcomes(x[[0, 1, 4]]))
    np.testing.assert_allclose(mean, [3.0, -3.0, 7.0], rtol=1e-14)
    mean = sum(p * message for p, message in compressor.outcomes(x[2:4]))
    np.testing.assert_allclose(mean, x[2:4], rtol=1e-14)
    with pytest.raises(ValueError, match="above 2\\^1023"):
        compressor([np.nextafter(largest, np.inf)], [0.5])


def test_top_k_keeps_the_first_of_equal_sizes():
    x = np.array([1.0, -2.0, 2.0, -1.0, 2.0, 1.0])
    for k, kept in [(1, [1]), (2, [1, 2]), (3, [1, 2, 4]), (4, [0, 1, 2, 4]), (5, [0, 1, 2, 3, 4])]:
        message = TopK(k)(x, np.empty(0))
        assert np.flatnonzero(message).tolist() == kept


@given(VECTORS, st.integers(1, 7))
def test_top_k_is_that_of_a_stable_sort(x, k):
    k = min(k, x.size)
    expected = np.zeros_like(x)
    kept = np.argsort(-np.abs(x), kind="stable")[:k]
    expected[kept] = x[kept]
    np.testing.assert_array_equal(TopK(k)(x, np.empty(0)), expected)


@pytest.mark.parametrize("order", ["random", "sorted", "reversed", "equal", "organ pipe", "two values"])
def test_top_k_of_many_in_any_order(order):
    d, k = 20000, 777
    rising = np.arange(1.0, d + 1)
    x = {
        "random": np.random.default_rng(0).standard_normal(d), "sorted": rising, "reversed": -rising[::-1],
        "equal": np.ones(d), "organ pipe": np.minimum(rising, rising[::-1]), "two values": np.resize([1.0, 2.0], d),
    }[order]  # fmt: skip
    expected = np.zeros(d)
    kept = np.argsort(-np.abs(x), kind="stable")[:k]
    expected[kept] = x[kept]
    np.testing.assert_array_equal(TopK(k)(x, np.empty(0)), expected)
