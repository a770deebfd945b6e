"""The compiled cache notices every edit, cleans up behind itself, and is never in the way."""

import os
import pickle
import shutil
import subprocess
import sys
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pytest
from numba.core import config

from rootkappa.core import compiled, sources
from rootkappa.core.stored import CheckedFiles

ROOT = Path(compiled.__file__).resolve().parents[1]


def test_nothing_is_stored_of_the_folders_that_only_call():
    assert not compiled._notices_edits("rootkappa.theory.theorems.proxskip")
    assert compiled._notices_edits("rootkappa.core.vectors")
    called = [file for file in sources.package_sources() if file.parts[len(ROOT.parts)] not in sources.COMPILED]
    assert called
    assert not [file for file in called if "njit" in file.read_text()]


@pytest.mark.parametrize("before", ["", "elsewhere"])
def test_the_decorator_leaves_the_setting_as_it_was(before, monkeypatch):
    monkeypatch.setattr(config, "CACHE_DIR", before)
    monkeypatch.setattr(compiled, "is_ours", lambda module: True)

    @compiled.njit
    def plain(x):
        return x + 1

    @compiled.njit(fastmath=compiled.REASSOCIATE)
    def loose(x):
        return x + 2

    after = [config.CACHE_DIR]
    for function in (plain, loose):
        assert Path(function.stats.cache_path).is_relative_to(sources.cache_folder("compiled"))
    assert plain.targetoptions["nogil"]
    with pytest.raises(TypeError):
        compiled.njit(3)
    assert [*after, config.CACHE_DIR] == [before, before]


def test_division_by_zero_is_that_of_ieee():
    @compiled.njit
    def divide(a, b):
        return a / b

    assert divide(1.0, 0.0) == np.inf
    assert np.isnan(divide(0.0, 0.0))


def test_without_a_folder_functions_are_compiled_each_time_and_nowhere_stored(tmp_path, monkeypatch):
    """Beside the sources, where Numba would go instead, an edit of a callee would not be noticed."""
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(compiled, "cache_folder", lambda kind: tmp_path / "file" / kind)

    @compiled.njit
    def double(x):
        return 2 * x

    assert double(21) == 42
    assert double.stats.cache_path is None


def test_an_edited_callee_is_noticed(tmp_path):
    """The caller's own file stays as it is: what Numba's cache alone would not notice."""
    root = tmp_path / "rootkappa"
    shutil.copytree(ROOT / "core", root / "core", ignore=shutil.ignore_patterns("__pycache__"))
    for part in ("", "core"):
        (root / part / "__init__.py").write_text("")
    callee = "from .compiled import njit\n\n@njit\ndef inner(x):\n    return x + {}\n"
    caller = "from .compiled import njit\nfrom .callee import inner\n\n@njit\ndef outer(x):\n    return inner(x)\n"
    (root / "core" / "caller.py").write_text(caller)
    program = "from rootkappa.core.caller import outer; print(outer(1), sum(outer.stats.cache_hits.values()))"
    environment = os.environ | {
        "PYTHONPATH": str(tmp_path),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "HOME": str(tmp_path),
        "PYTHONDONTWRITEBYTECODE": "1",
    }

    def answer(number):
        (root / "core" / "callee.py").write_text(callee.format(number))
        command = [sys.executable, "-c", program]
        return subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True).stdout

    assert answer(1).split() == ["2", "0"]
    assert answer(1).split() == ["2", "1"]
    assert answer(5).split() == ["6", "0"]


def test_code_from_the_disk_is_not_taken_for_fresh_code_of_a_type_of_the_same_name(tmp_path):
    """Numba counts symbols from 1 in every process: two types named alike would get one symbol, and one code."""
    (tmp_path / "named.py").write_text(
        "import sys\n"
        "from typing import NamedTuple\n"
        "from rootkappa.core.compiled import njit\n"
        "from rootkappa.core.dispatch import dispatched, implements\n"
        "@dispatched\n"
        "def number(kernel):\n    return 0\n"
        "def declare(answer):\n"
        "    class Params(NamedTuple):\n        p: float\n"
        "    Params.__qualname__ = f'Params{answer}'\n"
        "    globals()[Params.__qualname__] = Params\n"
        "    if answer == 1:\n        @implements(number, Params)\n        def _one(kernel):\n            return 1\n"
        "    else:\n        @implements(number, Params)\n        def _two(kernel):\n            return 2\n"
        "    return Params\n"
        "first, second = declare(1), declare(2)\n"
        "@njit\n"
        "def ask(kernel):\n    return number(kernel)\n"
    )
    program = (
        "import sys, rootkappa.core.compiled as compiled; compiled.is_ours = lambda module: True; "
        "import named; kinds = [getattr(named, word) for word in sys.argv[1:]]; "
        "print(*(named.ask(kind(0.5)) for kind in kinds))"
    )
    environment = os.environ | {
        "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT.parent}",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }

    def answers(*kinds):
        command = [sys.executable, "-c", program, *kinds]
        found = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)
        return found.stdout.split()

    assert answers("first") == ["1"]
    assert answers("second") == ["2"]


