"""The command line: parse, call, print.

Everything beyond click is imported where it is used, so that ``rootkappa --help`` answers at once.
"""

import math
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from . import __version__, plots
from .core.interrupts import Interruptible
from .core.streams import lasting, printable

if TYPE_CHECKING:
    from .algorithms import Clock
    from .algorithms.driver.method import Method
    from .core.errors import InputError
    from .sweeps import ProblemSpec, Store
    from .sweeps.record import Records
    from .theory.verdict import Verdict


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


_INTERRUPTED = "Interrupted: what was finished is kept, and a sweep goes on from there when it is started again."


def _code(interrupts: Interruptible) -> int:
    try:
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
    _say(_INTERRUPTED, True)
    return Interruptible.CODE


def _told(code: int, sentence: str) -> int:
    # What a library or a user's file has to say may fill many lines.
    _say(f"Error: {' '.join(sentence.split())}", True)
    return code


def _ours(error: BaseException) -> str:
    """Return what somebody who mends it must know of an error of our own: a traceback is for nobody else."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "nowhere"
    return (
        f"a mistake of Rootkappa's own, {type(error).__name__} at {place} ({error}): please report this line and "
        f"{_command_line()!r}, with rootkappa {__version__}, where you have it from."
    )


def _say(text: str, is_error: bool = False) -> None:
    # Given its stream click does not replace the encoding by another.
    click.echo(printable(text), file=sys.stderr if is_error else sys.stdout)


class _Command(click.Command):
    """A command whose help ends with its examples, one a line."""

    def __init__(self, *args: Any, examples: tuple[str, str], **options: Any) -> None:
        epilog = "\b\nExamples:\n" + "\n".join(f"  {example}" for example in examples)
        super().__init__(*args, epilog=epilog, **options)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        rest = super().parse_args(ctx, args)
        for param in self.params:
            if ctx.params.get(param.name or "") == "":
                raise click.UsageError(f"{param.opts[0]} is empty: give it a value, or leave it out.")
        return rest


class _Place(click.Path):
    """The path of a file or folder, in which ~ is the home folder: a shell leaves it alone behind an equals sign."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return super().convert(os.path.expanduser(value), param, ctx)


def _together(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def decorate(function: Any) -> Any:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


_problem_options = _together(
    click.option("--problem", metavar="KINDS", help="quadratic, logistic, softmax, or several by commas."),
    click.option(
        "--data",
        metavar="NAMES|FILES",
        help="Data sets or LIBSVM files, by commas.  [default: breast_cancer; of softmax digits]",
    ),
    click.option("--clients", default=10, show_default=True, help="Number n of clients."),
    click.option("--dim", default=20, show_default=True, help="Dimension d of a quadratic."),
    click.option("--basis", default="common", show_default=True, help="common or client: eigenbases of a quadratic."),
    click.option("--heterogeneity", default=1.0, show_default=True, help="Spread of a quadratic's clients."),
    click.option("--psi", default=None, metavar="FUNCTION", help='A nonsmooth term, such as "L1(0.1)".'),
    click.option(
        "--partition",
        default="contiguous",
        show_default=True,
        help="Which client has which sample: contiguous, shuffled, label or dirichlet.",
    ),
    click.option("--concentration", "alpha", default=0.5, show_default=True, help="Of the dirichlet partition."),
    click.option("--server", default=0.0, show_default=True, help="Share of all samples that the server has too."),
    click.option(
        "--private",
        default=None,
        metavar="all|NUMBER",
        help="What of a model is every client's own: all, or the last coordinates (of softmax: features).",
    ),
    click.option("--seed", default=0, show_default=True, help="Seed of everything that is drawn."),
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="rootkappa")
def commands() -> None:
    """Hold the promised communication rounds of optimisation methods against what the methods do."""


@commands.command(
    "list", cls=_Command, examples=("rootkappa list", "rootkappa list functions"),
)  # fmt: skip
@click.argument("kind", type=click.Choice(["methods", "functions", "compressors", "data"]), required=False)
def list_command(kind: str | None) -> None:
    """Show the methods with their promises, functions with their predicates, compressors, and data sets."""
    from rich.console import Console

    from . import terminal

    shown = {
        "methods": terminal.method_list,
        "functions": terminal.function_table,
        "compressors": terminal.compressor_table,
        "data": terminal.data_table,
    }
    for view in [shown[kind]] if kind else shown.values():
        Console().print(view(), highlight=False)


@commands.command(
    cls=_Command, examples=("rootkappa new my_method.py", "rootkappa new my_tamuna.py --like tamuna"),
)  # fmt: skip
@click.argument("file", type=_Place())
@click.option("--like", metavar="METHOD", help="Copy this method's file.  [default: one with a theorem of its own]")
def new(file: str, like: str | None) -> None:
    """Write a file to start a method of your own from; it can be verified as it is."""
    from .algorithms.driver.template import write_template

    write_template(Path(file), like)
    _say(f"wrote {file}: change its lines, then rootkappa verify {file}")


@commands.command(
    "data", cls=_Command, examples=("rootkappa data", "rootkappa data a9a"),
)  # fmt: skip
@click.argument("name", required=False)
def data_command(name: str | None) -> None:
    """Show the data sets, or read one and describe it; a set that is not here yet is downloaded."""
    from rich.console import Console

    if name is None:
        from .terminal import data_table

        Console().print(data_table())
        return
    from .terminal import described_data

    _say(described_data(name))


# What the parser does not know are letters of the methods, which nobody knows before they are named.
_LETTERS = {"ignore_unknown_options": True}
_letter_option = click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="LETTER=VALUE",
    help="A parameter other than prescribed, such as p=0.1; --p 0.1 for short, likewise every letter.",
)


