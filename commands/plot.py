"""``rootkappa plot``: draw stored results, and studies."""

import os
from typing import TYPE_CHECKING, Any

import click

from .. import plots
from .common import Command, Place, given_options, option_given, say
from .described import described_problems, problem_options
from .lettered import LETTERED, check_letter, letter_options, lettered
from .stored import clock_of, drawn, studied, timed

if TYPE_CHECKING:
    from ..sweeps import ProblemSpec


@click.command(
    cls=Command,
    examples=(
        "rootkappa plot convergence --store out/verify.sqlite --axis floats --measure distance",
        "rootkappa plot letter scaffnew p --kappa 1e4 --exact",
    ),
)
@click.argument("kind", type=click.Choice(plots.names()))
@click.argument("name", metavar="[STUDY|METHOD]", required=False)
@click.argument("letter", metavar="[LETTER]", required=False)
@click.option("--store", type=Place(), default="out/sweep.sqlite", show_default=True, help="File of stored results.")
@click.option(
    "--axis", default="rounds", show_default=True, help="rounds, iterations, floats, bits, gradients or seconds."
)
@click.option("--measure", default="lyapunov", show_default=True, help="Of convergence: lyapunov, distance or gap.")
@click.option("--clock", help="By which seconds are simulated, as of sweep.")
@click.option("--out", type=Place(), default="out", show_default=True, help="Folder for the figures.")
@letter_options
@problem_options
@click.option("--kappa", default="1000", show_default=True, help="Condition number, above 1.")
@click.pass_context
def plot(
    context: click.Context, kind: str, name: str | None, letter: str | None, store: str, axis: str, measure: str,
    clock: str | None, out: str, **options: Any,
) -> int:  # fmt: skip
    """Draw stored results as SVG and PNG: convergence along a cost, or the growth with the condition number.

    A study, such as "study sparsity", is drawn of the problem that the other options give: what the store lacks of it
    is computed first. Without a name the studies are listed. "letter scaffnew p" is what an accuracy costs against a
    letter, computed likewise; "letter" alone draws what a sweep with --set has stored. Simulated seconds of stored
    paths are added to the store when they are first asked for.
    """
    from ..core.checks import checked_kappa
    from ..core.errors import InputError
    from ..core.files import checked_folder
    from ..sweeps import Store, studies

    if kind == "study" and name is None:
        for known in studies.names():
            say(f"{known}: {studies.summary(known)}")
        return 0
    if letter is not None and kind != "letter":
        raise click.UsageError(f"{letter!r} says nothing about {kind}: leave it out.")
    about = {option: options.pop(option) for option in LETTERED}
    if kind == "letter" and (name is None) != (letter is None):
        raise click.UsageError("Name a method and one of its letters, as in plot letter scaffnew p, or neither.")
    if kind == "study":
        kind, study = plots.of_study(name or ""), name or ""
        studies.methods(study)
    elif kind == "letter":
        study = kind
        if letter is not None:
            check_letter(os.path.expanduser(name or ""), letter, about["values"])
    elif name is not None:
        raise click.UsageError(f"{name!r} says nothing about {kind}: leave it out.")
    else:
        study = kind
    is_study, is_letter = study in studies.names(), letter is not None
    told: dict[str, Any] = {"axis": axis, "measure": measure, "clock": None}
    read = [*(options if is_study or is_letter else ()), *(about if is_letter else ())]
    unread = {*told, *options, *about} - {*plots.options(kind), *read}
    for param in context.command.params:
        if param.name in unread and option_given(param.name):
            raise click.UsageError(f"{param.opts[0]} says nothing about {kind}: leave it out.")
    told = {name: value for name, value in told.items() if name not in unread}
    is_timed = axis == "seconds" and "clock" in told
    if clock is not None and not is_timed:
        raise click.UsageError("--clock is read for --axis seconds only: give both, or none of them.")
    told |= {"clock": clock_of(clock or "")} if is_timed else {}
    options = _of_study(studies.usual_spec(study) if is_study else None, options)
    kappa = checked_kappa(options.pop("kappa"))
    usual = "quadratic" if is_letter and options["data"] is None else "logistic"
    specs = described_problems({"problem": usual, **given_options(options)}, [kappa])
    computes = is_study or is_letter
    if not computes and not os.path.isfile(store):
        raise InputError(f"store = {store!r} does not exist: run rootkappa sweep or verify --out first.")
    folder = checked_folder(out)
    refused: list[Exception] = []
    with Store(store, read_only=not (computes or is_timed)) as results:
        refused += timed(results, told["clock"]) if is_timed else []
        keys = studied(study, results, specs) if is_study else None
        keys = lettered(os.path.expanduser(name or ""), letter, results, specs, **about) if letter else keys
        paths = drawn(kind, results, keys, folder, refused, **told)
    if refused and not paths:
        raise refused[0]
    if not paths:
        raise InputError(f"store = {store!r} holds nothing to draw as {kind}: run a sweep that measures it.")
    for path in paths:
        say(f"wrote {path}")
    for error in refused:
        say(f"Not drawn: {error}", True)
    return 3 if refused else 0


def _of_study(spec: "ProblemSpec | None", options: dict[str, Any]) -> dict[str, Any]:
    """Return the options with what a study says of its problem in the place of what the command line does not."""
    if spec is None:
        return options
    own = spec.configuration()
    own["seed"] = own.pop("problem_seed")
    if options["problem"] not in (None, spec.problem):
        own = {name: own[name] for name in ("kappa", "clients", "seed", "psi")}
    return options | {name: value for name, value in own.items() if not option_given(name) and value != ""}
