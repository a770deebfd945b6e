"""``rootkappa list``, ``new`` and ``data``: what there is, and where to start from."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .common import Command, Place, say

if TYPE_CHECKING:
    from rich.console import Group


@click.command(
    "list", cls=Command, examples=("rootkappa list functions", "rootkappa list scaffnew"),
)  # fmt: skip
@click.argument("kind", metavar="[methods|functions|compressors|data|METHOD|FILE.py]", required=False)
def show(kind: str | None) -> None:
    """Show the methods with their promises, functions with their predicates, compressors, and data sets.

    Of a method: its letters with what they may be, what the theory prescribes, the theorem, claims, and what to type.
    """
    from rich.console import Console

    from .. import terminal

    shown = {
        "methods": terminal.method_list,
        "functions": terminal.function_table,
        "compressors": terminal.compressor_table,
        "data": terminal.data_table,
    }
    if kind and kind not in shown:
        Console().print(_page_of(kind, list(shown)), highlight=False)
        return
    for view in [shown[kind]] if kind else shown.values():
        Console().print(view(), highlight=False)


def _page_of(name: str, kinds: list[str]) -> "Group":
    """Return what there is to say of a method; what is none may be meant as one of the kinds."""
    from .. import algorithms
    from ..core.errors import unknown
    from .page import method_page

    path = os.path.expanduser(name)
    if name not in algorithms.names() and not path.endswith(".py"):
        raise unknown("kind of list, or method,", name, [*kinds, *algorithms.names()])
    return method_page(algorithms.find(path))


@click.command(
    cls=Command, examples=("rootkappa new my_method.py", "rootkappa new my_tamuna.py --like tamuna"),
)  # fmt: skip
@click.argument("file", type=Place())
@click.option("--like", metavar="METHOD", help="Copy this method's file.  [default: one with a theorem of its own]")
def new(file: str, like: str | None) -> None:
    """Write a file to start a method of your own from; it can be verified as it is."""
    from ..algorithms.driver.template import write_template

    write_template(Path(file), like)
    say(f"wrote {file}: change its lines, then rootkappa verify {file}")


@click.command(
    "data", cls=Command, examples=("rootkappa data", "rootkappa data a9a"),
)  # fmt: skip
@click.argument("name", required=False)
def data(name: str | None) -> None:
    """Show the data sets, or read one and describe it; a set that is not here yet is downloaded."""
    from rich.console import Console

    if name is None:
        from ..terminal import data_table

        Console().print(data_table())
        return
    from ..terminal import described_data

    say(described_data(name))
