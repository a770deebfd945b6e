"""What long verdicts may take, and what they would: told before they begin."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ..algorithms.driver.method import Method
    from ..sweeps import ProblemSpec

# Shorter paths than these are walked without a word, in seconds.
_LONG = 20.0
# So many paths of a method are walked, one beside the other where there is a core for each.
_PATHS = 2

budget_option: Callable[[Any], Any] = click.option(
    "--budget",
    help="What all paths may take: a time such as 10m, or multiplications such as 1e12.  [default: 30 s each]",
)


def of_a_path(text: str | None, verdicts: int) -> float:
    """Return how many multiplications one path may cost, where so many methods are held against their promises."""
    from ..sweeps.races.prices import Budget
    from ..theory.case import BUDGET

    return BUDGET if text is None else Budget.read(text).work / (_PATHS * max(verdicts, 1))


def ahead(
    tried: "Mapping[ProblemSpec, Iterable[Method]]",
    letters: Mapping[str, Any],
    budget: float,
    evidence: tuple[str, ...] | None,
) -> Iterator[str]:
    """Yield a sentence for each method whose paths take long, or end before the promise says that they arrive."""
    from ..core.errors import InputError
    from ..sweeps.races.prices import cores, duration
    from ..theory.case import WORK_A_SECOND, Case
    from ..theory.engines.path import ACCURACY, forecast
    from ..theory.theorem import promised_by
    from ..theory.untouched import untouched
    from ..theory.verify import blaming

    if evidence is not None and "path" not in evidence:
        return
    lanes = min(cores(), _PATHS)
    for spec, methods in tried.items():
        problem = spec.build()
        for method in methods:
            theorem = promised_by(method)
            changes = {letter: letters[letter] for letter in letters if letter in method.Params._fields}
            if theorem.contraction is None:
                continue
            try:
                with untouched(method, problem) as own, blaming(method):
                    case = Case(method, theorem, own, changes, spec.problem_seed, budget=budget)
                    case.check()
                    case.check_rounds()
                    found, rounds = forecast(case), budget / case.round_work
            except InputError:
                continue  # which its verdict says
            if not math.isfinite(found.work):
                continue
            takes = min(found.work, budget) * _PATHS
            if takes <= _LONG * WORK_A_SECOND * lanes and not found.is_cut:
                continue
            told = f"{method.name} on {problem.label}: its rate promises {found.rounds:.3g} rounds to an error of "
            told += f"{ACCURACY:g}, about {duration(found.work * _PATHS, lanes)} of computing"
            if found.is_cut:
                cut = duration(takes, lanes)
                told += f". Its paths end after {max(rounds, 1.0):.3g} rounds, about {cut}"
                yield f"{told}; --budget gives them more."
            else:
                yield f"{told}; --budget gives less."
