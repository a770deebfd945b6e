"""Hold right methods against their promises on problems and with letters as odd as they come: ``make campaign``.

Shipped methods keep their promises, so nothing may be refuted and nothing may end in a traceback; what does not fit, as
more senders than clients, is told in a sentence. In about half of the cases the method is a copy in a file, which is
looked at more closely. A line for each case goes to ``out/campaign.jsonl`` as soon as it is done.
"""

import json
import shutil
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.progress import track

from rootkappa import algorithms, problems, theory
from rootkappa.algorithms import compressors
from rootkappa.algorithms.parts import graphs, letters
from rootkappa.problems import InputError, Problem

ROOT = Path(__file__).parents[2]
FILE = ROOT / "out" / "campaign.jsonl"
_HETEROGENEITY = (0.0, 0.01, 1.0, 10.0, 100.0)
_ODD, _REAL, _COPIED = 0.5, 0.25, 0.5


def problem(rng: np.random.Generator) -> tuple[str, Problem]:
    """Return a drawn problem, and how it is made."""
    kappa = float(10.0 ** rng.uniform(np.log10(2.0), 5.0))
    if rng.random() < _REAL:
        clients, partition = int(rng.integers(1, 21)), str(rng.choice(["contiguous", "shuffled", "by_label"]))
        told = f"Logistic.load('breast_cancer', clients={clients}, kappa={kappa!r}, partition={partition!r})"
        return told, problems.Logistic.load("breast_cancer", clients=clients, kappa=kappa, partition=partition)
    drawn: dict[str, Any] = {
        "clients": int(rng.integers(1, 51)),
        "dim": int(rng.integers(2, 61)),
        "kappa": kappa,
        "seed": int(rng.integers(1000)),
        "heterogeneity": float(rng.choice(_HETEROGENEITY)),
        "basis": str(rng.choice(["common", "client"])),
    }
    told = ", ".join(f"{name}={value!r}" for name, value in drawn.items())
    return f"Quadratic.random({told})", problems.Quadratic.random(**drawn)


def odd_letters(rng: np.random.Generator, name: str, on: Problem) -> dict[str, Any]:
    """Return one letter of a method with a value that nobody prescribes."""
    kind = algorithms.get(name).Params
    unbiased = [C for C in compressors.examples(on.d).values() if C.is_unbiased and C.clients == 1]
    anyone = [C for C in compressors.examples(on.d).values() if C.clients == 1]
    values: dict[Any, Any] = {
        letters.Probability: float(10.0 ** rng.uniform(-2.5, 0.0)),
        letters.RefreshProbability: float(10.0 ** rng.uniform(-2.0, 0.0)),
        letters.LocalSteps: int(rng.integers(1, 40)),
        letters.Blocks: int(rng.integers(1, 60)),
        letters.Lazies: int(rng.integers(0, on.n + 1)),
        letters.Senders: int(rng.integers(2, 6)),
        letters.Cohort: int(rng.integers(2, on.n + 2)),
        letters.Kept: int(rng.integers(1, on.d + 1)),
        letters.Unbiased: repr(unbiased[rng.integers(len(unbiased))]),
        letters.Compressor: repr(anyone[rng.integers(len(anyone))]),
        letters.Diagonal: str(rng.choice(["Bernoulli(0.3)", "RandK(1)", "Identity()"])),
        letters.Graph: str(rng.choice(graphs.names())),
        letters.Weights: str(rng.choice(graphs.WEIGHTS)),
    }
    own = [(letter, value) for of, value in values.items() for letter in letters.of_kind(kind, of)]
    return dict([own[rng.integers(len(own))]]) if own else {}


def verified(name: str, seed: int, folder: Path) -> dict[str, Any]:
    """Return what is found of a method in one drawn case; copies lie in a folder."""
    rng = np.random.default_rng(seed)
    told, on = problem(rng)
    changes = odd_letters(rng, name, on) if rng.random() < _ODD else {}
    method = name
    if rng.random() < _COPIED:
        method = str(shutil.copy(ROOT / "algorithms" / f"{name}.py", folder))
    found: dict[str, Any] = {"method": Path(method).name, "problem": told, "letters": changes, "seed": seed}
    started = time.perf_counter()
    try:
        verdicts = theory.verify(method, on, seed=seed, **changes)
        found["statuses"] = {verdict.evidence: verdict.status for verdict in verdicts}
        found["refuted"] = [verdict.sentence for verdict in verdicts if verdict.news == "refuted"]
    except InputError as error:
        found["told"] = str(error)
    except Exception:  # it is looked for
        found["traceback"] = traceback.format_exc()
    return found | {"seconds": round(time.perf_counter() - started, 1)}


@click.command()
@click.option("--count", default=300, show_default=True, help="How many cases.")
@click.option("--seed", default=0, show_default=True, help="The first case's; the others have the next ones.")
def main(count: int, seed: int) -> None:
    """Verify shipped methods in drawn cases and say what is refuted."""
    FILE.parent.mkdir(exist_ok=True)
    names = algorithms.names()
    faults = 0
    with tempfile.TemporaryDirectory() as folder:
        for one in track(range(seed, seed + count), "verifying"):
            found = verified(names[one % len(names)], one, Path(folder))
            with FILE.open("a", encoding="utf-8") as file:
                file.write(json.dumps(found) + "\n")
            if found.get("refuted") or "traceback" in found:
                faults += 1
                click.echo(json.dumps(found, indent=1))
    click.echo(f"{count} cases, {faults} refuted or with a traceback.")


if __name__ == "__main__":
    main()
