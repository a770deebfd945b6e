"""The house rules that a reader of one file cannot see: floors, relative imports, no circle, no machine of anybody."""

import ast
import re
import subprocess
import sys
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import rootkappa
from rootkappa import algorithms

ROOT = Path(rootkappa.__file__).resolve().parent
FLOORS = {
    "__init__": 0, "core": 1, "problems": 2, "algorithms": 3, "theory": 4, "testing": 5, "sweeps": 6, "plots": 7,
    "terminal": 8, "commands": 9, "cli": 10, "__main__": 11,
}  # fmt: skip
SOURCES = sorted(file for folder in FLOORS for file in (ROOT / folder).rglob("*.py")) + sorted(ROOT.glob("*.py"))


def inside(file):
    return ".".join(file.relative_to(ROOT).with_suffix("").parts)


@cache
def tree(file):
    return ast.parse(file.read_text(encoding="utf-8"))


def imported(file):
    """Yield for each import of the package's own modules its line and the path of names from the root."""
    package = file.relative_to(ROOT).parent.parts
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - node.level + 1]
            # Beyond the root there is no package of ours.
            assert len(package) - node.level + 1 >= 0, f"{file}:{node.lineno}"
            module = [*base, *(node.module.split(".") if node.module else [])]
            yield from ((node.lineno, (*module, alias.name)) for alias in node.names)


def test_every_module_stands_on_a_floor():
    assert {inside(file).split(".")[0] for file in SOURCES} == set(FLOORS)


@pytest.mark.parametrize("file", SOURCES, ids=inside)
def test_imports_point_down(file):
    own = inside(file).split(".")[0]
    for line, names in imported(file):
        if len(names) == 1 and names[0] not in FLOORS:
            names = ("__init__",)  # what the root holds is no module
        assert names[0] == own or FLOORS[names[0]] < FLOORS[own], f"{file}:{line} imports {'.'.join(names)}"


@pytest.mark.parametrize("file", SOURCES, ids=inside)
def test_imports_of_the_package_are_relative(file):
    for node in ast.walk(tree(file)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module] if isinstance(node, ast.ImportFrom) and not node.level else []
        assert not any(name.split(".")[0] == "rootkappa" for name in names), f"{file}:{node.lineno}"


def read_by_type_checkers_only(file):
    """Return the lines that never run."""
    tests = [node for node in ast.walk(tree(file)) if isinstance(node, ast.If)]
    blocks = [test.body for test in tests if ast.unparse(test.test) == "TYPE_CHECKING"]
    return {line for block in blocks for line in range(block[0].lineno, block[-1].end_lineno + 1)}


def test_no_module_needs_itself():
    """Neither directly nor by way of others; an import inside a function only hides a circle."""
    modules = {tuple(inside(file).removesuffix("__init__").strip(".").split(".")): file for file in SOURCES}
    needs = {}
    for module, file in modules.items():
        unread = read_by_type_checkers_only(file)
        needs[module] = {
            names if names in modules else names[:-1] or ("",) for line, names in imported(file) if line not in unread
        }
    assert set().union(*needs.values()) <= set(modules)
    TopologicalSorter(needs).prepare()  # raises an error that lists the circle


def test_the_root_holds_the_version_and_loads_rooms_when_they_are_asked_for():
    """Whatever else stood there would be imported before the command line can answer."""
    body = tree(ROOT / "__init__.py").body
    imports = [node for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert {node.module for node in imports} == {"importlib", "typing"}
    named = [node.targets[0].id for node in body if isinstance(node, ast.Assign)]
    assert named + [node.name for node in body if isinstance(node, ast.FunctionDef)] == [
        "__version__", "_ROOMS", "_CALLS", "__getattr__", "__dir__",
    ]  # fmt: skip
    code = "import sys, rootkappa; assert not {'numpy', 'numba'} & set(sys.modules); rootkappa.problems.Quadratic"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert {"algorithms", "choose", "problems", "testing", "theory"} <= set(dir(rootkappa))
    assert callable(rootkappa.choose)
    with pytest.raises(AttributeError, match="has no attribute 'problem'"):
        _ = rootkappa.problem
    assert re.fullmatch(r"\d+\.\d+\.\d+", rootkappa.__version__)


@pytest.mark.parametrize("name", algorithms.names())
def test_every_method_is_tested(name):
    folder = ROOT / "tests" / "algorithms"
    assert (folder / f"test_{name}.py").is_file() or "names()" in (folder / "test_conformance.py").read_text()


def test_tests_mirror_the_folders():
    """A folder of tests is a folder of the package, but for what has no counterpart there."""
    tests = ROOT / "tests"
    folders = {file.relative_to(tests).parent for file in tests.rglob("test_*.py")}
    assert all((ROOT / folder).is_dir() for folder in folders)
    assert not list(tests.rglob("__init__.py"))


def test_no_file_names_a_machine():
    """A path from the root of somebody's disk works on no other."""
    absolute = re.compile(r"""(?<![\w.~:/})>*$-])/(?:home|root|work|Users|mnt|tmp|opt|srv|media)/\w""")
    text = {"", ".py", ".md", ".toml", ".cfg", ".json", ".txt", ".yml", ".yaml", ".sh"}
    hidden = re.compile(r"(^|/)(\.(?!ci|github)[^/]*|__pycache__|build|dist|out|[^/]*\.egg-info)(/|$)")
    for file in ROOT.rglob("*"):
        name = file.relative_to(ROOT).as_posix()
        if not hidden.search(name) and file.is_file() and file.suffix in text and file != Path(__file__):
            found = absolute.search(file.read_text(encoding="utf-8"))
            assert found is None, f"{name}: {found and found.group()}"
