"""The ledger: right as mined, wrong wherever anything is changed, and as much work as its difficulty says."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa.algorithms.parts.ledger import FIRST, NUMBERS, Block, Ledger, digest
from rootkappa.problems import InputError


def mined(bits=3, count=5):
    ledger, rng = Ledger(bits), np.random.default_rng(0)
    models = [rng.standard_normal((3, 2)) for _ in range(count)]
    for place, told in enumerate(models):
        ledger.mine(told, miner=place % 3, time=1.5 * place)
    return ledger, models


def test_a_mined_ledger_is_right():
    ledger, models = mined()
    assert ledger.wrong() is None
    assert ledger.wrong(models) is None
    assert ledger.blocks[0].previous == FIRST
    assert [block.previous for block in ledger.blocks[1:]] == [block.hash for block in ledger.blocks[:-1]]


@given(place=st.integers(0, 3), field=st.sampled_from(Block._fields))
def test_a_change_of_any_field_is_seen_there_or_in_the_next_block(place, field):
    """A changed block may have done its work by chance, but the next one does not follow it."""
    ledger, _ = mined()
    block = ledger.blocks[place]
    value = getattr(block, field)
    changed = value[:-1] + ("0" if value[-1] != "0" else "1") if isinstance(value, str) else value + 1
    ledger.blocks[place] = block._replace(**{field: changed})
    assert ledger.wrong() in (place, place + 1)


@given(place=st.integers(0, 4), client=st.integers(0, 2), coordinate=st.integers(0, 1))
def test_a_model_that_differs_by_a_bit_is_not_the_one_that_was_told(place, client, coordinate):
    ledger, models = mined()
    models[place][client, coordinate] = np.nextafter(models[place][client, coordinate], np.inf)
    assert ledger.wrong(models) == place


def test_blocks_that_are_missing_or_in_another_order_are_seen():
    ledger, models = mined()
    assert ledger.wrong(models[:4]) == 4
    assert ledger.wrong([*models, models[0]]) == 5
    ledger.blocks[1], ledger.blocks[2] = ledger.blocks[2], ledger.blocks[1]
    assert ledger.wrong() == 1
    ledger.blocks[1:3] = []
    assert ledger.wrong() == 1


def test_who_does_all_work_again_is_seen_by_those_only_who_have_the_models():
    ledger, models = mined()
    last, before = ledger.blocks[-1].hash, ledger.hashes
    ledger.forge(1, np.zeros((3, 2)))
    assert ledger.wrong() is None
    assert ledger.wrong(models) == 1
    assert ledger.blocks[-1].hash != last
    assert ledger.hashes >= before + 4


@pytest.mark.parametrize("bits", [0, 2, 5])
def test_the_work_is_two_to_the_number_of_bits(bits):
    """A block takes a geometric number of hashes; the mean of 200 is off by 6 deviations in 10^9 runs."""
    ledger, count = Ledger(bits), 200
    for place in range(count):
        ledger.mine(np.array([[float(place)]]), miner=0, time=0.0)
    expected = 2.0**bits
    deviation = math.sqrt(expected * (expected - 1) / count)
    assert ledger.hashes / count == pytest.approx(expected, abs=6 * deviation + 1e-12)


def test_no_model_is_in_a_block_and_its_length_is_what_is_counted():
    ledger, _ = mined()
    block = ledger.blocks[-1]
    assert all(len(bytes.fromhex(text)) * 8 == 256 for text in (block.previous, block.digest))
    assert NUMBERS == 2 * 256 // 64 + 3
    big, _ = mined(count=1)
    big.mine(np.ones((50, 1000)), 0, 0.0)
    assert len(str(big.blocks[-1])) < 300


def test_a_digest_is_of_values_and_shape_and_not_of_memory():
    X = np.arange(6.0).reshape(2, 3)
    assert digest(X) == digest(np.asfortranarray(X)) != digest(X.reshape(3, 2))


@pytest.mark.parametrize("bits", [-1, 17, 2.0, True, "8"])
def test_other_difficulties_are_refused(bits):
    with pytest.raises(InputError, match=r"bits = .* is no difficulty: give an integer from 0, no work, to 16"):
        Ledger(bits)
