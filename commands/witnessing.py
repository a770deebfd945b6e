"""``--witness``: the counterexample of whatever is refuted, as files that anybody can run."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .common import Place, say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..problems import Problem
    from ..theory.verdict import Verdict

witness_option = click.option(
    "--witness",
    "witness_file",
    type=Place(),
    metavar="FILE",
    help="Write what refutes, as FILE.npz and a NumPy script FILE.py that shows it.",
)


def check_place(file: str) -> None:
    """Refuse a place that cannot be written before anything is computed."""
    from ..theory.witness import places

    places(file)


def witnessed(file: str, found: "Iterable[tuple[Verdict, list[Problem], Any]]") -> None:
    """Write the counterexample of each refuted verdict; what has none is told."""
    from ..core.errors import InputError
    from ..theory.witness import write_witness

    refuted = [one for one in found if one[0].status == "refuted"]
    written = 0
    for verdict, problems, method in refuted:
        base = Path(file)
        number = f"-{written + 1}" if written else ""
        try:
            paths = write_witness(verdict, problems, base.with_name(f"{base.stem}{number}{base.suffix}"), method)
        except InputError as reason:
            say(f"No witness of {verdict.method}, {verdict.evidence}: {reason}")
            continue
        written += 1
        say(f"wrote {paths[0]}: {verdict.method}, {verdict.evidence}; python {paths[1]} {paths[0]} shows it")
    if not refuted:
        say("Nothing is refuted, so no witness is written.")
