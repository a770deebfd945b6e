"""Every kind of figure is drawn from what a store holds, and nothing is computed for it."""

import numpy as np
import pandas as pd
import pytest

from rootkappa import plots
from rootkappa.algorithms import Clock
from rootkappa.core.errors import InputError
from rootkappa.plots import convergence
from rootkappa.sweeps import Cell, ProblemSpec, Store
from rootkappa.sweeps.clocks import column
from rootkappa.sweeps.store import TRACE_COLUMNS


@pytest.fixture
def store(tmp_path, monkeypatch):
    """Return a store of numbers that no method would give, where no problem can be built."""
    monkeypatch.setattr(ProblemSpec, "build", None)
    monkeypatch.setattr(Cell, "compute", None)
    rounds = np.arange(50.0)
    with Store(tmp_path / "s.sqlite") as store:
        for kappa in (10.0, 100.0, 1000.0):
            for method, promise in (("scaffnew", 0.7**rounds), ("fedavg", None)):
                trace = pd.DataFrame(dict.fromkeys(TRACE_COLUMNS, rounds))
                trace = trace.assign(lyapunov=3 * 0.5**rounds, gap=0.5**rounds)
                trace = trace if promise is None else trace.assign(promise=promise)
                cell = Cell(method, ProblemSpec(kappa=kappa))
                found = {"label": f"kappa {kappa}", "rounds": kappa, "iterations": kappa}
                store.put(cell.key(), cell.configuration(), found, trace)
        yield store


@pytest.mark.parametrize("kind", plots.names())
def test_every_kind_says_what_it_can_be_told(kind):
    assert set(plots.options(kind)) <= {"axis", "measure", "clock"}
    assert plots.discover("rootkappa.plots")[kind].__doc__.splitlines()[0].endswith(".")


def test_the_promise_that_is_drawn_is_the_one_that_was_stored(store):
    figures = list(plots.convergence.drawn(store, store.cells()))
    assert [name for name, _ in figures] == [f"lyapunov-rounds-quadratic-kappa{kappa}" for kappa in (10, 100, 1000)]
    for _, figure in figures:
        dashed = [line for line in figure.axes[0].lines if line.is_dashed() and len(line.get_xdata())]
        (promise,) = (line for line in dashed if line.get_linewidth() == plots.parts.style.PROMISED["linewidth"])
        np.testing.assert_allclose(promise.get_ydata(), 0.7 ** promise.get_xdata(), rtol=1e-9)


def test_seconds_are_drawn_by_the_clock_that_is_asked_for_with_its_letters(store):
    clock, other = Clock(), Clock(latency=0.5)
    keys = list(store.cells()["key"])
    for key in keys[:-1]:
        store.add(key, column(clock), 3.0 * np.arange(50.0))
        store.add(key, column(other), 5.0 * np.arange(50.0))
    for asked, slope in ((clock, 3.0), (other, 5.0)):
        figures = list(convergence.drawn(store, store.cells(), "seconds", clock=asked))
        assert figures[0][0] == "lyapunov-seconds-quadratic-kappa10"
        for _, figure in figures:
            assert figure.axes[0].get_xlabel() == "simulated seconds"
            assert figure.axes[0].lines[0].get_xdata()[-1] == pytest.approx(49 * slope)
            # A line may be broken anywhere.
            assert str(asked) in " ".join(figure.get_supxlabel().split())
    # One path has none, and is left out.
    assert [len(figure.legends[0].legend_handles) for _, figure in figures] == [3, 3, 1]
    with pytest.raises(InputError, match="no path has seconds by compute=1ms up=1bit") as error:
        list(convergence.drawn(store, store.cells(), "seconds", clock=Clock(up=1.0)))
    assert str(Clock(up=1.0)) in str(error.value)


def test_panels_of_seconds_tell_the_clock_too():
    rounds = np.arange(50.0)
    table = pd.DataFrame({"seconds": rounds, "lyapunov": 0.5**rounds, "seed": 0})
    many = pd.concat([table.assign(label=f"m{i}", method=f"m{i}") for i in range(10)], ignore_index=True)
    figure = convergence.figure(many, "seconds", caption=f"By {Clock()}.")
    assert str(Clock()) in " ".join(figure.get_supxlabel().split())


