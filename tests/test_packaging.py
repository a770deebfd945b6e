"""What pip installs is what git tracks: every package, every data set, the command, and no test."""

import configparser
import re
import shutil
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

import rootkappa

ROOT = Path(rootkappa.__file__).resolve().parent


def tracked():
    """Return the files that git tracks or would, and that are there."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    command = [git, "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, capture_output=True, check=True).stdout.decode().split("\0")
    return sorted(name for name in names if name and (ROOT / name).is_file())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the wheel from a copy of the tree, as pip would from git, in which a file of an earlier build lies."""
    if int(metadata.version("setuptools").split(".")[0]) < 77:
        pytest.skip("building needs setuptools 77, see the extra test")
    copy, out = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("wheel")
    for name in tracked():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copy / name)
    stale = copy / "build" / "lib" / "rootkappa" / "stale.py"
    stale.parent.mkdir(parents=True)
    stale.write_text("")
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-q"]
    built = subprocess.run([*command, "-w", str(out), str(copy)], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    (file,) = out.glob("*.whl")
    with zipfile.ZipFile(file) as opened:
        yield opened


def test_the_packages_are_the_folders_of_sources():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    listed = setup["options"]["packages"].split()
    folders = {Path(name).parent for name in tracked() if name.endswith(".py") and not name.startswith("tests/")}
    assert sorted(listed) == listed
    assert set(listed) == {".".join(["rootkappa", *folder.parts]) for folder in folders}
    assert all((ROOT / folder / "__init__.py").is_file() for folder in folders)


def test_the_wheel_holds_the_sources_and_the_data_sets(wheel):
    shipped = [name for name in tracked() if not name.startswith("tests/") and name.endswith(".py")]
    shipped += [name for name in tracked() if name.startswith("problems/data/sets/")]
    shipped += ["py.typed", "algorithms/driver/template.txt"]
    assert any(name.endswith("breast_cancer.toml") for name in shipped)
    held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert held == {f"rootkappa/{name}" for name in shipped}
    for name in shipped:
        assert wheel.read(f"rootkappa/{name}") == (ROOT / name).read_bytes()


def test_the_wheel_declares_the_command_and_the_version(wheel):
    (entry,) = (name for name in wheel.namelist() if name.endswith(".dist-info/entry_points.txt"))
    points = configparser.ConfigParser()
    points.read_string(wheel.read(entry).decode())
    assert dict(points["console_scripts"]) == {"rootkappa": "rootkappa.cli:main"}
    assert entry.startswith(f"rootkappa-{rootkappa.__version__}.dist-info/")
    about = wheel.read(entry.replace("entry_points.txt", "METADATA")).decode()
    assert "Requires-Python: >=3.11" in about
    assert "\nSummary: Holds the promised communication rounds" in about
    assert "\nRequires-Dist: numba" in about


def test_the_citation_names_the_version():
    lines = (ROOT / "CITATION.cff").read_text(encoding="utf-8").splitlines()
    assert f"version: {rootkappa.__version__}" in lines


def test_the_readme_shows_no_image_that_only_a_checkout_has():
    """A package index shows the text of README, beside which no other file lies."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [image for image in re.findall(r"!\[[^]]*\]\(([^)]*)\)|<img[^>]*>", text) if image[:8] != "https://"] == []
    assert all((ROOT / figure).is_file() for figure in re.findall(r"docs/\w+\.png", text))
