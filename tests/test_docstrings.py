"""Every example in a docstring runs and shows what it says."""

import doctest
import importlib
import pkgutil

import pytest
from hypothesis import Phase, settings

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


@pytest.fixture(scope="module", autouse=True)
def _unshrunk():
    """An example that shows how a check fails needs no smallest counterexample, which takes most of the time."""
    before = settings.get_current_profile_name()
    settings.register_profile("unshrunk", settings.get_profile(before), phases=[Phase.explicit, Phase.generate])
    settings.load_profile("unshrunk")
    yield
    settings.load_profile(before)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of(name):
    module = importlib.import_module(name)
    failed, _ = doctest.testmod(module, extraglobs={"np": importlib.import_module("numpy")})
    assert failed == 0
