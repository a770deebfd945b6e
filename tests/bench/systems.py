"""What is promised of each method, what was measured and what does not hold: ``make systems``, after ``make verify``.

The table in ``docs/systems.md`` is made of the verdicts in ``out/verdicts.json``.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from rootkappa import algorithms, theory
from rootkappa.algorithms import Method
from rootkappa.theory.verdict import Verdict

ROOT = Path(__file__).parents[2]
VERDICTS, TABLE = ROOT / "out" / "verdicts.json", ROOT / "docs" / "systems.md"
_HEAD = """# The methods, what is promised of them, and what was found

Made by `make verify` and `make systems`. The command beside a method shows its findings again; `rootkappa plot study`
lists figures of claims beside their controls. A claim that is "refuted as known" is one of the paper's that does not
hold in the setting of this package, with the measurement that says so.
"""


def _read(record: dict[str, Any]) -> Verdict:
    """Return the verdict of a record, in which also stands what follows from others of its fields."""
    own = {field.name for field in fields(Verdict)}
    return Verdict(**{name: value for name, value in record.items() if name in own})


def _by_group(verdicts: Iterable[Verdict]) -> dict[str, dict[Method, list[Verdict]]]:
    """Return what was found of each method, by what it is for and by paper."""
    of: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        of.setdefault(verdict.method, []).append(verdict)
    methods = sorted(map(algorithms.get, of), key=lambda method: (method.group, method.source))
    found: dict[str, dict[Method, list[Verdict]]] = {}
    for method in methods:
        found.setdefault(method.group, {})[method] = of[method.name]
    return found


def _section(method: Method, verdicts: list[Verdict]) -> Iterator[str]:
    """Yield the lines about one method."""
    theorem = theory.promised_by(method)
    yield f"### {method.summary.removesuffix('.')}\n"
    yield f"`rootkappa verify {method.name}`. {method.source}\n"
    yield f"Promised: {theorem.told}\n"
    measured = [verdict for verdict in verdicts if verdict.evidence != "claim"]
    kinds: dict[str, list[str]] = {}
    for verdict in measured:
        kinds.setdefault(verdict.evidence, []).append(verdict.told)
    yield "Found: " + "; ".join(f"{kind} {', '.join(dict.fromkeys(told))}" for kind, told in kinds.items()) + ".\n"
    claims = {(verdict.claim, verdict.problem): verdict for verdict in verdicts if verdict.evidence == "claim"}
    if claims:
        yield "| claim | found | measured |"
        yield "|---|---|---|"
        for (name, _), verdict in claims.items():
            yield f"| {name.replace('_', ' ')} | {verdict.told} | {verdict.sentence.replace('|', '&#124;')} |"
        yield ""


@click.command()
@click.argument("file", type=click.Path(path_type=Path), default=VERDICTS)
def main(file: Path) -> None:
    """Write the table of what was found, from the verdicts in FILE."""
    if not file.exists():
        raise click.UsageError(f"{file} does not exist: run make verify first.")
    lines = [_HEAD]
    for group, methods in _by_group(map(_read, json.loads(file.read_text(encoding="utf-8")))).items():
        lines.append(f"## {group.capitalize()}\n")
        for method, verdicts in methods.items():
            lines += _section(method, verdicts)
    TABLE.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
    click.echo(f"wrote {TABLE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
