"""Every method file keeps the typed contract: what make lint cannot see, as nobody lists the files."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import rootkappa
from rootkappa import algorithms

ROOT = Path(rootkappa.__file__).resolve().parent


def complaints(tmp_path, modules):
    """Return what the type checker says of modules of ``algorithms`` that should be method files."""
    if find_spec("basedpyright") is None:
        pytest.skip("basedpyright is in the extra dev")
    (tmp_path / "rootkappa").symlink_to(ROOT)
    listed = ", ".join(modules)
    (tmp_path / "listed.py").write_text(
        f"from rootkappa.algorithms import {listed}\n"
        "from rootkappa.algorithms.driver.method import MethodFile\n"
        f"files: tuple[MethodFile, ...] = ({listed},)\n"
    )
    config = {"include": ["listed.py"], "typeCheckingMode": "standard", "useLibraryCodeForTypes": False}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(config))
    command = [sys.executable, "-m", "basedpyright", "--pythonpath", sys.executable]
    return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False).stdout


def test_every_method_file_keeps_the_protocol(tmp_path):
    assert complaints(tmp_path, algorithms.names()).startswith("0 errors")


def test_a_file_that_is_no_method_does_not(tmp_path):
    assert '"RANDOM" is not present' in complaints(tmp_path, ["scaffnew", "driver"])
