"""What a user's method writes to a problem is found out, and never reaches anybody else's results."""

import pytest

from rootkappa import problems, theory
from rootkappa.problems import InputError

SMALL = problems.Quadratic.random(clients=3, dim=2, kappa=10.0, basis="client")
FILE = """
from rootkappa.algorithms import scaffnew
from rootkappa.algorithms.scaffnew import *
from rootkappa.algorithms.parts import Coin

class Params(scaffnew.Params):
    pass

{writes}
"""
IN_DRAW = """
def draw(rng, problem, params, rounds):
    {statement}
    return RANDOM.draw(rng, problem, params, rounds)
"""
IN_START = """
def start(problem, params):
    {statement}
    return scaffnew_start(problem, params)

from rootkappa.algorithms.parts.skipped_rounds import start as scaffnew_start
"""


@pytest.mark.parametrize(
    ("place", "statement"),
    [
        (IN_DRAW, "problem.kernel.b[:] += 1.0"),
        (IN_START, "problem.kernel.A[0] *= 2.0"),
        (IN_DRAW, "problem.solution().x[:] = 0.0"),
    ],
    ids=["b", "A", "x"],
)
def test_a_method_that_writes_to_the_problem_is_refused(place, statement, tmp_path):
    path = tmp_path / "writes.py"
    path.write_text(FILE.format(writes=place.format(statement=statement)), encoding="utf-8")
    key, x = SMALL.content_key(), SMALL.solution().x.copy()
    with pytest.raises(InputError, match=r"writes\.py writes to the problem"):
        theory.verify(path, SMALL, ("invariant",))
    assert SMALL.content_key() == key
    assert (SMALL.solution().x == x).all()
    assert theory.verify("scaffnew", SMALL, ("invariant", "exact"))[1].status == "confirmed"
