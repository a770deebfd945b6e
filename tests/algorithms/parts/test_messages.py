"""Every method that takes a compressor takes all of those that it says it takes.

A method knows nothing of a compressor but its kernel and the shape of its randomness: so one method is tried with all
of them, and the others with one of every shape, which are no number, whole numbers, and floats.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import algorithms, problems, theory
from rootkappa.algorithms import compressors
from rootkappa.algorithms.compressors import QSGD, RandK, TopK
from rootkappa.algorithms.parts import messages

pytestmark = pytest.mark.drawn(4, "C")

METHODS = [name for name in algorithms.names() if "C" in algorithms.get(name).Params._fields]
PROBLEM = problems.Quadratic.random(clients=3, dim=4, kappa=20.0, seed=2, basis="client")


def takes(name, compressor):
    if name in ("adiana", "diana", "locodl"):
        return compressor.is_unbiased
    return name != "ef21" or compressor.delta(PROBLEM.d) > 0.0


# The shape that each of the other methods meets in every run; the rest at night.
EVERY_RUN = {"adiana": TopK, "diana": RandK, "ef21": TopK, "fedcomloc_global": RandK, "locodl": QSGD}

PAIRS = [
    pytest.param(
        name,
        repr(compressor),
        marks=()
        if name == "fedcomloc_com" or isinstance(compressor, EVERY_RUN.get(name, QSGD))
        else pytest.mark.nightly,
    )
    for name in METHODS
    for compressor in compressors.examples(PROBLEM.d).values()
    if compressor.clients == 1
    and takes(name, compressor)
    and (name == "fedcomloc_com" or isinstance(compressor, TopK | RandK | QSGD))
]


@pytest.mark.parametrize(("name", "C"), PAIRS)
def test_any_compressor_gives_the_same_path_by_steps_and_by_rounds(name, C, relative_difference):
    method = algorithms.get(name)
    params = method.Params(**theory.get(method.promise).parameters(PROBLEM, C=C)._asdict())
    draws = method.draw(np.random.default_rng(5), PROBLEM, params, 8)
    fast, slow = method.start(PROBLEM, params), method.start(PROBLEM, params)
    method.advance(PROBLEM.kernel, params, fast, draws)
    for outcome in method.unroll(draws):
        method.step(PROBLEM.kernel, params, slow, outcome)
    assert np.abs(fast[0]).max() > 0
    for quick, plain in zip(fast, slow, strict=True):
        assert relative_difference(quick, plain) < 1e-11
    assert method.cost(PROBLEM, params, draws).bits_up > 0


@pytest.mark.parametrize("C", [repr(one) for one in compressors.examples(PROBLEM.d).values() if one.clients == 1])
@given(seed=st.integers(0, 2**32 - 1))
def test_what_is_sent_is_what_the_compressor_makes_of_it(C, seed):
    rng, compressor = np.random.default_rng(seed), compressors.get(C)
    x, message, sender = rng.standard_normal(PROBLEM.d), np.empty(PROBLEM.d), messages.sender(C, PROBLEM.d)
    w = compressor.draw(rng, PROBLEM.d, 1)[0]
    messages.send(sender, x, w, message, messages.sending_space(sender, PROBLEM.d))
    np.testing.assert_array_equal(message, compressor(x, w))
    assert sender.omega == compressor.omega(PROBLEM.d)


@given(seed=st.integers(0, 2**32 - 1))
def test_every_client_sends_into_an_average(seed):
    X, mean = np.random.default_rng(seed).standard_normal((5, 3)), np.empty(3)
    kept = X.copy()
    messages.average(X, mean)
    np.testing.assert_allclose(mean, X.mean(axis=0), atol=1e-15)
    np.testing.assert_array_equal(X, kept)


@given(seed=st.integers(0, 2**32 - 1))
def test_clients_compress_independently(seed):
    part, params = messages.EachClient("C"), algorithms.get("diana").Params(1.0, 1.0, "RandK(1)")
    drawn = part.draw(np.random.default_rng(seed), PROBLEM, params, 400)
    assert drawn.shape == (400, PROBLEM.n, 1)
    # Two of 4 coordinates each are equal a quarter of the time: 0.5 or 0 are off by 11 standard deviations.
    assert 0.0 < np.mean(drawn[:, 0] == drawn[:, 1]) < 0.5
