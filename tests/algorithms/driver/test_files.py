"""A user's file is known by its content: what it computes, and the compiled code that is stored for it."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import rootkappa
from rootkappa import algorithms, theory
from rootkappa.algorithms.driver.template import template
from rootkappa.core.errors import InputError
from rootkappa.problems import Quadratic

ROOT = Path(rootkappa.__file__).resolve().parent
PROBLEM = Quadratic.random(clients=2, dim=3, kappa=10.0)
HEAD = (
    "from . import scaffnew\nfrom .parts import njit\nfrom .scaffnew import PROMISE, RANDOM, SENDS, Params\n"
    "from .parts.skipped_rounds import State, fixed_point, invariants, start\n"
)
# One step of Scaffnew with gradients of the quadratic itself.
STEP = """
{decorator}
def step(kernel, params, state, coin):
    X, H = state
    X{assign} X - {scale} * params.gamma * ((kernel.A * X[:, None, :]).sum(axis=2) - kernel.b - H)
    if coin == 1:
        mean = X.sum(axis=0) / X.shape[0]
        H{assign} H + params.p / params.gamma * (mean - X)
        X{assign} mean + 0.0 * X
    {end}
"""
IN_PLACE = {"assign": "[:] =", "end": "return None"}
RETURNED = {"assign": " =", "end": "return State(X, H)"}


def written(folder, name, text):
    path = Path(folder) / name
    path.write_text(text, encoding="utf-8")
    return path


def walked(method, rounds=5):
    params = method.Params(gamma=0.9, p=0.4)
    return algorithms.run(method, PROBLEM, params, rounds=rounds, seed=1, record=1).state


@pytest.mark.parametrize("decorator", ["", "@njit"], ids=["python", "compiled"])
@pytest.mark.parametrize("style", [IN_PLACE, RETURNED], ids=["in place", "returned"])
def test_a_step_may_change_the_state_or_return_a_new_one(tmp_path, decorator, style):
    text = HEAD + STEP.format(decorator=decorator, scale="1.0", **style)
    state = walked(algorithms.load(written(tmp_path, "mine.py", text)))
    for found, expected in zip(state, walked(algorithms.get("scaffnew")), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-12)


def test_an_edited_file_is_another_method(tmp_path):
    before = algorithms.load(written(tmp_path, "mine.py", template()))
    assert algorithms.load(tmp_path / "mine.py") is before
    text = template().replace("H[i] +=", "H[i] -=")
    after = algorithms.load(written(tmp_path, "mine.py", text))
    assert not np.array_equal(walked(before).H, walked(after).H)
    np.testing.assert_array_equal(walked(before).H, walked(algorithms.get("scaffnew")).H)


def test_two_files_of_one_name_are_two_methods(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    right = algorithms.load(written(tmp_path / "a", "mine.py", template()))
    wrong = algorithms.load(written(tmp_path / "b", "mine.py", template().replace("H[i] +=", "H[i] -=")))
    assert right.name != wrong.name
    assert not np.array_equal(walked(right).H, walked(wrong).H)


@pytest.mark.parametrize("name", ["scaffnew.v2.py", "fedavg_0.1.py", "mein Verfahren.py", "ü.py"])
def test_any_name_of_a_file_will_do(tmp_path, name):
    held = theory.case(written(tmp_path, name, template()), PROBLEM)
    assert theory.exact.one_step_factor(held) == pytest.approx(held.rho)


def test_an_edited_helper_beside_the_file_makes_another_method(tmp_path):
    text = HEAD + "from helper import SCALE\n" + STEP.format(decorator="@njit", scale="SCALE", **IN_PLACE)
    mine = written(tmp_path, "mine.py", text)
    states = []
    for scale in (1.0, 0.5):
        written(tmp_path, "helper.py", f"SCALE = {scale}\n")
        states.append(walked(algorithms.load(mine)).X)
    assert not np.allclose(*states)


PROGRAM = """
import sys
from rootkappa import algorithms, problems
method = algorithms.load(sys.argv[1])
problem = problems.Quadratic.random(clients=2, dim=3, kappa=10.0)
print(algorithms.run(method, problem, method.Params(gamma=0.9, p=0.4), rounds=5, seed=1, record=1).state.X[0, 0])
"""


def answered(path, folder, **environment):
    """Return what a process of its own computes, and how many files of compiled code there are afterwards."""
    (folder / "rootkappa").symlink_to(ROOT) if not (folder / "rootkappa").exists() else None
    names = {"PYTHONPATH": str(folder), "XDG_CACHE_HOME": str(folder / "cache"), "HOME": str(folder)}
    command = [sys.executable, "-c", PROGRAM, str(path)]
    found = subprocess.run(
        command, env=os.environ | names | environment, cwd=folder, capture_output=True, text=True, check=True
    )
    return found.stdout, sum(1 for _ in (folder / "cache").rglob("*.nb?"))


@pytest.mark.parametrize("kind", ["hooks", "steps"])
def test_compiled_code_is_stored_once(tmp_path, kind):
    text = template() if kind == "hooks" else HEAD + STEP.format(decorator="@njit", scale="1.0", **IN_PLACE)
    path = written(tmp_path, "mine.py", text)
    assert answered(path, tmp_path) == answered(path, tmp_path)


def test_a_constant_from_the_environment_is_no_old_compiled_code(tmp_path):
    text = HEAD + 'import os\nSCALE = float(os.environ["SCALE"])\n'
    path = written(tmp_path, "mine.py", text + STEP.format(decorator="@njit", scale="SCALE", **IN_PLACE))
    assert answered(path, tmp_path, SCALE="1.0")[0] != answered(path, tmp_path, SCALE="0.5")[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Params = dict\n", "make it a NamedTuple"),
        ("from .scaffnew import Params, SENDS\nstep = print\n", "it lacks RANDOM"),
        ("from .scaffnew import Params, RANDOM\nstep = print\n", "it lacks SENDS or cost"),
        ("from .scaffnew import Params, SENDS\nRANDOM = 3\nstep = print\n", "has RANDOM = 3"),
        ("from .scaffnew import *\nimport sys; sys.exit(0)\n", "SystemExit"),
        (
            HEAD + "from .parts import communicate, implements\n@implements(communicate, Params)\ndef f(*a): ...\n",
            "already",
        ),
    ],
)
def test_what_is_no_method_is_told_in_a_sentence(tmp_path, text, words):
    with pytest.raises(InputError, match=words):
        algorithms.load(written(tmp_path, "bad.py", text))


def test_a_file_of_its_own_without_a_promise_promises_nothing(tmp_path):
    text = HEAD.replace("PROMISE, ", "") + STEP.format(decorator="", scale="1.0", **IN_PLACE)
    with pytest.raises(InputError, match="promises nothing: let PROMISE name a theorem, or define prescribed"):
        theory.case(written(tmp_path, "mine.py", text), PROBLEM)


def test_methods_of_one_shape_are_not_taken_for_each_other():
    """Numba tells named tuples apart by the names of their classes only."""
    sums = []
    for name in ("sparse_proxskip", "sparse_proxskip_server"):
        method = algorithms.get(name)
        state = algorithms.run(method, PROBLEM, method.Params(1.0, 0.3, 1), rounds=20, seed=0).state
        sums.append(np.abs(state.H.sum(axis=0)).max())
    assert sums[0] < 1e-12 < 1e-3 < sums[1]


@pytest.mark.parametrize("name", algorithms.names())
def test_a_copy_of_any_shipped_file_is_the_same_to_the_bit(tmp_path, name):
    shipped = algorithms.get(name)
    copy = algorithms.load(written(tmp_path, "copy.py", Path(shipped.module.__file__).read_text(encoding="utf-8")))
    held = theory.case(name, Quadratic.random(clients=4, dim=3, kappa=10.0))
    states = [held.initial(), held.initial()]
    draws = held.draw(np.random.default_rng(0), 3)
    for method, state in zip((shipped, copy), states, strict=True):
        method.advanced(held.problem, method.letters(held.params), state, draws)
    for one, other in zip(*states, strict=True):
        np.testing.assert_array_equal(one, other)
