"""The check on objects that are no compressors of the package, and how it speaks."""

import numpy as np
import pytest

from rootkappa.algorithms.compressors import RandK
from rootkappa.core.errors import InputError
from rootkappa.testing.compressors import ALPHA, check_compressor


class Thinned:
    """Coordinates that are kept each by itself: an object of somebody else's, with nothing that is not required."""

    is_unbiased = True

    def __init__(self, p=0.5, divisor=None, claim=None):
        self.p, self.divisor = p, p if divisor is None else divisor
        self.claim = 1.0 / p - 1.0 if claim is None else claim

    def omega(self, d):
        return self.claim

    def delta(self, d):
        return 0.0

    def draw(self, rng, d, count):
        return rng.random((count, d)) < self.p

    def __call__(self, x, w):
        return np.where(w, x / self.divisor, 0.0)


class Halved:
    """Half of the vector: biased, without randomness and contractive with δ = 3/4."""

    is_unbiased = False

    def __init__(self, claim=0.75):
        self.claim = claim

    def omega(self, d):
        return np.inf

    def delta(self, d):
        return self.claim

    def draw(self, rng, d, count):
        return np.empty((count, 0))

    def __call__(self, x, w):
        return x / 2


class Largest(Halved):
    """The k largest entries, and with a chance of 1 - p one of them less."""

    def __init__(self, k, claim, p=1.0):
        self.k, self.claim, self.p = k, claim, p

    def delta(self, d):
        return self.claim / d

    def draw(self, rng, d, count):
        return rng.random((count, 1)) < self.p

    def __call__(self, x, w):
        kept = np.argsort(-np.abs(x), kind="stable")[: self.k - (not w[0])]
        message = np.zeros_like(x)
        message[kept] = x[kept]
        return message


@pytest.mark.parametrize(("k", "claim", "p"), [(1, 2, 1.0), (3, 4, 1.0), (2, 2, 0.5), (3, 2.9, 0.8)])
def test_what_keeps_fewer_entries_than_it_claims_is_found_where_all_are_alike(k, claim, p):
    with pytest.raises(AssertionError, match=r"E‖C\(x\) - x‖² = .* at x = \[-?1\.0, .*: allowed is 1 - delta"):
        check_compressor(Largest(k, claim, p))


@pytest.mark.parametrize(("k", "claim", "p"), [(4, 4, 1.0), (3, 2.8, 0.8)])
def test_what_keeps_as_many_as_it_claims_passes(k, claim, p):
    check_compressor(Largest(k, claim, p))


@pytest.mark.parametrize("compressor", [Thinned(), Thinned(0.05), Thinned(1.0), Halved(), Halved(0.0)])
@pytest.mark.parametrize("shape", [(1,), (2,), (6,), (50,)])
def test_what_declares_the_least_passes(compressor, shape):
    check_compressor(compressor, shape=shape)


@pytest.mark.parametrize(
    ("compressor", "sentence"),
    [
        (Thinned(0.5, divisor=0.6), "is biased or its omega too small"),
        (Thinned(0.5, divisor=0.55), "is biased or its omega too small"),
        (Thinned(0.5, claim=0.8), "allowed is omega = 0.8"),
        (Thinned(0.05, claim=15.0), "allowed is omega = 15.0"),
        (Thinned(1.0, claim=-1.0), "omega\\(6\\) = -1.0"),
        (Thinned(1.0, claim=np.inf), "omega\\(6\\) = inf"),
        (Halved(0.76), "allowed is 1 - delta = 0.24"),
        (Halved(1.5), "has delta\\(6\\) = 1.5"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_what_declares_the_least_and_is_wrong_fails(compressor, sentence):
    with pytest.raises(AssertionError, match=sentence):
        check_compressor(compressor)


def test_bets_hardly_ever_reject_what_is_right(monkeypatch):
    """At a chance of 1/20 instead, a right compressor fails at most that often over seeds."""
    check = check_compressor.__globals__
    monkeypatch.setitem(check, "ALPHA", 0.05)
    x, failed = np.array([1.0, -2.0, 0.5]), 0
    for seed in range(200):
        try:
            check["_check_moments"](Thinned(0.3), x, seed, 200)
        except AssertionError:
            failed += 1
    # Ten are expected at most; above 25 has a probability below 1e-4.
    assert failed <= 25
    assert ALPHA == 1e-9


def test_the_sentence_names_the_vector_and_the_claim():
    class Small(RandK):
        def omega(self, d):
            return 0.5

    with pytest.raises(AssertionError) as caught:
        check_compressor(Small(2), shape=(4,))
    sentence = str(caught.value)
    assert sentence.startswith("RandK(2) has E‖C(x) - x‖² = 0.9999999")
    assert "‖x‖² at x = [0.345" in sentence
    assert sentence.endswith("allowed is 1 - delta = 0.5.")


def test_a_dimension_that_does_not_fit_is_an_input_error():
    with pytest.raises(InputError, match="k = 7 is more than the d = 6"):
        check_compressor(RandK(7))
