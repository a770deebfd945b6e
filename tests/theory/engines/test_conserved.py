"""What is conserved and not declared; the tests of objects and of the template show what is said of it."""

from rootkappa import problems, theory
from rootkappa.algorithms.driver.template import template
from rootkappa.theory.engines.conserved import undeclared

PROBLEM = problems.Quadratic.random(clients=3, dim=2, kappa=10.0)
OWN_STATE = """

class State(NamedTuple):
    X: np.ndarray
    H: np.ndarray


def start(problem, params):
    return State(np.zeros((problem.n, problem.d)), np.zeros((problem.n, problem.d)))


def model(state):
    return state.X.mean(axis=0)
"""
FIXED_POINT = """

def fixed_point(problem, params, target):
    return State(np.tile(target.x, (problem.n, 1)), target.gradients.copy())
"""


def test_what_the_control_variates_keep_is_found_and_declared(tmp_path):
    (tmp_path / "mine.py").write_text(template() + OWN_STATE + FIXED_POINT, encoding="utf-8")
    case = theory.case(tmp_path / "mine.py", PROBLEM)
    found = undeclared(case)
    assert found is not None
    assert found.case is not None
    assert [*found.case.invariants(case.initial())] == ["sum of H"]
    assert undeclared(found.case) is None


def test_without_a_fixed_point_there_is_no_promise_to_hold_with_it(tmp_path):
    (tmp_path / "mine.py").write_text(template() + OWN_STATE, encoding="utf-8")
    assert undeclared(theory.case(tmp_path / "mine.py", PROBLEM)) is None
