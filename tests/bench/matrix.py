"""Which evidence refutes which wrong method: ``make matrix``.

Every file in ``tests/mutants`` and every change of the catalogue beside them is held against its promise at default
settings, each in a process of its own kind: a file of compiled code stays in memory for good. What has been found is
kept in ``out/matrix`` and taken from there as long as neither the package nor the wrong method changes, so an
interrupted run goes on; the table goes to ``docs/matrix.md``.
"""

import json
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from hashlib import blake2b
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import click
from rich.progress import track

from rootkappa import theory
from rootkappa.core.errors import InputError
from rootkappa.core.sources import sources_digest
from rootkappa.tests.mutants.catalogue import catalogue
from rootkappa.tests.suited import problem_of
from rootkappa.theory.verdict import Verdict, exit_code
from rootkappa.theory.verify import KINDS

ROOT = Path(__file__).parents[2]
STORE, TABLE = ROOT / "out" / "matrix", ROOT / "docs" / "matrix.md"
# What holds a file against the shipped method of the theorem that it names: other kinds must do without it where a
# file states a theorem of its own.
_IDENTITY = "identity"
_FILE = "file"
# Files of one process; after so many its memory is given back.
_FILES_A_PROCESS = 20


class Subject(NamedTuple):
    """One wrong method."""

    name: str
    kind: str
    text: str
    wrong: str
    on: str


def subjects() -> list[Subject]:
    """Return all wrong methods."""
    found: list[Subject] = []
    for path in sorted((ROOT / "tests" / "mutants").glob("*.py")):
        text = path.read_text(encoding="utf-8")
        found.append(Subject(path.stem, _FILE, text, text.split('"""')[1].partition("\n")[0], "quadratic"))
    with tempfile.TemporaryDirectory() as folder:
        for change in catalogue.CHANGES.values():
            text = catalogue.write(change, Path(folder)).read_text(encoding="utf-8")
            found.append(Subject(change.name, change.kind, text, change.wrong, change.on))
    return found


def judged(subject: Subject) -> dict[str, Any]:
    """Return what is found of a wrong method: its exit code and the sentences that refute it."""
    key = blake2b(repr((sources_digest(), subject)).encode(), digest_size=8).hexdigest()
    kept = STORE / f"{subject.name}.json"
    if kept.exists() and (found := json.loads(kept.read_text(encoding="utf-8")))["key"] == key:
        return found
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{subject.name}.py"
        path.write_text(subject.text, encoding="utf-8")
        verdicts, failure = list[Verdict](), ""
        try:
            verdicts = theory.verify(path, problem_of(subject.on))
        except InputError as error:
            # A miss, and no reason to judge no other.
            failure = str(error)
    found = {
        "key": key,
        "name": subject.name,
        "code": exit_code([verdict.news for verdict in verdicts]),
        "failure": failure,
        "statuses": {verdict.evidence: verdict.status for verdict in verdicts},
        "refuted": {one.evidence: one.sentence for one in verdicts if one.news == "refuted"},
        "seconds": sum(verdict.seconds for verdict in verdicts),
    }
    STORE.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(found, indent=1), encoding="utf-8")
    return found


def table(rows: list[tuple[Subject, dict[str, Any]]]) -> str:
    """Return the matrix as Markdown."""
    kinds = {_FILE: "a file in tests/mutants", **catalogue.KINDS}
    lines = [
        "# Which evidence refutes which wrong method",
        "",
        f"{len(rows)} wrong methods, each held against its promise at default settings by `make matrix`. What a file "
        "that states a theorem of its own meets is all but the evidence `identity`; the last column leaves that out.",
        "",
        "| what is wrong | methods | refuted | without identity |",
        "| --- | ---: | ---: | ---: |",
    ]
    for kind, words in kinds.items():
        those = [found for subject, found in rows if subject.kind == kind]
        lines.append(f"| {words} | {len(those)} | {_caught(those)} | {_caught(those, without=_IDENTITY)} |")
    everyone = [found for _, found in rows]
    lines.append(f"| all | {len(rows)} | {_caught(everyone)} | {_caught(everyone, without=_IDENTITY)} |")
    lines += ["", "| evidence | refutes | and nothing else does |", "| --- | ---: | ---: |"]
    for evidence in KINDS:
        alone = sum(list(found["refuted"]) == [evidence] for found in everyone)
        lines.append(f"| {evidence} | {sum(evidence in found['refuted'] for found in everyone)} | {alone} |")
    lines += ["", f"| wrong method | {' | '.join(KINDS)} |", f"| --- |{' :-: |' * len(KINDS)}"]
    for subject, found in rows:
        marks = " | ".join("●" if evidence in found["refuted"] else "" for evidence in KINDS)
        lines.append(f"| `{subject.name}`: {subject.wrong} | {marks} |")
    return "\n".join(lines) + "\n"


def _caught(those: Iterable[dict[str, Any]], without: str = "") -> int:
    return sum(any(evidence != without for evidence in found["refuted"]) for found in those)


def _in_turn(chosen: list[Subject], jobs: int) -> Iterator[dict[str, Any]]:
    """Yield what is found of each, by processes that end after a few."""
    size = jobs * _FILES_A_PROCESS
    for first in range(0, len(chosen), size):
        with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
            yield from pool.map(judged, chosen[first : first + size])


@click.command()
@click.argument("names", nargs=-1)
@click.option("--jobs", default=1, show_default=True, help="How many processes.")
def main(names: tuple[str, ...], jobs: int) -> None:
    """Judge all wrong methods, or those of some NAMES, and write the table of all to docs/matrix.md."""
    chosen = [subject for subject in subjects() if not names or subject.name in names]
    rows = list(zip(chosen, track(_in_turn(chosen, jobs), "judging", len(chosen)), strict=True))
    for subject, found in rows:
        if not found["refuted"]:
            click.echo(f"not refuted: {subject.name}: {subject.wrong} {found['failure'] or found['statuses']}")
    if not names:
        TABLE.write_text(table(rows), encoding="utf-8")
    click.echo(f"{_caught([found for _, found in rows])} of {len(rows)} refuted.")


if __name__ == "__main__":
    main()
