from pathlib import Path

import numpy as np
import pytest

from rootkappa import algorithms, theory
from rootkappa.algorithms.parts import cohorts, local_steps
from rootkappa.problems import InputError, Quadratic

SOURCE = Path(algorithms.__file__).parent


def test_a_copy_of_a_file_is_the_same_method(tmp_path):
    copy = tmp_path / "mine.py"
    copy.write_text((SOURCE / "scaffnew.py").read_text())
    method = algorithms.load(copy)
    assert method.promise == "scaffnew"
    assert not method.is_shipped
    problem = Quadratic.random(clients=3, dim=4, kappa=10.0)
    shipped = algorithms.get("scaffnew")
    ours = algorithms.run(method, problem, method.Params(1.0, 0.3), rounds=30, seed=2)
    theirs = algorithms.run(shipped, problem, shipped.Params(1.0, 0.3), rounds=30, seed=2)
    np.testing.assert_array_equal(ours.state.X, theirs.state.X)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1\n", "declares no method, it lacks Params"),
        ("raise RuntimeError('broken')\n", "RuntimeError: broken"),
        ("def step(:\n", "SyntaxError"),
        ("from ..nowhere import x\n", "ModuleNotFoundError"),
    ],
)
def test_a_file_that_is_no_method_is_refused(tmp_path, text, words):
    (tmp_path / "bad.py").write_text(text)
    with pytest.raises(InputError, match=words):
        algorithms.load(tmp_path / "bad.py")


@pytest.mark.parametrize("name", [3, None, ["scaffnew"], 1j, ("a", "b")])
def test_what_is_no_name_is_no_method_and_no_theorem(name):
    for get, kind in ((algorithms.get, "method"), (theory.get, "theorem")):
        with pytest.raises(InputError, match=f"^unknown {kind} .*: Known are "):
            get(name)


def test_a_missing_file_and_an_unknown_name_are_refused(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        algorithms.find(str(tmp_path / "none.py"))
    with pytest.raises(InputError, match="did you mean 'scaffnew'"):
        algorithms.find("scafnew")


def test_a_file_leaves_nothing_in_the_cache_of_shared_functions(tmp_path):
    """Other processes, which cannot import the file, read that cache as well."""
    copy = tmp_path / "leftover.py"
    copy.write_text((SOURCE / "tamuna.py").read_text())
    problem = Quadratic.random(clients=4, dim=3, kappa=10.0)
    theory.verify(algorithms.load(copy), problem, ("invariant",))
    algorithms.run(algorithms.get("tamuna"), problem, theory.get("tamuna").parameters(problem), rounds=1, seed=0)
    index = Path(cohorts._rounds_of_cohorts.stats.cache_path).glob("cohorts._rounds_of_cohorts*.nbi")
    assert not [file.name for file in index if b"leftover" in file.read_bytes()]
    stored = Path(local_steps.all_rounds.stats.cache_path).glob("local_steps.*.nbi")
    assert [file.name for file in stored]
    assert not [file.name for file in stored if b"leftover" in file.read_bytes()]
