"""The command line: what it prints and writes, its exit codes, and one sentence for every bad input."""

import dataclasses
import io
import json
import lzma
import math
import os
import re
import shlex
import sqlite3
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from rich.console import Console

from rootkappa import algorithms, cli, plots, problems
from rootkappa.commands import verify
from rootkappa.core.errors import InputError
from rootkappa.sweeps import Cell, ProblemSpec, Store, studies
from rootkappa.terminal import print_costs
from rootkappa.theory import claims

COMMANDS = sorted(cli.commands.commands)
SMALL = "--problem quadratic --basis client --clients 3 --dim 3 --kappa 20"
LITTLE = "--clients 3 --dim 3 --kappa 10,20,40 --exact"

SCAFFNEW = (Path(cli.__file__).parent / "algorithms" / "scaffnew.py").read_text(encoding="utf-8")
FILES = {
    "good": "+1 1:1 2:1\n-1 1:2\n+1 2:3\n-1 1:1\n",
    "malformed": "+1 1:0.5 2:1\n-1 1:2 2:x\n",
    "nan": "+1 1:0.5\n+1 1:2\n-1 1:nan\n",
    "infinite": "+1 1:inf\n-1 1:2\n",
    "one": "+1 1:1\n+1 1:2\n",
    "three": "1 1:1\n2 1:2\n3 1:1\n",
    "empty": "",
    "disordered": "+1 1:1\n-1 2:1 1:2\n",
    "raises.py": "raise RuntimeError('first line\\nsecond line')\n",
    "nothing.py": "x = 1\n",
    "syntax.py": "def (\n",
    "untyped.py": SCAFFNEW.replace("average(X, scratch.mean)", 'average("mean" + X, scratch.mean)'),
    "exits.py": f"{SCAFFNEW}\nraise SystemExit(0)\n",
    "exits_later.py": f"{SCAFFNEW}\ndef check(problem):\n    raise SystemExit(0)\n",
    "generator.py": f"{SCAFFNEW}\ndef check(problem):\n    raise GeneratorExit\n",
    "interrupts.py": f"{SCAFFNEW}\nraise KeyboardInterrupt\n",
    "interrupts_later.py": f"{SCAFFNEW}\ndef check(problem):\n    raise KeyboardInterrupt\n",
    "promises.py": f"{SCAFFNEW}\nPROMISE = 3\n",
    "reserved.py": f"{SCAFFNEW}\nclass Params(NamedTuple):\n    seed: float\n",
    "dict.py": f"{SCAFFNEW}\nParams = dict\n",
    "coding.py": f"# -*- coding: nonsense -*-\n{SCAFFNEW}",
    "file": "a regular file\n",
    "t.csv": "age,clinic,ill\n1,a,no\n2,a,yes\n3,b,no\n4,b,yes\n5,b,yes\n6,b,no\n",
    "hole.csv": "age,clinic,ill\n1,a,no\n,b,yes\n",
    "words.csv": "age,clinic,ill\nold,a,no\nyoung,b,yes\n",
    "one.csv": "age,clinic,ill\n1,a,no\n2,b,no\n",
}
TABLE = "verify scaffnew --data t.csv --label ill"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder with good and bad files, the current one."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "cut.xz").write_bytes(lzma.compress(FILES["good"].encode() * 100)[:-20])
    with sqlite3.connect(tmp_path / "foreign.sqlite") as connection:
        connection.execute("CREATE TABLE cells (key)")
    connection.close()
    Store(tmp_path / "empty.sqlite").close()
    (tmp_path / "folder.py").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


