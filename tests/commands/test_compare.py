"""``compare`` and ``choose`` as they are typed: tables, files, sentences and exit codes."""

import csv
import json
import shlex

import pytest

from rootkappa import problems
from rootkappa.commands import compare as module
from rootkappa.sweeps import ProblemSpec

SMALL = "--problem quadratic --clients 3 --dim 3 --kappa 20 --to gap=1e-3 --cost up=1,down=0.1 --seeds 2"


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_a_comparison_is_told_sorted_written_and_not_computed_twice(command, tmp_path):
    words = shlex.split(
        f"compare gradient_descent scaffnew clg_sgd {SMALL} --json t.json --csv t.csv --latex t.tex --out figures"
    )
    found = command(*words)
    assert found.code == 0, found
    assert "3 methods on quadratic" in found.output
    assert "This takes 5m at most" in found.output  # before anything is computed
    table = json.loads((tmp_path / "t.json").read_text())
    assert (table["cost"], table["target"]) == ("1 per bit up + 0.1 per bit down", "F(x) - F* <= 0.001")
    rows = table["rows"]
    costs = [row["cost"] for row in rows if row["status"] == "arrived"]
    assert costs == sorted(costs)
    assert len(costs) == 2
    assert (rows[2]["method"], rows[2]["status"], rows[2]["cost"]) == ("clg_sgd", "unfit", None)
    assert "needs a server with data of its own" in " ".join(found.output.split())
    with (tmp_path / "t.csv").open() as file:
        written = list(csv.DictReader(file))
    assert [float(row["cost"]) for row in written[:2]] == costs
    latex = (tmp_path / "t.tex").read_text()
    assert latex.count(r"\\") == 3
    assert "Gradient descent & " in latex
    assert [path.suffix for path in sorted((tmp_path / "figures").iterdir())] == [".png", ".svg", ".txt"]
    again = command(*words)
    assert "0 computed now" in again.output
    assert json.loads((tmp_path / "t.json").read_text()) == table
    # Another price is the same paths.
    assert "0 computed now" in command(*words, "--cost", "rounds").output
    assert command("plot", "compare", "--store", "out/compare.sqlite", "--out", "drawn").code == 0


def test_a_method_is_recommended_in_one_sentence_with_its_letters(command):
    found = command("choose", "gradient_descent", "nesterov", *shlex.split(SMALL), "--cost", "rounds")
    assert found.code == 0, found
    *_, sentence, letters = found.output.splitlines()
    assert sentence.startswith("Take nesterov with gamma = 1, beta = ")
    assert "times less than gradient_descent, the next." in sentence
    assert letters.split()[:3] == ["nesterov", "--gamma", "1"]


def test_where_there_is_no_terminal_a_line_is_told_now_and_then(command, monkeypatch):
    monkeypatch.setattr(module, "_EVERY", 0.0)
    words = ["gradient_descent", "nesterov", *shlex.split(SMALL)]
    found = command("compare", *words)
    assert "compare: 1 of 2 paths walked\n" in found.errors
    assert "compare: 2 of 2 decided, cheapest nesterov at " in found.errors
    monkeypatch.setattr(module, "_EVERY", 1e9)
    assert "decided" not in command("compare", *words).errors


def test_where_the_budget_ends_first_nothing_is_recommended(command):
    # More rounds than the lowest rung has.
    words = shlex.split(f"choose gradient_descent {SMALL} --budget 1e6 --kappa 1e12 --to distance=1e-9")
    found = command(*words)
    assert found.code == 3, found
    assert "No method arrived" in found.output
    assert "the budget ended" in found.output


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("--to gap=0", "to = 'gap=0' is no target"),
        ("--to gap=1e9", "is where x = 0 is already"),
        ("--cost bytes", "unknown what has a price"),
        ("--budget soon", "budget = 'soon' is no budget"),
        ("--l2 0.1 --kappa 20", "--l2 and --kappa were given"),
        ("--l2 0.1", "--l2 says nothing about quadratic"),
        ("--problem quadratic,logistic", "names 2 problems: compare on one"),
        ("--within 0", "within"),
        ("--to gap=1e-3 --held-out 0.3", "--held-out says nothing about a gap: leave it out"),
        ("--to accuracy=0.9", "has none to hold out"),
        ("--p 2", "p = 2 is out of range"),
        ("--q 2", "No such option '--q'"),
    ],
)
def test_what_is_refused(command, line, told):
    found = command("compare", "scaffnew", "--problem", "quadratic", "--clients", 3, "--dim", 3, *shlex.split(line))
    assert found.code == 2, found
    assert told in found.errors


def test_a_regularisation_is_the_problems():
    options = {"problem": None, "data": "breast_cancer", "l2": 1e-3, "kappa": None, "clients": 5, "seed": 0}
    options |= {"server": 0.0, "partition": "contiguous", "psi": None, "private": None}
    with module.click.Context(module.compare):
        spec = module._described(options)
    problem = problems.Logistic.load("breast_cancer", clients=5, l2=1e-3)
    assert spec == ProblemSpec("logistic", spec.kappa, clients=5)
    assert spec.build().l2 == pytest.approx(1e-3, rel=1e-12)
    assert spec.kappa == pytest.approx(problem.kappa, rel=1e-12)