@commands.command(
    cls=_Command,
    context_settings=_LETTERS,
    examples=(
        "rootkappa verify --all --out out",
        "rootkappa verify ./my_method.py --p 0.1 --problem logistic --data a9a.xz --kappa 1e3 --json verdicts.json",
    ),
)
@click.argument("words", nargs=-1, metavar="[METHOD|FILE.py]...")
@click.option("--all", "everything", is_flag=True, help="Take every method.")
@_problem_options
@click.option("--kappa", default="100", show_default=True, help="Condition number, above 1.")
@_letter_option
@click.option(
    "--evidence",
    metavar="KINDS",
    help="Of identity,invariant,exact,path,exponent,cost,claim.  [default: all that apply]",
)
@click.option("--json", "json_file", type=_Place(), help="Write the verdicts to this file.")
@click.option("--out", type=_Place(), help="Write verdicts, traces and figures into this folder.")
def verify(
    words: tuple[str, ...],
    everything: bool,
    assignments: tuple[str, ...],
    evidence: str | None,
    json_file: str | None,
    out: str | None,
    **options: Any,
) -> int:
    """Hold methods against their promises; without --problem, --data and --server on a quadratic and on real data."""
    from rich.console import Console

    from . import algorithms
    from .core.checks import checked_kappa
    from .core.files import check_writable, checked_folder, is_special, write_json
    from .sweeps.letters import check_letters, value
    from .sweeps.problems import tried_on
    from .sweeps.record import Records
    from .terminal import print_verdicts, progress_bars, reporter
    from .theory import exit_code
    from .theory.verify import ERROR_RATE, default_evidence, elsewhere, level, verify

    named, texts = _read(words, assignments)
    if everything == bool(named):
        raise click.UsageError("Name the methods to verify, or give --all instead.")
    chosen = [algorithms.find(name) for name in dict.fromkeys(algorithms.names() if everything else named)]
    needing = next((method.name for method in chosen if method.needs_server), None)
    if needing and options["server"] == 0.0 and _option_given("server"):
        raise click.UsageError(
            f"server = 0 leaves it without the data that {needing} needs: give a share above 0 and up to 1, such as "
            "--server 0.1, or leave --server out."
        )
    given = {letter: value(text) for letter, text in texts.items()}
    # A method that is named is meant with every letter; of all methods only some have it.
    for group in [chosen] if everything else [[method] for method in chosen]:
        check_letters(given, {method.name: method.Params._fields for method in group})
    kappa = checked_kappa(options.pop("kappa"))
    specs = _specs(options, [kappa])
    folder = checked_folder(out) if out else None
    targets = [folder / "verdicts.json"] if folder else []
    targets += [Path(json_file)] if json_file else []
    for target in targets:
        check_writable(target)

    # What is wrong with a file or a partition is told before the first verdict.
    for spec in specs:
        spec.build()
    is_open = all(options[name] is None for name in ("problem", "data", "private"))
    tried = tried_on(chosen, specs) if is_open else dict.fromkeys(specs, chosen)
    console, found, claimed = Console(), list["Verdict"](), set[str]()
    alpha = level(len(chosen), len(tried))
    # Something else than a file cannot be written twice.
    files = [target for target in targets if not is_special(target)]
    with Records(folder) if folder else nullcontext() as kept:
        for spec, methods in tried.items():
            here = []
            with progress_bars() as bars:
                waiting = bars.add_task("problem and its solution", total=None)
                problem = spec.build()
                problem.solution()
                bars.remove_task(waiting)
                for method in methods:
                    changes = {letter: given[letter] for letter in given if letter in method.Params._fields}
                    kinds = tuple(evidence.split(",")) if evidence else default_evidence(method, problem)
                    kinds = elsewhere(method, problem, kinds) if method.name in claimed else kinds
                    report = reporter(bars, method.name, kinds)
                    verdicts = kept.found(method.name, spec, kinds, changes, alpha) if kept else None
                    if verdicts is None:
                        verdicts = verify(method, problem, kinds, spec.problem_seed, report, alpha, **changes)
                        if kept:
                            kept.keep(method.name, spec, kinds, changes, verdicts, alpha)
                    here += verdicts
                    found += verdicts
                    if any(one.evidence == "claim" and one.status != "not applicable" for one in verdicts):
                        claimed.add(method.name)
                    # However this ends, what was found is there.
                    for target in files:
                        write_json(target, [verdict.record() for verdict in found])
            if here:
                print_verdicts(console, problem.label, here)
        for target in set(targets) - set(files):
            write_json(target, [verdict.record() for verdict in found])
        if folder and kept:
            for path in [
                folder / "verdicts.json",
                *_written(folder, kept, tried),
            ]:
                _say(f"wrote {path}")
            kept.finish()
    told = [verdict.told for verdict in found]
    counts = {status: told.count(status) for status in sorted(set(told))}
    errs = f" If all methods are right, draws and paths refute one with probability {ERROR_RATE:g} at most."
    is_drawn = any(math.isfinite(verdict.alpha) for verdict in found)
    _say(", ".join(f"{count} {status}" for status, count in counts.items()) + "." + (errs if is_drawn else ""))
    return exit_code([verdict.news for verdict in found])


