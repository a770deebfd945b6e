"""What all tests share: Hypothesis profiles and small problems of every kind."""

import sys
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from scipy.sparse import csr_array

from rootkappa import algorithms, cli, problems, theory

# Compilation makes the first example slow, so no example has a deadline. The cases are new in every run: make prints
# the seed that replays them, and a failure prints what replays it alone.
_COMMON = {"deadline": None, "derandomize": False, "suppress_health_check": [HealthCheck.too_slow], "print_blob": True}
settings.register_profile("quick", max_examples=20, **_COMMON)
settings.register_profile("ci", max_examples=25, **_COMMON)
settings.register_profile("nightly", max_examples=80 * 25, **_COMMON)
settings.load_profile("quick")


def logistic(sparse):
    rng = np.random.default_rng(7)
    features = rng.standard_normal((60, 6)) * (rng.random((60, 6)) < 0.5)
    labels = np.where(features @ rng.standard_normal(6) + rng.standard_normal(60) > 0, 1.0, -1.0)
    return problems.Logistic(csr_array(features) if sparse else features, labels, clients=4, kappa=20.0)


_PROBLEMS = {
    "common": lambda: problems.Quadratic.random(clients=4, dim=5, kappa=20.0, seed=3),
    "client": lambda: problems.Quadratic.random(clients=4, dim=5, kappa=20.0, seed=3, basis="client"),
    "logistic": lambda: logistic(sparse=False),
}


@pytest.fixture(scope="session", params=list(_PROBLEMS))
def problem(request):
    """Return one problem of each kind; compiled code knows that of the data, and no method does."""
    return _PROBLEMS[request.param]()


@pytest.fixture(scope="session")
def dense_and_sparse():
    """Return one problem twice, with dense and with sparse features."""
    return logistic(sparse=False), logistic(sparse=True)


@pytest.fixture(
    scope="session",
    params=[name for name in algorithms.names() if theory.get(algorithms.get(name).promise).contraction is not None],
)
def rated(request):
    """Return the name of a method of which a rate is promised."""
    return request.param


@pytest.fixture(scope="session")
def relative_difference():
    """Return a function of two arrays: their largest difference, relative to the larger one's largest entry."""

    def difference(a, b):
        scale = max(np.abs(a).max(), np.abs(b).max())
        return float(np.abs(a - b).max() / scale) if scale > 0 else 0.0

    return difference


class Finished(NamedTuple):
    """What a command left behind."""

    code: int
    output: str
    errors: str


@pytest.fixture
def command(monkeypatch, capsys):
    """Return a function that runs the command line as a shell would, in this process."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["rootkappa", *map(str, words)])
        monkeypatch.setenv("COLUMNS", "200")
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            cli.main()
        return Finished(left.value.code, *capsys.readouterr())

    return run
