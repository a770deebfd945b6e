"""What the commands show on a terminal: tables and progress bars."""

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from rich.console import Console, Group, RenderableType
from rich.markup import escape as escaped
from rich.padding import Padding
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from .core.errors import InputError, complaint
from .core.sources import kept
from .core.streams import printable
from .problems import data
from .problems.data import tables


def _listed(kind: str) -> list[dict[str, Any]]:
    """Return the rows of a list; methods and functions are only imported where their sources have changed."""

    def made() -> list[dict[str, Any]]:
        from .theory.listed import LISTS

        return LISTS[kind]()

    return kept(kind, made)


def method_list() -> Group:
    """Return the methods by what they are for, with promised exponents, promises, claims and sources."""
    methods = _listed("methods")
    lines: list[RenderableType] = []
    for group in sorted({method["group"] for method in methods}):
        lines.append(Text(group.capitalize(), "bold underline"))
        for method in methods:
            if method["group"] == group:
                lines += _described(method)
    return Group(*lines)


def _described(method: dict[str, Any]) -> list[RenderableType]:
    exponents = ", ".join(f"{axis} κ^{power:g}" for axis, power in method["exponents"].items())
    name = Text.assemble("  ", (method["name"], "bold"), f"  {exponents or 'no exponent'}")
    return [
        name,
        *(Padding(Text(sentence), (0, 0, 0, 4)) for sentence in method["told"]),
        Padding(Text(method["source"], "dim"), (0, 0, 1, 4)),
    ]


def data_table() -> Table:
    """Return the data sets and where each is."""
    table = Table(
        "data set", "samples", "features", "classes", "where", "what it is", title="Data sets", box=None, pad_edge=False
    )  # fmt: skip
    for name in data.names():
        dataset = data.describe(name)
        absent = "scikit-learn" if dataset.kind == "scikit-learn" else "to download" if dataset.url else "not here"
        sizes = (dataset.samples, dataset.features, dataset.classes)
        table.add_row(name, *map(str, sizes), _shown(str(data.locate(name) or absent)), dataset.title)
    return table


def described_data(name: str) -> str:
    """Return a sentence about a data set or a table, which is read for it."""
    if tables.is_table(name):
        return tables.described(name)
    features, labels = data.load_classes(name)
    samples, dimension = features.shape
    stored = features.size if isinstance(features, np.ndarray) else features.nnz
    kind = "dense" if isinstance(features, np.ndarray) else "sparse"
    classes, counts = np.unique(labels, return_counts=True)
    told = f"{counts[1]} labels +1 and {counts[0]} labels -1"
    if len(classes) > 2:
        told = f"{len(classes)} classes of {counts.min()} to {counts.max()} samples"
    return (
        f"{name}: {samples} samples, {dimension} features, {kind}, {stored / (samples * dimension):.1%} stored, {told}."
    )


def function_table() -> Table:
    """Return the functions with a prox, each by an example, with what is known of it."""
    table = Table(title="Functions", box=None, pad_edge=False)
    table.add_column("function", no_wrap=True)
    for name in ("L", "mu", "predicates"):
        table.add_column(name)
    for row in _listed("functions"):
        words = row["predicates"] if "convex" in row["predicates"] else ["[bold red]not convex[/]", *row["predicates"]]
        kind = {None: "", 1: ", vectors only", 2: ", matrices only"}[row["ndim"]]
        table.add_row(_short(row["name"]), f"{row['L']:g}", f"{row['mu']:g}", ", ".join(words) + kind)
    return table


def compressor_table() -> Table:
    """Return the compressors, each by an example, with their constants and the length of one message."""
    columns = ("compressor", "class", "omega", "delta", "bits")
    table = Table(*columns, title="Compressors of 64 normal coordinates", box=None, pad_edge=False)
    for row in _listed("compressors"):
        numbers = (f"{row['omega']:.4g}", f"{row['delta']:.4g}")
        table.add_row(row["name"], ", ".join(row["words"]), *numbers, row["bits"])
    return table


def _shown(text: str) -> str:
    """Return a text that is shown as it is, whatever it looks like to a console or a terminal."""
    return escaped(printable(text))


def _short(text: str) -> str:
    return _shown(text if len(text) <= _NAME else f"{text[: _NAME - 1]}…")