def _written(folder: Path, kept: "Records", tried: "Mapping[ProblemSpec, Iterable[Method]]") -> list[Path]:
    """Write the figures of what verdicts rest on, also a study's own where all its methods were tried."""
    from .core.files import write_text
    from .sweeps import studies

    refused: list[Exception] = []
    ways = (("convergence", {}), ("convergence", {"measure": "distance"}), ("exponent", {}))
    drawn = [_drawn(kind, kept.store, kept.keys, folder, refused, **told) for kind, told in ways]
    for study in studies.names():
        needed = {*studies.methods(study)}
        specs = [spec for spec, methods in tried.items() if needed <= {method.name for method in methods}]
        if study in plots.names() and specs:
            drawn.append(_drawn(study, kept.store, _studied(study, kept.store, specs), folder, refused))
    for error in refused:
        _say(f"Not drawn: {error}", True)
    write_text(folder / "command.txt", f"{_command_line()}\n# rootkappa {__version__}\n")
    return [kept.store.path, folder / "command.txt", *chain.from_iterable(drawn)]


def _drawn(
    kind: str, store: "Store", keys: list[str] | None, folder: Path, refused: list[Exception], **told: str
) -> list[Path]:
    """Write the figures of one kind; what cannot be drawn stops no other."""
    return plots.write(kind, store, keys, folder, _command_line(), lambda _, error: refused.append(error), **told)


