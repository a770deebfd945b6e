"""The cost of an accuracy against a letter: what is stored is what is drawn, with its least value and the theory's."""

import math
import re

import numpy as np
import pandas as pd
import pytest

from rootkappa.commands.lettered import lettered
from rootkappa.core.errors import InputError
from rootkappa.plots import letter
from rootkappa.plots.parts.tables import letter_tables
from rootkappa.sweeps import ProblemSpec, Store, run_cells
from rootkappa.sweeps.ranges import around, letter_cells

SPEC = ProblemSpec(clients=2, dim=2, kappa=1e4)


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    with Store(tmp_path_factory.mktemp("letter") / "s.sqlite") as store:
        cells = letter_cells("scaffnew", "p", SPEC, [0.001, 0.01, 0.1], exact=True)
        # What differs in another letter too is no point of this curve.
        cells += letter_cells("scaffnew", "gamma", SPEC, [0.5], exact=True)
        run_cells(cells, store)
        return store.cells()


def test_no_caption_is_cut_however_wide_its_letters():
    points = pd.DataFrame({"value": [1.0, 2.0, 4.0, 6.0], "cost": [9.0, 5.0, 9.0, math.inf], "prescribed": False})
    for word in ("iii", "MMMM MMM", "d=20 kappa=100"):
        figure = letter.figure(points, "scaffnew", "gamma", f"{word} " * 20)
        label = figure._supxlabel
        assert label.get_window_extent().x1 <= figure.bbox.x1
        assert " ".join(label.get_text().split()) == f"{f'{word} ' * 20} Not reached with gamma = 6.".replace("  ", " ")


def test_the_u_of_rounds_is_the_one_by_hand(stored):
    ((name, about, points),) = letter_tables(stored, "rounds")
    assert name == "scaffnew-p-quadratic-kappa10000"
    costs = {row["value"]: round(row["cost"]) for _, row in points.iterrows()}
    assert costs == {0.001: 6911, 0.01: 831, 0.1: 6908}
    assert points[points["prescribed"]]["value"].tolist() == [0.01]
    figure = letter.figure(points, **about)
    told = [text.get_text() for text in figure.legends[0].get_texts()]
    assert told == ["Scaffnew, κ = 10000", "fewest: 831 at p = 0.01", "theory: 831 at p = 0.01"]
    curve, ring, choice = figure.axes[0].lines
    assert np.array_equal(curve.get_xdata(), [0.001, 0.01, 0.1])
    assert ring.get_xdata() == [0.01]
    assert choice.get_xdata() == [0.01, 0.01]
    assert "ε = 1e-06" in about["caption"]
    assert "kappa=10000" in about["caption"]


def test_a_curve_needs_three_values(stored):
    two = stored[stored["changes"].isin(["p=0.001", "p=0.1"])]
    assert list(letter_tables(two, "rounds")) == []


def test_what_never_arrives_is_said_and_not_drawn():
    costs = [3.0, 2.0, math.inf]
    points = pd.DataFrame({"value": [0.5, 1.0, 2.5], "cost": costs, "prescribed": [False, False, True]})
    figure = letter.figure(points, "fedavg", "gamma")
    assert figure.axes[0].lines[0].get_xdata().tolist() == [0.5, 1.0]
    assert [text.get_text() for text in figure.legends[0].get_texts()][-1] == "theory: never with gamma = 2.5"
    assert "Not reached with gamma = 2.5." in figure.get_supxlabel()
    with pytest.raises(InputError, match="is reached with no value of gamma"):
        letter.figure(points.assign(cost=math.inf), "fedavg", "gamma")


def test_seeds_are_a_band():
    points = pd.DataFrame({"value": [1, 1, 2, 2, 3, 3], "cost": [1.0, 3.0, 5.0, 5.0, 6.0, 8.0], "prescribed": False})
    axes = letter.figure(points, "tamuna", "s").axes[0]
    assert axes.lines[0].get_ydata().tolist() == [2.0, 5.0, 7.0]
    (band,) = axes.collections
    assert band.get_paths()[0].get_extents().intervaly.tolist() == [1.0, 8.0]


def test_where_it_makes_no_difference_the_theory_is_right():
    points = pd.DataFrame({"value": [1, 2, 3], "cost": [238.01, 238.0, 238.02], "prescribed": [False, False, True]})
    figure = letter.figure(points, "fedavg", "K")
    assert [text.get_text() for text in figure.legends[0].get_texts()][1] == "fewest: 238 at K = 3"
    # What is the same looks the same.
    low, high = figure.axes[0].get_ylim()
    assert high / low > 2.0


def test_values_that_a_method_refuses_are_left_out_and_told(tmp_path, monkeypatch, capsys):
    """Of TAMUNA's senders one is too few: nobody's model would be averaged."""
    spec = ProblemSpec(kappa=100.0)
    values, refused = around("tamuna", "s", spec)
    assert min(values) >= 2
    assert min(refused) == 1
    monkeypatch.setattr("rootkappa.sweeps.run_cells", lambda *_, **__: None)
    with Store(tmp_path / "s.sqlite") as store:
        keys = lettered("tamuna", "s", store, [spec], None, exact=False, seeds=1, epsilon=1e-2)
    # With the prescribed one, which is among them.
    assert len(set(keys)) == len(values) + 1
    assert re.search(r"Left out s = 1, .*such as: s = 1 senders .* give 2 <= s <= c <= n\.", capsys.readouterr().out)


def test_values_around_the_prescribed_one_are_in_the_range():
    assert max(around("scaffnew", "p", ProblemSpec(kappa=4.0))[0]) <= 1.0
    assert all(isinstance(value, int) for value in around("fedavg", "K", SPEC)[0])
    with pytest.raises(InputError, match="unknown letter of scaffnew 'q'"):
        around("scaffnew", "q", SPEC)
    with pytest.raises(InputError, match="has no range around it: give --values"):
        around("ef21", "C", SPEC)
