"""Whatever is typed, a command ends with a code that means something, and with one sentence if it was wrong."""

import os
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rootkappa import cli, plots
from rootkappa.sweeps import Store

# Most lines are refused at once, so many more are drawn than of anything else: 200 of them, and 10,000 every night.
EXAMPLES = min(10_000, 8 * settings.default.max_examples)

ODD = [
    "", " ", "0", "-1", "1", "2", "3.5", "nan", "inf", "-inf", "1e-9", "1e-300", "1e400", "99999999", "1000000000000",
    "x", ",", "1,2", "1,,2", ":", "1:2:3", "2:9:2", "5:1:-1", "é√κ", "\x1b[31m", "a\nb", "~", "~nobody/x", ".",
    "-", "--", "$x^{$", "[red]", "a,b", "missing", "./missing", "missing.py", "./file", "folder", "file/below",
    "/dev/full", "/dev/null", "None", "RandK(2)", "TopK(", "__import__('os')", "\udcff", "quadratic", "logistic",
    "quadratic,quadratic", "scaffnew", "fedavg", "exact", "invariant", "common", "dirichlet", "rounds", "p=0.5",
    "p", "=", "p=", "gamma=x", "1" * 400,
]  # fmt: skip
words = st.sampled_from(ODD)
# Letters of methods and what is none.
LETTERS = [
    "--p",
    "--gamma",
    "--K",
    "--k",
    "--set",
    "--sloppy",
    "-p",
    "--p=0.5",
    "--set=p=0.5",
    "--all",
    "-h",
    "--version",
    "--γ",
    "--κ=3",
    "--ω",
]
# What is overridden by what is drawn, so that whatever is right is small.
TINY = [
    "verify scaffnew --problem quadratic --basis client --clients 3 --dim 3 --kappa 20 --evidence exact",
    "verify scaffnew --data ./data --clients 2 --kappa 5 --evidence exact",
    "sweep scaffnew --clients 3 --dim 3 --kappa 10,20 --seeds 1 --epsilon 0.5 --exact --store s.sqlite",
    "verify scaffnew --data t.csv --label y --client-column c --kappa 5 --evidence exact",
    "plot exponent --store none.sqlite",
    "new new.py",
    "list compressors",
    "data ./data",
    "compare scaffnew --problem quadratic --clients 3 --dim 3 --kappa 20 --to gap=0.1 --seeds 1 --store c.sqlite",
]


def options(name):
    """The real options of a command; its choice of methods stays, as all of them would take minutes."""
    params = cli.commands.commands[name].params
    return [word for param in params for word in param.opts if word.startswith("--") and word != "--all"]


@st.composite
def lines(draw):
    tiny = draw(st.sampled_from([*TINY, *TINY[:5], *TINY[:3]])).split()
    name = tiny[0]
    # Letters are for some commands, and all else is refused for one reason.
    has_letters = name in ("verify", "sweep", "compare")
    known = st.sampled_from([*options(name), *(LETTERS if has_letters else ["--sloppy", "--help"])])
    pairs = draw(st.lists(st.tuples(known, words, st.sampled_from(["apart", "joined", "alone"])), max_size=3))
    is_tiny = draw(st.integers(0, 9)) > 0
    line = list(tiny) if is_tiny else [name]
    for option, value, how in pairs:
        line += {"apart": [option, value], "joined": [f"{option}={value}"], "alone": [option]}[how]
    extra = [word for word in draw(st.lists(words, max_size=1)) if is_tiny or word not in ("scaffnew", "fedavg")]
    # Without a method it would compare all of them.
    is_everything = line == ["list"] or (name == "verify" and "--all" in line) or (name == "compare" and not is_tiny)
    return ["verify"] if is_everything else [*line, *extra]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Return a folder with a file, a folder, data and an empty store, the current one and home."""
    (tmp_path / "file").write_text("a regular file\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "data").write_text("+1 1:1 2:1\n-1 1:2\n+1 2:3\n-1 1:1\n+1 1:1 2:-1\n-1 2:2\n")
    (tmp_path / "t.csv").write_text("a,c,y\n1,u,0\n2,u,1\n3,v,0\n4,v,1\n")
    Store(tmp_path / "none.sqlite").close()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    # What a figure looks like is not asked here.
    monkeypatch.setattr(plots.discover("rootkappa.plots.parts")["style"], "save", lambda figure, stem, command: [stem])
    return tmp_path


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(line=lines())
def test_a_command_ends_with_a_code_that_means_something(line, place, command):
    found = command(*line)
    assert found.code in (0, 1, 2, 3)
    assert "Traceback" not in found.output + found.errors
    assert "\x1b" not in found.output + found.errors
    if found.code == 2:
        assert re.fullmatch(r"Error: [^\n]+\n", found.errors)
    else:
        assert not found.errors
    if found.code == 1:
        assert "refuted" in found.output
    assert not os.path.lexists(Path(place, "~"))