@commands.command(
    cls=_Command,
    context_settings=_LETTERS,
    examples=(
        "rootkappa sweep gradient_descent nesterov scaffnew --kappa 1e2:1e6:9 --exact --json slopes.json",
        "rootkappa sweep scaffnew --problem logistic --kappa 1e2:1e4:5 --p 0.05,0.2 --seeds 6",
    ),
)
@click.argument("words", nargs=-1, metavar="METHOD|FILE.py...")
@_problem_options
@click.option("--kappa", default="1e2:1e6:9", show_default=True, help="Condition numbers: a,b,c or low:high:count.")
@_letter_option
@click.option("--exact", is_flag=True, help="Expectations from the worst start, where they can be had; quadratics.")
@click.option("--seeds", default=6, show_default=True, help="Sampled paths for each combination.")
@click.option("--epsilon", default=1e-6, show_default=True, help="Relative accuracy in the Lyapunov function.")
@click.option("--clock", help='Keep simulated seconds too, such as by "compute=1ms up=1Mbit speeds=uniform(0.1,1)".')
@click.option(
    "--store",
    type=_Place(),
    default="out/sweep.sqlite",
    show_default=True,
    help="File of results; finished cells are kept.",
)
@click.option("--json", "json_file", type=_Place(), help="Write the slopes to this file.")
def sweep(
    words: tuple[str, ...], assignments: tuple[str, ...], kappa: str, exact: bool, seeds: int, epsilon: float,
    clock: str | None, store: str, json_file: str | None, **options: Any,
) -> int:  # fmt: skip
    """Measure how rounds and iterations grow with the condition number; goes on where it was interrupted.

    The values of a letter may be a grid, as those of --kappa: all combinations are computed, each method's with the
    letters that it has.
    """
    from rich.console import Console

    from .core.checks import checked_count, checked_kappa
    from .core.errors import InputError
    from .core.files import check_writable, write_json
    from .sweeps import Store, Unreached, grid_cells, run_cells, slopes
    from .sweeps.grid import numbers
    from .sweeps.letters import values
    from .terminal import print_failures, print_slopes, progress_bars
    from .theory import exit_code

    read = _clock(clock)
    methods, texts = _read(words, assignments)
    if not methods:
        raise click.UsageError("Missing argument 'METHOD|FILE.py...': name the methods to sweep.")
    kappas = [checked_kappa(value) for value in numbers("kappa", kappa)]
    specs = _specs({"problem": "quadratic" if options["data"] is None else "logistic", **_given(options)}, kappas)
    letters = {letter: values(letter, text) for letter, text in texts.items()}
    cells = grid_cells(methods, specs, letters, epsilon, checked_count("seeds", seeds), exact, read is not None)
    if json_file:
        check_writable(Path(json_file))
        if Path(json_file).absolute() == Path(store).absolute():
            raise click.UsageError(f"--json and --store are both {store}: give them files of their own.")
    console, failures = Console(), list[tuple[Any, BaseException]]()
    with Store(store) as results:
        with progress_bars() as bars:
            task = bars.add_task("cells", total=len(cells))
            computed = run_cells(
                cells,
                results,
                lambda done: bars.update(task, completed=done),
                failed=lambda cell, error: failures.append((cell, error)),
            )
        keys = {cell.key() for cell in cells}
        table = results.cells()
        kept = table[table["key"].isin(keys)]
        records = slopes(kept)
        untimed = _timed(results, read, kept["key"], runs_files=True) if read else []
    errors = [error for _, error in failures if not isinstance(error, Unreached)]
    if len(errors) == len(cells):
        raise errors[0]
    _say(f"{len(cells) - len(failures)} cells in {store}, {computed} computed now.")
    print_failures(console, failures)
    sampled = ", ".join(dict.fromkeys(cell.method for cell in cells if not cell.exact)) if exact else ""
    if sampled:
        _say(f"No exact moments to be had, so {seeds} sampled paths of each: {sampled}.")
    print_slopes(console, records)
    for error in untimed:
        _say(f"Not timed: {error}", True)
    if json_file:
        write_json(Path(json_file), records)
    for error in errors:
        if not isinstance(error, InputError):
            raise error
    judged = [record["status"] for record in records if record["status"] != "not applicable"]
    code = exit_code(judged) if judged else 0
    return 3 if (failures or untimed) and code == 0 else code


