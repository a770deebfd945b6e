"""``rootkappa verify``: hold methods against their promises."""

import math
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .. import __version__, plots
from .budgets import ahead, budget_option, of_a_path
from .common import (
    LETTERS,
    Command,
    Place,
    command_line,
    completed,
    letter_option,
    methods_and_letters,
    option_given,
    say,
)
from .described import described_problems, problem_options, say_notices
from .finished import Finished
from .stating import stated, stating_options
from .stored import clock_of, drawn, studied, timed
from .witnessing import check_place, witness_option, witnessed

if TYPE_CHECKING:
    from ..algorithms import Clock
    from ..algorithms.driver.method import Method
    from ..core.errors import InputError
    from ..problems import Problem
    from ..sweeps import ProblemSpec
    from ..sweeps.record import Records
    from ..theory.verdict import Verdict


@click.command(
    cls=Command,
    context_settings=LETTERS,
    examples=(
        "rootkappa verify ./my_method.py --p 0.1 --problem logistic --data a9a.xz --kappa 1e3 --json verdicts.json",
        'rootkappa verify scaffnew --rate "1 - 1/kappa" --rounds "0.9*sqrt(kappa)*log(1/eps)" --kappa 10:1e4:4',
    ),
)
@click.argument("words", nargs=-1, metavar="[METHOD|FILE.py]...", shell_complete=completed)
@click.option("--all", "everything", is_flag=True, help="Take every method.")
@problem_options
@click.option(
    "--kappa",
    help="Condition number, above 1; of what is stated also a,b,c or low:high:count.  "
    "[default: 100; of --rounds 10:1e4:4]",
)
@letter_option
@stating_options
@click.option(
    "--evidence",
    metavar="KINDS",
    help="Of identity,invariant,exact,path,exponent,cost,claim.  [default: all that apply]",
)
@click.option("--json", "json_file", type=Place(), help="Write the verdicts to this file.")
@witness_option
@budget_option
@click.option("--out", type=Place(), help="Write verdicts, traces and figures into this folder.")
@click.option("--clock", help="Keep simulated seconds of the traces too, and draw them, as sweep does; beside --out.")
def verify(
    words: tuple[str, ...],
    everything: bool,
    assignments: tuple[str, ...],
    evidence: str | None,
    json_file: str | None,
    witness_file: str | None,
    budget: str | None,
    out: str | None,
    clock: str | None,
    kappa: str | None,
    **options: Any,
) -> int:
    """Hold methods against their promises, or a rate and rounds that somebody states.

    Without --problem, --data and --server that is on a quadratic and on real data; --rate and --rounds are judged on a
    quadratic, exactly where outcomes can be listed and along paths where not.
    """
    from rich.console import Console

    from .. import algorithms
    from ..core.checks import checked_kappa
    from ..core.files import check_writable, checked_folder, is_special, write_json
    from ..sweeps.letters import check_letters, value
    from ..sweeps.problems import tried_on
    from ..sweeps.record import Records
    from ..terminal import print_verdicts, progress_bars, reporter
    from ..theory.verify import checked_kinds, default_evidence, elsewhere, level, verify

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
    stating = {name: options.pop(name) for name in ("rate", "rounds", "epsilon", "per")}
    is_stated = any(text is not None for text in stating.values())
    if is_stated:
        _check_stating(stating, evidence)
    asked_for = None if evidence is None else checked_kinds(kind.strip() for kind in evidence.split(","))
    if clock is not None and (out is None or is_stated):
        raise click.UsageError("--clock times the traces that --out keeps of a method's promise: give --out beside it.")
    read = clock_of(clock)
    specs = [] if is_stated else described_problems(options, [checked_kappa(kappa or "100")])
    # What is wrong with a file or a partition is told before the first verdict, and before anything is written.
    say_notices(specs)
    folder = checked_folder(out) if out else None
    targets = [folder / "verdicts.json"] if folder else []
    targets += [Path(json_file)] if json_file else []
    for target in targets:
        check_writable(target)
    if witness_file:
        check_place(witness_file)
    console, shown_by = Console(), list[tuple["Verdict", "list[Problem]", "Method"]]()
    # Something else than a file cannot be written twice.
    files = [target for target in targets if not is_special(target)]
    if is_stated:
        shown_by += stated(chosen, given, options, stating, kappa, partial(print_verdicts, console), files)
        found = [verdict for verdict, _, _ in shown_by]
        for target in set(targets) - set(files):
            write_json(target, [verdict.record() for verdict in found])
        if witness_file:
            witnessed(witness_file, shown_by)
        return _ended(found)

    is_open = all(options[name] is None for name in ("problem", "data", "private"))
    tried = tried_on(chosen, specs) if is_open else dict.fromkeys(specs, chosen)
    claimed = set[str]()
    alpha = level(len(chosen), len(tried))
    work = of_a_path(budget, sum(map(len, tried.values())))
    for sentence in ahead(tried, given, work, asked_for):
        say(sentence)
    untimed: list[InputError] = []
    with (
        Records(folder) if folder else nullcontext() as kept,
        Finished(files, sum(map(len, tried.values()))) as finished,
    ):
        found = finished.verdicts
        for spec, methods in tried.items():
            here = []
            with progress_bars() as bars:
                waiting = bars.add_task("problem and its solution", total=None)
                problem = spec.build()
                problem.solution()
                bars.remove_task(waiting)
                for method in methods:
                    changes: dict[str, Any] = {
                        letter: given[letter] for letter in given if letter in method.Params._fields
                    }
                    kinds = default_evidence(method, problem) if asked_for is None else asked_for
                    kinds = elsewhere(method, problem, kinds) if method.name in claimed else kinds
                    report = reporter(bars, method.name, kinds)
                    # With another budget it is another verdict.
                    asked = (*kinds, f"within {work:g}") if budget else kinds
                    verdicts = kept.found(method.name, spec, asked, changes, alpha) if kept else None
                    if verdicts is None:
                        heard = finished.begin(method.name, len(kinds))
                        verdicts = verify(
                            method, problem, kinds, spec.problem_seed, report, alpha, budget=work, finished=heard,
                            **changes,
                        )  # fmt: skip
                        if kept:
                            kept.keep(method.name, spec, asked, changes, verdicts, alpha)
                    here += verdicts
                    # However this ends, what was found is there.
                    finished.add(verdicts)
                    shown_by += [(verdict, [problem], method) for verdict in verdicts]
                    if any(one.evidence == "claim" and one.status != "not applicable" for one in verdicts):
                        claimed.add(method.name)
            if here:
                print_verdicts(console, problem.label, here)
        for target in set(targets) - set(files):
            write_json(target, [verdict.record() for verdict in found])
        if folder and kept:
            untimed += timed(kept.store, read, kept.keys, runs_files=True) if read else []
            for path in [
                folder / "verdicts.json",
                *_written(folder, kept, tried, read),
            ]:
                say(f"wrote {path}")
            kept.finish()
    if witness_file:
        witnessed(witness_file, shown_by)
    for error in untimed:
        say(f"Not timed: {error}", True)
    return _ended(found) or (3 if untimed else 0)


