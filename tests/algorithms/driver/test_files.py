"""A user's file is known by what it says: a method of its own, wherever it lies and whatever was compiled before."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import rootkappa
from rootkappa import algorithms, problems, theory
from rootkappa.algorithms.driver import files
from rootkappa.problems import InputError

pytestmark = pytest.mark.drawn(2, "name", "text", "importing")

SOURCE = Path(algorithms.__file__).parent
PROBLEM = problems.Quadratic.random(clients=3, dim=2, kappa=10.0, basis="client")
SCAFFNEW = algorithms.get("scaffnew")

HEAD = """
from typing import NamedTuple
import numpy as np
from rootkappa.algorithms import scaffnew
from rootkappa.algorithms.parts import Coin, Dense, average, communicate, implements, letters, njit
from rootkappa.problems import oracles

RANDOM, SENDS, PROMISE = Coin("p"), Dense(up=1, down=1), "scaffnew"
"""

#: Scaffnew as anybody would write it: a new state from each step.
FUNCTIONAL = f"""{HEAD}
class Params(NamedTuple):
    gamma: letters.StepSize
    p: letters.Probability

class State(NamedTuple):
    X: np.ndarray
    H: np.ndarray

def start(problem, params):
    return State(np.zeros((problem.n, problem.d)), np.zeros((problem.n, problem.d)))

def step(kernel, params, state, coin):
    X, H = state
    gradients = np.empty_like(X)
    oracles.gradients_at(kernel, X.mean(axis=0), gradients, oracles.workspace(kernel))
    for i in range(len(X)):
        oracles.gradient(kernel, i, X[i], gradients[i], oracles.workspace(kernel))
    moved = X - params.gamma * (gradients - H)
    if coin == 0:
        return State(moved, H)
    mean = moved.mean(axis=0)
    return State(np.tile(mean, (len(X), 1)), H + params.p / params.gamma * (mean - moved))

def model(state):
    return state.X.mean(axis=0)
"""

#: The same as one compiled step, without an advance.
COMPILED = f"""{HEAD}
class Params(scaffnew.Params):
    pass

@njit
def step(kernel, params, state, coin):
    X, H = state
    g, mean, work = np.empty(X.shape[1]), np.empty(X.shape[1]), oracles.workspace(kernel)
    for i in range(X.shape[0]):
        oracles.gradient(kernel, i, X[i], g, work)
        X[i] -= params.gamma * (g - H[i])
    if coin == 1:
        average(X, mean)
        for i in range(X.shape[0]):
            H[i] += params.p / params.gamma * (mean - X[i])
            X[i] = mean
"""

#: That step again, which returns a new state.
RETURNED = "from rootkappa.algorithms.parts.skipped_rounds import State\n" + COMPILED.replace(
    "X, H = state", "X, H = state.X.copy(), state.H.copy()"
)
RETURNED += "    return State(X, H)\n"

#: A communication with a factor that can be told in the state: x_i⁺ = FACTOR times the mean.
FACTORED = f"""{HEAD}
FACTOR = {{factor}}

class Params(scaffnew.Params):
    pass

@implements(communicate, Params)
def _average(params, kernel, state, w, scratch):
    average(state.X, scratch.mean)
    for i in range(state.X.shape[0]):
        state.X[i] = {{name}} * scratch.mean
"""


#: The same constant in a step that takes no time to compile.
LIGHT = f"""{HEAD}
FACTOR = {{factor}}

class Params(scaffnew.Params):
    pass

@njit
def step(kernel, params, state, coin):
    state.X[0, 0] += {{name}}
