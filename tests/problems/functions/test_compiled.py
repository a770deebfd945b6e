"""The compiled form of every prox: what algorithms call is what ``prox`` returns, and it allocates nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numba.core.runtime import _nrt_python as memory

from rootkappa.core.compiled import njit
from rootkappa.problems import functions, oracles

pytestmark = pytest.mark.drawn(4, "name")

CLASSES = sorted(set(functions.__all__) - {"Function", "examples", "get"})
# LAPACK's wrappers allocate.
ALLOCATES = {"Nuclear", "SpectralBall", "RankBall", "PositiveSemidefinite"}
D = 4
ENTRIES = st.one_of(st.floats(-100.0, 100.0), st.sampled_from([0.0, -0.0, 0.5, -0.5, 1.0]))
STEPS = st.floats(-4.0, 4.0).map(lambda e: 10.0**e)


@njit
def repeated(kernel, v, tau, x, work, times):
    for _ in range(times):
        oracles.prox(kernel, v, tau, x, work)


def shape_of(function):
    return (D, D) if function.ndim == 2 else (D,)


def workspace(function):
    """Return scratch space that is not 0, so that none is taken for granted."""
    return np.full(oracles.prox_work_size(function.kernel, D * D if function.ndim == 2 else D), np.nan)


@pytest.mark.parametrize("dtype", [np.float64, pytest.param(np.float32, marks=pytest.mark.nightly)])
@pytest.mark.parametrize("name", CLASSES)
@given(data=st.data(), tau=STEPS)
def test_compiled_code_gets_the_bits_that_prox_returns(name, dtype, data, tau):
    function = functions.examples(D)[name]
    v = data.draw(arrays(float, shape_of(function), elements=ENTRIES)).astype(dtype)
    if function.in_double or function.ndim == 2:
        v = v.astype(float)
    before, x, work = v.copy(), np.full_like(v, np.nan), workspace(function)
    repeated(function.kernel, v, tau, x, work, 1)
    expected = function.prox(v, tau)
    assert np.array_equal(x.view(np.uint8), expected.view(np.uint8))
    assert np.array_equal(v.view(np.uint8), before.view(np.uint8))
    # What the scratch space holds from an earlier call decides nothing.
    repeated(function.kernel, v, tau, x, work, 2)
    assert np.array_equal(x.view(np.uint8), expected.view(np.uint8))


@pytest.mark.parametrize("name", CLASSES)
@given(data=st.data(), tau=STEPS)
def test_plain_python_agrees_up_to_rounding(name, data, tau):
    function = functions.examples(D)[name]
    v = data.draw(arrays(float, shape_of(function), elements=ENTRIES))
    before, x = v.copy(), np.full_like(v, np.nan)
    oracles.prox(function.kernel, v, tau, x, workspace(function))
    # Sums and products may be taken in another order.
    size = max(np.abs(v).max(), 1.0)
    atol = 64 * v.size * np.finfo(float).eps * size
    np.testing.assert_allclose(x, function.prox(v, tau), rtol=0.0, atol=atol)
    assert np.array_equal(v, before)


@pytest.mark.parametrize("name", sorted(set(CLASSES) - ALLOCATES))
def test_a_compiled_prox_allocates_nothing(name):
    function = functions.examples(D)[name]
    v = np.linspace(-2.0, 3.0, np.prod(shape_of(function))).reshape(shape_of(function))
    x, work = np.empty_like(v), workspace(function)
    enabled = memory.memsys_stats_enabled()
    memory.memsys_enable_stats()
    try:
        allocations = []
        for times in (1, 1, 101):
            before = memory.memsys_get_stats_alloc()
            repeated(function.kernel, v, 0.5, x, work, times)
            allocations.append(memory.memsys_get_stats_alloc() - before)
    finally:
        if not enabled:
            memory.memsys_disable_stats()
    assert allocations[0] > 0  # passing arrays from Python counts, so the counter is alive
    assert allocations[2] == allocations[1]
