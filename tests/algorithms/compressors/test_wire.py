"""The declared lengths are those of codes that are written out here, and read back."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rootkappa.algorithms.compressors import (
    QSGD,
    Bernoulli,
    ClientMask,
    Identity,
    L1Selection,
    LowRank,
    Natural,
    PermK,
    RandK,
    ScaledSign,
    TopK,
)
from rootkappa.core.errors import InputError

VECTORS = arrays(np.float64, st.integers(1, 40), elements=st.integers(-80, 80).map(lambda whole: whole / 16))
SEEDS = st.integers(0, 1000)


def float_code(value):
    return f"{int.from_bytes(struct.pack('>d', value)):064b}"


def index_code(j, d):
    width = 0
    while 2**width < d:
        width += 1
    return f"{j:b}".zfill(width) if width else ""


def sign_code(value):
    return "1" if value < 0 else "0"


def gamma_code(v):
    digits = f"{v:b}"
    return "0" * (len(digits) - 1) + digits


class Reader:
    def __init__(self, code):
        self.code, self.at = code, 0

    def take(self, count):
        self.at += count
        assert self.at <= len(self.code)
        return self.code[self.at - count : self.at]

    def number(self, count):
        return int(self.take(count) or "0", 2)

    def float(self):
        return struct.unpack(">d", self.number(64).to_bytes(8))[0]

    def gamma(self):
        zeros = 0
        while self.take(1) == "0":
            zeros += 1
        return (1 << zeros) + self.number(zeros)


def one(compressor, x, seed):
    return compressor(x, compressor.draw(np.random.default_rng(seed), x.size, 1)[0])


def sparse_code(message, k):
    d = message.size
    places = sorted(np.argsort(message == 0, kind="stable")[:k])
    indices, bitmap = [index_code(j, d) for j in places], "".join("01"[j in places] for j in range(d))
    where = "" if k == d else min("".join(indices), bitmap, key=len)
    return where + "".join(float_code(message[j]) for j in places)


def read_sparse(code, d, k):
    reader, message, width = Reader(code), np.zeros(d), len(index_code(0, d))
    if k == d:
        places = range(d)
    elif k * width <= d:
        places = [reader.number(width) for _ in range(k)]
    else:
        places = [j for j in range(d) if reader.take(1) == "1"]
    for j in places:
        message[j] = reader.float()
    assert reader.at == len(code)
    return message


@pytest.mark.parametrize("kind", [RandK, TopK])
@given(x=VECTORS, k=st.integers(1, 40), seed=SEEDS)
def test_a_sparse_message(kind, x, k, seed):
    compressor = kind(min(k, x.size))
    message = one(compressor, x, seed)
    code = sparse_code(message, compressor.k)
    assert len(code) == compressor.bits(message)
    np.testing.assert_array_equal(read_sparse(code, x.size, compressor.k), message)


def test_the_lengths_of_sparse_messages():
    rng = np.random.default_rng(0)
    assert RandK(10).bits(one(RandK(10), rng.random(1000), 0)) == 10 * (64 + 10)
    assert RandK(500).bits(one(RandK(500), rng.random(1000), 0)) == 500 * 64 + 1000
    assert TopK(1000).bits(rng.random(1000)) == 64000
    assert TopK(1).bits([3.0]) == 64


def qsgd_code(compressor, message):
    """The unit, the number of entries that follow, and gap, sign and multiple of each."""
    multiples = compressor.levels(message)
    places = np.flatnonzero(message)
    unit = np.abs(message[places[0]]) / multiples[places[0]] if places.size else 0.0
    code, last = float_code(unit) + gamma_code(len(places) + 1), -1
    for j in places:
        code += gamma_code(j - last) + sign_code(message[j]) + gamma_code(int(multiples[j]))
        last = j
    return code


def read_qsgd(code, d):
    reader, message, last = Reader(code), np.zeros(d), -1
    unit = reader.float()
    for _ in range(reader.gamma() - 1):
        last += reader.gamma()
        sign = -1.0 if reader.take(1) == "1" else 1.0
        message[last] = sign * unit * reader.gamma()
    assert reader.at == len(code)
    return message


@given(x=VECTORS, r=st.integers(0, 20), seed=SEEDS, exponent=st.sampled_from([0, -980, 980]))
def test_a_message_of_qsgd(x, r, seed, exponent):
    compressor = QSGD(r)
    message = one(compressor, np.ldexp(x, exponent), seed)
    code = qsgd_code(compressor, message)
    assert len(code) == compressor.bits(message)
    # The unit may have a divisor more than the float that made the message.
    np.testing.assert_allclose(read_qsgd(code, x.size), message, rtol=1e-15, atol=0.0)
    # The levels are those of the definition, up to the common divisor.
    norm = np.linalg.norm(x)
    if norm:
        levels = np.round(np.abs(np.ldexp(message, -exponent)) * compressor.s / norm).astype(int)
        divisor = np.gcd.reduce(levels) or 1
        np.testing.assert_array_equal(compressor.levels(message), levels // divisor)


def test_a_message_that_qsgd_did_not_make_is_refused():
    for bad in ([1.0, np.pi], [1.0, 17.0]):
        with pytest.raises(InputError, match="multiples of one number up to 16"):
            QSGD(4).bits(bad)
    assert QSGD(4).bits([0.0, 0.0]) == 65


def natural_code(message):
    code = ""
    for value in message:
        bits = float_code(value)
        if 0 < abs(value) < 2.0**-1022:
            code += bits[0] + "1" * 11 + f"{52 - bits[12:].index('1'):06b}"
        else:
            code += bits[:12]
    return code


def read_natural(code, d):
    reader, message = Reader(code), np.zeros(d)
    for j in range(d):
        sign, exponent = -1.0 if reader.take(1) == "1" else 1.0, reader.number(11)
        if exponent == 2047:
            message[j] = sign * np.ldexp(1.0, reader.number(6) - 1075)
        elif exponent:
            message[j] = sign * np.ldexp(1.0, exponent - 1023)
    assert reader.at == len(code)
    return message


@given(x=VECTORS, seed=SEEDS, exponent=st.sampled_from([0, -1019, -1060, 1010]))
def test_a_message_of_natural(x, seed, exponent):
    message = one(Natural(), np.ldexp(x, exponent), seed)
    code = natural_code(message)
    assert len(code) == Natural().bits(message)
    np.testing.assert_array_equal(read_natural(code, x.size), message)


def test_a_message_that_natural_did_not_make_is_refused():
    with pytest.raises(InputError, match="no powers of two"):
        Natural().bits([1.0, 3.0])
    # The least and the largest power, and 0.
    assert Natural().bits([5e-324, 2.0**1023, 0.0]) == 42


@given(x=VECTORS, seed=SEEDS)
def test_the_other_messages(x, seed):
    d = x.size
    message = one(Bernoulli(0.5), x, seed)
    code = "1" + "".join(map(float_code, message)) if message.any() else "0"
    assert len(code) == Bernoulli(0.5).bits(message)
    message = one(L1Selection(), x, seed)
    j = int(np.argmax(message != 0))
    code = index_code(j, d) + float_code(message[j])
    assert len(code) == L1Selection().bits(message)
    assert np.count_nonzero(message) <= 1
    message = one(ScaledSign(), x, seed)
    code = float_code(abs(message[0])) + "".join(sign_code(value) for value in message)
    assert len(code) == ScaledSign().bits(message)
    assert np.ptp(np.abs(message)) == 0
    assert Identity().bits(x) == 64 * d


def test_joint_messages_and_factors():
    rng = np.random.default_rng(0)
    for compressor, d in [(PermK(3), 7), (PermK(5), 3), (ClientMask(5, 4, 2), 9), (ClientMask(6, 6, 2), 2)]:
        X = rng.standard_normal((compressor.clients, d))
        for w in compressor.draw(rng, d, 30):
            rows = compressor(X, w)
            # Nobody sends more than is counted, and somebody as much.
            assert 64 * np.count_nonzero(rows, axis=1).max() == compressor.bits(rows[0])
    assert LowRank(1, 10).bits(np.ones(200)) == 64 * 30
    assert LowRank(9, 10).bits(np.ones(200)) == 64 * 200