@commands.command(
    cls=_Command,
    examples=(
        "rootkappa plot convergence --store out/verify.sqlite --axis floats --measure distance",
        "rootkappa plot study sparsity --data breast_cancer --clients 20",
    ),
)
@click.argument("kind", type=click.Choice(plots.names()))
@click.argument("name", metavar="[STUDY]", required=False)
@click.option("--store", type=_Place(), default="out/sweep.sqlite", show_default=True, help="File of stored results.")
@click.option(
    "--axis", default="rounds", show_default=True, help="rounds, iterations, floats, bits, gradients or seconds."
)
@click.option("--measure", default="lyapunov", show_default=True, help="Of convergence: lyapunov, distance or gap.")
@click.option("--clock", help="By which seconds are simulated, as of sweep.")
@click.option("--out", type=_Place(), default="out", show_default=True, help="Folder for the figures.")
@_problem_options
@click.option("--kappa", default="1000", show_default=True, help="Condition number, above 1.")
@click.pass_context
def plot(
    context: click.Context, kind: str, name: str | None, store: str, axis: str, measure: str, clock: str | None,
    out: str, **options: Any,
) -> int:  # fmt: skip
    """Draw stored results as SVG and PNG: convergence along a cost, or the growth with the condition number.

    A study, such as "study sparsity", is drawn of the problem that the other options give: what the store lacks of it
    is computed first. Without a name the studies are listed. Simulated seconds of stored paths are added to the store
    when they are first asked for.
    """
    from .core.checks import checked_kappa
    from .core.errors import InputError
    from .core.files import checked_folder
    from .sweeps import Store, studies

    if kind == "study" and name is None:
        for known in studies.names():
            _say(f"{known}: {studies.summary(known)}")
        return 0
    if kind == "study":
        kind, study = plots.of_study(name or ""), name or ""
        studies.methods(study)
    elif name is not None:
        raise click.UsageError(f"{name!r} says nothing about {kind}: leave it out.")
    else:
        study = kind
    is_study = study in studies.names()
    told: dict[str, Any] = {"axis": axis, "measure": measure, "clock": None}
    unread = {*told, *options} - {*plots.options(kind), *(options if is_study else ())}
    for param in context.command.params:
        if param.name in unread and _option_given(param.name):
            raise click.UsageError(f"{param.opts[0]} says nothing about {kind}: leave it out.")
    told = {name: value for name, value in told.items() if name not in unread}
    is_timed = axis == "seconds" and "clock" in told
    if clock is not None and not is_timed:
        raise click.UsageError("--clock is read for --axis seconds only: give both, or none of them.")
    told |= {"clock": _clock(clock or "")} if is_timed else {}
    options = _of_study(studies.usual_spec(study) if is_study else None, options)
    kappa = checked_kappa(options.pop("kappa"))
    specs = _specs({"problem": "logistic", **_given(options)}, [kappa])
    if not is_study and not os.path.isfile(store):
        raise InputError(f"store = {store!r} does not exist: run rootkappa sweep or verify --out first.")
    folder = checked_folder(out)
    refused: list[Exception] = []
    with Store(store, read_only=not (is_study or is_timed)) as results:
        refused += _timed(results, told["clock"]) if is_timed else []
        keys = _studied(study, results, specs) if is_study else None
        paths = _drawn(kind, results, keys, folder, refused, **told)
    if refused and not paths:
        raise refused[0]
    if not paths:
        raise InputError(f"store = {store!r} holds nothing to draw as {kind}: run a sweep that measures it.")
    for path in paths:
        _say(f"wrote {path}")
    for error in refused:
        _say(f"Not drawn: {error}", True)
    return 3 if refused else 0