BAD = {
    # The data.
    "verify scaffnew --data ./missing": "missing does not exist",
    "data /dev/null": "/dev/null is a pipe or a device, which can be read only once",
    "verify /dev/null": "method file '/dev/null' cannot be read, it is no file: give the path of a Python file",
    "verify ./folder.py": "method file 'folder.py' cannot be read, it is no file",
    "verify scaffnew --data brest_cancer": "unknown data set 'brest_cancer': did you mean 'breast_cancer'?",
    "verify scaffnew --data ./malformed": "malformed is not LIBSVM text at line 2, where '2:x'",
    "verify scaffnew --data ./nan": "nan is not LIBSVM text at line 3, where '1:nan'",
    "verify scaffnew --data ./infinite": "infinite is not LIBSVM text at line 1, where '1:inf'",
    "verify scaffnew --data ./disordered": "disordered is not LIBSVM text at line 2, where the indices are",
    "verify scaffnew --data ./one": "one has one label only (1)",
    "verify scaffnew --data ./three": "three has 3 different labels (1, 2, 3)",
    "verify scaffnew --data ./empty": "empty is empty",
    "verify scaffnew --data cut.xz": "cut.xz is not a complete .xz file",
    "verify scaffnew --data ./good --clients 5": "clients = 5 is more than the 4 samples",
    "verify scaffnew --data ./good --clients 2 --partition dirichlet --concentration 0": "alpha = 0.0",
    "verify scaffnew --data a9a --problem quadratic": "leave out --data",
    "verify scaffnew --data ./three --clients 1": "exactly two are needed, so merge classes, or take softmax",
    "verify scaffnew --problem softmax --data ./one --clients 1": "one has one label only (1): at least two are needed",
    "verify scaffnew --problem softmax --dim 3": "--dim says nothing about softmax: leave it out",
    "verify scaffnew --problem softmax --concentration 3": "--concentration says nothing about the contiguous",
    # Before the first verdict is computed, though the first problem is right.
    "verify scaffnew --data ./good,./missing --clients 2": "missing does not exist",
    "verify scaffnew --problem quadratic,logistic --partition x": "unknown partition 'x'",
    "sweep scaffnew --data ./good,./missing --clients 2 --kappa 10,20": "missing does not exist",
    "verify scaffnew --data good, --clients 2": "unknown data set ''",
    "sweep scaffnew --data ./missing": "missing does not exist",
    "sweep scaffnew --data ./malformed --kappa 10": "malformed is not LIBSVM text at line 2",
    "data none.csv": "none.csv does not exist",
    "data brest_cancer": "did you mean 'breast_cancer'",
    # Tables.
    "verify scaffnew --data t.csv": "t.csv is a table of which no column is named as labels: give label = (--label)",
    "verify scaffnew --data t.csv --label il": "unknown column, label = 'il': did you mean 'ill'?",
    f"{TABLE} --client-column hospital": "unknown column, client = 'hospital'",
    f"{TABLE} --client-column clinic --clients 2": "--clients says again what --client-column says of clients",
    f"{TABLE} --client-column clinic --partition shuffled": "--partition says again what --client-column says",
    f"{TABLE} --clients 2": "t.csv has 'a' in its column 'clinic', which is no number",
    f"{TABLE} --client-column clinic --labels no:maybe": "labels = 'no:maybe' names 'maybe', which no sample has",
    f"{TABLE} --client-column clinic --weights rows": "unknown weights 'rows'",
    f"{TABLE} --client-column clinic --intercept yes": "intercept = 'yes' is none",
    "verify scaffnew --data none.csv --label y": "none.csv does not exist",
    "verify scaffnew --data hole.csv --label ill --client-column clinic": "hole.csv has no number in row 2 of its",
    "verify scaffnew --data words.csv --label ill --client-column clinic": "words.csv has 'old' in its column 'age'",
    "verify scaffnew --data one.csv --label ill --client-column clinic": "has one label only (no)",
    "sweep scaffnew --data hole.csv --label ill --client-column clinic --kappa 10": "hole.csv has no number in row 2",
    "verify scaffnew --data breast_cancer --label y": "label = 'y' names a column, and breast_cancer is no table",
    "verify scaffnew --problem quadratic --label y": "--label says nothing about quadratic",
    "verify scaffnew --problem quadratic --weights samples": "--weights says nothing about quadratic",
    # The problem.
    "verify scaffnew --kappa 1": "kappa = '1' is no condition number",
    "verify scaffnew --kappa 0.5": "kappa = '0.5' is no condition number",
    "verify scaffnew --kappa inf": "kappa = 'inf' is no condition number",
    "verify scaffnew --kappa many": "kappa = 'many' is not a number",
    "verify scaffnew --dim 1000000": "clients = 10 and dim = 1000000 make a quadratic that fits into no memory",
    "verify scaffnew --clients 99999999": "clients = 99999999 and dim = 20 make a quadratic that fits into no memory",
    "verify scaffnew --problem logistic --clients 99999999": "clients = 99999999 is more than the 569 samples",
    "sweep scaffnew --dim 1000000": "clients = 10 and dim = 1000000 make a quadratic",
    "verify scaffnew --data ./good --dim 3": "--dim says nothing about logistic: leave it out",
    "verify scaffnew --problem logistic --basis client": "--basis says nothing about logistic",
    "verify scaffnew --problem quadratic --partition shuffled": "--partition says nothing about quadratic",
    "verify scaffnew --concentration nan": "--concentration says nothing about the contiguous partition",
    "sweep scaffnew --concentration 3": "--concentration says nothing about quadratic",
    "plot sparsity --dim 3": "--dim says nothing about logistic",
    "verify scaffnew --data=": "--data is empty",
    "verify scaffnew --problem=": "--problem is empty",
    "verify scaffnew --problem quadrtic": "unknown problem 'quadrtic': did you mean 'quadratic'?",
    "verify scaffnew --problem quadratic --basis comon": "basis = 'comon' is unknown: give one of common, client",
    "verify scaffnew --problem logistic --partition dirichet": "unknown partition 'dirichet': did you mean 'dirichlet'",
    "verify scaffnew --problem quadratic --dim 1": "dim = 1 cannot hold both ends",
    "verify scaffnew --problem quadratic --heterogeneity -1": "heterogeneity = -1.0",
    "verify scaffnew --problem quadratic --seed -1": "seed = -1 cannot start a generator",
    "verify scaffnew --clients 0": "clients = 0",
    "verify scaffnew --clients some": "'--clients': 'some' is not a valid integer",
    "sweep scaffnew --clients 0": "clients = 0",
    "sweep scaffnew --dim 1": "dim = 1",
    "sweep scaffnew --seed -1": "seed = -1",
    "sweep scaffnew --kappa 1e2:1e6:0": "kappa = '1e2:1e6:0' is no grid",
    "sweep scaffnew --kappa 1e2:1e6": "kappa = '1e2:1e6' is no grid",
    "sweep scaffnew --kappa 1e2:1e6:1e12": "kappa = '1e2:1e6:1e12' is no grid",
    "sweep scaffnew --kappa 1e4:1e2:5": "kappa = '1e4:1e2:5' falls: give the lower end first, as in 1e2:1e4:5",
    "sweep scaffnew --p 1:0.1:3 --kappa 10": "p = '1:0.1:3' falls: give the lower end first, as in 0.1:1:3",
    "sweep scaffnew --kappa 10,x": "kappa = '10,x' holds 'x'",
    "sweep scaffnew --kappa 1,10": "kappa = 1.0 is no condition number",
    # The method and its parameters.
    "verify": "Name the methods",
    "verify --all scaffnew": "Name the methods",
    "verify scafnew": "unknown method 'scafnew': did you mean 'scaffnew'? Known are adiana, ",
    "sweep scafnew": "unknown method 'scafnew': did you mean 'scaffnew'?",
    "sweep": "Missing argument 'METHOD",
    "verify scaffnew --p 0": "p = 0 is out of range: give a probability of communication in (0, 1]",
    "verify scaffnew --p 1.5": "p = 1.5 is out of range",
    "verify scaffnew --p 1e-9": "a round of scaffnew with gamma = 1.0, p = 1e-09 is more than 1e+07 iterations long",
    "verify scaffnew --p 1e-300": "a round of scaffnew with gamma = 1.0, p = 1e-300 is more than",
    "sweep scaffnew --p 0.1,1e-9 --kappa 10": "a round of scaffnew with gamma = 1.0, p = 1e-09 is more than",
    "verify fedavg --K 1000000000": "a round of fedavg with gamma",
    **{
        f"verify scaffnew --set {word}=1": f"unknown letter of scaffnew '{word}'"
        for word in ("problem", "self", "method", "evidence", "seed", "progress")
    },
    "verify scaffnew --p nan": "p = nan is out of range",
    "verify scaffnew --set p=1.5": "p = 1.5 is out of range",
    "sweep scaffnew --p 0 --kappa 10": "p = 0 is out of range",
    "sweep scaffnew --p 0.5,1.5 --kappa 10": "p = 1.5 is out of range",
    "sweep scaffnew --set p=1:2 --kappa 10": "p = '1:2' is no grid",
    "sweep scaffnew --set p=1,,2 --kappa 10": "p = '1,,2' holds an empty value",
    "sweep scaffnew fedavg --eta 1 --kappa 10": "No such option '--eta': did you mean '--set'",
    "sweep scaffnew fedavg --set eta=1": "unknown letter of scaffnew and fedavg 'eta': Known are gamma, K, p",
    "sweep --exat scaffnew": "No such option '--exat': did you mean '--exact'?",
    "sweep --p 0.1": "Missing argument 'METHOD",
    "verify scaffnew --gamma 0": "gamma = 0 is out of range",
    "verify scaffnew --gamma -1": "gamma = -1 is out of range",
    "verify scaffnew --K 3": "No such option '--K': the letters of scaffnew are gamma, p",
    "verify scaffnew --set eta=1": "unknown letter of scaffnew 'eta': Known are gamma, p",
    "verify scaffnew fedavg --p 0.1": "unknown letter of fedavg 'p': Known are gamma, K",
    "verify --all --gama 1": "No such option '--gama': did you mean '--gamma'?",
    "verify --all --set accuracy=1": "unknown letter of the methods 'accuracy': Known are ",
    "verify scaffnew --p 0.1 --set p=0.2": "p is given twice, as 0.1 and as 0.2: give it once",
    "verify scaffnew --p": "'p=' gives no letter a value",
    "verify scaffnew -p 0.1": "No such option '-p': a letter is set with two dashes",
    "verify fedavg --K 0": "K = 0 is out of range",
    "verify sparse_proxskip --set k": "'k' gives no letter a value: write one with it, as in k=3",
    "verify sparse_proxskip --set k=x": "k = 'x' is out of range",
    "verify sparse_proxskip --k 3.0": "k = 3.0 is out of range: give an integer",
    "verify tamuna --c 1e400": "c = inf is out of range: give an integer",
    "verify fedcomloc_com --C Foo(2)": "unknown compressor 'Foo'",
    "verify decentralized_scaffnew --graph [1]": "unknown graph '[1]'",
    "verify ./missing.py": "method file 'missing.py' does not exist",
    "verify ./raises.py": "'raises.py' cannot be executed, RuntimeError: first line second line",
    "verify ./syntax.py": "'syntax.py' cannot be executed, SyntaxError: ",
    "verify ./nothing.py": "nothing.py declares no method, it lacks Params",
    "verify ./exits.py": "'exits.py' cannot be executed, SystemExit: 0: mend it",
    f"verify ./exits_later.py {SMALL}": "exits_later.py raised SystemExit: 0: mend the file",
    "sweep ./exits_later.py --kappa 10,20": "exits_later.py raised SystemExit: 0: mend the file",
    "sweep ./exits_later.py --kappa 10,20 --exact": "exits_later.py raised SystemExit: 0: mend the file",
    f"verify ./generator.py {SMALL}": "generator.py raised GeneratorExit: no message: mend the file",
    "verify ./promises.py": "promises.py has PROMISE = 3: give the name of a theorem",
    "verify ./reserved.py": "reserved.py has a letter 'seed', which is an argument beside the letters: rename it",
    "verify ./dict.py": "dict.py has Params = <class 'dict'>: make it a NamedTuple",
    "verify ./coding.py": "'coding.py' cannot be executed, SyntaxError: unknown encoding: nonsense",
    "verify ./file": "'file' is no Python file",
    f"verify ./untyped.py {SMALL}": "untyped.py raised TypingError",
    "sweep ./missing.py": "method file 'missing.py' does not exist",
    "sweep ./nothing.py": "nothing.py declares no method",
    f"sweep ./untyped.py {LITTLE}": "untyped.py raised TypingError",
    # What is measured, and where it goes.
    "verify scaffnew --evidence exat": "unknown evidence 'exat': did you mean 'exact'?",
    "sweep scaffnew --problem logistic --kappa 10 --exact": "is no quadratic",
    "sweep scaffnew --seeds 0": "seeds = 0",
    "sweep scaffnew --seeds -2": "seeds = -2",
    "sweep scaffnew --seeds 1000000000000": "seeds = 1000000000000 is beyond what fits into memory",
    "verify scaffnew --evidence=": "--evidence is empty: give it a value, or leave it out",
    "verify scaffnew --json=": "--json is empty",
    "verify scaffnew --out ''": "--out is empty",
    "sweep scaffnew --store=": "--store is empty",
    "sweep scaffnew --store a.sqlite --json ./a.sqlite": "--json and --store are both a.sqlite",
    "sweep scaffnew --csv ./a --latex a": "--csv and --latex are both a",
    "sweep scaffnew --csv file/below --kappa 10": "output 'file' cannot be written",
    "sweep scaffnew --store ./raises.py --kappa 10": "store = 'raises.py' is not a SQLite database",
    "sweep scaffnew --epsilon 0": "epsilon = 0.0",
    "sweep scaffnew --epsilon 1": "epsilon = 1.0",
    "sweep scaffnew --epsilon nan": "epsilon = nan",
    "verify scaffnew --out file/below": "output 'file/below' cannot be written",
    "verify scaffnew --json file/below.json": "output 'file' cannot be written",
    f"verify scaffnew --json {'n' * 300}": f"'{'n' * 300}' cannot be written (File name too long)",
    f"plot exponent --store {'n' * 300}": f"store = '{'n' * 300}' does not exist",
    f"new {'n' * 300}.py": "cannot be written (File name too long)",
    "verify scaffnew --json .": "output '.' is a folder",
    "sweep scaffnew --store file/below.sqlite": "store = 'file/below.sqlite' cannot be used",
    "sweep scaffnew --store foreign.sqlite --kappa 10": "'foreign.sqlite' is a SQLite database of another program",
    "sweep scaffnew --store ./file --kappa 10": "store = 'file' is not a SQLite database",
    "sweep scaffnew --json file/below.json --kappa 10": "output 'file' cannot be written",
    "plot exponent --store missing.sqlite": "store = 'missing.sqlite' does not exist",
    "plot exponent --store foreign.sqlite": "'foreign.sqlite' is a SQLite database of another program",
    "plot exponent --store ./file": "is not a SQLite database",
    "plot exponent --axis round --store empty.sqlite": "unknown axis 'round': did you mean 'rounds'?",
    "plot convergence --axis round --store empty.sqlite": "unknown axis 'round': did you mean 'rounds'?",
    "plot convergence --axis seconds --clock speed=1 --store empty.sqlite": "unknown part of a clock 'speed'",
    "plot convergence --axis seconds --clock up=1ms --store empty.sqlite": "up = '1ms' of the clock is no rate",
    "plot convergence --clock up=1Mbit --store empty.sqlite": "--clock is read for --axis seconds only: give both",
    "plot exponent --clock up=1Mbit": "--clock says nothing about exponent",
    "plot convergence --axis seconds --store empty.sqlite --clock ''": "--clock is empty",
    "sweep scaffnew --kappa 10 --clock compute": "write each part as in",
    "plot surface": "'surface' is not one of 'compare', 'convergence', 'exponent'",
    "plot exponent --clients 3": "--clients says nothing about exponent",
    "plot exponent --measure gap": "--measure says nothing about exponent",
    "plot convergence --concentration 3": "--concentration says nothing about convergence",
    "plot sparsity --axis floats": "--axis says nothing about sparsity",
    "plot study sparcity": "unknown study 'sparcity': did you mean 'sparsity'",
    "plot convergence sparsity": "'sparsity' says nothing about convergence: leave it out",
    "plot study sparsity --axis floats": "--axis says nothing about sparsity",
    "verify scaffnew --problem quadratic --server 0.1": "--server says nothing about quadratic",
    "verify fedclg_c --server 0": "server = 0 leaves it without the data that fedclg_c needs: give a share above 0",
    "verify scaffnew fedclg_s --server 0": "such as --server 0.1, or leave --server out",
    "verify fedclg_c --server 0.1 --dim 3": "--dim says nothing about logistic: leave it out",
    "verify scaffnew --data breast_cancer --server 2": "server = 2.0 is no share of the samples",
    "plot sparsity --kappa 1": "kappa = '1' is no condition number",
    "list theorems": "unknown kind of list, or method, 'theorems'",
    "prove": "No such command 'prove'",
    "new some/missing/folder/x.py": "folder 'some/missing/folder' of the file does not exist: make it first, or give",
    "verify --sloppy": "No such option '--sloppy'",
}


