"""What somebody states of a method on a command line: a rate, or rounds over ranges of kappa and eps."""

from itertools import product
from typing import TYPE_CHECKING, Any

import click

from .common import given_options
from .described import described_problems
from .finished import Finished

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from ..algorithms.driver.method import Method
    from ..problems import Problem
    from ..theory.verdict import Verdict

#: The condition numbers at which stated rounds are judged by default.
KAPPAS = "10:1e4:4"


def stating_options(function: Any) -> Any:
    """Give a command the options that state something."""
    for option in (
        click.option("--per", metavar="UNIT", help="What --rate is for: iteration or round.  [default: the theorem's]"),
        click.option("--epsilon", help="Accuracies of --rounds: a,b,c or low:high:count.  [default: from 0.7 to 1e-8]"),
        click.option(
            "--rounds", metavar="FORMULA", help='Judge "0.9*sqrt(kappa)*log(1/eps)" rounds until V fell by eps.'
        ),
        click.option(
            "--rate", metavar="FORMULA", help='Judge this factor of V instead of the theorem\'s: "1 - 1/kappa".'
        ),
    ):
        function = option(function)
    return function


def stated(
    methods: "list[Method]",
    given: dict[str, Any],
    options: dict[str, Any],
    stating: dict[str, Any],
    kappa: str | None,
    report: "Callable[[str, list[Verdict]], None]",
    files: "Sequence[Path]" = (),
) -> "list[tuple[Verdict, list[Problem], Method]]":
    """Judge what is stated of each method, on the problems that the options describe; return where each was found.

    However this ends, verdicts that were finished are in the files.
    """
    from ..core.checks import checked_kappa
    from ..sweeps.grid import numbers
    from ..theory import verify_stated
    from ..theory.verify import level

    text = kappa or (KAPPAS if stating["rounds"] is not None else "100")
    kappas = [checked_kappa(value) for value in numbers("kappa", text)]
    kind = "quadratic" if options["data"] is None else "logistic"
    specs = described_problems({"problem": kind, **given_options(options)}, kappas)
    accuracies = {"epsilons": numbers("epsilon", stating.pop("epsilon"))} if stating["epsilon"] else {}
    stating.pop("epsilon", None)
    problems = [spec.build() for spec in specs]
    found: list[tuple[Verdict, list[Problem], Method]] = []
    # Kinds of problems are no family with one another.
    families = dict.fromkeys((spec.problem, spec.data) for spec in specs)
    alpha = level(len(methods), len(specs))
    with Finished(files, len(methods) * len(families)) as finished:
        for method, family in product(methods, families):
            own = [
                problem for problem, spec in zip(problems, specs, strict=True) if (spec.problem, spec.data) == family
            ]
            seed = {"seed": specs[0].problem_seed, "error_rate": alpha}
            changes = {letter: given[letter] for letter in given if letter in method.Params._fields}
            count = (len(own) if stating["rate"] is not None else 0) + (stating["rounds"] is not None)
            heard = finished.begin(method.name, count, "stated verdicts")
            judged = verify_stated(method, own, **stating, **accuracies, **seed, finished=heard, **changes)
            finished.add(judged)
            report(own[0].label + (f" to kappa={own[-1].kappa:g}" if len(own) > 1 else ""), judged)
            # A rate has one problem, in their order, and rounds have all of them.
            places = [[one] for one in own] if stating["rate"] is not None else []
            found += [(verdict, place, method) for verdict, place in zip(judged, [*places, own], strict=False)]
    return found