def progress_bars() -> Progress:
    """Return progress bars on standard error, which vanish when they are done."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    # Where nobody watches, even a bar that has vanished would leave an empty line.
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def reporter(bars: Progress, method: str, kinds: tuple[str, ...]) -> Callable[[str, float], None]:
    """Return a function that shows the progress of a method's evidence on one bar."""
    name = _shown(method)
    task = bars.add_task(name, total=len(kinds))

    def report(kind: str, share: float) -> None:
        done = kinds.index(kind) + share
        bars.update(task, completed=done, description=f"{name}: {kind}", visible=done < len(kinds))

    return report


def reported(bars: Progress, name: str, every: float) -> Callable[[str], None]:
    """Return a function that shows a sentence on one bar; where nobody watches, as a line of errors now and then.

    A line is told when so many seconds have passed since the last one, or since the start.
    """
    task = bars.add_task(name, total=None)
    last = time.monotonic()

    def report(told: str) -> None:
        nonlocal last
        bars.update(task, description=_shown(told))
        if bars.disable and time.monotonic() - last >= every:
            last = time.monotonic()
            print(printable(f"{name}: {told}"), file=sys.stderr, flush=True)

    return report


# Arrays are cut from here on in the name of a function.
_NAME = 30
_COLOURS = {"confirmed": "green", "consistent": "cyan", "refuted": "bold red", "inconclusive": "yellow"}


def _coloured(text: str, status: str) -> str:
    return f"[{_COLOURS.get(status, 'dim')}]{text}[/]"


def _status(verdict: Any) -> str:
    # What is refuted as known is no alarm.
    return _coloured(verdict.told, verdict.news)


def _evidence(verdict: Any) -> str:
    """Return which evidence it is, of a claim its name in words, between which a table can break it."""
    return f"{verdict.evidence}: {verdict.claim.replace('_', ' ')}" if verdict.claim else verdict.evidence


def _number(value: float | None) -> str:
    return "-" if value is None or value != value else f"{value:.6g}"


# From this width on the sentences have a column of their own.
_WIDE = 130


def print_verdicts(console: Console, title: str, verdicts: list[Any]) -> None:
    """Print one row for each verdict, its sentence beside it or, on a narrow terminal, below the table."""
    is_wide = console.width >= _WIDE
    console.print(f"[bold]{_shown(title)}[/]", highlight=False)
    table = Table(box=None, pad_edge=False)
    for name in (
        "method",
        "evidence",
        "status",
        "measured",
        "promised",
        *(["question and finding"] if is_wide else []),
    ):
        table.add_column(name, justify="right" if name in ("measured", "promised") else "left")
    last = None
    for verdict in verdicts:
        name = "" if verdict.method == last else verdict.method
        last = verdict.method
        numbers = (_number(verdict.measured), _number(verdict.promised))
        finding = [_shown(f"{_question(verdict)}. {verdict.sentence}")] if is_wide else []
        table.add_row(_shown(name), _shown(_evidence(verdict)), _status(verdict), *numbers, *finding)
    console.print(table)
    for verdict in [] if is_wide else verdicts:
        name = f"{verdict.method}, {_evidence(verdict)}"
        console.print(f"{_shown(name)}: {_status(verdict)}", highlight=False)
        told = f"{_question(verdict)}. {verdict.sentence}"
        console.print(Padding(_shown(told), (0, 0, 0, 4)), highlight=False)
    console.print()


def _question(verdict: Any) -> str:
    return verdict.question[0].upper() + verdict.question[1:]


def print_slopes(console: Console, records: list[dict[str, Any]]) -> None:
    """Print one table for each problem, one row for each fitted slope."""
    for problem in dict.fromkeys(record["problem"] for record in records):
        console.print(f"[bold]{_shown(problem)}[/]", highlight=False)
        columns = ("axis", "seeds", "slope", "95 % interval", "promised", "status")
        # The tighter padding leaves room for every name on 80 columns.
        table = Table(box=None, pad_edge=False, collapse_padding=True)
        table.add_column("method", no_wrap=True)
        for column in columns:
            table.add_column(column)
        for record in records:
            if record["problem"] != problem:
                continue
            name = _shown(" ".join(filter(None, (record["method"], record["changes"]))))
            slope, low, high = (record[number] for number in ("slope", "low", "high"))
            interval = "-" if slope is None else _shown(f"[{low:.3f}, {high:.3f}]")
            fitted = "-" if slope is None else f"{slope:.3f}"
            verdict = (_number(record["promised"]), _coloured(record["status"], record["status"]))
            table.add_row(name, record["axis"], record["how"].removesuffix(" seeds"), fitted, interval, *verdict)
        console.print(table)


