"""Every method that takes a compressor takes all of those that it says it takes.

A method knows nothing of a compressor but its kernel and the shape of its randomness: so one method is tried with all
of them, and the others with one of every shape, which are no number, whole numbers, and floats.
"""

import numpy as np
import pytest

from rootkappa import algorithms, problems, theory
from rootkappa.algorithms import compressors
from rootkappa.algorithms.compressors import QSGD, RandK, TopK

METHODS = [name for name in algorithms.names() if "C" in algorithms.get(name).Params._fields]
PROBLEM = problems.Quadratic.random(clients=3, dim=4, kappa=20.0, seed=2, basis="client")


def takes(name, compressor):
    if name in ("adiana", "diana", "locodl"):
        return compressor.is_unbiased
    return name != "ef21" or compressor.delta(PROBLEM.d) > 0.0


PAIRS = [
    (name, repr(compressor))
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
