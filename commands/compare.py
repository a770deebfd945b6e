"""``rootkappa compare`` and ``choose``: which method for this problem, at this price."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .. import plots
from .common import LETTERS, Command, Place, command_line, letter_option, methods_and_letters, option_given, say
from .described import described_problems, problem_options, say_notices

if TYPE_CHECKING:
    from ..sweeps import ProblemSpec
    from ..sweeps.races.compare import Comparison
    from ..sweeps.races.prices import Target

# Where there is no terminal, a line is told after so many seconds at the earliest.
_EVERY = 30.0


def _asked(function: Callable[..., int]) -> Callable[..., int]:
    """Return a command with the options that both commands have."""
    options = (
        click.argument("words", nargs=-1, metavar="[METHOD|FILE.py]..."),
        click.option(
            "--to", default="gap=1e-4", show_default=True, help="gap=, distance= or accuracy= of held-out samples."
        ),
        click.option(
            "--cost", default="bits", show_default=True, metavar="PRICES",
            help='bits, floats, rounds, gradients, seconds, or prices such as "up=1,down=0.1" of a bit.',
        ),
        problem_options,
        click.option("--kappa", default=None, help="Condition number, above 1.  [default: 1000]"),
        click.option("--l2", default=None, type=float, help="Of problems on data: the regularisation, instead."),
        click.option("--held-out", default=0.25, show_default=True, help="Share of samples that an accuracy is of."),
        letter_option,
        click.option("--tune", is_flag=True, help="Also the best p, K, k and C of a grid, found on other seeds."),
        click.option("--seeds", default=5, show_default=True, help="Paths of each method that draws."),
        click.option(
            "--budget", default="5m", show_default=True, help="A time such as 10m, or multiplications such as 1e12."
        ),
        click.option(
            "--within", default=10.0, show_default=True, help="Nobody waits for what costs more times the cheapest."
        ),
        click.option("--clock", default=None, help='Simulate seconds, such as by "compute=1ms up=1Mbit".'),
        click.option(
            "--store", type=Place(), default="out/compare.sqlite", show_default=True,
            help="File of results; finished paths are kept.",
        ),
        click.option("--json", "json_file", type=Place(), help="Write the table to this file."),
        click.option("--csv", "csv_file", type=Place(), help="And to this one, as comma-separated values."),
        click.option("--latex", "latex_file", type=Place(), help="And to this one, for LaTeX with booktabs."),
        click.option("--out", type=Place(), help="Draw it into this folder."),
    )  # fmt: skip
    for option in reversed(options):
        function = option(function)
    return function


@click.command(
    cls=Command,
    context_settings=LETTERS,
    examples=(
        'rootkappa compare --problem logistic --l2 1e-3 --cost "up=1,down=0.1" --to gap=1e-4 --out out',
        "rootkappa compare scaffnew tamuna locodl --data a9a --tune --budget 10m --latex table.tex",
    ),
)
@_asked
def compare(words: tuple[str, ...], assignments: tuple[str, ...], **options: Any) -> int:
    """Race methods on one problem to a target, and sort them by what it costs; without names all methods.

    Each has the parameters that its theorem prescribes, or those of --p 0.1 and the like, where of several values the
    best is found. Who cannot win is not waited for; goes on where it was interrupted.
    """
    from rich.console import Console

    from ..terminal import print_comparison

    found, _ = _compared(words, assignments, options)
    print_comparison(Console(), found)
    return 3 if found.is_open else 0


@click.command(
    cls=Command,
    context_settings=LETTERS,
    examples=(
        'rootkappa choose --data a9a --clients 50 --l2 1e-4 --cost "up=1,down=0.1"',
        "rootkappa choose --problem softmax --partition label --to accuracy=0.9 --cost rounds",
    ),
)
@_asked
def choose(words: tuple[str, ...], assignments: tuple[str, ...], **options: Any) -> int:
    """Recommend a method for a problem and a price: compare, and the first of it in one sentence, with its letters."""
    from ..core.errors import InputError
    from ..sweeps.races.choose import recommendation, written

    found, _ = _compared(words, assignments, options)
    try:
        say(recommendation(found))
    except InputError as error:
        told = str(error)
        say(f"{told[0].upper()}{told[1:]}")
        return 3
    best = found.rows[0]
    say(f"    {best['method']} " + " ".join(f"--{name} {written(value)}" for name, value in best["params"].items()))
    return 3 if found.is_open else 0


def _compared(
    words: tuple[str, ...], assignments: tuple[str, ...], options: dict[str, Any]
) -> "tuple[Comparison, Target]":
    """Return the comparison that the command line asks for, once its files are written."""
    from ..algorithms import Clock, names
    from ..core.files import check_writable, checked_folder, write_json, write_text
    from ..sweeps import Store
    from ..sweeps.letters import values
    from ..sweeps.races.compare import compare
    from ..sweeps.races.prices import Budget, Price, Target
    from ..sweeps.races.written import csv, latex, plain
    from ..terminal import progress_bars, reported

    methods, texts = methods_and_letters(words, assignments)
    target = Target.read(options.pop("to"), options.pop("held_out"))
    if target.measure != "accuracy" and option_given("held_out"):
        raise click.UsageError(
            f"--held-out says nothing about a {target.measure}: leave it out, or give --to accuracy=0.9."
        )
    price, budget = Price.read(options.pop("cost")), Budget.read(options.pop("budget"))
    given = options.pop("clock")
    clock = str(Clock.read(given or "")) if given or price.needs_clock else ""
    targets = {kind: options.pop(f"{kind}_file") for kind in ("json", "csv", "latex")}
    for file in filter(None, targets.values()):
        check_writable(Path(file))
    out = options.pop("out")
    folder = checked_folder(out) if out else None
    file, tune, seeds, within = (options.pop(name) for name in ("store", "tune", "seeds", "within"))
    spec = _described(options)
    label = spec.build().label
    count = len(methods or names())
    say(f"{count} method{'s' * (count > 1)} on {label} until {target.told}, cost: {price.told}.")
    say_notices([spec])
    say(f"This takes {budget.told} at most, and as long as it takes to compile what is new; --budget changes that.")
    with Store(file) as store:
        with progress_bars() as bars:
            report = reported(bars, "compare", _EVERY)
            found = compare(
                spec, methods or None, target, price, store=store, tune=tune, seeds=seeds, budget=budget,
                letters={letter: values(letter, text) for letter, text in texts.items()}, within=within, clock=clock,
                progress=report,
            )  # fmt: skip
        refused: list[Exception] = []
        drawn = list[Path]()
        if folder:
            told = command_line(), lambda _, error: refused.append(error)
            drawn = plots.write("compare", store, found.keys, folder, *told, axis=str(price))
    say(f"{len(found.keys)} paths in {file}, {found.computed} computed now.")
    texts = {"json": None, "csv": csv, "latex": latex}
    for kind, file in targets.items():
        if file and kind == "json":
            write_json(Path(file), plain(found))
        elif file:
            write_text(Path(file), texts[kind](found))
    for path in drawn:
        say(f"wrote {path}")
    for error in refused:
        say(f"Not drawn: {error}", True)
    return found, target


def _described(options: dict[str, Any]) -> "ProblemSpec":
    """Return the one problem that the options describe."""
    from ..core.checks import as_number, checked_kappa
    from ..sweeps.problems import ON_DATA

    l2, kappa = options.pop("l2"), options.pop("kappa")
    if l2 is not None and kappa is not None:
        raise click.UsageError("--l2 and --kappa were given: give one of them.")
    given = options if options["problem"] or options["data"] else options | {"problem": "logistic"}
    specs = described_problems(given, [checked_kappa(1000.0 if kappa is None else kappa)])
    if len(specs) > 1:
        raise click.UsageError(f"{option_given('problem') or '--data'} names {len(specs)} problems: compare on one.")
    (spec,) = specs
    if l2 is None:
        return spec
    if spec.problem not in ON_DATA:
        raise click.UsageError(f"--l2 says nothing about {spec.problem}: give --kappa instead.")
    if not 0.0 < as_number(l2) < float("inf"):
        raise click.UsageError(f"--l2 {l2:g} does not make the problem strongly convex: give a number above 0.")
    # At kappa = 2 the regularisation is what L is without it.
    problem = replace(spec, kappa=2.0).build()
    return replace(spec, kappa=checked_kappa(1.0 + (problem.L - problem.mu) / l2))
