"""The page of what was found of each method is made of the verdicts that a command writes."""

import json

import click
import pytest

from rootkappa import problems, theory
from rootkappa.tests.bench import systems


def test_verdicts_of_a_file_become_a_page(tmp_path, monkeypatch, capsys):
    problem = problems.Quadratic.random(clients=2, dim=2, kappa=10.0)
    found = theory.verify("gradient_descent", problem, evidence=("exact", "invariant"))
    (tmp_path / "verdicts.json").write_text(json.dumps([verdict.record() for verdict in found]), encoding="utf-8")
    monkeypatch.setattr(systems, "ROOT", tmp_path)
    monkeypatch.setattr(systems, "TABLE", tmp_path / "systems.md")
    systems.main([str(tmp_path / "verdicts.json")], standalone_mode=False)
    assert capsys.readouterr().out == "wrote systems.md\n"
    page = (tmp_path / "systems.md").read_text(encoding="utf-8")
    assert "`rootkappa verify gradient_descent`" in page
    assert "Found: exact confirmed; invariant confirmed." in page


def test_without_verdicts_it_is_told_how_to_make_them(tmp_path):
    with pytest.raises(click.UsageError, match="run make verify first"):
        systems.main([str(tmp_path / "none.json")], standalone_mode=False)
