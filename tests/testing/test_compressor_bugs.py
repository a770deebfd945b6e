"""Mistakes that somebody could make, each of which the check must find; what is right passes."""

import numpy as np
import pytest

from rootkappa.algorithms.compressors import (
    QSGD,
    Bernoulli,
    ClientMask,
    L1Selection,
    LowRank,
    Natural,
    PermK,
    RandK,
    ScaledSign,
    TopK,
)
from rootkappa.testing.compressors import check_compressor

pytestmark = pytest.mark.drawn(2, "name", "right")


class Wrapped:
    """A right compressor, without its compiled form, of which a bug replaces one attribute or more."""

    def __init__(self, right, **wrong):
        self.right, self.wrong = right, wrong

    def __getattr__(self, name):
        if name in {"right", "wrong", "kernel"} or name.startswith("__"):
            raise AttributeError(name)
        if name in self.wrong:
            if self.wrong[name] is None:
                raise AttributeError(name)
            return self.wrong[name]
        return getattr(self.right, name)

    def __call__(self, x, w):
        return self.wrong.get("call", self.right)(x, w)

    def __repr__(self):
        return f"Wrapped({self.right!r})"


def keeps_the_smallest(x, w):
    message = np.zeros_like(x)
    kept = np.argsort(np.abs(x), kind="stable")[:2]
    message[kept] = x[kept]
    return message


def keeps_all_ties(x, w):
    return np.where(np.abs(x) >= np.sort(np.abs(x))[-2], x, 0.0)


def quantises_without_a_guard(x, w):
    with np.errstate(invalid="ignore"):
        a = np.abs(x) / np.linalg.norm(x)
        return np.linalg.norm(x) * np.sign(x) * np.floor(a + 1.0 - w)


def changes_its_input(x, w):
    message = RandK(2)(x, w)
    x[:] = message
    return message


def returns_its_input(x, w):
    x[:] = RandK(2)(x, w)
    return x


def rounds_to_the_nearest_power(x, w):
    low = np.abs(Natural()(x, np.full(x.size, 0.9999)))
    return np.copysign(np.where(np.abs(x) < 1.5 * low, low, 2.0 * low), x)


def rounds_with_even_chances(x, w):
    low = Natural()(x, np.full(x.size, 0.9999))
    return np.where((w < 0.5) & (low != x), 2.0 * low, low)


def thresholds_by_the_mean(x, w):
    # Not of degree 1: what is kept depends on the size of x.
    return np.where(np.abs(x) > 1.0, x, 0.0)


class ForgetsItself(RandK):
    """Every call turns the randomness of the next."""

    calls = 0

    def __call__(self, x, w):
        self.calls += 1
        return super().__call__(x, (w + self.calls) % len(x))


def overlapping_blocks(X, w):
    message = PermK(2)(X, w)
    message[1] = np.where(message[0] != 0, 2.0 * X[1], 0.0)
    return message


def one_more_sender(rng, d, count):
    masks = ClientMask(4, 3, 2).draw(rng, d, count)
    for mask in masks:
        mask[np.flatnonzero(~mask[:, 0])[0], 0] = True
    return masks


def without_the_first_coordinate(rng, d, count):
    return 1 + RandK(1).draw(rng, d - 1, count)


def unlike_its_list(x):
    (_, first), *rest = RandK(1).outcomes(x)
    share = 0.5 / len(rest)
    return [(0.5, first), *((share, message) for _, message in rest)]


def loses_a_value(x):
    return Bernoulli(0.5).outcomes(x)[:1]


class OneMoreSender(ClientMask):
    def draw(self, rng, d, count):
        return one_more_sender(rng, d, count)


class UnevenLoads(ClientMask):
    """The same two clients of the cohort send everything."""

    def template(self, d):
        return np.tile(np.arange(self.cohort)[:, None] < self.s, (1, d))


class NeverPairs(RandK):
    """The compiled form sums where the call takes one."""

    def __call__(self, x, w):
        return super().__call__(x, w) * (1.0 + 2.0**-52)


