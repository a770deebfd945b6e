"""The options that describe a problem, and what they describe."""

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import click

from .common import given_options, option_given, say

if TYPE_CHECKING:
    from ..sweeps import ProblemSpec


def _together(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def decorate(function: Any) -> Any:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


problem_options = _together(
    click.option("--problem", metavar="KINDS", help="quadratic, logistic, softmax, or several by commas."),
    click.option(
        "--data",
        metavar="NAMES|FILES",
        help="Data sets or files, by commas: LIBSVM text, .csv, .parquet, .npz or .npy.  [default: breast_cancer; of "
        "softmax digits]",
    ),
    click.option("--label", "label_column", metavar="COLUMN", help="The column of labels in a table."),
    click.option(
        "--client-column", metavar="COLUMN", help="The column of clients in a table, in the place of --clients."
    ),
    click.option("--labels", metavar="GROUPS", help='Groups of labels, such as "0-4:5-9" or "rest:3".'),
    click.option(
        "--weights", metavar="clients|samples", help="What unequal clients weigh: as any other, or their samples."
    ),
    click.option(
        "--intercept", metavar="free|penalised", help="Add an intercept; no theorem is about one without penalty."
    ),
    click.option("--standardise", is_flag=True, help="Give features mean 0 and variance 1."),
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


def described_problems(options: dict[str, Any], kappas: list[float]) -> "list[ProblemSpec]":
    """Return the problems that the options describe; without kind, data and server a quadratic and one on real data."""
    from ..sweeps.problems import FIELDS, ON_DATA, problem_specs

    given = given_options(options)
    kinds = dict.fromkeys(given.pop("problem").split(",")) if "problem" in given else None
    data = dict.fromkeys(_files(given.pop("data"))) if "data" in given else None
    if kinds is None and data is None and given["server"] > 0.0:
        kinds = ["logistic"]  # what is drawn has no samples of which a server could have a share
    if "client_column" in given:
        for option in filter(None, map(option_given, ("clients", "partition", "alpha"))):
            raise click.UsageError(
                f"{option} says again what --client-column says of clients: leave one of the two out."
            )
    specs = problem_specs(kappas, kinds, data, problem_seed=given.pop("seed"), **given)
    chosen = dict.fromkeys(spec.problem for spec in specs)
    read = {field for kind in chosen for field in FIELDS[kind]}
    if given["partition"] != "dirichlet":
        read.discard("alpha")
    for name in {field for fields in FIELDS.values() for field in fields} - read:
        option = option_given(name)
        if option:
            is_about_partition = name == "alpha" and not chosen.keys().isdisjoint(ON_DATA)
            told = f"the {given['partition']} partition" if is_about_partition else " and ".join(chosen)
            raise click.UsageError(f"{option} says nothing about {told}: leave it out.")
    return specs


def say_notices(specs: "Iterable[ProblemSpec]") -> None:
    """Say once what somebody should know of the problems who has not chosen it."""
    from ..problems.samples import OfSamples

    problems = (spec.build() for spec in specs)
    for notice in dict.fromkeys(problem.notice for problem in problems if isinstance(problem, OfSamples)):
        if notice:
            say(notice)


def _files(text: str) -> list[str]:
    """Return the names and paths in a text with commas between them; a comma may also be part of a file's name."""
    names, parts = [], text.split(",")
    while parts:
        runs = {length: os.path.expanduser(",".join(parts[:length])) for length in range(len(parts), 0, -1)}
        length = next((length for length, run in runs.items() if os.path.isfile(run)), 1)
        names.append(runs[length])
        del parts[:length]
    return names
