from math import comb

import numpy as np
import pytest

from rootkappa.algorithms import compressors
from rootkappa.algorithms.compressors import (
    QSGD,
    Bernoulli,
    BiasedRandK,
    ClientMask,
    Compressor,
    Identity,
    L1Selection,
    LowRank,
    Natural,
    PermK,
    RandBlocks,
    RandK,
    ScaledSign,
    TopK,
)
from rootkappa.core.compiled import njit
from rootkappa.core.errors import InputError
from rootkappa.testing.compressors import check_compressor

pytestmark = pytest.mark.drawn(4, "compressor")

CASES = [
    (Identity(), (1,)), (Identity(), (6,)),
    (RandK(1), (1,)), (RandK(1), (6,)), (RandK(2), (6,)), (RandK(6), (6,)), (RandK(7), (60,)),
    (BiasedRandK(1), (1,)), (BiasedRandK(2), (6,)), (BiasedRandK(6), (6,)), (BiasedRandK(7), (60,)),
    (RandBlocks(1, 1), (1,)), (RandBlocks(1, 2), (6,)), (RandBlocks(2, 2), (6,)), (RandBlocks(3, 2), (6,)),
    (RandBlocks(3, 4), (60,)),
    (TopK(1), (1,)), (TopK(2), (6,)), (TopK(6), (6,)), (TopK(9), (60,)),
    (QSGD(0), (1,)), (QSGD(0), (6,)), (QSGD(1), (6,)), (QSGD(4), (6,)), (QSGD(20), (3,)), (QSGD(2), (60,)),
    (Natural(), (1,)), (Natural(), (6,)), (Natural(), (60,)),
    (Bernoulli(0.01), (2,)), (Bernoulli(0.4), (6,)), (Bernoulli(1.0), (6,)),
    (L1Selection(), (1,)), (L1Selection(), (6,)), (L1Selection(), (60,)),
    (PermK(2), (2, 6)), (PermK(3), (3, 5)), (PermK(4), (4, 2)), (PermK(2), (2, 1)), (PermK(5), (5, 30)),
    (ClientMask(4, 4, 2), (4, 6)), (ClientMask(4, 3, 2), (4, 5)), (ClientMask(5, 4, 3), (5, 3)),
    (ClientMask(3, 3, 3), (3, 2)), (ClientMask(6, 4, 2), (6, 1)), (ClientMask(12, 9, 2), (12, 7)),
    (LowRank(1, 1), (1,)), (LowRank(1, 2), (6,)), (LowRank(2, 3), (12,)), (LowRank(5, 3), (12,)),
    (LowRank(3, 6), (36,)),
    (ScaledSign(), (1,)), (ScaledSign(), (6,)), (ScaledSign(), (60,)),
]  # fmt: skip
ALL = [Identity(), RandK(2), TopK(2), QSGD(3), Natural(), Bernoulli(0.4), L1Selection(), PermK(2), ClientMask(3, 3, 2),
       LowRank(1, 2), ScaledSign(), RandBlocks(1, 1), BiasedRandK(2)]  # fmt: skip


def vector(compressor, rng, d):
    return rng.standard_normal((compressor.clients, d) if compressor.clients > 1 else d)


@pytest.mark.parametrize(("compressor", "shape"), CASES, ids=str)
def test_every_compressor_keeps_what_it_declares(compressor, shape):
    check_compressor(compressor, shape=shape)


def test_every_compressor_is_among_the_cases():
    exported = [getattr(compressors, name) for name in compressors.__all__]
    classes = {kind for kind in exported if isinstance(kind, type) and kind is not Compressor}
    assert {type(compressor) for compressor, _ in CASES} == {type(compressor) for compressor in ALL} == classes


@pytest.mark.parametrize("compressor", [compressor for compressor, _ in CASES] + ALL, ids=str)
def test_the_repr_evaluates_back(compressor):
    for again in (eval(repr(compressor)), compressors.get(repr(compressor))):
        assert type(again) is type(compressor)
        assert again.kernel == compressor.kernel
        assert repr(again) == repr(compressor)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("RandK", "written as a call"),
        ("RandK(2", "written as a call"),
        ("RandK(k)", "written as a call"),
        ("__import__('os').getcwd()", "written as a call"),
        ("", "written as a call"),
        ("RandKay(2)", "did you mean 'RandK'"),
        ("RandK(2, 3)", "other arguments"),
        ("RandK(0)", "not a count"),
    ],
)
def test_what_is_no_compressor_is_refused(text, sentence):
    with pytest.raises(InputError, match=sentence):
        compressors.get(text)