def _clock(text: str | None) -> "Clock | None":
    from .algorithms import Clock

    return None if text is None else Clock.read(text)


def _timed(
    store: "Store", clock: "Clock", keys: Iterable[str] | None = None, *, runs_files: bool = False
) -> "list[InputError]":
    """Store what paths lack of seconds by a clock, and return why some still do."""
    from .sweeps.clocks import add_seconds
    from .terminal import progress_bars

    with progress_bars() as bars:
        task = bars.add_task("seconds", total=None)
        return add_seconds(
            store,
            clock,
            keys,
            runs_files=runs_files,
            progress=lambda done, total: bars.update(task, completed=done, total=total),
        )


def _of_study(spec: "ProblemSpec | None", options: dict[str, Any]) -> dict[str, Any]:
    """Return the options with what a study says of its problem in the place of what the command line does not."""
    if spec is None:
        return options
    own = spec.configuration()
    own["seed"] = own.pop("problem_seed")
    if options["problem"] not in (None, spec.problem):
        own = {name: own[name] for name in ("kappa", "clients", "seed", "psi")}
    return options | {name: value for name, value in own.items() if not _option_given(name) and value != ""}


def _studied(study: str, store: "Store", specs: "list[ProblemSpec]") -> list[str]:
    """Compute what the store lacks of a study, and return the keys of all of it."""
    from .sweeps import run_cells
    from .sweeps.studies import study_cells
    from .terminal import progress_bars

    cells = study_cells(study, specs)
    with progress_bars() as bars:
        task = bars.add_task(study, total=len(cells))
        run_cells(cells, store, lambda done: bars.update(task, completed=done))
    return [cell.key() for cell in cells]


def _read(words: Iterable[str], assignments: Iterable[str]) -> tuple[list[str], dict[str, str]]:
    """Return the methods and the text of each letter."""
    from .sweeps import letters

    known = click.get_current_context().command.params
    methods, texts = letters.read(
        words, assignments, [option for param in known for option in param.opts if option[:1] == "-"]
    )
    return [os.path.expanduser(method) for method in methods], texts


def _command_line() -> str:
    import shlex

    return shlex.join(["rootkappa", *sys.argv[1:]])


def _specs(options: dict[str, Any], kappas: list[float]) -> "list[ProblemSpec]":
    """Return the problems that the options describe; without kind, data and server a quadratic and one on real data."""
    from .sweeps.problems import FIELDS, ON_DATA, problem_specs

    given = _given(options)
    kinds = dict.fromkeys(given.pop("problem").split(",")) if "problem" in given else None
    data = dict.fromkeys(_files(given.pop("data"))) if "data" in given else None
    if kinds is None and data is None and given["server"] > 0.0:
        kinds = ["logistic"]  # what is drawn has no samples of which a server could have a share
    specs = problem_specs(kappas, kinds, data, problem_seed=given.pop("seed"), **given)
    chosen = dict.fromkeys(spec.problem for spec in specs)
    read = {field for kind in chosen for field in FIELDS[kind]}
    if given["partition"] != "dirichlet":
        read.discard("alpha")
    for name in {field for fields in FIELDS.values() for field in fields} - read:
        option = _option_given(name)
        if option:
            is_about_partition = name == "alpha" and not chosen.keys().isdisjoint(ON_DATA)
            told = f"the {given['partition']} partition" if is_about_partition else " and ".join(chosen)
            raise click.UsageError(f"{option} says nothing about {told}: leave it out.")
    return specs


def _files(text: str) -> list[str]:
    """Return the names and paths in a text with commas between them; a comma may also be part of a file's name."""
    names, parts = [], text.split(",")
    while parts:
        runs = {length: os.path.expanduser(",".join(parts[:length])) for length in range(len(parts), 0, -1)}
        length = next((length for length, run in runs.items() if os.path.isfile(run)), 1)
        names.append(runs[length])
        del parts[:length]
    return names


def _option_given(name: str) -> str | None:
    """Return the option of this name as it is written, if the command line has it."""
    context = click.get_current_context()
    is_given = context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
    return next(param.opts[0] for param in context.command.params if param.name == name) if is_given else None


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}