@pytest.mark.parametrize("line", BAD)
def test_a_bad_input_gets_one_sentence(line, folder, command):
    before = sorted(folder.iterdir())
    found = command(*shlex.split(line))
    assert found.code == 2
    assert re.fullmatch(r"Error: [^\n]+[.?]\n", found.errors), found.errors
    # A name may be written with its folder or without.
    assert BAD[line] in found.errors.replace("'./", "'")
    assert not found.output
    # A store keeps which cells failed; whatever is refused before leaves nothing.
    left = ("out", "__pycache__") if line.startswith("sweep") else ("__pycache__",)
    assert [path for path in sorted(folder.iterdir()) if path.name not in left] == before


def test_a_table_is_described_by_its_columns(folder, command):
    assert command("data", "t.csv").output == (
        "t.csv: a table of 6 rows with age (6 different numbers), clinic (2 different texts), "
        "ill (2 different texts).\n"
    )
    assert "age (1 different numbers, 1 missing)" in command("data", "hole.csv").output


def test_costs_hold_in_eighty_columns():
    names = [
        "compressed_scaffnew C=RandK(2),gamma=0.333333333333,p=0.123456789",
        "a_method_of_somebody_with_a_long_name.py",
    ]
    row = {"problem": "quadratic", "changes": "", "kappa": 123456.0, "rounds": 1.23456e9, "iterations": math.inf}
    console = Console(width=80, file=io.StringIO())
    print_costs(console, [row | {"method": name, "bits": 1.23456e12} for name in names])
    lines = console.file.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert sum("1.23456e+12" in line for line in lines) == 2
    assert not any("…" in line for line in lines)