def half_of(compressor):
    return lambda x, w: 0.5 * compressor(x, w)


def by_norm_not_sum(x, w):
    message = L1Selection()(x, w)
    return np.sign(message) * np.linalg.norm(x)


BUGS = {
    "rand-k forgets d/k": (Wrapped(RandK(2), call=lambda x, w: RandK(2)(x, w) / 3, outcomes=None), "biased"),
    "rand-k forgets d/k, in its list too": (
        Wrapped(
            RandK(2),
            call=lambda x, w: RandK(2)(x, w) / 3,
            outcomes=lambda x: [(p, m / 3) for p, m in RandK(2).outcomes(x)],
        ),
        "worst|is biased at",
    ),
    "omega too small": (Wrapped(RandK(2), omega=lambda d: d / 2 - 1.5), "omega"),
    "omega too small, away from the worst point": (
        Wrapped(QSGD(2), omega=lambda d: 0.01 * d / 16),
        "allowed is omega = 0.00375",
    ),
    "omega too large": (Wrapped(Natural(), omega=lambda d: 0.25), "equality with omega = 0.25"),
    "omega of the wrong dimension": (Wrapped(L1Selection(), omega=lambda d: float(d)), "equality with omega = 6.0"),
    "delta too large": (Wrapped(TopK(2), delta=lambda d: 0.5), "1 - delta = 0.5"),
    "delta too small": (Wrapped(TopK(2), delta=lambda d: 0.25), "equality with 1 - delta = 0.75"),
    "delta of low rank too large": (Wrapped(LowRank(1, 3), delta=lambda d: 0.6), "1 - delta = 0.4"),
    "top-k keeps the smallest": (
        Wrapped(TopK(2), call=keeps_the_smallest, outcomes=lambda x: [(1.0, keeps_the_smallest(x, None))]),
        "allowed is 1 - delta",
    ),
    "top-k keeps all ties": (
        Wrapped(TopK(2), call=keeps_all_ties, outcomes=lambda x: [(1.0, keeps_all_ties(x, None))]),
        "equality with 1 - delta",
    ),
    "C(0) is NaN": (Wrapped(QSGD(0), call=quantises_without_a_guard), "finite numbers|at x = 0"),
    "C(0) is not 0": (
        Wrapped(ScaledSign(), call=lambda x, w: ScaledSign()(x, w) if x.any() else x + 1.0),
        "at x = 0.*allowed is 0",
    ),
    "input changes": (Wrapped(RandK(2), call=changes_its_input), "changed its input"),
    "input is the output": (Wrapped(RandK(2), call=returns_its_input), "changed its input|own memory"),
    "view of the input": (
        Wrapped(RandK(6), call=lambda x, w: x[:], bits=None),
        "own memory",
    ),
    "natural rounds to nearest": (
        Wrapped(Natural(), call=rounds_to_the_nearest_power),
        "but its outcomes give it the probability",
    ),
    "natural rounds to nearest, unlisted": (
        Wrapped(Natural(), call=rounds_to_the_nearest_power, outcomes=None, worst=None),
        "is biased or its omega too small",
    ),
    "natural rounds with even chances": (
        Wrapped(Natural(), call=rounds_with_even_chances),
        "but its outcomes give it the probability",
    ),
    "Bernoulli without 1/p": (
        Wrapped(Bernoulli(0.5), call=half_of(Bernoulli(0.5))),
        "but its outcomes give it the probability 0.0",
    ),
    "Bernoulli without 1/p, unlisted": (
        Wrapped(Bernoulli(0.5), call=half_of(Bernoulli(0.5)), outcomes=None, worst=None),
        "is biased or its omega too small",
    ),
    "l1 selection with the wrong sign": (
        Wrapped(L1Selection(), call=lambda x, w: np.abs(L1Selection()(x, w))),
        "but its outcomes give it the probability",
    ),
    "l1 selection with the wrong norm": (
        Wrapped(L1Selection(), call=by_norm_not_sum, outcomes=None),
        "biased or its omega too small",
    ),
    "Perm-k overlaps": (Wrapped(PermK(2), call=overlapping_blocks), "but its outcomes give it the probability 0.0"),
    "Perm-k overlaps, in its list too": (
        Wrapped(
            PermK(2),
            call=overlapping_blocks,
            outcomes=lambda X: [
                (0.5**4, overlapping_blocks(X, np.array([a, b, c, d])))
                for a in (0, 1)
                for b in (0, 1)
                for c in (0, 1)
                for d in (0, 1)
            ],
        ),
        "mean_variance",
    ),
    "a client too many": (OneMoreSender(4, 3, 2), "allowed is s = 2 ones per coordinate"),
    "a client too many, in a wrapper": (
        Wrapped(ClientMask(4, 3, 2), draw=one_more_sender),
        "but its outcomes give it the probability",
    ),
    "uneven loads": (UnevenLoads(4, 3, 2), "whose loads differ by at most 1"),
    "mask scaled by the cohort": (
        Wrapped(ClientMask(4, 3, 2), call=lambda X, w: 0.75 * ClientMask(4, 3, 2)(X, w), outcomes=None, worst=None),
        "biased or its omega too small",
    ),
    "a list with wrong probabilities": (Wrapped(RandK(1), outcomes=unlike_its_list), "omega|biased"),
    "a list that lacks a value": (Wrapped(Bernoulli(0.5), outcomes=loses_a_value), "probabilities that sum to 0.5"),
    "one coordinate is never drawn": (
        Wrapped(RandK(1), draw=without_the_first_coordinate),
        "0 times in 2000.*give it the probability 0.16",
    ),
    "one coordinate is never drawn, unlisted": (
        Wrapped(RandK(1), draw=without_the_first_coordinate, outcomes=None, worst=None),
        "allowed is omega = 5.0|is biased or its omega too small",
    ),
    "bits are floats": (Wrapped(RandK(2), bits=lambda message: 2), "allowed by Kraft"),
    "bits of a dense message are floats": (Wrapped(ScaledSign(), bits=lambda message: 7), "allowed by Kraft"),
    "bits are no integers": (Wrapped(RandK(2), bits=lambda message: 133.5), "allowed are positive integers"),
    "draws ignore the generator": (
        Wrapped(Natural(), draw=lambda rng, d, count: np.random.default_rng().random((count, d))),
        "from equal generators",
    ),
    "draws too few": (Wrapped(Natural(), draw=lambda rng, d, count: rng.random((1, d))), "made 1 entries where 3"),
    "randomness is not the argument": (ForgetsItself(2), "allowed are the same bits"),
    "not of degree 1": (
        Wrapped(TopK(2), call=thresholds_by_the_mean, outcomes=None, worst=None, bits=None, delta=lambda d: 0.0),
        "times the former",
    ),
    "the call differs from the compiled form": (NeverPairs(2), "interpreted"),
    "single precision": (
        Wrapped(RandK(3), call=lambda x, w: RandK(3)(x, w).astype(np.float32), outcomes=None, bits=None, worst=None),
        "array of floats",
    ),
}
SHAPES = {"Perm-k overlaps, in its list too": (2, 4)}


@pytest.mark.parametrize("name", BUGS)
def test_a_bug_is_found(name):
    compressor, sentence = BUGS[name]
    with pytest.raises(AssertionError, match=sentence):
        check_compressor(compressor, shape=SHAPES.get(name))


@pytest.mark.drawn(4, "right")
@pytest.mark.parametrize(
    "right",
    {repr(bug.right): bug.right for bug, _ in BUGS.values() if isinstance(bug, Wrapped)}.values(),
    ids=str,
)
def test_what_is_right_passes(right):
    check_compressor(right)
    check_compressor(Wrapped(right))
    check_compressor(Wrapped(right, outcomes=None))