"""


def factored(factor="1.0", name="FACTOR", text=LIGHT):
    return text.format(factor=factor, name=name)


def written(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def walked(path, rounds=1):
    """Return the models after so many rounds of the method of a file, the same rounds for all files."""
    method = algorithms.load(path)
    return algorithms.run(method, PROBLEM, method.Params(1.0, 0.3), rounds=rounds, seed=1).state.X


def ratio(path, other):
    """Return by which factor the models after the first round differ."""
    return float(walked(path)[0, 0] / other[0, 0])


@pytest.mark.parametrize(
    "text", [FUNCTIONAL, COMPILED, RETURNED], ids=["new states", "compiled, in place", "compiled, new states"]
)
def test_a_file_with_a_step_alone_walks_the_path_of_the_shipped_method(tmp_path, text):
    shipped = algorithms.run(SCAFFNEW, PROBLEM, SCAFFNEW.Params(1.0, 0.3), rounds=40, seed=1).state.X
    np.testing.assert_allclose(walked(written(tmp_path / "mine.py", text), rounds=40), shipped, atol=1e-13)


def test_a_file_with_a_functional_step_is_held_to_the_promise(tmp_path):
    text = f"{FUNCTIONAL}\nfrom rootkappa.algorithms.parts.skipped_rounds import fixed_point, invariants\n"
    verdicts = theory.verify(written(tmp_path / "mine.py", text), PROBLEM, ("invariant", "exact"))
    assert [verdict.status for verdict in verdicts] == ["confirmed", "confirmed"]


def test_a_compiled_step_is_repeated_in_compiled_code(tmp_path):
    """A Python loop over compiled steps would spend its time between them."""
    method = algorithms.load(written(tmp_path / "mine.py", COMPILED))
    draws = method.draw(np.random.default_rng(0), PROBLEM, method.Params(1.0, 0.3), 5)
    assert method.advance(PROBLEM.kernel, method.Params(1.0, 0.3), method.start(PROBLEM, None), draws) is None
    assert len(method.advance._repeat.signatures) == 1


def test_no_rounds_leave_a_state_as_it_is(tmp_path):
    method = algorithms.load(written(tmp_path / "mine.py", COMPILED))
    params, state = method.Params(1.0, 0.3), method.start(PROBLEM, None)
    draws = method.draw(np.random.default_rng(0), PROBLEM, params, 0)
    assert method.advanced(PROBLEM, params, state, draws) is state
    assert not state.X.any()


def test_an_edited_file_is_another_method_at_once(tmp_path):
    first = walked(written(tmp_path / "mine.py", factored("1.0", text=FACTORED)))
    assert ratio(written(tmp_path / "mine.py", factored("2.0", text=FACTORED)), first) == pytest.approx(2.0)
    assert ratio(written(tmp_path / "mine.py", factored("1.0", text=FACTORED)), first) == 1.0


def test_files_of_one_name_in_two_folders_are_two_methods(tmp_path):
    paths = [written(tmp_path / folder / "mine.py", factored(f"{factor}")) for folder, factor in (("a", 1), ("b", 3))]
    methods = [algorithms.load(path) for path in paths]
    assert [method.name for method in methods] == list(map(str, paths))
    first = walked(paths[0])
    assert ratio(paths[1], first) == pytest.approx(3.0)
    assert ratio(paths[0], first) == 1.0


def test_equal_files_in_two_folders_keep_their_names(tmp_path):
    """They are one module, and errors name the file that was given."""
    paths = [written(tmp_path / folder / "mine.py", factored()) for folder in "ab"]
    assert [algorithms.load(path).name for path in paths] == list(map(str, paths))


@pytest.mark.parametrize("name", ["scaffnew.v2.py", "my-method.py", "2nd try.py", "méthode.py", "class.py"])
def test_a_file_may_have_any_name(tmp_path, name):
    assert walked(written(tmp_path / name, factored()))[0, 0] >= 1.0


@pytest.mark.parametrize(
    ("importing", "name"),
    [
        ("from helper import FACTOR as TAKEN", "TAKEN"),
        ("import helper", "helper.FACTOR"),
        ("import helper", "double()"),
    ],
)
def test_an_edited_helper_from_beside_is_noticed_at_once(tmp_path, importing, name):
    text = f"{importing}\n" + factored(name=name)
    if name == "double()":
        text = text.replace("class Params", "double = njit(helper.double)\n\nclass Params")

    def with_helper(factor):
        written(tmp_path / "helper.py", f"FACTOR = {factor}\ndef double():\n    return {factor}\n")
        return written(tmp_path / "mine.py", text)

    first = walked(with_helper(1.0))
    assert ratio(with_helper(2.0), first) == pytest.approx(2.0)


def test_a_helper_of_a_helper_is_noticed(tmp_path):
    written(tmp_path / "helper.py", "from inner import FACTOR\n")
    path = written(tmp_path / "mine.py", "from helper import FACTOR as TAKEN\n" + factored(name="TAKEN"))
    written(tmp_path / "inner.py", "FACTOR = 1.0\n")
    first = walked(path)
    written(tmp_path / "inner.py", "FACTOR = 2.0\n")
    assert ratio(path, first) == pytest.approx(2.0)


def test_helpers_of_one_name_in_two_folders_are_two(tmp_path):
    paths = []
    for folder, factor in (("a", 1.0), ("b", 3.0)):
        written(tmp_path / folder / "helper.py", f"FACTOR = {factor}\n")
        text = "from helper import FACTOR as TAKEN\n" + factored(name="TAKEN")
        paths.append(written(tmp_path / folder / f"mine_{folder}.py", text))
    assert ratio(paths[1], walked(paths[0])) == pytest.approx(3.0)


def test_loading_leaves_the_search_path_as_it_was(tmp_path):
    before = list(sys.path)
    algorithms.load(written(tmp_path / "mine.py", factored()))
    with pytest.raises(InputError):
        algorithms.load(written(tmp_path / "broken.py", "1 / 0\n"))
    assert sys.path == before


NO_METHODS = {
    "Params = {}\n": r"has Params = {}: make it a NamedTuple",
    "Params = dict\n": r"has Params = <class 'dict'>: make it a NamedTuple",
    "Params = tuple\n": r"has Params = <class 'tuple'>: make it a NamedTuple",
    COMPILED.replace("RANDOM, SENDS, PROMISE", "OTHER, SENDS, PROMISE"): "lacks RANDOM: define it as in",
    COMPILED.replace("RANDOM, SENDS, PROMISE", "RANDOM, OTHER, PROMISE"): "lacks SENDS or cost: define it as in",
    COMPILED.replace('Coin("p")', '"p"'): "has RANDOM = 'p': give what ends a round",
    COMPILED.replace('Coin("p")', "Coin"): "has RANDOM = <class .*Coin'>: give what ends a round",
    COMPILED.replace("class Params(scaffnew.Params):\n    pass", "class Params(NamedTuple):\n    p: float").replace(
        "def step", "def stride"
    ): "lacks step or a communicate for its Params: define it as in",
    FUNCTIONAL.replace("def start", "def begin"): "lacks start: define it as in",
    factored(text=FACTORED).replace(
        "communicate, Params", "communicate, scaffnew.Params"
    ): "communicate is defined for .*Params of",
    "raise RuntimeError('broken')\n": "RuntimeError: broken",
    "raise SystemExit(3)\n": "SystemExit: 3",
    "import sys\nsys.exit('enough')\n": "SystemExit: enough",
    "assert False\n": "AssertionError",
    "import no_such_helper\n": "ModuleNotFoundError: No module named 'no_such_helper'",
    "def step(:\n": "SyntaxError",
    "x = '\0'\n": "null bytes",
    "": "lacks Params",
}


@pytest.mark.parametrize("text", NO_METHODS, ids=list(NO_METHODS.values()))
def test_a_file_that_is_no_method_is_refused_in_one_sentence(tmp_path, text):
    path = written(tmp_path / "bad.py", text)
    with pytest.raises(InputError, match=NO_METHODS[text]) as refused:
        algorithms.load(path)
    told = str(refused.value)
    assert "bad.py" in told or "communicate is defined" in told
    assert "\n" not in told
    # What is wrong with a file does not stay: mended, it is a method.
    assert algorithms.load(written(path, factored())).promise == "scaffnew"


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"x = '\xe9'\n"], ids=["no text", "Latin-1"])
def test_a_file_in_another_encoding_is_refused(tmp_path, content):
    (tmp_path / "bad.py").write_bytes(content)
    with pytest.raises(InputError, match="cannot be executed, SyntaxError"):
        algorithms.load(tmp_path / "bad.py")


def test_a_folder_is_no_file(tmp_path):
    (tmp_path / "folder.py").mkdir()
    with pytest.raises(InputError, match="cannot be read"):
        algorithms.load(tmp_path / "folder.py")


def test_a_method_of_which_nothing_is_promised_runs_and_is_held_to_nothing(tmp_path):
    path = written(tmp_path / "mine.py", COMPILED.replace('"scaffnew"', "None"))
    method = algorithms.load(path)
    assert method.promise is None
    trace = algorithms.run(method, PROBLEM, method.Params(1.0, 0.3), rounds=5)
    # V is then the squared distance of the model.
    np.testing.assert_allclose(trace.column("lyapunov"), trace.column("distance") ** 2)
    with pytest.raises(InputError, match=r"mine\.py"):
        theory.verify(path, PROBLEM, ("exact",))


# One for each kind of loop that a file gets copies of; that every file can be copied is test_template's to say, as each
# copy is compiled anew.
@pytest.mark.parametrize("name", ["scaffnew", "fedavg", "diana"])
def test_a_copy_of_a_method_walks_its_path_to_the_bit(tmp_path, name):
    problem = problems.Quadratic.random(clients=3, dim=3, kappa=10.0, seed=4, basis="client")
    shipped = algorithms.get(name)
    copied = algorithms.load(written(tmp_path / "copy.py", (SOURCE / f"{name}.py").read_text(encoding="utf-8")))
    prescribed = theory.get(shipped.promise).parameters(problem)
    ends = []
    for method in (shipped, copied):
        params = method.letters(prescribed)
        draws = method.draw(np.random.default_rng(0), problem, params, 8)
        ends.append(method.advanced(problem, params, method.start(problem, params), draws))
    for one, other in zip(*ends, strict=True):
        np.testing.assert_array_equal(one, other)
    # It walks indeed.
    assert any(field.any() for field in ends[0])


def test_methods_whose_classes_are_named_alike_are_compiled_apart():
    """Numba tells named tuples apart by their names: one Params must not run the code of another."""
    sums = {}
    for name in ("sparse_proxskip", "sparse_proxskip_server", "sparse_proxskip"):
        method = algorithms.get(name)
        trace = algorithms.run(method, PROBLEM, method.Params(gamma=1.0, p=0.3, k=1), rounds=20, seed=1)
        sums.setdefault(name, []).append(np.abs(trace.state.H.sum(axis=0)).max())
    assert max(sums["sparse_proxskip"]) < 1e-12 < 1e-3 < sums["sparse_proxskip_server"][0]


# Each prints the models after a round of every file that it is given.
PROGRAM = """
import sys
from rootkappa import algorithms, problems
problem = problems.Quadratic.random(clients=3, dim=2, kappa=10.0, basis="client")
for path in sys.argv[1:]:
    method = algorithms.load(path)
    letters = dict(gamma=1.0, p=0.3, chi=0.5, s=2, c=2)
    params = method.Params(*(letters[letter] for letter in method.Params._fields))
    print(*algorithms.run(method, problem, params, rounds=5, seed=1).state.X.ravel())
