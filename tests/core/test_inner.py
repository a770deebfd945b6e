"""What only compiled functions call is compiled into them, and does there what it does in Python."""

from typing import NamedTuple

import numpy as np
import pytest
from numba.core.runtime import _nrt_python, rtsys
from numba.extending import is_jitted

from rootkappa.core.compiled import njit
from rootkappa.core.inner import inner


class Letters(NamedTuple):
    factor: float


@inner
def copy(x):
    return x.copy()


@inner
def scaled(letters, x):
    if letters.factor < 0.0:
        raise ValueError("a negative factor")
    y = copy(x)
    for j in range(len(y)):
        y[j] *= letters.factor
    return y


@njit
def twice(letters, x):
    return scaled(letters, scaled(letters, x)), copy(x)


def test_an_inner_function_is_plain_python_outside_of_compiled_code():
    assert not is_jitted(scaled)
    assert scaled(Letters(2.0), np.array([1.0, 3.0])).tolist() == [2.0, 6.0]


def test_a_caller_computes_fails_and_cleans_up_as_in_python():
    x = np.array([1.0, 3.0])
    tripled, same = twice(Letters(3.0), x)
    assert tripled.tolist() == twice.py_func(Letters(3.0), x)[0].tolist() == [9.0, 27.0]
    assert same is not x
    del tripled, same
    _nrt_python.memsys_enable_stats()
    before = rtsys.get_allocation_stats()
    for _ in range(10):
        twice(Letters(3.0), x)
    after = rtsys.get_allocation_stats()
    _nrt_python.memsys_disable_stats()
    assert after.alloc - before.alloc == after.free - before.free > 0
    with pytest.raises(ValueError, match="a negative factor"):
        twice(Letters(-1.0), x)
