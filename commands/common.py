"""What commands share: how they look, what they say, and the letters of methods."""

import os
import shlex
import sys
from collections.abc import Iterable
from typing import Any

import click
from click.shell_completion import CompletionItem

from ..core.streams import printable


def say(text: str, is_error: bool = False) -> None:
    """Print a text, to the stream of errors if it is one, whatever characters that stream can show."""
    # Given its stream click does not replace the encoding by another.
    click.echo(printable(text), file=sys.stderr if is_error else sys.stdout)


class Command(click.Command):
    """A command whose help ends with its examples, one a line."""

    def __init__(self, *args: Any, examples: tuple[str, str], **options: Any) -> None:
        epilog = "\b\nExamples:\n" + "\n".join(f"  {example}" for example in examples)
        super().__init__(*args, epilog=epilog, **options)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        rest = super().parse_args(ctx, [arg if arg.isascii() else _spelled(arg) for arg in args])
        for param in self.params:
            if ctx.params.get(param.name or "") == "":
                raise click.UsageError(f"{param.opts[0]} is empty: give it a value, or leave it out.")
        return rest


def _spelled(arg: str) -> str:
    """Return an option with its Greek letters written out."""
    from ..sweeps.letters import spelled

    name, equals, value = arg.partition("=")
    return f"{spelled(name)}{equals}{value}" if name.startswith("--") else arg


class Place(click.Path):
    """The path of a file or folder, in which ~ is the home folder: a shell leaves it alone behind an equals sign."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "-":
            self.fail("- is no file here: give a path, such as out/result.", param, ctx)
        return super().convert(os.path.expanduser(value), param, ctx)


# What the parser does not know are letters of the methods, which nobody knows before they are named.
LETTERS = {"ignore_unknown_options": True}
letter_option = click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="LETTER=VALUE",
    help="A parameter other than prescribed, such as p=0.1; --p 0.1 for short, likewise every letter.",
)


def methods_and_letters(words: Iterable[str], assignments: Iterable[str]) -> tuple[list[str], dict[str, str]]:
    """Return the methods and the text of each letter."""
    from ..sweeps import letters

    known = click.get_current_context().command.params
    methods, texts = letters.read(
        words, assignments, [option for param in known for option in param.opts if option[:1] == "-"]
    )
    return [os.path.expanduser(method) for method in methods], texts


def completed(context: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the methods and files that a word may become, for the completion of a shell."""
    from ..algorithms.driver.method import names

    found = [CompletionItem(name) for name in names() if name.startswith(incomplete)]
    return found or [CompletionItem(incomplete, type="file")]


def command_line() -> str:
    """Return the line that was typed, as a shell would take it again."""
    return shlex.join(["rootkappa", *sys.argv[1:]])


def option_given(name: str) -> str | None:
    """Return the option of this name as it is written, if the command line has it."""
    context = click.get_current_context()
    is_given = context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
    return next(param.opts[0] for param in context.command.params if param.name == name) if is_given else None


def given_options(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options that have a value, by default or as given."""
    return {name: value for name, value in options.items() if value is not None}
