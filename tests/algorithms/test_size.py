"""A method fits on a page and is mostly mathematics: counts that say so, and no line is shortened for them."""

import ast
from pathlib import Path

import pytest

from rootkappa import algorithms
from rootkappa.algorithms.parts import plain_steps
from rootkappa.algorithms.parts.rounds import Coin

FILES = sorted(path for path in Path(algorithms.__file__).parent.glob("*.py") if path.stem != "__init__")
_WIRING = {
    "RANDOM",
    "SENDS",
    "PROMISE",
    "GROUP",
    "FAMILY",
    "HANDLES_PSI",
    "HANDLES_COMPOSITE",
    "fixed_point",
    "invariants",
}


def stem(path):
    return path.stem


def skips_rounds_only(name):
    """Return whether a method's own lines are a communication and at most one kind of local step."""
    method = algorithms.get(name)
    own_loops = "step" in vars(method.module) or method.Params in plain_steps.implementations
    return isinstance(method.random, Coin) and not own_loops


def test_only_methods_lie_directly_in_the_folder():
    assert list(map(stem, FILES)) == algorithms.names()


@pytest.mark.parametrize("path", FILES, ids=stem)
def test_a_method_fits_on_a_page(path):
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= (50 if skips_rounds_only(path.stem) else 120)


@pytest.mark.parametrize("path", FILES, ids=stem)
def test_a_method_takes_few_names_from_elsewhere(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert sum(len(node.names) for node in imports) <= 8


@pytest.mark.parametrize("path", FILES, ids=stem)
def test_wiring_is_at_most_a_third(path):
    """Imports, what is declared in a line, and the step and advance that only hand on to compiled code."""
    text = path.read_text(encoding="utf-8")
    wiring = 0
    for node in ast.parse(text).body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        names = {part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)}
        hands_on = isinstance(node, ast.FunctionDef) and node.name in ("step", "advance") and not node.decorator_list
        if isinstance(node, ast.Import | ast.ImportFrom) or names & (_WIRING | {"step", "advance"}) or hands_on:
            wiring += node.end_lineno - node.lineno + 1
    assert wiring <= len(text.splitlines()) / 3


def test_skipping_methods_are_most_of_those_with_a_coin():
    """The shorter limit is no empty word."""
    assert sum(map(skips_rounds_only, algorithms.names())) >= 15