def _check_stating(stating: dict[str, Any], evidence: str | None) -> None:
    """Refuse options that say nothing beside each other."""
    if evidence is not None:
        raise click.UsageError("--rate and --rounds have evidence of their own: leave --evidence out.")
    for option, needed in (("epsilon", "rounds"), ("per", "rate")):
        if stating[option] is not None and stating[needed] is None:
            raise click.UsageError(f"--{option} is read beside --{needed} only: give both, or none of them.")


def _ended(found: "list[Verdict]") -> int:
    """Say how many verdicts say what, and return the exit code."""
    from ..theory import exit_code
    from ..theory.verify import ERROR_RATE

    told = [verdict.told for verdict in found]
    counts = {status: told.count(status) for status in sorted(set(told))}
    errs = f" If all methods are right, draws and paths refute one with probability {ERROR_RATE:g} at most."
    is_drawn = any(math.isfinite(verdict.alpha) for verdict in found)
    say(", ".join(f"{count} {status}" for status, count in counts.items()) + "." + (errs if is_drawn else ""))
    return exit_code([verdict.news for verdict in found])


def _written(
    folder: Path, kept: "Records", tried: "Mapping[ProblemSpec, Iterable[Method]]", clock: "Clock | None"
) -> list[Path]:
    """Write the figures of what verdicts rest on, also a study's own where all its methods were tried."""
    from ..core.files import write_text
    from ..sweeps import studies

    refused: list[Exception] = []
    ways: list[tuple[str, dict[str, Any]]] = [
        ("convergence", {}),
        ("convergence", {"measure": "distance"}),
        ("exponent", {}),
    ]
    ways += [("convergence", {"axis": "seconds", "clock": clock})] if clock else []
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
