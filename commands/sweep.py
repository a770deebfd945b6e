"""``rootkappa sweep``: how rounds and iterations grow with the condition number."""

from pathlib import Path
from typing import Any

import click

from .common import LETTERS, Command, Place, completed, given_options, letter_option, methods_and_letters, say
from .described import described_problems, problem_options, say_notices
from .stored import clock_of, timed


@click.command(
    cls=Command,
    context_settings=LETTERS,
    examples=(
        "rootkappa sweep gradient_descent nesterov scaffnew --kappa 1e2:1e6:9 --exact --json slopes.json",
        "rootkappa sweep scaffnew --problem logistic --kappa 1e2:1e4:5 --p 0.05,0.2 --dask local:4",
    ),
)
@click.argument("words", nargs=-1, metavar="METHOD|FILE.py...", shell_complete=completed)
@problem_options
@click.option("--kappa", default="1e2:1e6:9", show_default=True, help="Condition numbers: a,b,c or low:high:count.")
@letter_option
@click.option("--exact", is_flag=True, help="Expectations from the worst start, where they can be had; quadratics.")
@click.option("--seeds", default=6, show_default=True, help="Sampled paths for each combination.")
@click.option("--epsilon", default=1e-6, show_default=True, help="Relative accuracy in the Lyapunov function.")
@click.option("--clock", help='Keep simulated seconds too, such as by "compute=1ms up=1Mbit speeds=uniform(0.1,1)".')
@click.option(
    "--dask",
    metavar="ADDRESS|local:N",
    help="Compute on the workers of a Dask scheduler, such as tcp://10.0.0.1:8786, or on N processes here.",
)
@click.option(
    "--store",
    type=Place(),
    default="out/sweep.sqlite",
    show_default=True,
    help="File of results; finished cells are kept.",
)
@click.option("--json", "json_file", type=Place(), help="Write the slopes to this file.")
@click.option("--csv", "csv_file", type=Place(), help="Write the costs at each condition number to this file.")
@click.option("--latex", "latex_file", type=Place(), help="Write them as a table of LaTeX.")
def sweep(
    words: tuple[str, ...], assignments: tuple[str, ...], kappa: str, exact: bool, seeds: int, epsilon: float,
    clock: str | None, dask: str | None, store: str, json_file: str | None, csv_file: str | None,
    latex_file: str | None, **options: Any,
) -> int:  # fmt: skip
    """Measure how rounds and iterations grow with the condition number; goes on where it was interrupted.

    The values of a letter may be a grid, as those of --kappa: all combinations are computed, each method's with the
    letters that it has. Costs at the accuracy are interpolated between recorded rounds, so that they need not be of
    whole rounds; compare counts whole rounds.
    """
    from contextlib import nullcontext

    from rich.console import Console

    from ..core.checks import checked_count, checked_kappa
    from ..core.errors import InputError
    from ..core.files import check_writable, write_json, write_text
    from ..sweeps import Store, Unreached, cluster, grid_cells, run_cells, slopes
    from ..sweeps.costs import as_csv, as_latex, costs
    from ..sweeps.grid import numbers
    from ..sweeps.letters import values
    from ..terminal import print_costs, print_failures, print_slopes, progress_bars
    from ..theory import exit_code

    read = clock_of(clock)
    methods, texts = methods_and_letters(words, assignments)
    if not methods:
        raise click.UsageError("Missing argument 'METHOD|FILE.py...': name the methods to sweep.")
    kappas = [checked_kappa(value) for value in numbers("kappa", kappa)]
    specs = described_problems(
        {"problem": "quadratic" if options["data"] is None else "logistic", **given_options(options)}, kappas
    )
    letters = {letter: values(letter, text) for letter, text in texts.items()}
    cells = grid_cells(methods, specs, letters, epsilon, checked_count("seeds", seeds), exact, read is not None)
    say_notices(specs[:1])
    files = {"--json": json_file, "--csv": csv_file, "--latex": latex_file, "--store": store}
    written = [(option, file) for option, file in files.items() if file]
    for place, (option, file) in enumerate(written[:-1]):
        check_writable(Path(file))
        for other, path in written[place + 1 :]:
            if Path(path).absolute() == Path(file).absolute():
                raise click.UsageError(f"{option} and {other} are both {path}: give them files of their own.")
    console, failures = Console(), list[tuple[Any, BaseException]]()
    with Store(store) as results:
        with cluster(dask) if dask else nullcontext() as workers, progress_bars() as bars:
            task = bars.add_task("cells", total=len(cells))
            computed = run_cells(
                cells,
                results,
                lambda done: bars.update(task, completed=done),
                workers,
                failed=lambda cell, error: failures.append((cell, error)),
            )
        keys = {cell.key() for cell in cells}
        table = results.cells()
        kept = table[table["key"].isin(keys)]
        records, spent = slopes(kept), costs(kept)
        untimed = timed(results, read, kept["key"], runs_files=True) if read else []
    errors = [error for _, error in failures if not isinstance(error, Unreached)]
    if len(errors) == len(cells):
        raise errors[0]
    say(f"{len(cells) - len(failures)} cells in {store}, {computed} computed now.")
    print_failures(console, failures)
    sampled = ", ".join(dict.fromkeys(cell.method for cell in cells if not cell.exact)) if exact else ""
    if sampled:
        say(f"No exact moments to be had, so {seeds} sampled paths of each: {sampled}.")
    print_costs(console, spent)
    print_slopes(console, [record for record in records if record["slope"] is not None or record["kappas"] > 2])
    for error in untimed:
        say(f"Not timed: {error}", True)
    if json_file:
        write_json(Path(json_file), records)
    if csv_file:
        write_text(Path(csv_file), as_csv(spent))
    if latex_file:
        write_text(Path(latex_file), as_latex(spent))
    for error in errors:
        if not isinstance(error, InputError):
            raise error
    judged = [record["status"] for record in records if record["status"] != "not applicable"]
    code = exit_code(judged) if judged else 0
    return 3 if (failures or untimed) and code == 0 else code
