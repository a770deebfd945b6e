"""Every letter takes what is in its range, as its own type, and refuses everything else in one sentence."""

import math
import re
from typing import Annotated, NamedTuple, get_args, get_origin

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import algorithms
from rootkappa.algorithms.parts import letters
from rootkappa.problems import InputError

TYPES = {name: kind for name, kind in vars(letters).items() if get_origin(kind) is Annotated}
STEP = ([1e-100, 1, 2.5, 1e100], [0, 0.0, -1e-300, -1, 1e-320, 1e300])
ABOVE_0 = ([1e-300, 1, 2.5, 1e300], [0, 0.0, -1e-300, -1])
AT_LEAST_0 = ([0, 0.0, 1e300], [-1e-300, -1])
PROBABILITY = ([1e-300, 0.5, 1], [0, 0.0, 1.0 + 1e-15, -0.5, 2])
COUNT = ([1, 10**6], [0, -1, 1.0, 2.5, "2"])
COUNT_FROM_0 = ([0, 10**6], [-1, 1.0, 2.5, "2"])
SHARE = ([0, 0.5, 1], [-1e-300, 1.0 + 1e-15, 2])
BIASED = ["TopK(1)", "BiasedRandK(2)", "ScaledSign()"]
TOGETHER = ["PermK(3)", "ClientMask(4, 3, 2)"]
# What each letter takes, and what it refuses.
RANGES = {
    "StepSize": STEP,
    "DualStepSize": STEP,
    "LocalStepSize": STEP,
    "ControlStepSize": STEP,
    "Factor": ABOVE_0,
    "Mixing": ABOVE_0,
    "Convexity": ABOVE_0,
    "Deviation": AT_LEAST_0,
    "Regularisation": AT_LEAST_0,
    "Probability": PROBABILITY,
    "RefreshProbability": PROBABILITY,
    "Momentum": ([0, 0.5, 1.0 - 1e-15], [1, 1.0, -1e-300]),
    "Batch": COUNT,
    "Decay": PROBABILITY,
    "Share": SHARE,
    "SoftLabels": SHARE,
    "MovedShare": SHARE,
    "Part": ([0, 0.5, 1.0 - 1e-15], [1, 1.0, -1e-300]),
    "Weight": AT_LEAST_0,
    "Tiers": COUNT,
    "Credits": COUNT_FROM_0,
    "Interval": COUNT_FROM_0,
    "Trained": (["features", "model"], ["feature", ""]),
    "Degree": COUNT,
    "Horizon": COUNT,
    "Salience": (["change", "weights"], ["weight", ""]),
    "Means": (["senders", "zeros"], ["sender", ""]),
    "Controls": (["rows", "dense"], ["row", ""]),
    "Regrowth": (["gradient", "random"], ["gradients", ""]),
    "Counted": (["new", "trained"], ["old", ""]),
    "RandomGraph": (["peers", "ring", "alone"], ["peer", "", "star"]),
    "Speeds": (["1", "1,0.5", "uniform(0.1,1)", "slowness(1,10)"], ["0", "-1", "normal(0,1)", "uniform(0,1)", ""]),
    "Capacities": (["1", "1,0.5", "uniform(0.1,1)"], ["0", "-1", "normal(0,1)", ""]),
    "Density": PROBABILITY,
    "Energy": PROBABILITY,
    "Minibatches": COUNT,
    "Power": ([1, 2], [0, 3, 1.5, 2.0]),
    "Clip": ([0, 0.0, 10, 1e100], [-1e-300, -1.0, 1e101]),
    "Rows": COUNT,
    "Draw": COUNT_FROM_0,
    "Floor": STEP,
    "Move": ([-1e100, 0, 2.5, 1e100], [-1e101, 1e101]),
    "UpToHalf": ([1e-300, 0.5], [0, 0.0, 0.5 + 1e-15, 1]),
    "LocalSteps": COUNT,
    "Period": COUNT,
    "EdgeRounds": COUNT,
    "Edges": COUNT,
    "EdgeFeatures": COUNT_FROM_0,
    "Length": STEP,
    "Multiplier": AT_LEAST_0,
    "ServerSteps": COUNT_FROM_0,
    "Blocks": COUNT,
    "Lazies": COUNT_FROM_0,
    "Budget": STEP,
    "Time": STEP,
    "Wait": ([0, 0.5, 1e100], [-1e-300, -1, 1e101]),
    "Cohort": COUNT,
    "Senders": COUNT,
    "Kept": COUNT,
    "Compressor": (["RandK(2)", *BIASED], TOGETHER),
    "Unbiased": (["RandK(2)", "QSGD(4)", "Natural()", "Identity()"], [*BIASED, *TOGETHER]),
    "Diagonal": (["RandK(2)", "Bernoulli(0.5)", "Identity()"], [*BIASED, *TOGETHER, "QSGD(4)", "Natural()"]),
    "Graph": (["ring", "star"], ["rings", "", "metropolis"]),
    "Aggregate": (["mean", "max"], ["min", "", "Mean"]),
    "Score": (["ce", "nll_logits"], ["nll", "", "CE"]),
    "Weights": (["lazy", "metropolis"], ["ring", ""]),
}
NO_NUMBERS = [math.nan, math.inf, -math.inf, True, "1", None, 1j, [1.0], 10**400, -(10**400), np.ones(1)]
NO_TEXTS = [3, 2.5, None, True, "", "RandK", "RandK(", "RandK(2, 3, 4)", "Rand(2)", "RandK(x)", ["RandK(2)"]]