@pytest.mark.parametrize(
    "compressor", [Identity(), RandK(1), RandK(2), RandK(4), RandBlocks(1, 2), Bernoulli(0.4), Bernoulli(1.0)], ids=str
)
def test_what_is_drawn_is_what_is_listed(compressor):
    d, count = 4, 3000
    listed = {tuple(w.tolist()): probability for probability, w in compressor.randomness(d)}
    assert sum(listed.values()) == pytest.approx(1.0)
    drawn = [tuple(w.tolist()) for w in compressor.draw(np.random.default_rng(0), d, count)]
    # Hoeffding: a frequency is this far off once in 10^9 runs.
    for w, probability in listed.items():
        assert drawn.count(w) / count == pytest.approx(probability, abs=np.sqrt(np.log(2e9) / (2 * count)))
    assert set(drawn) <= set(listed)


@pytest.mark.parametrize("compressor", ALL, ids=str)
def test_the_linear_ones_are_those_that_say_so(compressor):
    rng, shape = np.random.default_rng(3), (6,) if compressor.clients == 1 else (compressor.clients, 6)
    errors = []
    for w in compressor.draw(rng, 6, 20):
        x, y = rng.standard_normal(shape), rng.standard_normal(shape)
        errors.append(np.abs(compressor(x - 3.0 * y, w) - compressor(x, w) + 3.0 * compressor(y, w)).max())
    assert (max(errors) < 1e-13) == compressor.is_linear


@pytest.mark.parametrize("compressor", ALL, ids=str)
def test_a_million_coordinates(compressor):
    d = 10**6
    rng = np.random.default_rng(0)
    x = vector(compressor, rng, d)
    w = compressor.draw(rng, d, 1)[0]
    assert compressor.outcomes(x) is None or not w.size
    message = compressor(x, w)
    assert np.isfinite(message).all()
    # One message is not its mean, but it is of that order.
    error = ((message - x) ** 2).sum(axis=-1) / (x**2).sum(axis=-1)
    assert (error <= 3.0 * (compressor.omega(d) if compressor.is_unbiased else 1.0 - compressor.delta(d))).all()
    assert compressor.bits(message if x.ndim == 1 else message[0]) > 0


@njit
def one_round(kernel, X, W, out):
    """What a method does: every client compresses its own row, in one scratch space."""
    work = compressors.compress_workspace(kernel, X.shape[1])
    for i in range(X.shape[0]):
        compressors.compress(kernel, X[i], W[i], out[i], work)


@pytest.mark.parametrize("compressor", [compressor for compressor in ALL if compressor.clients == 1], ids=str)
def test_compiled_methods_compress_row_by_row(compressor):
    rng = np.random.default_rng(5)
    X, W = rng.standard_normal((4, 6)), compressor.draw(rng, 6, 4)
    out = np.full((4, 6), np.nan)
    one_round(compressor.kernel, X, W, out)
    np.testing.assert_array_equal(out, [compressor(x, w) for x, w in zip(X, W, strict=True)])


@pytest.mark.parametrize("compressor", ALL, ids=str)
@pytest.mark.parametrize("size", [1e-300, 1e300])
def test_tiny_and_huge_vectors(compressor, size):
    rng = np.random.default_rng(4)
    x = vector(compressor, rng, 6)
    w = compressor.draw(rng, 6, 1)[0]
    scale = np.ldexp(1.0, int(np.log2(size)))
    np.testing.assert_array_equal(compressor(scale * x, w) / scale, compressor(x, w))


@pytest.mark.parametrize("compressor", ALL, ids=str)
@pytest.mark.parametrize("entry", [np.nan, np.inf, -np.inf])
def test_compiled_code_passes_on_what_is_not_finite(compressor, entry):
    rng = np.random.default_rng(4)
    x = vector(compressor, rng, 6)
    x[..., 3] = entry
    W = compressor.draw(rng, 6, 40)
    out, work = np.empty_like(x), np.empty(compressors.compress_work_size(compressor.kernel, 6))
    met = 0
    for w in W:
        with np.errstate(all="ignore"):
            compressors.compress(compressor.kernel, x, w, out, work)
        met += not np.isfinite(out).all()
    assert met > 0


@pytest.mark.parametrize("compressor", ALL, ids=str)
@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (np.zeros((0,)), "at least one coordinate"), (np.zeros((2, 0)), "at least one"), (np.zeros((1, 1, 6)), "shape"),
        ([1.0, np.nan], "finite"), ([np.inf, 1.0], "finite"), (np.array([1j, 2.0]), "complex"),
        ([1j, 2.0], "is complex"), (["a", "b"], "array of numbers"),
        ([[1.0], [1.0, 2.0]], "array of numbers"), (3.0, "shape"),
    ],
)  # fmt: skip
def test_bad_vectors_are_refused(compressor, bad, reason):
    if compressor.clients > 1 and reason in {"finite", "complex"}:
        bad = np.array([bad] * compressor.clients)
    with pytest.raises(InputError, match=reason):
        compressor(bad, np.empty(0))