# More rows of costs than these are for a file.
_MOST = 60


def print_costs(console: Console, records: list[dict[str, Any]]) -> None:
    """Print one table for each problem: what the accuracy costs at each condition number."""
    if len(records) > _MOST:
        console.print(
            f"Costs at {len(records)} condition numbers and letters: --csv FILE writes them.", highlight=False
        )
        return
    for problem in dict.fromkeys(record["problem"] for record in records):
        console.print(f"[bold]{_shown(problem)}[/]", highlight=False)
        table = Table(box=None, pad_edge=False, collapse_padding=True)
        table.add_column("method", overflow="fold")
        for column in ("kappa", "rounds", "iterations", "bits"):
            table.add_column(column, justify="right", no_wrap=True)
        last = None
        for record in records:
            if record["problem"] == problem:
                name = " ".join(filter(None, (record["method"], record["changes"])))
                numbers = (_number(record[column]) for column in ("kappa", "rounds", "iterations", "bits"))
                table.add_row("" if name == last else _shown(name), *numbers)
                last = name
        console.print(table)
        console.print()


def print_comparison(console: Console, found: Any) -> None:
    """Print who arrived, cheapest first, and then who did not and why."""
    is_wide = console.width >= _WIDE
    console.print(f"[bold]{_shown(found.label)}[/]", highlight=False)
    console.print(f"cost to {_shown(found.target)}: {_shown(found.price)}", highlight=False)
    table = Table(box=None, pad_edge=False, collapse_padding=True)
    for name in ("method", "cost", "95 % interval", "times", "rounds", *(["parameters"] if is_wide else [])):
        table.add_column(name, justify="left" if name in ("method", "parameters") else "right")
    for row in found.arrived:
        ends = f"{row['low']:.3g} to {row['high']:.3g}" if row["low"] < row["high"] else "-"
        ends += f" ({row['seeds']} of {row['walked']})" if row["seeds"] < row["walked"] else ""
        name = row["method"] if row["how"] == "prescribed" else f"{row['method']}, {row['how']}"
        told = [_shown(_letters(row["params"]))] if is_wide else []
        table.add_row(_shown(name), f"{row['cost']:.3g}", ends, f"{row['times']:.3g}", f"{row['rounds']:.0f}", *told)
    if found.arrived:
        console.print(table)
    absent = [row for row in found.rows if row["status"] != "arrived"]
    if absent:
        console.print(f"[bold]Did not arrive: {len(absent)}[/]", highlight=False)
    for row in absent:
        name = row["method"] if row["how"] == "prescribed" else f"{row['method']}, {row['how']}"
        console.print(f"{_shown(name)}: {row['status']}", highlight=False)
        console.print(Padding(_shown(row["reason"]), (0, 0, 0, 4)), highlight=False)
    for row in found.arrived:
        if row["edge"]:
            console.print(f"{_shown(row['method'])}, {row['how']}: {_shown(row['reason'])}", highlight=False)
    for row in found.arrived[:1]:
        console.print(f"Cheapest: {_shown(row['method'])} with {_shown(_letters(row['params']))}", highlight=False)


def _letters(params: dict[str, Any]) -> str:
    return ", ".join(
        f"{name}={value:.4g}" if isinstance(value, float) else f"{name}={value}" for name, value in params.items()
    )


# More cells that failed than these are counted only.
_FEW = 20


def print_failures(console: Console, failures: list[tuple[Any, BaseException]]) -> None:
    """Print which cells could not be computed, and why."""
    if failures:
        console.print(f"Not computed: {len(failures)} of the cells; the next run tries them again.", highlight=False)
    for cell, error in failures[:_FEW]:
        given = cell.configuration()
        name = " ".join(filter(None, (given["method"], given["changes"])))
        problem = " ".join(given[name] for name in ("problem", "data") if name in given)
        told = str(error) if isinstance(error, InputError) else complaint(error)
        told = f"{name}, {problem}, kappa = {given['kappa']:g}, seed {given['seed']}: {' '.join(told.split())}"
        console.print(Padding(_shown(told), (0, 0, 0, 4)), highlight=False)
    if len(failures) > _FEW:
        console.print(f"    and {len(failures) - _FEW} more.", highlight=False)
