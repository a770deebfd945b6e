"""``rootkappa list``, ``new`` and ``data``: what there is, and where to start from."""

from pathlib import Path

import click

from .common import Command, Place, say


@click.command(
    "list", cls=Command, examples=("rootkappa list", "rootkappa list functions"),
)  # fmt: skip
@click.argument("kind", type=click.Choice(["methods", "functions", "compressors", "data"]), required=False)
def show(kind: str | None) -> None:
    """Show the methods with their promises, functions with their predicates, compressors, and data sets."""
    from rich.console import Console

    from .. import terminal

    shown = {
        "methods": terminal.method_list,
        "functions": terminal.function_table,
        "compressors": terminal.compressor_table,
        "data": terminal.data_table,
    }
    for view in [shown[kind]] if kind else shown.values():
        Console().print(view(), highlight=False)


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
