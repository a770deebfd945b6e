"""A comparison's figure: cheapest first, with the interval of each, and below who is not there."""

import math

import pytest

from rootkappa.core.errors import InputError
from rootkappa.plots import compare
from rootkappa.plots.parts.style import save
from rootkappa.sweeps import ProblemSpec, Store
from rootkappa.sweeps.races import compare as races


def row(method, cost, how="prescribed", status="arrived", spread=1.2):
    ends = {"low": cost / spread, "high": cost * spread}
    return {"method": method, "how": how, "status": status, "cost": cost, "seeds": 5, **ends}


ROWS = [
    row("nesterov", 900.0, spread=1.0),
    row("tamuna", 50.0, "tuned"),
    row("tamuna", 400.0),
    row("scaffnew", 100.0),
    row("fedavg", math.inf, status="rests"),
]


def test_methods_are_sorted_by_their_best_letters():
    axes = compare.figure(ROWS, "F(x) - F* <= 0.0001", "bits up", "digits").axes[0]
    ticks = dict(zip(axes.get_yticks(), (text.get_text() for text in axes.get_yticklabels()), strict=True))
    assert [ticks[place] for place in sorted(ticks, reverse=True)] == ["tamuna", "scaffnew", "nesterov"]
    drawn = {tuple(line.get_xdata()) for line in axes.lines}
    assert {(one["cost"],) for one in ROWS[:4]} <= drawn
    assert (100.0 / 1.2, 100.0 * 1.2) in drawn
    assert axes.get_xlabel() == "cost to F(x) - F* ≤ 0.0001\n(bits up)"


def test_who_is_not_there_stands_below_and_letters_in_the_legend(tmp_path):
    figure = compare.figure(ROWS, "a target", "rounds", "digits of 37 clients")
    below = " ".join(figure.get_supxlabel().split())
    assert "Not there, rest before the target: fedavg." in below
    assert "digits of 37 clients." in below
    assert len(figure.legends[0].get_texts()) == 2
    assert not compare.figure(ROWS[2:], "a target", "rounds", "digits").legends
    assert all(path.stat().st_size for path in save(figure, tmp_path / "figure", "rootkappa compare"))
    # Nothing is cut at the edges.
    renderer = figure.canvas.get_renderer()
    box = figure.axes[0].xaxis.label.get_window_extent(renderer)
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.width


def test_nobody_arrived():
    with pytest.raises(InputError, match="no method arrived at a target on digits: there is no cost to draw"):
        compare.figure(ROWS[4:], "a target", "rounds", "digits")


def test_a_store_is_drawn_at_another_price_without_computing(tmp_path, monkeypatch):
    spec = ProblemSpec(clients=4, dim=5, kappa=20.0, problem_seed=3)
    with Store(tmp_path / "s.sqlite") as store:
        found = races.compare(spec, ["scaffnew", "gradient_descent"], "gap=1e-3", store=store, seeds=2)
        monkeypatch.setattr(races.Trial, "compute", None)
        ((name, figure),) = compare.drawn(store, store.cells(found.keys), "rounds")
    assert name == "gap-0.001-rounds"
    drawn = [float(line.get_xdata()[0]) for line in figure.axes[0].lines if len(line.get_xdata()) == 1]
    assert len(drawn) == 2
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["Scaffnew", "Gradient descent"]
