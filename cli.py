"""The command line: parse, call, print.

Everything beyond click is imported where it is used, so that ``rootkappa --help`` answers at once.
"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import shell_complete

from . import __version__
from .commands import compare, plot, shown, sweep, verify
from .commands.common import command_line, say
from .core.interrupts import Interruptible
from .core.streams import lasting

if TYPE_CHECKING:
    pass


def main() -> None:
    """Run the command line and exit.

    The code is 0 for confirmed or done, 1 for refuted, 2 for bad input, 3 for undecided, 70 for an error of our own and
    130 for interrupted, whatever becomes of what is printed.
    """
    sys.stdout, sys.stderr = lasting(sys.stdout), lasting(sys.stderr)
    with Interruptible(_INTERRUPTED) as interrupts:
        code = _code(interrupts)
        if code == interrupts.CODE and interrupts.happened:
            # Cells that were begun are still being computed, and Python would wait for them.
            for stream in filter(None, (sys.stdout, sys.stderr)):
                stream.flush()
            os._exit(code)
    sys.exit(code)


_INTERRUPTED = "Interrupted: whatever a store or --out had by then is kept, and the same command goes on from there."


# By this variable a shell asks what a line may become, see the README.
_COMPLETION = "_ROOTKAPPA_COMPLETE"


def _code(interrupts: Interruptible) -> int:
    try:
        asked = os.environ.get(_COMPLETION)
        if asked:
            return shell_complete(commands, {}, "rootkappa", _COMPLETION, asked)
        return commands.main(prog_name="rootkappa", standalone_mode=False) or 0
    except BaseException as error:
        if interrupts.happened:
            return _interrupted()  # what was told of it may have become any error
        # Click wraps what looks like an interrupt, which a file may have raised itself.
        error = error.__cause__ if isinstance(error, click.Abort) and error.__cause__ else error
        if isinstance(error, click.ClickException):
            return _told(2, error.format_message())
        from .algorithms.driver.files import raised_in
        from .core.errors import InputError, complaint

        if isinstance(error, InputError):
            return _told(2, str(error))
        file = raised_in(error)
        if file:
            return _told(2, f"{file} raised {complaint(error)}: mend the file and try again.")
        return _interrupted() if isinstance(error, KeyboardInterrupt | click.Abort) else _told(70, _ours(error))


def _interrupted() -> int:
    say(_INTERRUPTED, True)
    return Interruptible.CODE


def _told(code: int, sentence: str) -> int:
    # What a library or a user's file has to say may fill many lines.
    say(f"Error: {' '.join(sentence.split())}", True)
    return code


def _ours(error: BaseException) -> str:
    """Return what somebody who mends it must know of an error of our own: a traceback is for nobody else."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "nowhere"
    return (
        f"a mistake of Rootkappa's own, {type(error).__name__} at {place} ({error}): please report this line and "
        f"{command_line()!r}, with rootkappa {__version__}, where you have it from."
    )


@click.group(
    invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(__version__, prog_name="rootkappa")
@click.pass_context
def commands(context: click.Context) -> int:
    """Hold the promised communication rounds of optimisation methods against what the methods do."""
    if context.invoked_subcommand is None:
        say(context.get_help())
        return 2  # a script that has lost its command is told so
    return 0


for command in (
    shown.show, verify.verify, sweep.sweep, compare.compare, compare.choose, plot.plot, shown.new, shown.data,
):  # fmt: skip
    commands.add_command(command)
