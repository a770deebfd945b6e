"""Stating, listing and drawing one letter on the command line: what cannot be meant gets one sentence, at once."""

import json
import re
from pathlib import Path

import pytest

from rootkappa import algorithms, theory
from rootkappa.commands import page
from rootkappa.sweeps import ProblemSpec
from rootkappa.theory.engines import stated
from rootkappa.theory.verify import ENGINES

BAD = {
    "verify scaffnew --rate 0.5 --evidence exact": "--rate and --rounds have evidence of their own",
    "verify scaffnew --epsilon 0.1": "--epsilon is read beside --rounds only",
    "verify scaffnew --rounds kappa --per round": "--per is read beside --rate only",
    "verify scaffnew --rate 0.5 --per week": "unknown unit of a rate 'week'",
    "verify scaffnew --rate 1.5": "rate = '1.5' is 1.5 here, and no factor by which V falls",
    "verify scaffnew --rate __import__('os')": "write numbers, letters, + - * / **, sqrt, log, ceil, min, max.",
    "verify scaffnew --rounds kappa --epsilon 2": "epsilon = 2.0 is no relative accuracy",
    "verify scaffnew --rounds kappa --kappa 1:0.1:3": "kappa = '1:0.1:3' falls",
    "verify scaffnew --rate 0.5 --witness .": "witness = '.' is no name of a file",
    "verify scaffnew --rate 0.5 --witness /dev/null": "witness = '/dev/null' is no name of a file",
    "verify scaffnew --evidence exact,pth": "unknown evidence 'pth': did you mean 'path'?",
    "verify scaffnew --evidence Exact": "unknown evidence 'Exact': did you mean 'exact'?",
    "verify scaffnew --evidence exact,": "unknown evidence ''",
    "verify scaffnew --rate 0.5 --witness=": "--witness is empty: give it a value, or leave it out.",
    "verify scaffnew --rate 0.5 --witness /proc/w/v.npz": "output '/proc/w' cannot be written",
    "list scafnew": "unknown kind of list, or method, 'scafnew': did you mean 'scaffnew'?",
    "list missing.py": "missing.py",
    "plot letter scaffnew": "Name a method and one of its letters, as in plot letter scaffnew p, or neither.",
    "plot letter scaffnew q": "unknown letter of scaffnew 'q'",
    "plot letter scaffnew p --values 2": "p = 2 is out of range",
    "plot letter scafnew p": "unknown method 'scafnew'",
    "plot exponent scaffnew p": "'p' says nothing about exponent",
    "plot exponent --exact": "--exact says nothing about exponent",
    "plot letter": "does not exist: run rootkappa sweep",
}


@pytest.mark.parametrize("line", BAD)
def test_what_cannot_be_meant_gets_one_sentence(line, command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = command(*line.split())
    assert found.code == 2
    assert re.fullmatch(r"Error: [^\n]+\n", found.errors)
    assert BAD[line] in found.errors
    assert not list(Path().iterdir())


def test_a_file_of_ones_own_has_a_page(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command("new", "mine.py", "--like", "scaffnew")
    found = command("list", "mine.py")
    assert found.code == 0
    for told in ("a probability of communication in (0, 1]", "Theorem scaffnew", "rootkappa verify mine.py --p 0.1"):
        assert told in found.output


@pytest.mark.parametrize("name", ["scaffnew", "fedclg_c", "dispfl", "fedreg"])
def test_a_page_recommends_what_runs(name):
    """What a method needs of a problem, such as a server with data, is said in what is to be typed."""
    method = algorithms.get(name)
    lines = page._commands(method, theory.promised_by(method))
    asked = [line.split("&&")[0] for line in lines if "--rate" in line or line.split()[1] in ("sweep", "plot")]
    assert asked
    for line in asked:
        given = dict(re.findall(r"--(problem|server|private) (\S+)", line))
        spec = ProblemSpec(**{**given, "server": float(given.get("server", 0.0))})
        method.check(spec.build())
        assert "--exact" not in line or spec.problem == "quadratic"


def test_where_nothing_is_refuted_no_witness_is_written(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    small = ("--clients", 3, "--dim", 4, "--kappa", 30)
    found = command("verify", "scaffnew", "--rate", "1 - 1/kappa", *small, "--witness", "w.npz", "--json", "v.json")
    assert found.code == 0
    assert "Nothing is refuted, so no witness is written." in found.output
    assert [path.name for path in tmp_path.iterdir()] == ["v.json"]


def test_a_method_is_not_overwritten_by_what_refutes_it(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command("new", "mine.py", "--like", "scaffnew")
    before = Path("mine.py").read_bytes()
    found = command("verify", "mine.py", "--rate", "1 - 2/kappa", "--witness", "mine.npz")
    assert (found.code, found.output) == (2, "")
    assert re.fullmatch(r"Error: witness = 'mine.npz' would overwrite mine.py, [^\n]+\n", found.errors)
    assert Path("mine.py").read_bytes() == before


def test_an_interrupt_leaves_what_was_finished(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def stop(case, progress):
        raise KeyboardInterrupt

    monkeypatch.setitem(ENGINES, "path", stop)
    words = ["--clients", "3", "--dim", "4", "--kappa", "30", "--problem", "quadratic", "--evidence"]
    found = command("verify", "gradient_descent", *words, "invariant, exact,path", "--json", "v.json")
    assert found.code == 130
    kept = json.loads(Path("v.json").read_text())
    assert [verdict["evidence"] for verdict in kept] == ["invariant", "exact"]
    told = "2 finished verdicts are in v.json, with those of 0 of 1 methods in full and of 2 of 3 kinds of evidence of "
    assert f"{told}gradient_descent.\n" in found.errors


@pytest.mark.parametrize("place", [["--json", "v.json"], ["--out", "kept"]])
def test_an_interrupt_leaves_what_was_judged_of_what_is_stated(place, command, tmp_path, monkeypatch):
    """Of two methods at two condition numbers the fourth rate is cut short: three are there."""
    monkeypatch.chdir(tmp_path)
    judged, right = [], stated.rate

    def stop(case, *rest):
        judged.append(case.method.name)
        if len(judged) == 4:
            raise KeyboardInterrupt
        return right(case, *rest)

    monkeypatch.setattr(stated, "rate", stop)
    words = ["--rate", "1 - 1/kappa", "--clients", "3", "--dim", "4", "--kappa", "10,30"]
    found = command("verify", "gradient_descent", "scaffnew", *words, *place)
    assert found.code == 130
    assert judged == ["gradient_descent", "gradient_descent", "scaffnew", "scaffnew"]
    file = Path("v.json") if "--json" in place else Path("kept/verdicts.json")
    kept = json.loads(file.read_text(encoding="utf-8"))
    assert [verdict["method"] for verdict in kept] == ["gradient_descent", "gradient_descent", "scaffnew"]
    told = f"3 finished verdicts are in {file}, with those of 1 of 2 methods in full (each counted on each problem) and"
    assert f"{told} of 1 of 2 stated verdicts of scaffnew.\n" in found.errors
