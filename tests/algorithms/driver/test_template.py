import re
from pathlib import Path

import pytest

import rootkappa
from rootkappa import algorithms, problems, theory
from rootkappa.algorithms.driver.template import template, write_template
from rootkappa.core.errors import InputError
from rootkappa.tests.suited import suited

pytestmark = pytest.mark.drawn(2, "name")

ROOT = Path(rootkappa.__file__).resolve().parent
PROBLEM = problems.Quadratic.random(clients=3, dim=2, kappa=10.0)


def test_the_tutorial_is_the_file_that_the_command_writes():
    """CONTRIBUTING.md shows what a newcomer gets, line by line, in at most 60 lines."""
    shown = re.findall(r"```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.DOTALL)
    assert template() in shown
    assert len(template().splitlines()) <= 60


def test_the_file_states_a_method_and_a_theorem_that_hold(tmp_path):
    write_template(tmp_path / "mine.py")
    held = theory.case(tmp_path / "mine.py", PROBLEM)
    assert held.method.promise is None
    assert theory.exact.one_step_factor(held) == pytest.approx(held.rho, rel=1e-12)
    statuses = {
        verdict.status for verdict in theory.verify(tmp_path / "mine.py", PROBLEM, ("invariant", "exact", "path"))
    }
    assert statuses == {"confirmed", "consistent"}


def test_a_theorem_of_ones_own_can_be_refuted(tmp_path):
    text = template().replace("1.0 - min(params.gamma * problem.mu, params.p**2)", "1.0 - 2.5 * params.p**2")
    (tmp_path / "bold.py").write_text(text, encoding="utf-8")
    (verdict,) = theory.verify(tmp_path / "bold.py", PROBLEM, ("exact",))
    assert verdict.status == "refuted"


OWN_STATE = """

class State(NamedTuple):
    X: np.ndarray
    H: np.ndarray


def start(problem, params):
    return State(np.zeros((problem.n, problem.d)), np.zeros((problem.n, problem.d)))


def model(state):
    return state.X.mean(axis=0)


def fixed_point(problem, params, target):
    return State(np.tile(target.x, (problem.n, 1)), target.gradients.copy())
"""


def test_invariants_that_are_missing_are_asked_for_and_excuse_nothing(tmp_path):
    """No path has the errors that exact evidence finds without them, so the promise is neither kept nor broken."""
    kinds = ("invariant", "exact", "path")
    (tmp_path / "mine.py").write_text(template() + OWN_STATE, encoding="utf-8")
    verdicts = theory.verify(tmp_path / "mine.py", PROBLEM, kinds)
    assert [verdict.status for verdict in verdicts] == ["not applicable", "inconclusive", "not applicable"]
    assert all("every step keeps 2 sums of the entries of H" in verdict.sentence for verdict in verdicts)
    declared = f"{OWN_STATE}\n\ndef invariants(problem, params, state):\n    return {{'sum': state.H.sum(axis=0)}}\n"
    (tmp_path / "said.py").write_text(template() + declared, encoding="utf-8")
    verdicts = theory.verify(tmp_path / "said.py", PROBLEM, kinds)
    assert [verdict.status for verdict in verdicts] == ["confirmed", "confirmed", "consistent"]
    bold = template().replace("1.0 - min(params.gamma * problem.mu, params.p**2)", "1.0 - 2.5 * params.p**2")
    (tmp_path / "bold.py").write_text(bold + OWN_STATE, encoding="utf-8")
    assert {verdict.status for verdict in theory.verify(tmp_path / "bold.py", PROBLEM, kinds)} == {"refuted"}


@pytest.mark.drawn(4, "name")
@pytest.mark.parametrize("name", algorithms.names())
def test_a_copy_of_any_method_is_that_method(tmp_path, name):
    write_template(tmp_path / "copy.py", like=name)
    copy, shipped = theory.case(tmp_path / "copy.py", suited(name, PROBLEM)), theory.case(name, suited(name, PROBLEM))
    assert copy.theorem is shipped.theorem
    assert copy.params == shipped.params
    assert copy.pace == shipped.pace


@pytest.mark.parametrize(
    ("file", "like", "words"),
    [
        ("there.py", None, "exists"),
        ("mine.txt", None, "no Python file"),
        ("mine.py", "scafnew", "did you mean 'scaffnew'"),
    ],
)
def test_what_cannot_be_written_is_refused(tmp_path, file, like, words):
    (tmp_path / "there.py").write_text("x = 1\n")
    with pytest.raises(InputError, match=words):
        write_template(tmp_path / file, like)
    assert (tmp_path / "there.py").read_text() == "x = 1\n"
    assert [path.name for path in tmp_path.iterdir()] == ["there.py"]
