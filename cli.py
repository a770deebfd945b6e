"""The command line: parse, call, print.

Everything beyond click is imported where it is used, so that ``rootkappa --help`` answers at once.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from . import __version__

if TYPE_CHECKING:
    from .sweeps import ProblemSpec

# The parameters that have an option.
_LETTERS = ("p", "gamma", "eta", "K")
# The method whose failure the figure of sparsity shows.
_PRUNING = ("sparse_proxskip_server",)


def main() -> None:
    """Run the command line and exit with its code: 0 confirmed or done, 1 refuted, 2 bad input, 3 undecided."""
    try:
        sys.exit(commands.main(prog_name="rootkappa", standalone_mode=False) or 0)
    except click.ClickException as error:
        _fail(error.format_message())
    except (KeyboardInterrupt, click.Abort):
        click.echo(
            "Interrupted: what was finished is kept, and a sweep goes on from there when it is started again.", err=True
        )
        sys.exit(130)
    except BrokenPipeError:
        # The reader of a pipe has seen enough.
        sys.stderr.close()
        sys.exit(0)
    except ValueError as error:
        from .core.errors import InputError

        if not isinstance(error, InputError):
            raise
        _fail(str(error))


def _fail(sentence: str) -> None:
    # What a library or a user's file has to say may fill many lines.
    click.echo(f"Error: {' '.join(sentence.split())}", err=True)
    sys.exit(2)


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
    click.option("--alpha", default=0.5, show_default=True, help="Concentration of the dirichlet partition."),
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
    import numpy as np

    from .problems import data

    features, labels = data.load(name)
    samples, dimension = features.shape
    stored = features.size if isinstance(features, np.ndarray) else features.nnz
    kind = "dense" if isinstance(features, np.ndarray) else "sparse"
    click.echo(
        f"{name}: {samples} samples, {dimension} features, {kind}, {stored / (samples * dimension):.1%} stored, "
        f"{int((labels > 0).sum())} labels +1 and {int((labels < 0).sum())} labels -1."
    )


@commands.command(
    cls=_Command,
    examples=(
        "rootkappa verify --all --out out",
        "rootkappa verify ./my_method.py --problem logistic --data a9a.xz --kappa 1e3 --json verdicts.json",
    ),
)
@click.argument("methods", nargs=-1, metavar="[METHOD|FILE.py]...")
@click.option("--all", "everything", is_flag=True, help="Take every method.")
@_problem_options
@click.option("--kappa", default="100", show_default=True, help="Condition number, above 1.")
@click.option("--p", type=float, help="Probability of communication instead of the prescribed one.")
@click.option("--gamma", type=float, help="Step size instead of the prescribed one.")
@click.option("--eta", type=float, help="Local step size instead of the prescribed one.")
@click.option("--local-steps", "K", type=int, help="Local steps K in a round instead of 10.")
@click.option("--set", "others", multiple=True, metavar="LETTER=VALUE", help="Any other parameter, such as k=3.")
@click.option("--evidence", metavar="KINDS", help="Of invariant,exact,path,exponent,claim.  [default: all that apply]")
@click.option("--json", "json_file", type=click.Path(), help="Write the verdicts to this file.")
@click.option("--out", type=click.Path(), help="Write verdicts, traces and figures into this folder.")
def verify(
    methods: tuple[str, ...],
    everything: bool,
    others: tuple[str, ...],
    evidence: str | None,
    json_file: str | None,
    out: str | None,
    **options: Any,
) -> int:
    """Hold methods against their promises; without --problem and --data on a quadratic and on real data."""
    from rich.console import Console

    from . import algorithms
    from .core.checks import checked_kappa
    from .terminal import print_verdicts, progress_bars, reporter
    from .theory import exit_code
    from .theory.verify import default_evidence, verify

    if everything == bool(methods):
        raise click.UsageError("Name the methods to verify, or give --all instead.")
    changes = {letter: options.pop(letter) for letter in _LETTERS}
    changes = {**_given(changes), **dict(_assigned(text) for text in others)}
    chosen = [algorithms.find(name) for name in (algorithms.names() if everything else methods)]
    kappa = checked_kappa(options.pop("kappa"))
    specs = _specs(options, [kappa])
    folder = _folder(out) if out else None
    targets = [Path(json_file)] if json_file else []
    targets += [folder / "verdicts.json"] if folder else []
    for target in targets:
        _check_writable(target)

    console, found = Console(), []
    try:
        for spec in specs:
            with progress_bars() as bars:
                waiting = bars.add_task("problem and its solution", total=None)
                problem = spec.build()
                problem.solution()
                bars.remove_task(waiting)
                for method in chosen:
                    kinds = tuple(evidence.split(",")) if evidence else default_evidence(method, problem)
                    report = reporter(bars, method.name, kinds)
                    found.append((spec, verify(method, problem, kinds, spec.problem_seed, report, **changes)))
            here = [verdict for of_spec, verdicts in found if of_spec is spec for verdict in verdicts]
            print_verdicts(console, problem.label, here)
    finally:
        records = [verdict.record() for _, verdicts in found for verdict in verdicts]
        for target in targets if found else []:
            target.write_text(json.dumps(records, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if folder:
        _keep(folder, found, changes)
    statuses = [record["status"] for record in records]
    counts = {status: statuses.count(status) for status in dict.fromkeys(sorted(statuses))}
    console.print(", ".join(f"{count} {status}" for status, count in counts.items()) + ".", highlight=False)
    return exit_code(statuses)


def _assigned(text: str) -> tuple[str, Any]:
    """Return the letter and the value of LETTER=VALUE, where a value that is no number is a text."""
    import ast

    letter, equals, value = text.partition("=")
    if not (letter and equals and value):
        raise click.UsageError(f"--set {text!r} sets nothing: write LETTER=VALUE, for example k=3 or C=RandK(2).")
    if letter in _LETTERS:
        raise click.UsageError(f"--set {text!r}: this letter has an option of its own, see rootkappa verify --help.")
    try:
        return letter, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return letter, value


def _keep(folder: Path, found: list[Any], changes: dict[str, Any]) -> None:
    from .sweeps import Store
    from .sweeps.record import keep

    with Store(folder / "verify.sqlite") as store:
        for spec, verdicts in found:
            keep(store, spec, verdicts, changes)
        figures = [*_draw("convergence", store, folder), *_draw("convergence", store, folder, measure="distance")]
        figures += _draw("exponent", store, folder)
    for spec in dict.fromkeys(spec for spec, verdicts in found for verdict in verdicts if verdict.method in _PRUNING):
        figures += _draw_sparsity(spec, folder)
    (folder / "command.txt").write_text(f"{_command_line()}\n# rootkappa {__version__}\n", encoding="utf-8")
    for path in [folder / "verdicts.json", folder / "verify.sqlite", folder / "command.txt", *figures]:
        click.echo(f"wrote {path}")


@commands.command(
    cls=_Command,
    examples=(
        "rootkappa sweep gradient_descent nesterov scaffnew --kappa 1e2:1e6:9 --exact --json slopes.json",
        "rootkappa sweep scaffnew --problem logistic --kappa 1e2:1e4:5 --p 0.05,0.2 --seeds 6",
    ),
)
@click.argument("methods", nargs=-1, required=True, metavar="METHOD|FILE.py...")
@_problem_options
@click.option("--kappa", default="1e2:1e6:9", show_default=True, help="Condition numbers: a,b,c or low:high:count.")
@click.option("--p", help="Probabilities of communication, likewise.  [default: as prescribed]")
@click.option("--exact", is_flag=True, help="Expectations from the worst start, where they can be had; quadratics.")
@click.option("--seeds", default=6, show_default=True, help="Sampled paths for each combination.")
@click.option("--epsilon", default=1e-6, show_default=True, help="Relative accuracy in the Lyapunov function.")
@click.option(
    "--store", default="out/sweep.sqlite", show_default=True, help="File of results; finished cells are kept."
)
@click.option("--json", "json_file", type=click.Path(), help="Write the slopes to this file.")
def sweep(
    methods: tuple[str, ...], kappa: str, p: str | None, exact: bool, seeds: int, epsilon: float,
    store: str, json_file: str | None, **options: Any,
) -> int:  # fmt: skip
    """Measure how rounds and iterations grow with the condition number; goes on where it was interrupted."""
    from rich.console import Console

    from .core.checks import checked_count, checked_kappa
    from .sweeps import Store, grid_cells, run_cells, slopes
    from .sweeps.grid import numbers
    from .terminal import print_slopes, progress_bars
    from .theory import exit_code

    kappas = [checked_kappa(value) for value in numbers("kappa", kappa)]
    specs = _specs({"problem": "quadratic" if options["data"] is None else "logistic", **_given(options)}, kappas)
    probabilities = numbers("p", p) if p else []
    cells = grid_cells(methods, specs, probabilities, epsilon, checked_count("seeds", seeds), exact)
    if json_file:
        _check_writable(Path(json_file))
    with Store(store) as results:
        with progress_bars() as bars:
            task = bars.add_task("cells", total=len(cells))
            computed = run_cells(cells, results, lambda done: bars.update(task, completed=done))
        keys = {cell.key() for cell in cells}
        table = results.cells()
        records = slopes(table[table["key"].isin(keys)])
    click.echo(f"{len(cells)} cells in {store}, {computed} computed now.")
    sampled = ", ".join(dict.fromkeys(cell.method for cell in cells if not cell.exact)) if exact else ""
    if sampled:
        click.echo(f"No exact moments to be had, so {seeds} sampled paths of each: {sampled}.")
    if json_file:
        Path(json_file).write_text(json.dumps(records, indent=1) + "\n", encoding="utf-8")
    print_slopes(Console(), records)
    judged = [record["status"] for record in records if record["status"] != "not applicable"]
    return exit_code(judged) if judged else 0


@commands.command(
    cls=_Command,
    examples=(
        "rootkappa plot convergence --store out/verify.sqlite --axis floats --measure distance",
        "rootkappa plot sparsity --data breast_cancer --clients 20",
    ),
)
@click.argument("kind", type=click.Choice(["convergence", "exponent", "sparsity"]))
@click.option("--store", default="out/sweep.sqlite", show_default=True, help="File of stored results.")
@click.option("--axis", default="rounds", show_default=True, help="rounds, iterations, floats, bits or gradients.")
@click.option("--measure", default="lyapunov", show_default=True, help="Of convergence: lyapunov, distance or gap.")
@click.option("--out", default="out", show_default=True, help="Folder for the figures.")
@_problem_options
@click.option("--kappa", default="1000", show_default=True, help="Condition number, above 1.")
@click.pass_context
def plot(context: click.Context, kind: str, store: str, axis: str, measure: str, out: str, **options: Any) -> int:
    """Draw stored results as SVG and PNG: convergence along a cost, or the growth with the condition number.

    Sparsity is measured on the spot, on the problem that the other options give: what every way to prune does to the
    objective and to the sum of the control variates.
    """
    from .core.checks import checked_kappa

    not_for = ("store", "axis", "measure") if kind == "sparsity" else (*options,)
    for name in not_for:
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--{name} says nothing about {kind}: leave it out.")
    if kind == "sparsity":
        kappa = checked_kappa(options.pop("kappa"))
        folder = _folder(out)
        for spec in _specs({"problem": "logistic", **_given(options)}, [kappa]):
            for path in _draw_sparsity(spec, folder):
                click.echo(f"wrote {path}")
        return 0
    return _plot_stored(kind, store, axis, measure, out)


def _plot_stored(kind: str, store: str, axis: str, measure: str, out: str) -> int:
    from .core.errors import InputError
    from .plots.style import columns_and_label
    from .sweeps import Store

    columns_and_label(axis)
    if not Path(store).is_file():
        raise InputError(f"store = {store!r} does not exist: run rootkappa sweep or verify --out first.")
    folder = _folder(out)
    with Store(store) as results:
        paths = _draw(kind, results, folder, axis, measure)
    if not paths:
        raise InputError(
            f"store = {store!r} holds nothing to draw as {kind} over {axis}: run a sweep that measures it."
        )
    for path in paths:
        click.echo(f"wrote {path}")
    return 0


def _draw(kind: str, store: Any, folder: Path, axis: str = "rounds", measure: str = "lyapunov") -> list[Path]:
    """Write one figure for each problem or family of problems in the store; equal names get a number."""
    from .plots import convergence, exponent, style
    from .plots.tables import convergence_tables, exponent_tables

    if kind == "convergence":
        tables = convergence_tables(store.cells(), store.traces())
        figures = [(f"{measure}-{axis}-{name}", convergence.figure(table, axis, measure)) for name, table in tables]
    else:
        tables = exponent_tables(store.cells(), axis)
        figures = [(f"{axis}-{name}", exponent.figure(points, slopes, axis)) for name, points, slopes in tables]
    paths, names = [], []
    for name, figure in figures:
        names.append(name)
        number = f"-{names.count(name)}" if names.count(name) > 1 else ""
        paths += style.save(figure, folder / f"{kind}-{name}{number}", _command_line())
    return paths


def _draw_sparsity(spec: "ProblemSpec", folder: Path) -> list[Path]:
    """Run every way to prune on a problem, and write the figure."""
    from .plots import sparsity, style
    from .sweeps.studies.sparsity import pruning_traces
    from .terminal import progress_bars

    with progress_bars() as bars:
        task = bars.add_task("sparsity", total=1.0)
        traces = pruning_traces(spec.build(), spec.problem_seed, lambda share: bars.update(task, completed=share))
    name = "quadratic" if spec.problem == "quadratic" else Path(spec.data).name
    return style.save(sparsity.figure(traces), folder / f"sparsity-{name}-kappa{spec.kappa:g}", _command_line())


def _command_line() -> str:
    import shlex

    return shlex.join(["rootkappa", *sys.argv[1:]])


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _specs(options: dict[str, Any], kappas: list[float]) -> "list[ProblemSpec]":
    """Return all combinations of kinds, data and condition numbers; without kind and data there is one of each kind."""
    from .core.errors import unknown
    from .sweeps import ProblemSpec
    from .sweeps.problems import KINDS

    options = _given(options)
    options["problem_seed"] = options.pop("seed")
    words = {name: options.pop(name).split(",") for name in ("problem", "data") if name in options}
    kinds = words.get("problem") or (["logistic"] if "data" in words else list(KINDS))
    for kind in kinds:
        if kind not in KINDS:
            raise unknown("problem", kind, KINDS)
    if "data" in words and "logistic" not in kinds:
        raise click.UsageError("A quadratic problem is drawn: leave out --data, or take --problem logistic.")
    sets = [{"data": data} for data in words.get("data", ())] or [{}]
    return [
        ProblemSpec(problem=kind, kappa=kappa, **options, **data)
        for kind in kinds
        for data in (sets if kind == "logistic" else [{}])
        for kappa in kappas
    ]


def _folder(path: str) -> Path:
    folder = Path(path)
    _check_writable(folder / "any")
    return folder


def _check_writable(file: Path) -> None:
    """Find out before the first computation that a result could not be written."""
    from tempfile import TemporaryFile

    from .core.errors import InputError

    if file.is_dir():
        raise InputError(f"output {str(file)!r} is a folder: give the path of a file.")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=file.parent):
            pass
    except OSError as error:
        raise InputError(
            f"output {str(file.parent)!r} cannot be written ({error.strerror}): give a folder that you can write to."
        ) from None