def test_a_folder_that_another_process_removes_is_no_error(tmp_path, monkeypatch):
    """Several processes may load files, and clear up, at the same time."""
    monkeypatch.setattr(compiled, "cache_folder", lambda kind: tmp_path)
    monkeypatch.setattr(compiled, "_is_writable", lambda folder: (tmp_path / "files").mkdir(exist_ok=True) or True)
    compiled.store_as("gone")


def test_only_folders_that_nobody_uses_are_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(compiled, "cache_folder", lambda kind: tmp_path)
    for number in range(compiled._KEPT_FILES + 5):
        compiled.store_as(f"{number}")
    assert len(list((tmp_path / "files").iterdir())) == compiled._KEPT_FILES + 5
    for folder in (tmp_path / "files").iterdir():
        os.utime(folder, (0.0, 0.0))
    compiled.store_as("new")
    assert len(list((tmp_path / "files").iterdir())) == compiled._KEPT_FILES


@pytest.fixture
def stored(tmp_path, monkeypatch):
    """Return a function that compiles one of ours as a new process would, and the folder that it is stored in."""
    monkeypatch.setattr(compiled, "is_ours", lambda module: True)
    monkeypatch.setattr(compiled, "cache_folder", lambda kind: tmp_path / kind)

    def triple(x):
        return 3 * x

    return lambda: compiled.njit(triple), tmp_path / "compiled"


def hits(function):
    return sum(function.stats.cache_hits.values())


DAMAGE = {
    "empty": lambda content: b"",
    "cut short": lambda content: content[: len(content) // 2],
    "random": lambda content: np.random.default_rng(len(content)).bytes(len(content)),
    "another pickle": lambda content: pickle.dumps(["something", "else"]),
    "one bit": lambda content: content[:-9] + bytes([content[-9] ^ 4]) + content[-8:],
}


@pytest.mark.parametrize("ending", ["nbi", "nbc"])
@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_files_are_compiled_again(damage, ending, stored):
    fresh, folder = stored
    assert fresh()(2) == 6
    (file,) = folder.rglob(f"*.{ending}")
    file.write_bytes(DAMAGE[damage](file.read_bytes()))
    again = fresh()
    assert (again(2), hits(again)) == (6, 0)
    healed = fresh()
    assert (healed(2), hits(healed)) == (6, 1)


def test_a_file_that_names_what_is_gone_is_compiled_again(stored):
    fresh, folder = stored
    fresh()(2)
    (file,) = folder.rglob("*.nbi")
    content = b"cno_such_module\nThing\n."
    file.write_bytes(blake2b(content, digest_size=16).digest() + content)
    assert fresh()(2) == 6


def test_a_full_disk_only_costs_time(stored, monkeypatch):
    fresh, folder = stored

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(CheckedFiles, "_write", full)
    assert fresh()(2) == 6
    assert not list(folder.rglob("*.nb?"))


def test_without_a_compiler_everything_runs_as_python(tmp_path):
    program = (
        "from rootkappa import problems, theory, cli; "
        "problem = problems.Quadratic.random(clients=2, dim=2, kappa=4.0); "
        "found = theory.verify('scaffnew', problem, evidence=('invariant', 'exact')); "
        "print(*(verdict.status for verdict in found)); "
        "cli.commands.main(['list', 'compressors'])"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT.parent), "NUMBA_DISABLE_JIT": "1"}
    command = [sys.executable, "-c", program]
    found = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout.splitlines()[0]) == (0, "confirmed confirmed"), found.stderr
