"""The options of ``plot letter``, and the cells that they describe."""

from typing import TYPE_CHECKING, Any

import click

from .common import say

if TYPE_CHECKING:
    from ..sweeps import ProblemSpec, Store
    from ..sweeps.cells import Cell

#: The options that say something about a letter only.
LETTERED = ("values", "exact", "seeds", "epsilon")


def letter_options(function: Any) -> Any:
    """Give a command the options of a letter."""
    for option in (
        click.option("--epsilon", default=1e-6, show_default=True, help="Of a letter: relative accuracy in V."),
        click.option("--seeds", default=6, show_default=True, help="Of a letter: sampled paths of each value."),
        click.option("--exact", is_flag=True, help="Of a letter: expectations from the worst start; quadratics."),
        click.option(
            "--values",
            metavar="GRID",
            help="Of a letter: a,b,c or low:high:count.  [default: around the prescribed value]",
        ),
    ):
        function = option(function)
    return function


def check_letter(method: str, letter: str, values: str | None) -> None:
    """Refuse what no method has before a store or a folder is made."""
    from ..algorithms import find
    from ..algorithms.parts.letters import checked_letter
    from ..sweeps.letters import check_letters
    from ..sweeps.letters import values as read

    params = find(method).Params
    check_letters([letter], {method: params._fields})
    for value in read(letter, values) if values is not None else ():
        checked_letter(params, letter, value)


def lettered(
    method: str,
    letter: str,
    store: "Store",
    specs: "list[ProblemSpec]",
    values: str | None,
    exact: bool,
    seeds: int,
    epsilon: float,
) -> list[str]:
    """Compute what the store lacks of a letter's values, and return the keys of all of them."""
    from ..core.checks import checked_count
    from ..sweeps import run_cells
    from ..sweeps.letters import values as read
    from ..sweeps.ranges import around, letter_cells
    from ..terminal import progress_bars

    grid = None if values is None else read(letter, values)
    options = {"epsilon": epsilon, "seeds": checked_count("seeds", seeds), "exact": exact}
    cells: list[Cell] = []
    for spec in specs:
        values_here, refused = (grid, {}) if grid is not None else around(method, letter, spec)
        if refused:
            first = next(iter(refused.values()))
            say(f"Left out {letter} = {', '.join(f'{value:g}' for value in refused)}, such as: {first}")
        cells += letter_cells(method, letter, spec, values_here, **options)
    failures: list[BaseException] = []
    with progress_bars() as bars:
        task = bars.add_task(f"{method} {letter}", total=len(cells))
        run_cells(
            cells,
            store,
            lambda done: bars.update(task, completed=done),
            failed=lambda _, error: failures.append(error),
        )
    if len(failures) == len(cells):
        raise failures[0]
    if failures:
        say(f"Not computed: {len(failures)} of {len(cells)} cells, such as: {failures[0]}")
    if exact and not all(cell.exact for cell in cells):
        say(f"No exact moments to be had, so {seeds} sampled paths of each value.")
    return [cell.key() for cell in cells]
