"""A study's paths are cells of the store: none is computed twice, and they are drawn from there."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from rootkappa import algorithms, plots
from rootkappa.core.errors import InputError
from rootkappa.plots import convergence
from rootkappa.plots import sparsity as figures
from rootkappa.plots.parts.tables import study_tables
from rootkappa.sweeps import Cell, ProblemSpec, Store, families, run_cells, studies
from rootkappa.sweeps.studies import StudyCell, sparsity, study_cells

SPEC = ProblemSpec(clients=4, dim=6, kappa=20.0, problem_seed=1)


@pytest.fixture(scope="module")
def computed(tmp_path_factory):
    path = tmp_path_factory.mktemp("study") / "s.sqlite"
    with Store(path) as store:
        assert run_cells(study_cells("sparsity", [SPEC]), store) == len(sparsity.METHODS)
    return path


@pytest.mark.parametrize("name", studies.names())
def test_every_study_says_what_it_compares_and_has_a_figure(name):
    module = studies._study(name)
    assert module.__doc__.splitlines()[0].endswith(".")
    assert set(studies.methods(name)) <= set(algorithms.names())
    assert hasattr(module, "trace") != hasattr(module, "points")
    assert plots.of_study(name) == (name if hasattr(module, "trace") else "study")
    assert studies.summary(name) == module.__doc__.splitlines()[0]


def test_an_unknown_study_gets_one_sentence():
    with pytest.raises(InputError, match="unknown study 'sparcity': did you mean 'sparsity'"):
        studies.methods("sparcity")


def test_whatever_defines_a_path_is_in_its_key(tmp_path, monkeypatch):
    data = tmp_path / "data"
    data.write_text("+1 1:1\n-1 2:1\n")
    base = StudyCell("sparsity", "proxskip", SPEC)
    others = [
        StudyCell("another", "proxskip", SPEC),
        StudyCell("sparsity", "sparse_proxskip", SPEC),
        StudyCell("sparsity", "proxskip", ProblemSpec(clients=4, dim=6, kappa=21.0, problem_seed=1)),
        StudyCell("sparsity", "proxskip", ProblemSpec("logistic", data=str(data))),
    ]
    keys = {cell.key() for cell in (base, *others)} | {Cell("proxskip", SPEC, seed=1).key()}
    assert len(keys) == 6
    data.write_text("+1 1:1\n-1 2:2\n")
    assert others[-1].key() not in keys


def test_an_interrupted_study_goes_on_and_computes_nothing_twice(computed, tmp_path, monkeypatch):
    runs = []
    original = sparsity.trace

    def counted(method, problem, seed):
        runs.append(method)
        if len(runs) == 4:
            raise KeyboardInterrupt
        return original(method, problem, seed)

    monkeypatch.setattr(sparsity, "trace", counted)
    cells = study_cells("sparsity", [SPEC])
    with Store(tmp_path / "s.sqlite") as store:
        # What was handed to the executor when the interrupt came still runs, until it is closed.
        with ThreadPoolExecutor(1) as one, pytest.raises(KeyboardInterrupt):
            run_cells(cells, store, executor=one)
        kept = store.keys()
        assert 3 <= len(kept) < len(cells)
        runs[:] = [None] * 4
        with ThreadPoolExecutor(1) as one:
            assert run_cells(cells, store, executor=one) == len(cells) - len(kept)
            finished = [cell.method for cell in cells if cell.key() in kept]
            assert sorted([*runs[4:], *finished]) == sorted(sparsity.METHODS)
            assert run_cells(cells, store, executor=one) == 0
        assert len(runs) == 4 + len(cells) - len(kept)
        with Store(computed) as whole:
            assert store.traces().equals(whole.traces())


def test_its_paths_are_rows_like_those_of_every_method(computed):
    with Store(computed) as store:
        assert run_cells([Cell("proxskip", SPEC, epsilon=1e-2, seed=1)], store) == 1
        cells = store.cells()
        # The sweep's cell is of the same method, problem and seed, and neither replaces the other.
        assert len(cells) == len(sparsity.METHODS) + 1
        assert sorted(len(rows) for _, rows in families(cells)) == [1, len(sparsity.METHODS)]
        names = [name for name, _ in convergence.drawn(store, cells)]
    assert sorted(names) == [
        "lyapunov-rounds-quadratic-kappa20",
        *["lyapunov-rounds-sparsity-quadratic-kappa20"] * 2,
    ]


def test_its_figure_needs_the_store_only(computed, monkeypatch):
    monkeypatch.setattr(sparsity, "trace", None)
    monkeypatch.setattr(ProblemSpec, "build", None)
    keys = [cell.key() for cell in study_cells("sparsity", [SPEC])]
    with Store(computed) as store:
        ((name, table),) = study_tables(store, store.cells(keys))
        ((drawn, _),) = figures.drawn(store, store.cells(keys))
    assert name == drawn == "quadratic-kappa20"
    assert list(dict.fromkeys(table["method"])) == list(sparsity.METHODS)