def take(kind, value):
    return letters.checked_letter(NamedTuple("Params", [("a", kind)]), "a", value)


def refusal(kind, value):
    with pytest.raises(InputError) as refused:
        take(kind, value)
    return str(refused.value)


def test_the_range_of_every_letter_is_tested():
    assert set(RANGES) == set(TYPES)


@pytest.mark.parametrize("name", TYPES)
def test_a_letter_takes_its_range_as_its_own_type(name):
    for value in RANGES[name][0]:
        taken = take(TYPES[name], value)
        assert taken == value
        assert type(taken) is get_args(TYPES[name])[0]


@pytest.mark.parametrize("name", TYPES)
def test_a_letter_refuses_what_is_out_of_its_range_in_one_sentence(name):
    number = get_args(TYPES[name])[0] is not str
    others = NO_NUMBERS if number else NO_TEXTS
    for value in RANGES[name][1] + [
        value for value in others if name not in ("Speeds", "Capacities") or value not in (3, 2.5)
    ]:
        told = refusal(TYPES[name], value)
        assert "\n" not in told
        assert told.endswith((".", "example."))
        if number:
            assert re.fullmatch(r"a = .* is out of range: give [^:]*\.", told, re.DOTALL), told
        else:
            # A name, the letter or the compressor, what was given, and what is known or allowed.
            assert re.match(r"(a|compressor|unknown (a|compressor)|k|speeds|capacities) (= )?.*: ", told), told


@pytest.mark.parametrize("name", TYPES)
@given(value=st.one_of(st.floats(), st.integers(), st.text(max_size=5), st.booleans(), st.none()))
def test_whatever_is_given_is_taken_or_refused(name, value):
    """There is no third way: no other error, no value of another type."""
    kind = get_args(TYPES[name])[0]
    try:
        taken = take(TYPES[name], value)
    except InputError:
        return
    assert type(taken) is kind
    # An integer beyond 2^53 is the float nearest to it; speeds may be given as a number.
    assert taken == kind(value) or (name in ("Speeds", "Capacities") and float(taken) == float(value))


def test_numbers_of_numpy_are_numbers():
    fedavg = algorithms.get("fedavg").Params
    found = [letters.checked_letter(fedavg, "gamma", kind(2)) for kind in (np.float64, np.float32, np.int64, np.uint8)]
    assert [(type(value), value) for value in found] == [(float, 2.0)] * 4
    count = letters.checked_letter(fedavg, "K", np.int16(3))
    assert (type(count), count) == (int, 3)
    for value in (np.float64(3.0), np.True_, np.timedelta64(3, "s"), np.int64(0), np.array(3), 1 << 20_000):
        with pytest.raises(InputError, match=r"^K = .* is out of range: give an integer number of local steps"):
            letters.checked_letter(fedavg, "K", value)


@given(value=st.one_of(st.floats(), st.integers(), st.booleans()))
@pytest.mark.parametrize("kind", [float, int])
def test_a_bare_number_may_be_any_finite_one(kind, value):
    is_number = not isinstance(value, bool) and (kind is float or isinstance(value, int))
    if is_number and abs(value) < 1e300:
        assert take(kind, value) == kind(value)
    elif not is_number or not math.isfinite(value):
        assert "give a finite number" in refusal(kind, value)


@pytest.mark.parametrize("name", algorithms.names())
def test_a_letter_that_a_method_does_not_have_is_refused(name):
    params = algorithms.get(name).Params
    with pytest.raises(InputError, match="unknown parameter 'alfa'"):
        letters.checked_letter(params, "alfa", 1.0)
    named = letters.compressors_of(params)
    # A number of minibatches is an R as well.
    usual = ("C", "C_s") if name == "salientgrads" else ("C", "R", "C_s")
    assert set(named) == {letter for letter in params._fields if letter in usual}


def test_all_letters_are_checked_at_once_and_overridden_by_name():
    scaffnew = algorithms.get("scaffnew").Params
    assert letters.checked(scaffnew(gamma=1, p=1)) == (1.0, 1.0)
    with pytest.raises(InputError, match=r"p = 1.5 is out of range"):
        letters.checked(scaffnew(gamma=1.0, p=1.5))
    assert letters.override(scaffnew(1.0, 0.5), {"p": 0.25}, "scaffnew") == (1.0, 0.25)
    with pytest.raises(InputError, match="unknown parameter of scaffnew 'q'"):
        letters.override(scaffnew(1.0, 0.5), {"q": 0.25}, "scaffnew")
