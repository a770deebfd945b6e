"""What an accuracy costs at each condition number: from paths, exactly, and as text for others."""

import csv
import io
import math
import re
from pathlib import Path

import pandas as pd
import pytest

from rootkappa.sweeps import costs, slopes
from rootkappa.sweeps.cells import Cell
from rootkappa.sweeps.problems import ProblemSpec
from rootkappa.sweeps.races.compare import Comparison
from rootkappa.sweeps.races.written import csv as compared_csv
from rootkappa.sweeps.races.written import latex

SMALL = ProblemSpec(clients=3, dim=2, kappa=10.0)


def rows(*cells):
    return pd.DataFrame([{"key": cell.key(), **cell.configuration(), **cell.compute()[0]} for cell in cells])


def test_bits_are_those_of_as_many_rounds():
    """Gradient descent sends a vector of 64-bit floats up and one down in each round, whatever is drawn."""
    exact, sampled = rows(Cell("gradient_descent", SMALL, exact=True)), rows(Cell("gradient_descent", SMALL))
    for found in (costs.costs(exact)[0], costs.costs(sampled)[0]):
        assert found["floats"] == pytest.approx(4 * found["rounds"])
        assert found["bits"] == pytest.approx(64 * 4 * found["rounds"])
    assert (costs.costs(exact)[0]["seeds"], costs.costs(sampled)[0]["seeds"]) == (0, 1)


def table(**changes):
    fields = {**SMALL.configuration(), "method": "a_b", "changes": "", "epsilon": 1e-6, "exact": False}
    counts = {"rounds": [10.0, 30.0], "bits": [1e7, 3e7]} | changes
    return pd.DataFrame({**fields, "kappa": [10.0, 10.0], "seed": [0, 1], **counts})


def test_seeds_are_averaged_and_one_that_has_not_arrived_is_not_left_out():
    (record,) = costs.costs(table())
    assert (record["rounds"], record["bits"], record["seeds"]) == (20.0, 2e7, 2)
    (open_record,) = costs.costs(table(rounds=[10.0, math.nan]))
    assert math.isnan(open_record["rounds"])


def test_what_is_written_can_be_read():
    records = costs.costs(table(rounds=[10.0, math.inf]))
    (read,) = csv.DictReader(io.StringIO(costs.as_csv(records)))
    assert (read["method"], float(read["rounds"]), read["gradients"]) == ("a_b", math.inf, "")
    line = costs.as_latex(records).splitlines()[6]
    assert line == r"quadratic & a\_b & $10$ & $\infty$ & -- & $2 \cdot 10^{7}$ \\"


def test_a_power_of_bits_is_measured_though_none_is_promised():
    kappas = [10.0, 100.0, 1000.0]
    cells = table().iloc[[0] * 3].assign(kappa=kappas, bits=[640.0, 6400.0, 64000.0], promised_rounds=0.5)
    (record,) = (record for record in slopes(cells, ["bits"]) if record["axis"] == "bits")
    assert record["slope"] == pytest.approx(1.0)
    assert (record["promised"], record["status"]) == (None, "not applicable")
    assert [record["axis"] for record in slopes(cells)] == ["rounds"]


def test_where_no_theorem_speaks_of_the_problem_a_slope_is_only_measured():
    cells = table().iloc[[0] * 3].assign(kappa=[10.0, 100.0, 1000.0], rounds=[1.0, 10.0, 100.0], promised_rounds=0.5)
    assert [record["status"] for record in slopes(cells)] == ["refuted"]
    told = slopes(cells.assign(unpromised="the intercept is not penalised"))
    assert [(record["promised"], record["status"]) for record in told] == [(None, "not applicable")]


def test_both_tables_of_latex_are_of_one_style():
    """Rules of booktabs, and above the table the line that they need."""
    row = {"method": "a_b", "how": "prescribed", "params": {"gamma": 0.5}, "status": "arrived", "reason": ""}
    row |= {"cost": 2e7, "low": 1e7, "high": 3e7, "times": 1.0}
    away = {**row, "status": "budget", "reason": "the budget\nended."}
    compared = latex(Comparison([row, away], "a 10 % share", "F(x) - F* <= 1", "bits", [], 0))
    swept = costs.as_latex(costs.costs(table()))
    for text in (compared, swept):
        lines = text.splitlines()
        assert lines[0] == r"% In the preamble: \usepackage{booktabs}"
        rules = [line for line in lines if line.startswith("\\") and "tabular" not in line]
        assert rules == [r"\toprule", r"\midrule", r"\bottomrule"]
        columns = re.search(r"begin{tabular}{(.*)}", text)[1]
        rows = [line for line in lines if line.endswith(r"\\")]
        assert len(rows) == 2
        assert {line.count("&") + 1 for line in rows} == {len(columns)}
        assert r"a\_b & " in text
        assert r"$2 \cdot 10^{7}$" in text
    assert compared.splitlines()[-1] == "% a_b: the budget ended."


def test_tables_of_latex_call_methods_as_people_do_and_others_by_their_keys(tmp_path, monkeypatch):
    """Of two methods of one name each keeps its key besides; what LaTeX would read is escaped."""
    monkeypatch.chdir(tmp_path)
    Path("my_twin.py").write_text('NAME = "Scaffnew"\n', encoding="utf-8")
    Path("odd.py").write_text('NAME = "50 % of R&D_1 #2"\n', encoding="utf-8")
    keys = ["scaffold_1", "scaffnew", "my_twin.py", "odd.py"]
    told = ["SCAFFOLD with option I", "Scaffnew (scaffnew)", r"Scaffnew (my\_twin.py)", r"50 \% of R\&D\_1 \#2"]
    row = {"how": "prescribed", "params": {}, "status": "arrived", "reason": "", "cost": 2.0, "low": 1.0, "high": 3.0}
    rows = [{**row, "method": key, "times": 1.0} for key in keys]
    found = Comparison([*rows, {**rows[0], "status": "budget", "reason": "it ended"}], "a", "b", "bits", [], 0)
    records = costs.costs(pd.concat([table(method=key) for key in keys]))
    for text, column in ((latex(found), 0), (costs.as_latex(records), 1)):
        cells = [line.split(" & ")[column] for line in text.splitlines() if line.endswith(r"\\")]
        assert cells[1:] == told
    assert latex(found).endswith("% SCAFFOLD with option I: it ended\n")
    # Programs read keys.
    assert [line["method"] for line in csv.DictReader(io.StringIO(costs.as_csv(records)))] == keys
    assert [line["method"] for line in csv.DictReader(io.StringIO(compared_csv(found)))] == [*keys, keys[0]]
