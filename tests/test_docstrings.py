"""Every example in a docstring runs and shows what it says."""

import doctest
import importlib
import pkgutil

import pytest

import rootkappa

FOLDERS = ("problems", "algorithms", "theory", "testing", "sweeps", "plots")
MODULES = [
    name
    for folder in FOLDERS
    for _, name, _ in pkgutil.walk_packages(
        importlib.import_module(f"rootkappa.{folder}").__path__, f"rootkappa.{folder}."
    )
]


def test_the_modules_are_found():
    assert "rootkappa.algorithms.scaffnew" in MODULES
    assert rootkappa.__version__


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of(name):
    module = importlib.import_module(name)
    failed, _ = doctest.testmod(module, extraglobs={"np": importlib.import_module("numpy")})
    assert failed == 0
