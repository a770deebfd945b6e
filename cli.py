"""The command line: parse, call, print.

Everything beyond click is imported where it is used, so that ``rootkappa --help`` answers at once.
"""

import sys
from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from . import __version__, plots
from .core.streams import lasting

if TYPE_CHECKING:
    from .sweeps import ProblemSpec, Store
    from .theory.verdict import Verdict


def main() -> None:
    """Run the command line and exit.

    The code is 0 for confirmed or done, 1 for refuted, 2 for bad input, 3 for undecided, 70 for an error of our own and
    130 for interrupted, whatever becomes of what is printed.
    """
    sys.stdout, sys.stderr = lasting(sys.stdout), lasting(sys.stderr)
    sys.exit(_code())


def _code() -> int:
    try:
        return commands.main(prog_name="rootkappa", standalone_mode=False) or 0
    except click.ClickException as error:
        return _told(2, error.format_message())
    except (KeyboardInterrupt, click.Abort):
        _say("Interrupted: what was finished is kept, and a sweep goes on from there when it is started again.", True)
        return 130
    except Exception as error:
        from .core.errors import InputError

        return _told(2, str(error)) if isinstance(error, InputError) else _told(70, _ours(error))


def _told(code: int, sentence: str) -> int:
    # What a library or a user's file has to say may fill many lines.
    _say(f"Error: {' '.join(sentence.split())}", True)
    return code


def _ours(error: Exception) -> str:
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
    click.echo(text, file=sys.stderr if is_error else sys.stdout)


class _Command(click.Command):
    """A command whose help ends with its examples, one a line."""

    def __init__(self, *args: Any, examples: tuple[str, str], **options: Any) -> None:
        epilog = "\b\nExamples:\n" + "\n".join(f"  {example}" for example in examples)
        super().__init__(*args, epilog=epilog, **options)


