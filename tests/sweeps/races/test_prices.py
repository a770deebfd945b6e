"""Targets, prices and budgets are what was written, or refused in one sentence."""

import math

import pytest

from rootkappa.core.errors import InputError
from rootkappa.sweeps.races import prices
from rootkappa.sweeps.races.prices import Budget, Price, Target


def test_a_price_is_per_thing_that_a_trace_counts():
    counts = {"bits_up": 640.0, "bits_down": 6400.0, "floats_up": 10.0, "floats_down": 100.0, "rounds": 3.0}
    assert Price.read("up=1,down=0.1").cost(counts) == 640.0 + 0.1 * 6400.0
    assert Price.read("bits").cost(counts) == 7040.0
    assert Price.read("floats").cost(counts) == 110.0
    assert Price.read("rounds").cost(counts) == 3.0
    assert Price.read({"floats_up": 2.0, "rounds": 10}).cost(counts) == 50.0
    assert math.isnan(Price.read("gradients").cost(counts))


@pytest.mark.parametrize("text", ["bits", "up=1,down=0.1", "rounds=2,gradients=1e-3", "seconds"])
def test_a_price_is_read_from_what_it_writes(text):
    assert Price.read(str(Price.read(text))) == Price.read(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("up=1,up=2", "bits_up a price twice"),
        ("bits,down=0", "bits_down a price twice"),
        ("up=-1", "at least 0"),
        ("up=nan", "at least 0"),
        ("up=0", "everything free"),
        ("bytes", "unknown what has a price"),
        ("", "unknown what has a price"),
    ],
)
def test_prices_that_are_none(text, told):
    with pytest.raises(InputError, match=told):
        Price.read(text)


@pytest.mark.parametrize(
    "text", ["gap", "gap=0", "gap=-1", "gap=x", "gap=inf", "accuracy=1.5", "loss=1", "", "accuracy=0"]
)
def test_targets_that_are_none(text):
    with pytest.raises(InputError, match=r"to = |unknown target"):
        Target.read(text)


def test_a_target_in_words_says_which_way():
    assert Target.read("accuracy=0.9").told.endswith(">= 0.9")
    assert Target.read("distance=0.5").told.endswith("<= 0.5")
    with pytest.raises(InputError, match="held_out = 1 is no share"):
        Target.read("accuracy=0.9", 1)


@pytest.mark.parametrize("text", ["", "0", "-3", "10 weeks", "m", "nan", "inf", "0s"])
def test_budgets_that_are_none(text):
    with pytest.raises(InputError, match="is no budget: give a time such as 90s"):
        Budget.read(text)


def test_a_budget_of_work_is_spent_and_one_of_time_passes(monkeypatch):
    budget = Budget.read("1e9")
    assert budget.affords(1e9)
    budget.spend(5e8)
    assert budget.affords(5e8)
    assert not budget.affords(6e8)
    now = [0.0]
    monkeypatch.setattr(prices.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(prices, "cores", lambda: 1)
    minute = Budget(60.0, 6e10, "1m", now[0])
    assert minute.affords(50.0 * prices.WORK_A_SECOND)
    now[0] = 20.0
    assert not minute.affords(50.0 * prices.WORK_A_SECOND)
