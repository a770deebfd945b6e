"""What all tests share: Hypothesis profiles and small problems of every kind."""

import gc
import re
import sys
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from scipy.sparse import csr_array

from rootkappa import algorithms, cli, problems, theory
from rootkappa.core.blas import one_blas_thread

# What compilers make stays for good, and to look through all of it again and again takes a twentieth of the time.
gc.set_threshold(50_000, 20, 50)

# Compilation makes the first example slow, so no example has a deadline. The cases are new whenever the code is: make
# prints the seed that replays them, and a failure prints what replays it alone.
_COMMON = {"deadline": None, "derandomize": False, "suppress_health_check": [HealthCheck.too_slow], "print_blob": True}
settings.register_profile("quick", max_examples=20, **_COMMON)
settings.register_profile("ci", max_examples=15, **_COMMON)
settings.register_profile("nightly", max_examples=2000, **_COMMON)
settings.load_profile("quick")


def logistic(sparse):
    rng = np.random.default_rng(7)
    features = rng.standard_normal((60, 6)) * (rng.random((60, 6)) < 0.5)
    labels = np.where(features @ rng.standard_normal(6) + rng.standard_normal(60) > 0, 1.0, -1.0)
    return problems.Logistic(csr_array(features) if sparse else features, labels, clients=4, kappa=20.0)


def softmax_of_three():
    rng = np.random.default_rng(8)
    features = rng.standard_normal((60, 2))
    labels = (features @ rng.standard_normal((2, 3)) + rng.standard_normal((60, 3))).argmax(axis=1)
    return problems.Softmax(features, labels, clients=4, kappa=20.0, partition="label")


_PROBLEMS = {
    "common": lambda: problems.Quadratic.random(clients=4, dim=5, kappa=20.0, seed=3),
    "client": lambda: problems.Quadratic.random(clients=4, dim=5, kappa=20.0, seed=3, basis="client"),
    "logistic": lambda: logistic(sparse=False),
    "softmax": softmax_of_three,
}


# Compiling is most of the suite's work. What a method asks of a problem goes through the same few oracles, so on the
# logistic one every night sees all methods, and every run one method of each kind of question; the softmax one is asked
# in the tests of problems.
_ASKING = {"scaffnew", "proxskip_vr", "locodl", "nesterov", "fedlin"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    seed = config.getoption("hypothesis_seed", default=None)
    for item in items:
        given = item.callspec.params if hasattr(item, "callspec") else {}
        named = {name: value for name, value in given.items() if isinstance(value, str)}
        kind = named.get("problem")
        cheap = _ASKING & set(named.values()) if kind == "logistic" else item.path.parent.name == "problems"
        if kind in ("logistic", "softmax") and not cheap:
            item.add_marker(pytest.mark.nightly)
        for mark in item.iter_markers("drawn"):
            if not _is_drawn(seed, item.path.stem, given, *mark.args):
                item.add_marker(pytest.mark.nightly)


_FILE_OF = re.compile("^test_(claims_of_)?")


def _is_drawn(seed, file, given, count, *parameters):
    """Return whether a value is one of the share that this run tries; the same value is so in all tests.

    Counts are powers of 2, so that a method in a smaller share is in every larger one too: what is compiled for it once
    serves all of its tests. Without parameters it is the file that is drawn, as the method that it is named after.
    """
    values = [given[name] for name in parameters if name in given] if parameters else [_FILE_OF.sub("", file)]
    key = f"{seed} {values[0] if values else ''}"
    return not values or int.from_bytes(blake2b(key.encode(), digest_size=8).digest()) % count == 0


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    """Tests run in as many processes as there are cores; more threads would only wait for each other."""
    with one_blas_thread():
        yield


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


# What failed, with what draws it again, is written down at once: a log may be lost, or the run be ended.
_FAILURES = Path(__file__).parents[1] / "out" / "failures.txt"
_failed = []


def _is_worker(config):
    return hasattr(config, "workerinput")


def pytest_configure(config):
    if not _is_worker(config):
        _FAILURES.unlink(missing_ok=True)
    config.pluginmanager.register(_Failures(config), "failures")


class _Failures:
    """Keep every failure, with the seed of the run and the line that replays a Hypothesis example."""

    def __init__(self, config):
        self.config = config

    def pytest_runtest_logreport(self, report):
        if report.failed and not _is_worker(self.config):
            replay = [line.strip() for line in str(report.longrepr).splitlines() if "reproduce_failure" in line]
            seed = self.config.getoption("hypothesis_seed", default=None)
            _failed.append(f"{report.nodeid}  seed {seed}  {' '.join(replay)}".rstrip())
            _FAILURES.parent.mkdir(exist_ok=True)
            with _FAILURES.open("a", encoding="utf-8") as file:
                file.write(_failed[-1] + "\n")

    def pytest_terminal_summary(self, terminalreporter):
        if _failed:
            terminalreporter.section(f"failed, as in {_FAILURES}")
            terminalreporter.write_line("\n".join(_failed))