def test_without_a_command_there_is_help(command):
    found = command()
    assert found.code == 2
    assert found.output.startswith("Usage: rootkappa")
    assert not found.errors


def test_a_shell_is_told_what_a_word_may_become(command, monkeypatch):
    monkeypatch.setenv("_ROOTKAPPA_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "rootkappa verify scaff")
    monkeypatch.setenv("COMP_CWORD", "2")
    found = command()
    assert (found.code, found.output.split()) == (0, ["plain,scaffnew", "plain,scaffold_1", "plain,scaffold_2"])


def test_a_sweep_tells_and_writes_what_each_condition_number_costs(folder, command):
    words = ["scaffnew", "--clients", "3", "--dim", "3", "--exact", "--csv", "new/c.csv", "--latex", "t.tex"]
    found = command("sweep", *words, "--κ", "10,20", "--γ=0.5", "--set", "p=0.5")
    assert found.code == 0
    assert re.search(r"scaffnew gamma=0.5,p=0.5 +10 +\d", found.output)
    table = pd.read_csv("new/c.csv")
    assert table["kappa"].tolist() == [10.0, 20.0]
    # In a round a vector of three numbers goes up and one comes down.
    assert table["bits"].tolist() == pytest.approx((64 * 6 * table["rounds"]).tolist())
    assert Path("t.tex").read_text().count("Scaffnew") == 2
    assert command("plot", "exponent", "--axis", "bits").code == 0


def test_what_unequal_clients_weigh_is_told_once_where_nobody_has_chosen(folder, command):
    words = ["verify", "gradient_descent", "--data", "t.csv", "--label", "ill", "--client-column", "clinic"]
    sentence = "2 clients of 2 to 4 samples count equally"
    rest = ["--evidence", "claim", "--intercept", "free"]
    assert command(*words, *rest).output.count(sentence) == 1
    for how in ("samples", "clients"):
        found = command(*words, *rest, "--weights", how)
        assert sentence not in found.output
        assert "the intercept is not penalised" in found.output
        assert found.code == 3


@pytest.mark.parametrize("share", ["0.1", "1"])
def test_a_server_with_a_share_of_samples_needs_samples(share, folder, command):
    """What is drawn has none, so nothing is tried on a quadratic of which it could only be said that it is none."""
    found = command("verify", "fedclg_c", "--server", share, "--evidence", "invariant", "--clients", "4")
    assert (found.code, found.errors) == (0, "")
    assert "logistic breast_cancer" in found.output
    assert "quadratic" not in found.output
    assert "not applicable" not in found.output


@pytest.mark.parametrize("name", ["interrupts.py", "interrupts_later.py"])
def test_a_file_that_acts_as_an_interrupt_is_blamed(name, folder, command):
    found = command("verify", f"./{name}", *SMALL.split())
    assert (found.code, found.output) == (2, "")
    assert found.errors.strip().startswith("Error: ")
    assert found.errors.endswith(f"{name} raised KeyboardInterrupt: no message: mend the file and try again.\n")


def test_no_name_of_a_file_is_a_command_for_the_terminal(folder, command):
    name = "co\x1b[31m$o$t^_{[red],b"
    Path(name).write_text(FILES["good"] * 3, encoding="utf-8")
    words = ["scaffnew", "--clients", "2", "--kappa", "5"]
    data = ["--data", f"./{name}"]
    lines = [
        command("verify", *words, *data, "--evidence", "path", "--out", "out"),
        command("sweep", *words, *data, "--seeds", "1", "--epsilon", "0.5"),
        command("verify", *words, "--data", f"./{name}x"),
        command("verify", f"./{name}.py"),
    ]
    assert [found.code for found in lines] == [0, 0, 2, 2]
    assert "co\\x1b[31m$o$t^_{[red],b" in lines[0].output
    assert not any("\x1b" in found.output + found.errors for found in lines)


def test_a_tilde_is_the_home_folder(folder, command, monkeypatch):
    monkeypatch.setenv("HOME", str(folder / "home"))
    monkeypatch.setenv("USERPROFILE", str(folder / "home"))
    words = ["scaffnew", "--clients", "3", "--dim", "3", "--kappa", "10", "--seeds", "1", "--epsilon", "0.5"]
    assert command("sweep", *words, "--store=~/s.sqlite", "--json=~/s.json").code == 0
    assert {path.name for path in (folder / "home").iterdir()} == {"s.sqlite", "s.json"}
    (folder / "good").rename(folder / "home" / "good")
    found = command("verify", "scaffnew", "--data=~/good,breast_cancer", "--clients=9")
    assert "is more than the 4 samples" in found.errors
    assert not (folder / "~").exists()


def test_a_bad_cell_stops_no_other(folder, command, monkeypatch):
    compute = Cell.compute

    def failing(cell):
        if cell.spec.kappa == 20.0:
            raise InputError("this cell is wrong.")
        return compute(cell)

    monkeypatch.setattr(Cell, "compute", failing)
    arguments = ["sweep", "scaffnew", *LITTLE.split(), "--json", "s.json", "--store", "s.sqlite"]
    found = command(*arguments)
    assert (found.code, found.errors) == (3, "")
    assert "2 cells in s.sqlite, 2 computed now." in found.output
    assert "scaffnew, quadratic, kappa = 20, seed 0: this cell is wrong." in found.output
    assert {record["status"] for record in json.loads(Path("s.json").read_text())} == {"inconclusive"}
    # What failed is tried again, and nothing else.
    monkeypatch.setattr(Cell, "compute", compute)
    found = command(*arguments)
    assert found.code == 0
    assert "3 cells in s.sqlite, 1 computed now." in found.output


def test_a_mistake_of_ours_in_one_cell_is_told_when_the_others_are_done(folder, command, monkeypatch):
    compute = Cell.compute
    monkeypatch.setattr(Cell, "compute", lambda cell: 1 / 0 if cell.spec.kappa == 20.0 else compute(cell))
    found = command("sweep", "scaffnew", *LITTLE.split(), "--store", "s.sqlite")
    assert found.code == 70
    assert "2 cells in s.sqlite, 2 computed now." in found.output
    assert "ZeroDivisionError" in found.errors


def test_the_more_methods_the_rarer_each_may_be_refuted_by_chance_and_the_last_line_says_it(folder, command):
    methods = ("gradient_descent", "nesterov", "fedavg", "scaffnew")
    levels = []
    for count in (1, len(methods)):
        found = command("verify", *methods[:count], *SMALL.split(), "--evidence", "path", "--json", "v.json")
        assert found.output.endswith(
            "If all methods are right, draws and paths refute one with probability 0.001 at most.\n"
        )
        levels.append(json.loads(Path("v.json").read_text(encoding="utf-8"))[0]["alpha"])
    assert levels[0] == 1e-4
    # Each method has paths, draws, perhaps behind a matrix too, and likenesses.
    assert 0.0 < levels[1] * 3 * len(methods) <= 1e-3


def test_an_interrupted_verify_goes_on_from_there(folder, command, monkeypatch):
    arguments = ["verify", "scaffnew", "fedavg", *SMALL.split(), "--evidence", "exact,path", "--out", "a"]
    module, seen = sys.modules["rootkappa.theory.verify"], []  # its name is that of its function
    right = module.verify

    def counted(method, *rest, **changes):
        seen.append(method.name)
        if seen == ["scaffnew", "fedavg"]:
            raise KeyboardInterrupt
        return right(method, *rest, **changes)

    monkeypatch.setattr(module, "verify", counted)
    assert command(*arguments).code == 130
    assert len(json.loads(Path("a/verdicts.json").read_text(encoding="utf-8"))) == 2
    found = command(*arguments)
    assert found.code == 0
    assert seen == ["scaffnew", "fedavg", "fedavg"]
    assert not Path("a/unfinished.sqlite").exists()
    assert command(*arguments[:-1], "b").output.replace("b/", "a/") == found.output
    written = sorted(path.name for path in Path("a").iterdir())
    assert written == sorted(path.name for path in Path("b").iterdir())
    for name in written:
        if name.endswith((".json", ".svg")):
            assert Path("a", name).read_bytes() == Path("b", name).read_bytes(), name
    # What is finished is done anew.
    assert command(*arguments).code == 0
    assert seen[-2:] == ["scaffnew", "fedavg"]


def test_a_plot_runs_no_file_that_a_store_names(folder, command):
    Path("mine.py").write_text(SCAFFNEW, encoding="utf-8")
    words = ["./mine.py", *LITTLE.split(), "--kappa", "10,20,40"]
    assert command("sweep", *words, "--store", "s.sqlite").code == 0
    expected = command("plot", "exponent", "--store", "s.sqlite", "--out", "right").output
    Path("mine.py").write_text("open('ran', 'w').close()\nraise SystemExit(7)\n", encoding="utf-8")
    for kind in ("exponent", "convergence"):
        found = command("plot", kind, "--store", "s.sqlite", "--out", "other")
        assert found.code == (0 if kind == "exponent" else 2)
    assert not Path("ran").exists()
    assert (
        expected.replace("right", "other")
        == command("plot", "exponent", "--store", "s.sqlite", "--out", "other").output
    )
    Path("mine.py").unlink()
    assert command("plot", "exponent", "--store", "s.sqlite", "--out", "other").code == 0
    for name in ("svg", "png"):
        (one,) = Path("right").glob(f"*.{name}")
        assert one.read_bytes() == Path("other", one.name).read_bytes()


def test_a_family_that_cannot_be_drawn_blocks_no_other(folder, command):
    with Store("s.sqlite") as store:
        for dim, rounds in ((3, math.inf), (4, 7.0)):
            for kappa in (10.0, 20.0, 40.0):
                cell = Cell("scaffnew", ProblemSpec(kappa=kappa, dim=dim), exact=True)
                store.put(cell.key(), cell.configuration(), {"rounds": rounds, "iterations": rounds}, None)
    found = command("plot", "exponent", "--store", "s.sqlite")
    assert found.code == 3
    assert found.output.count(".svg") == 1
    assert re.fullmatch(r"Not drawn: points has no row[^\n]+\.\n", found.errors)


def test_a_store_that_is_removed_meanwhile_is_not_told_as_written(folder, command, monkeypatch):
    compute = Cell.compute

    def removing(cell):
        Path("s.sqlite").unlink(missing_ok=True)
        return compute(cell)

    monkeypatch.setattr(Cell, "compute", removing)
    found = command("sweep", "scaffnew", *LITTLE.split(), "--store", "s.sqlite")
    assert (found.code, found.output) == (2, "")
    assert re.fullmatch(r"Error: store = 's.sqlite' was removed [^\n]+\.\n", found.errors)


def test_a_plot_that_cannot_be_written_gets_one_sentence(folder, command):
    assert command("sweep", "scaffnew", *LITTLE.split(), "--store", "s.sqlite").code == 0
    found = command("plot", "exponent", "--store", "s.sqlite", "--out", "file/below")
    assert (found.code, found.output) == (2, "")
    assert found.errors.startswith("Error: output 'file/below' cannot be written (Not a directory): ")
    found = command("plot", "convergence", "--store", "s.sqlite")
    assert found.errors.startswith("Error: store = 's.sqlite' holds nothing to draw as convergence: ")


def test_a_step_size_outside_the_theorem_is_not_applicable(command):
    found = command("verify", "scaffnew", *SMALL.split(), "--gamma", "3")
    assert found.code == 3
    assert found.output.count("The theorem needs 0 < γ < 2/L, but γ = 3, 2/L = 2.") == 4
    assert found.output.endswith("4 not applicable.\n")


def strictly(text):
    """Read JSON as a reader in another language would: NaN is none of it."""

    def refuse(name):
        raise AssertionError(f"{name} is no JSON")

    return json.loads(text, parse_constant=refuse)


FIELDS = [
    "method",
    "evidence",
    "claim",
    "status",
    "known",
    "measured",
    "promised",
    "low",
    "high",
    "problem",
    "params",
    "seed",
    "question",
    "sentence",
    "sensitivity",
    "alpha",
]


@pytest.mark.parametrize(
    ("words", "code", "statuses"),
    [
        ("scaffnew", 0, ["confirmed", "confirmed", "consistent", "confirmed"]),
        ("scaffnew --gamma 3", 3, ["not applicable"] * 4),
        ("scaffnew --p 0.5", 0, ["confirmed", "confirmed", "consistent", "not applicable"]),
        ("nesterov --evidence exact,path", 0, ["confirmed", "consistent"]),
        ("scaffnew gradient_descent --evidence exact", 0, ["confirmed", "confirmed"]),
    ],
)
def test_the_verdicts_as_records(words, code, statuses, folder, command):
    found = command("verify", *words.split(), *SMALL.split(), "--seed", "5", "--json", "new/verdicts.json")
    assert (found.code, found.errors) == (code, "")
    records = strictly((folder / "new" / "verdicts.json").read_text(encoding="utf-8"))
    assert [list(record) for record in records] == [FIELDS] * len(records)
    assert [record["status"] for record in records] == statuses
    for record in records:
        assert record["method"] in words
        assert record["problem"] == "quadratic n=3 d=3 kappa=20 seed=5 basis=client heterogeneity=1"
        assert record["seed"] == 5
        assert record["params"]
        assert record["sentence"].endswith(".")
        numbers = [record[name] for name in ("measured", "promised", "low", "high")]
        assert all(number is None or math.isfinite(number) for number in numbers)
        assert (record["promised"] is None) == (record["status"] == "not applicable")


def test_what_verify_writes(folder, command):
    # A path must be the same run after run: it is part of what a reader compares.
    written = {}
    for name in ("a", "b"):
        found = command("verify", "scaffnew", *SMALL.split(), "--out", f"{name}/deep")
        assert (found.code, found.errors) == (0, "")
        written[name] = {path.name: path for path in (folder / name / "deep").iterdir()}
        for path in written[name].values():
            assert f"wrote {name}/deep/{path.name}\n" in found.output
    stems = (
        "convergence-lyapunov-rounds-quadratic-kappa20",
        "convergence-distance-rounds-quadratic-kappa20",
        "exponent-rounds-quadratic-exact",
    )
    figures = {f"{stem}.{kind}" for stem in stems for kind in ("svg", "png", "txt")}
    assert set(written["a"]) == {"verdicts.json", "verify.sqlite", "command.txt"} | figures
    assert written["a"]["command.txt"].read_text().startswith("rootkappa verify scaffnew --problem quadratic")
    assert len(strictly(written["a"]["verdicts.json"].read_text(encoding="utf-8"))) == 4
    for name in {"verdicts.json"} | {name for name in figures if not name.endswith("txt")}:
        assert written["a"][name].read_bytes() == written["b"][name].read_bytes()
    assert command("plot", "convergence", "--store", "a/deep/verify.sqlite", "--axis", "floats", "--out", "c").code == 0
    assert {path.suffix for path in (folder / "c").iterdir()} == {".svg", ".png", ".txt"}


@pytest.mark.parametrize(
    ("letters", "told"),
    [
        ((), {"logistic": ["own", "here"], "quadratic": ["here"]}),
        # Above 1/L nothing is measured on logistic regression, and so it is still to be told.
        (("--gamma", "0.5"), {"logistic": ["own", "here"], "quadratic": ["own", "here"]}),
    ],
    ids=["once", "where it can be measured"],
)
def test_of_several_problems_a_claim_with_problems_of_its_own_is_told_once(letters, told, folder, command, monkeypatch):
    def claim(name, is_own):
        measure = lambda case, progress: case.verdict("claim", "confirmed", "It is so.")  # noqa: E731
        return claims.Claim(name, "It is so.", ("scaffnew",), False, measure, {}, is_own)

    monkeypatch.setattr(claims, "_discovered", lambda: [claim("own", True), claim("here", False)])
    words = "--problem logistic,quadratic --data breast_cancer --clients 3 --dim 3 --kappa 20 --evidence claim"
    found = command("verify", "scaffnew", *words.split(), *letters, "--json", "v.json")
    assert found.errors == ""
    records = json.loads((folder / "v.json").read_text(encoding="utf-8"))
    by_problem = {kind: [r for r in records if r["problem"].startswith(kind)] for kind in ("quadratic", "logistic")}
    assert {kind: [record["claim"] for record in some] for kind, some in by_problem.items()} == told
    assert found.output.count("claim: own") == sum(names.count("own") for names in told.values())


def test_a_study_is_drawn_of_the_problems_on_which_all_its_methods_were_tried(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(verify, "studied", lambda study, store, specs: asked.append((study, specs)))
    monkeypatch.setattr(verify, "drawn", lambda *given, **options: [])
    methods = [algorithms.get(name) for name in studies.methods("sparsity")]
    here, there = ProblemSpec(), ProblemSpec("softmax", data="digits")
    kept = SimpleNamespace(store=SimpleNamespace(path=tmp_path / "store"), keys=[])
    verify._written(tmp_path, kept, {here: methods, there: methods[1:]}, None)
    assert asked == [("sparsity", [here])]


def test_a_sweep_goes_over_several_problems(folder, command):
    words = "sweep gradient_descent --problem quadratic,logistic --data breast_cancer,wine --kappa 5,20"
    found = command(*words.split(), "--seeds", "1", "--epsilon", "1e-2", "--json", "s.json")
    assert found.code == 0
    assert "6 cells" in found.output
    problems = [record["problem"] for record in json.loads(Path("s.json").read_text())]
    assert sorted(problems) == ["breast_cancer"] * 2 + ["quadratic"] * 2 + ["wine"] * 2
    figures = command("plot", "exponent").output
    assert all(f"exponent-rounds-{name}-sampled.svg" in figures for name in set(problems))


def test_what_sweep_writes(folder, command):
    arguments = ["sweep", "scaffnew", *LITTLE.split(), "--json", "slopes.json", "--store", "s.sqlite"]
    found = command(*arguments)
    assert (found.code, found.errors) == (0, "")
    assert "3 cells in s.sqlite, 3 computed now." in found.output
    records = strictly((folder / "slopes.json").read_text(encoding="utf-8"))
    assert [(record["method"], record["axis"], record["promised"]) for record in records] == [
        ("scaffnew", "rounds", 0.5),
        ("scaffnew", "iterations", 1.0),
    ]
    for record in records:
        assert {"slope", "low", "high", "status", "changes"} < record.keys()
        assert record["low"] < record["slope"] < record["high"]
        assert record["slope"] == pytest.approx(record["promised"], abs=0.05)
        assert record["status"] == "confirmed"
    assert "3 cells in s.sqlite, 0 computed now." in command(*arguments).output
    # Three points within a decade do not always decide.
    assert command(*arguments, "--epsilon", "1e-8").code == 3
    # Two condition numbers have no slope, and nothing was asked of them.
    found = command(*arguments, "--kappa", "10,20")
    assert found.code == 0
    records = strictly((folder / "slopes.json").read_text(encoding="utf-8"))
    assert {record["slope"] for record in records} == {None}


def test_a_sweep_over_an_integer_letter(folder, command):
    found = command("sweep", "fedavg", "scaffnew", "--K", "1,2,5", *LITTLE.split())
    assert (found.code, found.errors) == (0, "")
    assert "12 cells in out/sweep.sqlite, 12 computed now." in found.output
    # The same grid in its long form is the same cells.
    found = command("sweep", "fedavg", "scaffnew", "--set", "K=1,2,5", *LITTLE.split())
    assert "12 cells in out/sweep.sqlite, 0 computed now." in found.output
    with Store("out/sweep.sqlite") as store:
        changes = store.cells().groupby("method")["changes"].unique()
    assert sorted(changes["fedavg"]) == ["K=1", "K=2", "K=5"]
    assert list(changes["scaffnew"]) == [""]


def test_of_all_methods_those_that_have_a_letter_get_it(folder, command, monkeypatch):
    monkeypatch.setattr(algorithms, "names", lambda: ["fedavg", "scaffnew"])
    command("verify", "--all", *SMALL.split(), "--evidence", "exact", "--p", "0.5", "--json", "v.json")
    params = [record["params"] for record in strictly(Path("v.json").read_text(encoding="utf-8"))]
    assert [one.get("p") for one in params] == [None, 0.5]


def test_both_forms_of_a_letter_are_the_same_verdict(folder, command):
    for name, words in (("long", ["--set", "p=0.5"]), ("short", ["--p", "0.5"]), ("joined", ["--p=0.5"])):
        command("verify", "scaffnew", *SMALL.split(), "--evidence", "exact", *words, "--json", f"{name}.json")
    assert Path("long.json").read_bytes() == Path("short.json").read_bytes() == Path("joined.json").read_bytes()


def test_a_study_is_computed_into_the_store_and_drawn_from_it(folder, command, monkeypatch):
    stem = f"sparsity-quadratic-kappa{SMALL.partition('--kappa ')[2].split()[0]}"
    arguments = ["plot", "sparsity", *SMALL.split(), "--store", "s.sqlite"]
    found = command(*arguments, "--out", "pruned")
    assert (found.code, found.errors) == (0, "")
    assert {path.name for path in (folder / "pruned").iterdir()} == {f"{stem}.{kind}" for kind in ("svg", "png", "txt")}
    # The second time nothing runs.
    monkeypatch.setattr(studies.sparsity, "trace", None)
    assert command(*arguments, "--out", "again").code == 0
    for kind in ("svg", "png"):
        name = f"{stem}.{kind}"
        assert (folder / "again" / name).read_bytes() == (folder / "pruned" / name).read_bytes()
    assert command("plot", "convergence", "--store", "s.sqlite", "--measure", "gap", "--out", "gaps").code == 0
    assert len(list((folder / "gaps").glob("convergence-gap-rounds-sparsity-quadratic-kappa20*.svg"))) == 2


def test_a_study_by_its_name_is_the_same_figure_and_without_one_all_are_listed(folder, command):
    arguments = [*SMALL.split(), "--store", "s.sqlite", "--out"]
    assert command("plot", "sparsity", *arguments, "a").code == 0
    assert command("plot", "study", "sparsity", *arguments, "b").code == 0
    (name,) = (path.name for path in (folder / "a").glob("*.svg"))
    assert (folder / "a" / name).read_bytes() == (folder / "b" / name).read_bytes()
    found = command("plot", "study")
    assert (found.code, found.errors) == (0, "")
    assert f"sparsity: {studies.summary('sparsity')}" in found.output


@pytest.mark.parametrize(
    ("words", "label"),
    [
        ("", "quadratic n=2 d=3 kappa=9 seed=4 basis=client heterogeneity=1"),
        ("--kappa 7 --basis common --seed 1", "quadratic n=2 d=3 kappa=7 seed=1 basis=common heterogeneity=1"),
        ("--problem logistic --clients 3", "logistic breast_cancer N=569 n=3 d=30 kappa=9 partition=contiguous"),
    ],
)
def test_a_study_says_which_problem_it_is_about(words, label, folder, command, monkeypatch):
    def points(method, spec):
        row = {"panel": "a", "curve": method, "role": "method", "x": [1.0], "y": [2.0]}
        return {}, pd.DataFrame(row)

    own = ProblemSpec(clients=2, dim=3, kappa=9.0, problem_seed=4, basis="client")
    toy = SimpleNamespace(
        __doc__="Toy.", METHODS=("scaffnew",), PANELS=[studies.Panel("a", "x", "y")], points=points, SPEC=own
    )
    monkeypatch.setattr(studies, "discover", lambda package: {"toy": toy})
    found = command("plot", "study", "toy", *words.split(), "--store", "s.sqlite")
    assert (found.code, found.errors) == (0, "")
    with Store("s.sqlite") as store:
        assert store.cells()["label"].tolist() == [label]
    assert len(list((folder / "out").glob("study-toy-*.svg"))) == 1


def test_verify_draws_a_study_of_methods_that_it_verified(folder, command, monkeypatch):
    monkeypatch.setattr(studies.sparsity, "METHODS", ("sparse_proxskip_server", "proxskip"))
    words = [*SMALL.split(), "--evidence", "invariant", "--out", "out"]
    assert "sparsity" not in command("verify", "proxskip", *words).output
    monkeypatch.setattr(plots, "write", lambda kind, *_, **__: [f"a figure of {kind}"])
    found = command("verify", "proxskip", "sparse_proxskip_server", *words)
    assert "wrote a figure of sparsity" in found.output
    with Store("out/verify.sqlite") as store:
        assert set(store.cells()["study"]) == {"sparsity"}


def test_the_promise_stands_in_the_store(folder, command):
    command("verify", "scaffnew", *SMALL.split(), "--evidence", "path", "--out", "out")
    with Store("out/verify.sqlite") as store:
        traces = store.traces()
    assert (traces.groupby("key")["promise"].first() == 1.0).all()
    assert (traces["promise"] >= traces["lyapunov"] / traces["lyapunov"].iloc[0]).all()
    assert traces["promise"].iloc[-1] < 1e-3


@pytest.mark.parametrize("axis", ["rounds", "iterations"])
def test_an_axis_that_has_a_promise_is_drawn(axis, folder, command):
    arguments = LITTLE.replace("--exact", "--seeds 2").split()
    command("sweep", "scaffnew", *arguments)
    found = command("plot", "exponent", "--axis", axis)
    assert (found.code, found.errors) == (0, "")
    assert f"wrote out/exponent-{axis}-quadratic-sampled.svg" in found.output


def test_seconds_are_added_to_a_store_and_drawn_from_it(folder, command, monkeypatch):
    arguments = [*LITTLE.replace("--exact", "--seeds 2").split(), "--kappa", "10"]
    clock = "compute=2ms speeds=uniform(0.5,1)"
    assert command("sweep", "scaffnew", "fedavg", *arguments).code in (0, 3)
    plot = ["plot", "convergence", "--axis", "seconds", "--out", "out"]
    found = command(*plot, "--clock", clock)
    assert (found.code, found.errors) == (0, "")
    assert "wrote out/convergence-lyapunov-seconds-quadratic-kappa10.svg" in found.output
    first = Path("out/convergence-lyapunov-seconds-quadratic-kappa10.png").read_bytes()
    # Another clock is another figure, and the first is drawn again of what is stored.
    assert command(*plot).code == 0
    assert Path("out/convergence-lyapunov-seconds-quadratic-kappa10.png").read_bytes() != first
    monkeypatch.setattr("rootkappa.sweeps.clocks.seconds", None)
    assert command(*plot, "--clock", clock).code == 0
    assert Path("out/convergence-lyapunov-seconds-quadratic-kappa10.png").read_bytes() == first


def test_a_sweep_times_the_files_that_it_runs_and_a_plot_runs_none(folder, command):
    Path("mine.py").write_text(SCAFFNEW, encoding="utf-8")
    words = ["sweep", "./mine.py", *LITTLE.replace("--exact", "--seeds 1").split(), "--kappa", "10"]
    assert command(*words).code in (0, 3)
    plot = ["plot", "convergence", "--axis", "seconds"]
    found = command(*plot)
    assert found.code == 2
    assert "no file is run that a store names: run rootkappa sweep ./mine.py --clock" in found.errors
    assert command(*words, "--clock", "compute=1ms").code in (0, 3)
    Path("mine.py").write_text("open('ran', 'w').close()\nraise SystemExit(7)\n", encoding="utf-8")
    assert command(*plot).code == 0
    assert not Path("ran").exists()


def test_families_of_problems_get_a_figure_each(folder, command):
    for dim in ("3", "4"):
        command("sweep", "scaffnew", *LITTLE.split(), "--dim", dim)
    assert command("plot", "exponent").output.count(".svg") == 2
    assert len(list((folder / "out").glob("*.svg"))) == 2


@pytest.mark.parametrize("name", ["verify", "sweep"])
def test_help_explains_the_letters(name, command):
    assert "--p 0.1 for short, likewise every letter" in " ".join(command(name, "--help").output.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_help_ends_with_two_examples_that_parse(name, command, tmp_path, monkeypatch):
    found = command(name, "--help")
    assert (found.code, found.errors) == (0, "")
    *_, heading, first, second = found.output.splitlines()
    assert heading.strip() == "Examples:"
    monkeypatch.chdir(tmp_path)
    for example in (first, second):
        program, called, *arguments = shlex.split(example)
        assert (program, called) == ("rootkappa", name)
        cli.commands.commands[name].make_context(name, arguments)


def test_the_first_help_and_the_version(command):
    assert command("--help").output.startswith("Usage: rootkappa")
    assert re.fullmatch(r"rootkappa, version \d+\.\d+\.\d+\n", command("--version").output)


def test_list(command):
    everything = command("list")
    assert everything.code == 0
    kinds = ("methods", "functions", "compressors", "data")
    methods, functions, compressors, data = (command("list", kind).output for kind in kinds)
    assert "scaffnew" in methods
    assert "κ^0.5" in methods
    assert "breast_cancer" not in methods
    assert "breast_cancer" in data
    for name in problems.functions.examples(3):
        assert re.search(rf"^{name}\(", functions, re.MULTILINE), name
    for name in algorithms.compressors.examples(64):
        assert re.search(rf"^{name}\(", compressors, re.MULTILINE), name
    assert re.search(r"^L0\(0.5\) +inf +0 +not convex, separable *$", functions, re.MULTILINE)
    assert re.search(r"^SquaredL2\(2.0\) +2 +2 +convex, separable *$", functions, re.MULTILINE)
    assert everything.output == methods + functions + compressors + data
    assert command("data").output == data


def test_data(command):
    found = command("data", "breast_cancer")
    expected = "breast_cancer: 569 samples, 30 features, dense, 100.0% stored, 357 labels +1 and 212 labels -1.\n"
    assert found == (0, expected, "")
    (told,) = command("data", "wine").output.splitlines()
    assert told.endswith("3 classes of 48 to 71 samples.")


def test_an_interrupt_has_a_code_of_its_own(command, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli.commands, "main", interrupted)
    found = command("verify", "scaffnew")
    assert found.code == 130
    assert "Interrupted" in found.errors


def test_an_error_of_ours_is_one_line_with_its_place(command, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError("a mistake\nof two lines")

    monkeypatch.setattr(algorithms, "find", broken)
    found = command("verify", "scaffnew", "--kappa", "10")
    assert (found.code, found.output) == (70, "")
    assert re.fullmatch(
        r"Error: a mistake of Rootkappa's own, ZeroDivisionError at test_cli\.py:\d+ \(a mistake of two lines\): "
        r"please report this line and 'rootkappa verify scaffnew --kappa 10', with rootkappa \S+, .*\.\n",
        found.errors,
    )


def test_json_that_does_not_fit_gets_one_sentence(folder, command, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    Path("v.json").write_text("old")
    monkeypatch.setattr(Path, "write_bytes", full)
    found = command("verify", "scaffnew", *SMALL.split(), "--evidence", "exact", "--json", "v.json")
    assert found.code == 2
    assert found.errors.startswith("Error: output 'v.json' cannot be written (No space left on device): ")
    assert Path("v.json").read_text() == "old"
    assert not list(folder.glob(".*"))


def environment(**variables):
    # The tests' own import path, so that the child finds the same package.
    variables = {"COLUMNS": "200", "PYTHONUNBUFFERED": "", **variables}
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **variables}


def python(*arguments, folder, encoding=None, **variables):
    return subprocess.run(
        [sys.executable, *arguments], env=environment(**variables), cwd=folder, capture_output=True, text=True,
        check=False, encoding=encoding,
    )  # fmt: skip


def test_as_a_process(tmp_path):
    found = python("-m", "rootkappa", "verify", "scafnew", folder=tmp_path)
    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr.startswith("Error: unknown method 'scafnew': did you mean 'scaffnew'?")
    found = python("-m", "rootkappa", "verify", "scaffnew", *SMALL.split(), "--gamma", "3", folder=tmp_path)
    assert (found.returncode, found.stderr) == (3, "")


CODES = {
    0: ["verify", "scaffnew", *SMALL.split(), "--evidence", "exact"],
    1: ["verify", "scaffnew", *SMALL.split(), "--rate", "1 - 3/kappa"],
    2: ["verify", "scaffnew", "--data", "Straße"],
    3: ["verify", "scaffnew", *SMALL.split(), "--gamma", "3"],
}


@pytest.mark.parametrize(
    ("code", "encoding"),
    [(1, "ascii"), (3, "cp1252"), *(pytest.param(code, "ascii", marks=pytest.mark.nightly) for code in (0, 2, 3))],
)
def test_no_encoding_changes_the_code(code, encoding, tmp_path):
    found = python("-m", "rootkappa", *CODES[code], folder=tmp_path, encoding=encoding, PYTHONIOENCODING=encoding)
    assert found.returncode == code
    if code == 3:
        assert "The theorem needs 0 < ? < 2/L" in found.stdout
    assert bool(found.stderr) == (code == 2)


def test_a_list_in_ascii(tmp_path):
    for words in (["list"], ["sweep", "--help"]):
        found = python("-m", "rootkappa", *words, folder=tmp_path, encoding="ascii", PYTHONIOENCODING="ascii")
        assert (found.returncode, found.stderr) == (0, "")


@pytest.mark.parametrize(
    ("code", "unbuffered"),
    [(1, ""), (3, "1"), *(pytest.param(code, "", marks=pytest.mark.nightly) for code in (0, 2, 3))],
)
def test_a_pipe_that_closes_early_changes_no_code(code, unbuffered, tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    variables = environment(PYTHONUNBUFFERED=unbuffered)
    command = [sys.executable, "-m", "rootkappa", *CODES[code]]
    child = subprocess.run(
        command, env=variables, cwd=tmp_path, stdout=writer, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writer)
    assert child.returncode == code
    assert bool(child.stderr) == (code == 2)


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_stream_that_is_closed_or_full_changes_no_code(stream, tmp_path):
    closed = f"import os, sys; sys.{stream} = None; from rootkappa.cli import main; main()"
    found = python("-c", closed, *CODES[2], folder=tmp_path)
    assert found.returncode == 2
    if Path("/dev/full").exists():
        with open("/dev/full", "w") as full:
            command = [sys.executable, "-m", "rootkappa", *CODES[3]]
            streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, stream: full}
            found = subprocess.run(command, env=environment(), cwd=tmp_path, check=False, **streams)
        assert found.returncode == 3


def test_a_dash_is_no_file(command):
    """Whoever means standard output is told, and gets no file of that name."""
    found = command("verify", "scaffnew", "--json", "-")
    assert found.code == 2
    assert found.errors.endswith("- is no file here: give a path, such as out/result.\n")
    assert not Path("-").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_a_full_disk_is_bad_output(tmp_path):
    found = python("-m", "rootkappa", *CODES[0], "--json", "/dev/full", folder=tmp_path)
    assert found.returncode == 2
    assert re.fullmatch(r"Error: output '/dev/full' cannot be written \([^\n]+\): [^\n]+\.\n", found.stderr)
    assert "confirmed" in found.stdout
    assert Path("/dev/full").is_char_device()


def test_the_command_line_is_there_at_once(tmp_path):
    code = "import sys, rootkappa.cli; print(sorted({'numba', 'numpy', 'pandas', 'rich', 'scipy'} & set(sys.modules)))"
    assert python("-c", code, folder=tmp_path).stdout == "[]\n"


def test_a_list_needs_nothing_of_what_it_lists(command, tmp_path):
    """What follows from the sources alone is kept: neither methods nor functions are imported, nor a compiler."""
    shown = command("list").output
    heavy = "{'numba', 'pandas', 'scipy', 'rootkappa.algorithms', 'rootkappa.theory', 'rootkappa.problems.functions'}"
    code = "import sys; from rootkappa import cli; cli.commands.main(['list'], standalone_mode=False); "
    found = python("-c", f"{code} print(sorted({heavy} & set(sys.modules)), file=sys.stderr)", folder=tmp_path)
    assert (found.stdout, found.stderr) == (shown, "[]\n")


@pytest.mark.parametrize("width", [80, 160])
def test_what_is_refuted_as_known_is_told_and_is_no_failure(width, folder, command, monkeypatch):
    def measure(case, progress):
        return case.verdict("claim", "refuted", "It fell.", 1.0, 0.0)

    claim = claims.Claim("it_flies", "It flies.", ("scaffnew",), True, measure, {"": "It has no wings."})
    monkeypatch.setattr(claims, "_discovered", lambda: (claim,))
    monkeypatch.setenv("COLUMNS", str(width))
    arguments = ("verify", "scaffnew", *SMALL.split(), "--evidence", "invariant,claim", "--json", "v.json")
    found = command(*arguments)
    assert (found.code, found.errors) == (0, "")
    text = " ".join(found.output.split())
    assert "1 confirmed, 1 refuted as known." in text
    assert "claim: it flies" in text
    assert "It fell. This is known: It has no wings." in text
    assert strictly((folder / "v.json").read_text(encoding="utf-8"))[1]["known"] == "refuted"
    monkeypatch.setattr(claims, "_discovered", lambda: (dataclasses.replace(claim, refuted={}),))
    assert command(*arguments).code == 1
