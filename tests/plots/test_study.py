"""A study of points: stored like every cell, drawn from there by the one figure of all such studies."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from rootkappa import plots, theory
from rootkappa.core.errors import InputError
from rootkappa.plots import convergence, exponent
from rootkappa.plots import study as figures
from rootkappa.sweeps import ProblemSpec, Store, run_cells, studies
from rootkappa.sweeps.studies import Panel, StudyCell, study_cells

SPEC = ProblemSpec(clients=3, dim=4, kappa=30.0)
PANELS = (
    Panel("distance along rounds", "communication rounds", "‖x - x*‖ / ‖x*‖"),
    Panel("rounds to 1e-4", "κ", "rounds", xscale="log", marks="points"),
)
WORDS = {"scaffnew": ("Scaffnew", "method"), "fedavg": ("FedAvg", "control")}


def points(method, spec):
    """Distances of three seeds in a band, and rounds for three condition numbers."""
    curve, role = WORDS[method]

    def paths(kappa):
        problem = replace(spec, kappa=kappa).build()
        return [theory.case(method, problem, seed=seed).run(60, record=np.arange(0, 61, 5)) for seed in range(3)]

    traces = paths(spec.kappa)
    rounds = traces[0].column("round")
    distances = np.array([trace.column("distance") / trace.column("distance")[0] for trace in traces])
    bands = {"y": np.median(distances, axis=0), "low": distances.min(axis=0), "high": distances.max(axis=0)}
    tables = [pd.DataFrame({"panel": PANELS[0].title, "x": rounds, **bands})]
    for kappa in (5.0, 10.0, 20.0):
        reached = np.array([trace.reached("round", "lyapunov", 0.5) for trace in paths(kappa)])
        ends = {"y": np.median(reached), "low": reached.min(), "high": reached.max()}
        tables.append(pd.DataFrame({"panel": PANELS[1].title, "x": [kappa], **ends}))
    table = pd.concat(tables).assign(curve=curve, role=role)
    if role == "method":
        line = {"panel": PANELS[1].title, "curve": "√κ", "role": "reference", "x": [5.0, 20.0], "y": [5**0.5, 20**0.5]}
        table = pd.concat([table, pd.DataFrame(line)])
    return {"caption": "Median and range of 3 seeds."}, table


TOY = SimpleNamespace(
    __doc__="Scaffnew beside FedAvg.\n\nMore.", METHODS=tuple(WORDS), PANELS=PANELS, SPEC=SPEC, points=points
)


@pytest.fixture
def toy(monkeypatch):
    monkeypatch.setattr(studies, "discover", lambda package: {"toy": TOY})
    return TOY


@pytest.fixture
def computed(toy, tmp_path):
    with Store(tmp_path / "s.sqlite") as store:
        assert run_cells(study_cells("toy", [SPEC]), store) == len(WORDS)
        yield store


def test_its_points_are_kept_to_the_bit_and_computed_once(computed, monkeypatch):
    cells = study_cells("toy", [SPEC])
    _, expected = points("scaffnew", SPEC)
    kept = json.loads(computed.cells([cells[0].key()])["points"].iloc[0])
    for name in ("x", "y", "low", "high"):
        np.testing.assert_array_equal(kept[name], expected[name])
    monkeypatch.setattr(TOY, "points", None)
    assert run_cells(cells, computed) == 0


def test_its_figure_needs_the_store_only(computed, monkeypatch):
    monkeypatch.setattr(TOY, "points", None)
    monkeypatch.setattr(ProblemSpec, "build", None)
    ((name, figure),) = figures.drawn(computed, computed.cells())
    assert name == "toy-quadratic-kappa30"
    assert [axes.get_title(loc="left") for axes in figure.axes] == [panel.title for panel in PANELS]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["Scaffnew", "FedAvg", "√κ"]
    caption = " ".join(figure.get_supxlabel().split())
    assert caption.startswith("Scaffnew beside FedAvg. quadratic n=3 d=4 kappa=30")
    assert caption.endswith("Median and range of 3 seeds.")


def test_the_method_is_drawn_boldest_and_last_with_its_interval(computed):
    ((_, figure),) = figures.drawn(computed, computed.cells())
    lines = {len(axes.lines): axes for axes in figure.axes}[2].lines
    control, method = lines
    assert method.get_linewidth() > control.get_linewidth()
    assert method.get_zorder() > control.get_zorder()
    assert not method.is_dashed()
    assert control.is_dashed()
    assert len(figure.axes[0].collections) == 2


def test_what_theory_says_is_seen_where_it_lies_on_the_line_of_the_method():
    """In the image of both there are dark places that the line alone does not have."""
    rows = {"panel": "rounds", "curve": "mine", "role": "method", "x": [1.0, 2.0], "y": [3.0, 3.0]}
    method = pd.DataFrame(rows)
    both = pd.concat([method, method.assign(curve="promised", role="reference")])

    def dark(table):
        drawn = figures.figure(table, [Panel("rounds", "κ", "rounds", yscale="linear")], "One line.")
        drawn.legends[0].remove()
        (axes,) = drawn.axes
        axes.set_axis_off()
        axes.set_title("", loc="left")
        drawn.set_layout_engine("none")
        drawn._supxlabel.set_text("")
        canvas = FigureCanvasAgg(drawn)
        canvas.draw()
        pixels = np.asarray(canvas.buffer_rgba())[..., :3].astype(int)
        return int((pixels.max(axis=2) < 60).sum())

    assert dark(both) > dark(method) + 20


def test_no_name_of_a_file_has_a_space(computed, tmp_path, monkeypatch):
    """Softmax regression on digits is written so in tables, and data may be of a file whose name has spaces."""
    cells = computed.cells().assign(problem="softmax", data="my digits.txt")
    monkeypatch.setattr(computed, "cells", lambda keys=None: cells)
    written = plots.write("study", computed, None, tmp_path, "rootkappa plot study toy")
    assert [path.name for path in written] == [
        f"study-toy-softmax-my-digits.txt-kappa30.{end}" for end in ("svg", "png", "txt")
    ]


def test_its_figure_is_written_like_every_other(computed, tmp_path):
    first = plots.write("study", computed, None, tmp_path / "a", "rootkappa plot study toy")
    again = plots.write("study", computed, None, tmp_path / "b", "rootkappa plot study toy")
    assert [path.name for path in first] == [f"study-toy-quadratic-kappa30.{end}" for end in ("svg", "png", "txt")]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]


def test_cells_without_points_have_no_such_figure(computed):
    cells = computed.cells().drop(columns="points")
    assert list(figures.drawn(computed, cells)) == []


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"role": "hero"}, "unknown role 'hero'"),
        ({"panel": "distance along round"}, "did you mean 'distance along rounds'"),
        ({"x": None}, "points lacks the columns x"),
    ],
)
def test_a_table_that_cannot_be_drawn_is_refused_when_it_is_computed(changed, sentence, toy, monkeypatch):
    def wrong(method, spec):
        known, table = points(method, spec)
        (name,) = changed
        return known, table.drop(columns="x") if name == "x" else table.assign(**changed)

    monkeypatch.setattr(TOY, "points", wrong)
    with pytest.raises(InputError, match=sentence):
        StudyCell("toy", "scaffnew", SPEC).compute()


def test_no_more_panels_than_anybody_takes_in(toy, monkeypatch):
    monkeypatch.setattr(TOY, "PANELS", PANELS * 4)
    with pytest.raises(InputError, match="PANELS has 8 panels"):
        StudyCell("toy", "scaffnew", SPEC).compute()


@pytest.mark.parametrize(("count", "columns"), [(2, 2), (3, 3), (4, 2), (5, 3), (6, 3)])
def test_panels_stand_in_rows_of_three_at_most(count, columns):
    panels = [Panel(f"panel {place}", "x", "y") for place in range(count)]
    rows = {"panel": [panel.title for panel in panels], "curve": "one", "role": "method", "x": 1.0, "y": 1.0}
    shown = [axes for axes in figures.figure(pd.DataFrame(rows), panels, "").axes if axes.axison]
    assert [axes.get_title(loc="left") for axes in shown] == rows["panel"]
    assert len({round(axes.get_position().x0, 3) for axes in shown}) == columns


def test_what_a_logarithm_cannot_show_is_left_out():
    rows = {"panel": "gap", "curve": "mine", "role": "method", "x": [0.0, 1.0, 2.0, 3.0], "y": [1.0, 0.0, np.nan, 0.1]}
    table = pd.DataFrame(rows).assign(low=[-1.0, 0.0, 0.0, -1.0], high=2.0)
    figure = figures.figure(table, [Panel("gap", "rounds", "F - F*")], "")
    (line,) = figure.axes[0].lines
    assert line.get_xdata().tolist() == [0.0, 3.0]
    assert figure.axes[0].get_ylim()[0] > 0.0


@pytest.mark.parametrize("role", studies.ROLES)
def test_a_curve_looks_the_same_in_each_panel_and_unlike_its_neighbours(role):
    panels = [Panel(f"panel {place}", "x", "y") for place in range(3)]
    rows = [
        {"panel": panel.title, "curve": f"curve {name}", "role": role, "x": x, "y": 1.0 + name + x}
        for panel in panels
        for name in range(6)
        for x in range(3)
    ]
    figure = figures.figure(pd.DataFrame(rows), panels, "Six curves.")
    looks = [
        [(line.get_color(), line.get_linestyle(), line.get_marker()) for line in axes.lines] for axes in figure.axes
    ]
    assert looks[0] == looks[1] == looks[2]
    if role != "reference":
        assert len(set(looks[0])) == 6


@pytest.mark.parametrize("kind", [convergence, exponent])
def test_other_figures_leave_its_points_alone(kind, computed):
    assert list(kind.drawn(computed, computed.cells())) == []


def test_curves_that_are_the_same_everywhere_are_told_as_one():
    """In every panel, to rounding; one that differs in a panel, or lies on theory's line, stays what it is."""
    x, panels = np.arange(1.0, 5.0), [Panel("a", "x", "y"), Panel("b", "x", "y")]
    curves = {
        "theory": ("reference", x, x),
        "control": ("control", x, x),
        "mine": ("method", x * (1 + 1e-13), x),
        "other": ("method", x, 2 * x),
    }
    tables = [
        pd.DataFrame({"panel": panel.title, "curve": curve, "role": role, "x": x, "y": ys})
        for curve, (role, *both) in curves.items()
        for panel, ys in zip(panels, both, strict=True)
    ]
    result = figures.figure(pd.concat(tables, ignore_index=True), panels, "Three curves.")
    assert [text.get_text() for text in result.legends[0].get_texts()] == ["mine = control", "other", "theory"]
    assert [len(axes.lines) for axes in result.axes] == [3, 3]