@pytest.mark.parametrize("compressor", ALL, ids=str)
def test_bad_randomness_is_refused(compressor):
    rng = np.random.default_rng(4)
    x = vector(compressor, rng, 6)
    w = compressor.draw(rng, 6, 1)[0]
    for bad in (np.zeros((*w.shape, 1)), w.ravel()[:-1] if w.size else np.zeros(1), w.astype(complex), None):
        with pytest.raises(InputError, match="draw"):
            compressor(x, bad)


@pytest.mark.parametrize("compressor", ALL, ids=str)
@pytest.mark.parametrize("bad", [np.zeros((2, 6)), np.zeros(0), np.full(6, np.nan)])
def test_bad_messages_are_refused(compressor, bad):
    with pytest.raises(InputError, match="was not compressed"):
        compressor.bits(bad)


@pytest.mark.parametrize("compressor", ALL, ids=str)
@pytest.mark.parametrize(("d", "count"), [(0, 1), (6, 0), (6.5, 1), (6, 2.0)])
def test_bad_counts_of_draws_are_refused(compressor, d, count):
    with pytest.raises(InputError, match="not a count"):
        compressor.draw(np.random.default_rng(0), d, count)


@pytest.mark.parametrize(
    "make",
    [
        lambda: RandBlocks(0, 1), lambda: RandBlocks(1, 0), lambda: RandK(0), lambda: RandK(1.5),
        lambda: TopK(-1), lambda: QSGD(-1), lambda: QSGD(21), lambda: QSGD(1.0),
        lambda: QSGD(True), lambda: Bernoulli(0.0), lambda: Bernoulli(1.1), lambda: Bernoulli(np.nan),
        lambda: Bernoulli("half"), lambda: PermK(1), lambda: PermK(0), lambda: ClientMask(4, 3, 1),
        lambda: ClientMask(4, 5, 2), lambda: ClientMask(4, 2, 3), lambda: ClientMask(4, 3, 2.5), lambda: LowRank(0, 2),
        lambda: LowRank(1, 0),
    ],
)  # fmt: skip
def test_bad_parameters_are_refused(make):
    with pytest.raises(InputError, match="give"):
        make()


def test_what_does_not_fit_the_dimension_is_refused():
    for compressor in (RandK(3), TopK(3)):
        for call in (
            lambda c=compressor: c([1.0, 2.0], [0, 0, 0]),
            lambda c=compressor: c.draw(np.random.default_rng(0), 2, 1),
            lambda c=compressor: c.outcomes([1.0, 2.0]),
            lambda c=compressor: c.bits([1.0, 2.0]),
            lambda c=compressor: c.omega(2) if c.is_unbiased else c.delta(2),
        ):
            with pytest.raises(InputError, match="k = 3 is more than the d = 2"):
                call()
    for compressor in (RandBlocks(2, 3), RandBlocks(1, 4)):
        with pytest.raises(InputError, match="do not fit d = 5 coordinates"):
            compressor.omega(5)
    with pytest.raises(InputError, match="leaves the blocks 0 to 1"):
        RandBlocks(1, 2)(np.ones(4), np.array([2]))
    with pytest.raises(InputError, match="rows = 4 do not divide d = 6"):
        LowRank(1, 4)(np.ones(6), np.ones((1, 2)))
    with pytest.raises(InputError, match="leaves the coordinates"):
        RandK(1)([1.0, 2.0], np.array([2]))
    with pytest.raises(InputError, match="leaves the coordinates"):
        RandK(1)([1.0, 2.0], np.array([-1]))
    with pytest.raises(InputError, match="leaves the clients"):
        PermK(2)([[1.0], [2.0]], np.array([2]))


def test_lists_that_would_be_too_long_are_not_made():
    rng = np.random.default_rng(0)
    assert len(RandK(3).outcomes(rng.random(20))) == comb(20, 3)
    assert RandK(10).outcomes(rng.random(20)) is None
    assert QSGD(1).outcomes(rng.random(40)) is None
    assert PermK(4).outcomes(rng.random((4, 12))) is None
    assert PermK(2).outcomes(rng.random((2, 600))) is None
    assert ClientMask(9, 9, 2).outcomes(rng.random((9, 9))) is None
    assert L1Selection().outcomes(rng.random(2000)) is None


def test_integers_and_views_are_taken():
    assert RandK(1)([1, 2], np.array([1])).tolist() == [0.0, 4.0]
    x = np.arange(12.0).reshape(3, 4).T[::2]
    frozen = x.copy()
    frozen.flags.writeable = False
    for w in PermK(2).draw(np.random.default_rng(0), 3, 5):
        np.testing.assert_array_equal(PermK(2)(x, w), PermK(2)(frozen, w))
