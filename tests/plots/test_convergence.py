"""Curves of convergence: where a promise is refuted is marked, and curves that are the same are told to be."""

import numpy as np
import pandas as pd
import pytest

from rootkappa.plots import convergence


def traces(**columns):
    rounds = np.arange(50)
    table = pd.DataFrame({"round": rounds, "lyapunov": 0.9**rounds, "promise": 0.5**rounds, "floats_up": 3 * rounds})
    return table.assign(label="mine", method="mine", seed=0, floats_down=0, **columns)


@pytest.mark.parametrize(("axis", "place"), [("rounds", 40.0), ("floats", 120.0)])
def test_the_mark_lies_on_the_curve_where_the_promise_is_broken(axis, place):
    figure = convergence.figure(traces(broken=40), axis=axis)
    assert "refuted from here on" in [text.get_text() for text in figure.legends[0].get_texts()]
    (mark,) = [line for line in figure.axes[0].lines if len(line.get_xdata()) == 1]
    assert mark.get_xdata() == [place]
    assert mark.get_ydata() == pytest.approx(0.9**40)
    assert figure.axes[0].get_xlim()[1] > place


@pytest.mark.parametrize(("columns", "measure"), [({}, "lyapunov"), ({"broken": np.nan}, "lyapunov")])
def test_where_nothing_is_refuted_there_is_no_mark(columns, measure):
    figure = convergence.figure(traces(**columns), measure=measure)
    assert not any("refuted" in text.get_text() for text in figure.legends[0].get_texts())


def test_curves_that_are_the_same_are_one_with_both_names():
    one = traces()
    other = one.assign(label="yours", method="yours", lyapunov=one["lyapunov"] * (1.0 + 1e-12))
    third = one.assign(label="hers", method="hers", lyapunov=0.8 ** one["round"])
    figure = convergence.figure(pd.concat([one, other, third]))
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names[:2] == ["mine = yours", "hers"]