"""


def other_process(folder, *paths, **environment):
    """Return what the program prints in a process of its own, whose compiled code is stored in a folder."""
    environment = os.environ | environment | {
        "PYTHONPATH": str(Path(rootkappa.__file__).resolve().parents[1]),
        "XDG_CACHE_HOME": str(folder / "cache"),
    }  # fmt: skip
    command = [sys.executable, "-c", PROGRAM, *map(str, paths)]
    found = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    return [np.array(line.split(), dtype=float) for line in found.stdout.splitlines()]


def stored(folder):
    """Return what lies in the folder of compiled code, with its dates."""
    files = [path for path in (folder / "cache").rglob("*") if path.suffix in (".nbi", ".nbc")]
    return {str(path): path.stat().st_mtime_ns for path in files}


def test_a_second_process_compiles_nothing_anew(tmp_path):
    paths = [
        written(tmp_path / "compiled.py", COMPILED),
        written(tmp_path / "factored.py", factored(text=FACTORED)),
    ]
    first = other_process(tmp_path, *paths)
    kept = stored(tmp_path)
    assert any("files" in path for path in kept)
    np.testing.assert_array_equal(other_process(tmp_path, *paths), first)
    assert stored(tmp_path) == kept


CONSTANTS = {
    'float(os.environ["FACTOR"])': "FACTOR",
    '(1.0, float(os.environ["FACTOR"]))': "FACTOR[1]",
    'np.full(2, float(os.environ["FACTOR"]))': "FACTOR[0]",
    'np.float64(os.environ["FACTOR"])': "FACTOR",
    "None": "helper.FACTOR",
    "0": "helper.double()",
}


def test_a_constant_from_the_environment_is_compiled_anew_when_it_changes(tmp_path):
    """The files stay as they are, and the constant is frozen into compiled code."""
    helper = "from rootkappa.algorithms.parts import njit\n\n@njit\ndef double():\n    return FACTOR\n"
    written(tmp_path / "helper.py", f'import os\nFACTOR = float(os.environ["FACTOR"])\n{helper}')
    paths = [
        written(tmp_path / f"mine{number}.py", f"import os\nimport helper\n{factored(*constant)}")
        for number, constant in enumerate(CONSTANTS.items())
    ]
    one, two, again = (other_process(tmp_path, *paths, FACTOR=value) for value in ("1.0", "0.5", "1.0"))
    for constant, first, second, third in zip(CONSTANTS.items(), one, two, again, strict=True):
        assert not np.allclose(first, second), constant
        np.testing.assert_array_equal(first, third)


def test_an_error_is_known_by_the_lines_of_a_file_that_it_passed(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(f"{FUNCTIONAL}\ndef inner():\n    return 1 / 0\ndef call(function):\n    return function()\n")
    module = files.execute(path)
    for call in (module.inner, lambda: module.call({}.popitem)):
        with pytest.raises(ArithmeticError) if call is module.inner else pytest.raises(KeyError) as error:
            call()
        assert files.raised_in(error.value) == str(path)
    with pytest.raises(ZeroDivisionError) as error:
        _ = 1 / 0
    assert files.raised_in(error.value) is None


def test_the_compiled_functions_of_a_file_let_an_interrupt_through(tmp_path):
    """A loop that holds the interpreter could be ended by nobody."""
    path = tmp_path / "mine.py"
    path.write_text(f"{FUNCTIONAL}\nimport numba\n@numba.njit\ndef double(x):\n    return 2 * x\n")
    assert files.execute(path).double.targetoptions["nogil"]


@pytest.mark.parametrize("name", ["scaffnew.v2.py", "a b.py", "é.py"])
def test_names_of_files_may_have_dots_and_letters_of_any_language(name, tmp_path):
    path = written(tmp_path / name, FUNCTIONAL)
    assert algorithms.load(path).name == str(path)
    (tmp_path / "other").mkdir()
    other = written(tmp_path / "other" / name, FUNCTIONAL.replace('scaffnew"', 'proxskip"'))
    assert algorithms.load(other).promise != algorithms.load(path).promise


def test_a_file_says_its_own_coding(tmp_path):
    (tmp_path / "mine.py").write_bytes(f"# -*- coding: latin-1 -*-\n{FUNCTIONAL}\nWORD = 'é'\n".encode("latin-1"))
    assert files.execute(tmp_path / "mine.py").WORD == "é"
