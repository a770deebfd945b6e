"""Methods are called in figures and papers as people call them, each in a way of its own."""

from pathlib import Path

from rootkappa import algorithms
from rootkappa.sweeps.names import shown_name, shown_names


def test_a_file_is_called_by_its_own_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text('raise SystemExit\nNAME: str = "My  method"\n', encoding="utf-8")
    Path("plain.py").write_text("NAME = 1 + 1\n", encoding="utf-8")
    Path("broken.py").write_text('NAME = "', encoding="utf-8")
    Path("twin.py").write_text('NAME = "Scaffnew"\n', encoding="utf-8")
    assert [shown_name(name) for name in ("mine.py", "plain.py", "broken.py", "gone.py")] == [
        "My method", "plain.py", "broken.py", "gone.py",
    ]  # fmt: skip
    # Two of one name are told apart.
    assert shown_names(["scaffnew", "twin.py"]) == {"scaffnew": "Scaffnew (scaffnew)", "twin.py": "Scaffnew (twin.py)"}


def test_no_two_methods_have_one_name():
    names = [shown_name(method) for method in algorithms.names()]
    assert len({*names}) == len(names)
    assert not {*names} & {*algorithms.names()}
