"""``rootkappa verify``: hold methods against their promises."""

import math
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .. import __version__, plots
from .budgets import ahead, budget_option, of_a_path
from .common import LETTERS, Command, Place, command_line, letter_option, methods_and_letters, option_given, say
from .described import described_problems, problem_options
from .stored import drawn, studied

if TYPE_CHECKING:
    from ..algorithms.driver.method import Method
    from ..sweeps import ProblemSpec
    from ..sweeps.record import Records
    from ..theory.verdict import Verdict


@click.command(
    cls=Command,
    context_settings=LETTERS,
    examples=(
        "rootkappa verify --all --out out",
        "rootkappa verify ./my_method.py --p 0.1 --problem logistic --data a9a.xz --kappa 1e3 --json verdicts.json",
    ),
)
@click.argument("words", nargs=-1, metavar="[METHOD|FILE.py]...")
@click.option("--all", "everything", is_flag=True, help="Take every method.")
@problem_options
@click.option("--kappa", default="100", show_default=True, help="Condition number, above 1.")
@letter_option
@click.option(
    "--evidence",
    metavar="KINDS",
    help="Of identity,invariant,exact,path,exponent,cost,claim.  [default: all that apply]",
)
@click.option("--json", "json_file", type=Place(), help="Write the verdicts to this file.")
@budget_option
@click.option("--out", type=Place(), help="Write verdicts, traces and figures into this folder.")
def verify(
    words: tuple[str, ...],
    everything: bool,
    assignments: tuple[str, ...],
    evidence: str | None,
    json_file: str | None,
    budget: str | None,
    out: str | None,
    **options: Any,
) -> int:
    """Hold methods against their promises; without --problem, --data and --server on a quadratic and on real data."""
    from rich.console import Console

    from .. import algorithms
    from ..core.checks import checked_kappa
    from ..core.files import check_writable, checked_folder, is_special, write_json
    from ..sweeps.letters import check_letters, value
    from ..sweeps.problems import tried_on
    from ..sweeps.record import Records
    from ..terminal import print_verdicts, progress_bars, reporter
    from ..theory import exit_code
    from ..theory.verify import ERROR_RATE, default_evidence, elsewhere, level, verify

    named, texts = methods_and_letters(words, assignments)
    if everything == bool(named):
        raise click.UsageError("Name the methods to verify, or give --all instead.")
    chosen = [algorithms.find(name) for name in dict.fromkeys(algorithms.names() if everything else named)]
    needing = next((method.name for method in chosen if method.needs_server), None)
    if needing and options["server"] == 0.0 and option_given("server"):
        raise click.UsageError(
            f"server = 0 leaves it without the data that {needing} needs: give a share above 0 and up to 1, such as "
            "--server 0.1, or leave --server out."
        )
    given = {letter: value(text) for letter, text in texts.items()}
    # A method that is named is meant with every letter; of all methods only some have it.
    for group in [chosen] if everything else [[method] for method in chosen]:
        check_letters(given, {method.name: method.Params._fields for method in group})
    kappa = checked_kappa(options.pop("kappa"))
    specs = described_problems(options, [kappa])
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
    work = of_a_path(budget, sum(map(len, tried.values())))
    for sentence in ahead(tried, given, work, evidence):
        say(sentence)
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
                    # With another budget it is another verdict.
                    asked = (*kinds, f"within {work:g}") if budget else kinds
                    verdicts = kept.found(method.name, spec, asked, changes, alpha) if kept else None
                    if verdicts is None:
                        verdicts = verify(method, problem, kinds, spec.problem_seed, report, alpha, work, **changes)
                        if kept:
                            kept.keep(method.name, spec, asked, changes, verdicts, alpha)
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
                say(f"wrote {path}")
            kept.finish()
    told = [verdict.told for verdict in found]
    counts = {status: told.count(status) for status in sorted(set(told))}
    errs = f" If all methods are right, draws and paths refute one with probability {ERROR_RATE:g} at most."
    is_drawn = any(math.isfinite(verdict.alpha) for verdict in found)
    say(", ".join(f"{count} {status}" for status, count in counts.items()) + "." + (errs if is_drawn else ""))
    return exit_code([verdict.news for verdict in found])


def _written(folder: Path, kept: "Records", tried: "Mapping[ProblemSpec, Iterable[Method]]") -> list[Path]:
    """Write the figures of what verdicts rest on, also a study's own where all its methods were tried."""
    from ..core.files import write_text
    from ..sweeps import studies

    refused: list[Exception] = []
    ways = (("convergence", {}), ("convergence", {"measure": "distance"}), ("exponent", {}))
    figures = [drawn(kind, kept.store, kept.keys, folder, refused, **told) for kind, told in ways]
    for study in studies.names():
        needed = {*studies.methods(study)}
        specs = [spec for spec, methods in tried.items() if needed <= {method.name for method in methods}]
        if study in plots.names() and specs:
            figures.append(drawn(study, kept.store, studied(study, kept.store, specs), folder, refused))
    for error in refused:
        say(f"Not drawn: {error}", True)
    write_text(folder / "command.txt", f"{command_line()}\n# rootkappa {__version__}\n")
    return [kept.store.path, folder / "command.txt", *chain.from_iterable(figures)]