def test_figures_of_some_cells_only(store, tmp_path):
    cells = store.cells()
    keys = cells["key"][cells["kappa"] == 100.0]
    paths = plots.write("convergence", store, keys, tmp_path / "new", "rootkappa plot", measure="gap")
    assert [path.name for path in paths] == [
        f"convergence-gap-rounds-quadratic-kappa100.{kind}" for kind in ("svg", "png", "txt")
    ]
    assert plots.write("exponent", store, keys, tmp_path / "new", "rootkappa plot") == []
    assert len(plots.write("exponent", store, None, tmp_path / "new", "rootkappa plot")) == 3


def test_equal_names_get_a_number(store, tmp_path):
    spec = ProblemSpec(kappa=10.0, dim=7)
    trace = store.traces(store.cells()["key"][:1]).drop(columns="key")
    store.put("other", Cell("scaffnew", spec).configuration(), {"label": "another"}, trace)
    paths = plots.write("convergence", store, None, tmp_path, "rootkappa plot")
    stems = [path.stem for path in paths if path.suffix == ".svg"]
    assert len(stems) == len(set(stems)) == 4
    assert "convergence-lyapunov-rounds-quadratic-kappa10-2" in stems


def test_an_unknown_axis_gets_one_sentence(store):
    for kind in (plots.convergence, plots.exponent):
        with pytest.raises(InputError, match="unknown axis 'round': did you mean 'rounds'"):
            list(kind.drawn(store, store.cells([]), axis="round"))


def test_one_family_that_cannot_be_drawn_stops_no_other(store, tmp_path):
    for kappa in (10.0, 100.0):
        cell = Cell("scaffnew", ProblemSpec(kappa=kappa, dim=7), exact=True)
        store.put(cell.key(), cell.configuration(), {"rounds": np.inf}, None)
    told = []
    paths = plots.write(
        "exponent", store, None, tmp_path / "a", "", lambda name, error: told.append((name, str(error)))
    )
    assert len(paths) == 3
    assert [name for name, _ in told] == ["quadratic"]
    assert "points has no row" in told[0][1]
    with pytest.raises(InputError, match="points has no row"):
        plots.write("exponent", store, None, tmp_path / "b", "")
    assert len(list((tmp_path / "b").iterdir())) == 3


@pytest.mark.parametrize("kind", ["convergence", "exponent"])
def test_a_store_of_nothing_draws_nothing(kind, tmp_path):
    with Store(tmp_path / "s.sqlite") as empty:
        assert plots.write(kind, empty, None, tmp_path, "") == []


def test_what_is_between_dollars_is_a_name_and_no_mathematics(store, tmp_path):
    cell = Cell("m$x^{$.py", ProblemSpec(dim=9))
    trace = store.traces(store.cells()["key"][:1]).drop(columns="key")
    store.put("odd", cell.configuration(), {"label": "another"}, trace)
    for name, figure in plots.convergence.drawn(store, store.cells(["odd"])):
        plots.parts.style.save(figure, tmp_path / name, "")
    assert len(list(tmp_path.glob("*.svg"))) == 1


def test_figures_call_methods_by_their_names_and_name_problem_kappa_and_epsilon(store):
    """The store's problems are called "kappa 10.0" and so on."""
    _, figure = next(plots.convergence.drawn(store, store.cells()))
    assert [text.get_text() for text in figure.legends[0].get_texts()][:2] == ["FedAvg", "Scaffnew"]
    assert figure.get_supxlabel() == "Kappa 10.0."
    ((_, figure),) = plots.discover("rootkappa.plots")["exponent"].drawn(store, store.cells())
    told = [text.get_text().partition(":")[0] for text in figure.legends[0].get_texts()]
    assert {"Scaffnew", "FedAvg"} <= {*told}
    assert figure.get_supxlabel() == "Kappa 10.0; ε = 1e-06; paths of 1 seed."