def _together(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def decorate(function: Any) -> Any:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


_problem_options = _together(
    click.option("--problem", metavar="KINDS", help="quadratic, logistic, or both with a comma."),
    click.option(
        "--data",
        metavar="NAMES|FILES",
        help="Data sets or LIBSVM files, by commas.  [default: breast_cancer]",
    ),
    click.option("--clients", default=10, show_default=True, help="Number n of clients."),
    click.option("--dim", default=20, show_default=True, help="Dimension d of a quadratic."),
    click.option("--basis", default="common", show_default=True, help="common or client: eigenbases of a quadratic."),
    click.option("--heterogeneity", default=1.0, show_default=True, help="Spread of a quadratic's clients."),
    click.option("--partition", default="contiguous", show_default=True, help="Which client has which sample."),
    click.option("--concentration", "alpha", default=0.5, show_default=True, help="Of the dirichlet partition."),
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
@click.argument("file", type=click.Path())
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
@click.option("--evidence", metavar="KINDS", help="Of invariant,exact,path,exponent,claim.  [default: all that apply]")
@click.option("--json", "json_file", type=click.Path(), help="Write the verdicts to this file.")
@click.option("--out", type=click.Path(), help="Write verdicts, traces and figures into this folder.")
def verify(
    words: tuple[str, ...],
    everything: bool,
    assignments: tuple[str, ...],
    evidence: str | None,
    json_file: str | None,
    out: str | None,
    **options: Any,
) -> int:
    """Hold methods against their promises; without --problem and --data on a quadratic and on real data."""
    from rich.console import Console

    from . import algorithms
    from .core.checks import checked_kappa
    from .core.files import check_writable, checked_folder, write_json
    from .sweeps.letters import check_letters, value
    from .terminal import print_verdicts, progress_bars, reporter
    from .theory import exit_code
    from .theory.verify import default_evidence, verify

    named, texts = _read(words, assignments)
    if everything == bool(named):
        raise click.UsageError("Name the methods to verify, or give --all instead.")
    chosen = [algorithms.find(name) for name in (algorithms.names() if everything else named)]
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

    console, found = Console(), []
    try:
        for spec in specs:
            with progress_bars() as bars:
                waiting = bars.add_task("problem and its solution", total=None)
                problem = spec.build()
                problem.solution()
                bars.remove_task(waiting)
                for method in chosen:
                    changes = {letter: given[letter] for letter in given if letter in method.Params._fields}
                    kinds = tuple(evidence.split(",")) if evidence else default_evidence(method, problem)
                    report = reporter(bars, method.name, kinds)
                    verdicts = verify(method, problem, kinds, spec.problem_seed, report, **changes)
                    found.append((spec, changes, verdicts))
            here = [verdict for of_spec, _, verdicts in found if of_spec is spec for verdict in verdicts]
            print_verdicts(console, problem.label, here)
    finally:
        records = [verdict.record() for _, _, verdicts in found for verdict in verdicts]
        for target in targets if found else []:
            write_json(target, records)
    if folder:
        for path in [folder / "verdicts.json", *_written(folder, found)]:
            _say(f"wrote {path}")
    statuses = [record["status"] for record in records]
    counts = {status: statuses.count(status) for status in dict.fromkeys(sorted(statuses))}
    _say(", ".join(f"{count} {status}" for status, count in counts.items()) + ".")
    return exit_code(statuses)


def _written(folder: Path, found: "list[tuple[ProblemSpec, dict[str, Any], list[Verdict]]]") -> list[Path]:
    """Write what verdicts rest on and its figures, also those of a study whose methods were all verified."""
    from .core.files import write_text
    from .sweeps import Store, studies
    from .sweeps.record import keep

    methods = {verdict.method for _, _, verdicts in found for verdict in verdicts}
    with Store(folder / "verify.sqlite") as store:
        keys = [key for spec, changes, verdicts in found for key in keep(store, spec, verdicts, changes)]
        ways = (("convergence", {}), ("convergence", {"measure": "distance"}), ("exponent", {}))
        drawn = [plots.write(kind, store, keys, folder, _command_line(), **told) for kind, told in ways]
        for study in studies.names():
            if methods.issuperset(studies.methods(study)):
                keys = _studied(study, store, list(dict.fromkeys(spec for spec, _, _ in found)))
                drawn.append(plots.write(study, store, keys, folder, _command_line()))
    write_text(folder / "command.txt", f"{_command_line()}\n# rootkappa {__version__}\n")
    return [folder / "verify.sqlite", folder / "command.txt", *chain.from_iterable(drawn)]


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
@click.option(
    "--store", default="out/sweep.sqlite", show_default=True, help="File of results; finished cells are kept."
)
@click.option("--json", "json_file", type=click.Path(), help="Write the slopes to this file.")
def sweep(
    words: tuple[str, ...], assignments: tuple[str, ...], kappa: str, exact: bool, seeds: int, epsilon: float,
    store: str, json_file: str | None, **options: Any,
) -> int:  # fmt: skip
    """Measure how rounds and iterations grow with the condition number; goes on where it was interrupted.

    The values of a letter may be a grid, as those of --kappa: all combinations are computed, each method's with the
    letters that it has.
    """
    from rich.console import Console

    from .core.checks import checked_count, checked_kappa
    from .core.files import check_writable, write_json
    from .sweeps import Store, grid_cells, run_cells, slopes
    from .sweeps.grid import numbers
    from .sweeps.letters import values
    from .terminal import print_slopes, progress_bars
    from .theory import exit_code

    methods, texts = _read(words, assignments)
    if not methods:
        raise click.UsageError("Missing argument 'METHOD|FILE.py...': name the methods to sweep.")
    kappas = [checked_kappa(value) for value in numbers("kappa", kappa)]
    specs = _specs({"problem": "quadratic" if options["data"] is None else "logistic", **_given(options)}, kappas)
    letters = {letter: values(letter, text) for letter, text in texts.items()}
    cells = grid_cells(methods, specs, letters, epsilon, checked_count("seeds", seeds), exact)
    if json_file:
        check_writable(Path(json_file))
    with Store(store) as results:
        with progress_bars() as bars:
            task = bars.add_task("cells", total=len(cells))
            computed = run_cells(cells, results, lambda done: bars.update(task, completed=done))
        keys = {cell.key() for cell in cells}
        table = results.cells()
        records = slopes(table[table["key"].isin(keys)])
    _say(f"{len(cells)} cells in {store}, {computed} computed now.")
    sampled = ", ".join(dict.fromkeys(cell.method for cell in cells if not cell.exact)) if exact else ""
    if sampled:
        _say(f"No exact moments to be had, so {seeds} sampled paths of each: {sampled}.")
    print_slopes(Console(), records)
    if json_file:
        write_json(Path(json_file), records)
    judged = [record["status"] for record in records if record["status"] != "not applicable"]
    return exit_code(judged) if judged else 0


@commands.command(
    cls=_Command,
    examples=(
        "rootkappa plot convergence --store out/verify.sqlite --axis floats --measure distance",
        "rootkappa plot sparsity --data breast_cancer --clients 20",
    ),
)
@click.argument("kind", type=click.Choice(plots.names()))
@click.option("--store", default="out/sweep.sqlite", show_default=True, help="File of stored results.")
@click.option("--axis", default="rounds", show_default=True, help="rounds, iterations, floats, bits or gradients.")
@click.option("--measure", default="lyapunov", show_default=True, help="Of convergence: lyapunov, distance or gap.")
@click.option("--out", default="out", show_default=True, help="Folder for the figures.")
@_problem_options
@click.option("--kappa", default="1000", show_default=True, help="Condition number, above 1.")
@click.pass_context
def plot(context: click.Context, kind: str, store: str, axis: str, measure: str, out: str, **options: Any) -> int:
    """Draw stored results as SVG and PNG: convergence along a cost, or the growth with the condition number.

    A study, such as sparsity, is drawn of the problem that the other options give: what the store lacks of it is
    computed first.
    """
    from .core.checks import checked_kappa
    from .core.errors import InputError
    from .core.files import checked_folder
    from .sweeps import Store, studies

    is_study = kind in studies.names()
    told = {"axis": axis, "measure": measure}
    unread = {*told, *options} - {*plots.options(kind), *(options if is_study else ())}
    for param in context.command.params:
        if param.name in unread and context.get_parameter_source(param.name) is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{param.opts[0]} says nothing about {kind}: leave it out.")
    told = {name: value for name, value in told.items() if name not in unread}
    kappa = checked_kappa(options.pop("kappa"))
    specs = _specs({"problem": "logistic", **_given(options)}, [kappa])
    if not is_study and not Path(store).is_file():
        raise InputError(f"store = {store!r} does not exist: run rootkappa sweep or verify --out first.")
    folder = checked_folder(out)
    with Store(store) as results:
        keys = _studied(kind, results, specs) if is_study else None
        paths = plots.write(kind, results, keys, folder, _command_line(), **told)
    if not paths:
        raise InputError(f"store = {store!r} holds nothing to draw as {kind}: run a sweep that measures it.")
    for path in paths:
        _say(f"wrote {path}")
    return 0


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
    return letters.read(words, assignments, [option for param in known for option in param.opts if option[:1] == "-"])


def _command_line() -> str:
    import shlex

    return shlex.join(["rootkappa", *sys.argv[1:]])


def _specs(options: dict[str, Any], kappas: list[float]) -> "list[ProblemSpec]":
    """Return the problems that the options describe; without kind and data there is one of each kind."""
    from .sweeps.problems import problem_specs

    given = _given(options)
    words = {name: given.pop(name).split(",") for name in ("problem", "data") if name in given}
    return problem_specs(kappas, words.get("problem"), words.get("data"), problem_seed=given.pop("seed"), **given)


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}
