"""One cell of a sweep by itself."""

import math

import pytest

from rootkappa.problems import InputError
from rootkappa.sweeps import cells
from rootkappa.sweeps.cells import Cell
from rootkappa.sweeps.problems import ProblemSpec

SMALL = ProblemSpec(clients=3, dim=2, kappa=10.0)
WRITES = """
from rootkappa.algorithms import scaffnew
from rootkappa.algorithms.scaffnew import *

class Params(scaffnew.Params):
    pass

def draw(rng, problem, params, rounds):
    problem.kernel.b[:] += 1.0
    return RANDOM.draw(rng, problem, params, rounds)
"""


def test_a_path_of_a_method_without_a_promised_rate_is_none_that_failed():
    result, trace = Cell("aergia", SMALL, epsilon=1e-9).compute()
    assert "failed" not in result
    assert not any(name.startswith("promised") for name in result)
    assert math.isnan(result["rounds"])
    assert "promise" not in trace
    assert trace["round"][-1] == 500
    easy, trace = Cell("aergia", SMALL, epsilon=0.9).compute()
    assert 0 < easy["rounds"] <= trace["round"][-1] < 500


def test_a_method_that_writes_to_the_problem_reaches_no_other_cell(tmp_path):
    path = tmp_path / "writes.py"
    path.write_text(WRITES, encoding="utf-8")
    before, _ = Cell("scaffnew", SMALL).compute()
    with pytest.raises(InputError, match="writes to the problem"):
        Cell(str(path), SMALL).compute()
    after, _ = Cell("scaffnew", SMALL).compute()
    assert before == after


def test_cells_that_share_a_case_have_the_results_of_cells_by_themselves():
    shared, apart = [], []
    for seed in range(3):
        shared.append(Cell("scaffnew", SMALL, epsilon=0.1, seed=seed).compute())
    for seed in range(3):
        cells._shipped_case.cache_clear()
        apart.append(Cell("scaffnew", SMALL, epsilon=0.1, seed=seed).compute())
    assert [result for result, _ in shared] == [result for result, _ in apart]
    assert all(
        one[name].tobytes() == other[name].tobytes()
        for (_, one), (_, other) in zip(shared, apart, strict=True)
        for name in {*one, *other}
    )
    # Other letters are another case.
    assert Cell("scaffnew", SMALL, (("p", 0.9),), epsilon=0.1).compute()[0] != shared[0][0]
