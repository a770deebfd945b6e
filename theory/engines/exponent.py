"""Exponent evidence: how rounds and iterations to a fixed accuracy grow with the condition number."""

import math
from dataclasses import replace
from importlib import import_module
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import ArrayLike

from ...core.errors import InputError
from ...core.randomness import generator
from ...problems import Problem, Quadratic
from ..case import Case, NotExact, Progress
from ..verdict import STATUSES, Verdict
from . import exact
from .affine import TooLarge, affine_case
from .words import lowered, said_of_bound, said_of_relative

#: The condition numbers over which the exponent of a method is measured.
KAPPAS = tuple(float(kappa) for kappa in np.geomspace(1e2, 1e6, 9))
#: The relative accuracy in V to which rounds are counted.
EPSILON = 1e-6
#: How much a slope over a few decades may exceed the exponent that holds in the limit.
SLACK_EXACT, SLACK_SAMPLED = 0.02, 0.04
# How much so if they are exact, go to the largest of KAPPAS, and are no smaller there: then they come no nearer to it.
_SETTLED = 0.003
_BOOTSTRAPS = 2000


class Slope(NamedTuple):
    """A power of kappa, fitted in logarithms."""

    slope: float
    """The least-squares slope."""
    low: float
    """Lower end of its 95 % interval."""
    high: float
    """Upper end of its 95 % interval."""
    last_decade: float
    """The slope over the largest tenfold of kappa."""


def fit(kappas: ArrayLike, values: ArrayLike, seed: int = 0) -> Slope:
    r"""Fit :math:`\log v = a \log \kappa + b`.

    Parameters
    ----------
    kappas : array_like, shape (k,)
        At least three different condition numbers.
    values : array_like, shape (k,) or (s, k)
        Positive numbers: exact ones, or one row for each of s seeds. Exact values get Student's interval for the
        scatter around the line, sampled ones a bootstrap over the seeds of the means.
    seed : int
        For the bootstrap.

    Raises
    ------
    InputError
        If there are fewer than three points, or a value is not positive and finite.

    Examples
    --------
    >>> round(fit([1e2, 1e3, 1e4, 1e5], [10.0, 31.6227766, 100.0, 316.227766]).slope, 6)
    0.5
    """
    x, table = np.log(np.asarray(kappas, dtype=float)), np.atleast_2d(np.asarray(values, dtype=float))
    if len(np.unique(x)) < 3:
        raise InputError(f"{len(np.unique(x))} condition numbers are too few for a slope: give at least 3.")
    if not (np.isfinite(table).all() and (table > 0).all()):
        raise InputError("a slope needs positive finite numbers, but some runs did not reach the accuracy.")
    y = np.log(table.mean(axis=0))
    slope, intercept = cast("np.ndarray", np.polyfit(x, y, 1))
    late = x >= x.max() - math.log(10.0) - 1e-9
    last = float(cast("np.ndarray", np.polyfit(x[late], y[late], 1))[0]) if late.sum() > 1 else float("nan")
    # Seeds change nothing for a method that draws nothing, and say nothing about its line.
    if (table == table[0]).all():
        # Imported like this SciPy, which has no types, is Any.
        quantile = float(import_module("scipy.special").stdtrit(len(x) - 2, 0.975))
        scatter = math.sqrt(np.sum((y - slope * x - intercept) ** 2) / (len(x) - 2))
        half = quantile * scatter / math.sqrt(np.sum((x - x.mean()) ** 2))
        return Slope(float(slope), float(slope - half), float(slope + half), last)
    rows = generator(seed, "bootstrap").integers(len(table), size=(_BOOTSTRAPS, len(table)))
    slopes = cast("np.ndarray", np.polyfit(x, np.log(table[rows].mean(axis=1)).T, 1))[0]
    low, high = np.quantile(slopes, [0.025, 0.975])
    return Slope(float(slope), float(low), float(high), last)


def judged(slope: Slope, promised: float, slack: float, is_settled: bool = False) -> str:
    """Return the status of the promise that the exponent is at most ``promised``.

    Parameters
    ----------
    slope : Slope
        The measured exponent.
    promised, slack : float
        The promise, and how much more a slope over a few decades may be.
    is_settled : bool
        Whether the slope is exact and over ``KAPPAS``, so that the slack is for one that still becomes smaller.

    Examples
    --------
    >>> coming_down, going_up = Slope(0.51, 0.508, 0.512, 0.501), Slope(0.51, 0.508, 0.512, 0.514)
    >>> [judged(slope, 0.5, SLACK_EXACT, is_settled=True) for slope in (coming_down, going_up)]
    ['confirmed', 'refuted']
    """
    if promised < _least(slope, slack, is_settled):
        return "refuted"
    return "confirmed" if slope.high <= promised + slack else "inconclusive"


def steeper(slope: Slope, promised: float, slack: float, is_settled: bool = False) -> float:
    """Return by how much of itself a promised exponent would have to be better to be refuted by a slope.

    Examples
    --------
    >>> round(steeper(Slope(0.5, 0.49, 0.51, 0.5), 0.5, 0.02), 9), steeper(Slope(1.0, 0.9, 1.1, 1.0), 0.5, 0.02)
    (0.06, 0.0)
    """
    room = max(promised - _least(slope, slack, is_settled), 0.0)
    return room / abs(promised) if promised else math.inf


def _least(slope: Slope, slack: float, is_settled: bool) -> float:
    """Return the exponent of which each smaller one is refuted."""
    return slope.low - (_SETTLED if is_settled and slope.last_decade >= slope.slope else slack)


def described(axis: str, slope: Slope, promised: float, status: str) -> str:
    """Return a slope and its verdict as a sentence."""
    compared = {
        "refuted": f"more than the promised {promised:g}",
        "inconclusive": f"too wide to tell from the promised {promised:g}",
        "confirmed": f"as promised, {promised:g}"
        if slope.slope > promised - 0.05
        else f"less than the promised {promised:g}",
    }[status]
    return (
        f"{axis.capitalize()} grow like kappa^{slope.slope:.3f} [{slope.low:.3f}, {slope.high:.3f}], {compared} "
        f"(last decade {slope.last_decade:.3f})."
    )


def evidence(case: Case, progress: Progress) -> Verdict:
    """Hold the exact exponent of rounds on random quadratics against the promised one."""
    problem = case.problem
    if not isinstance(problem, Quadratic):
        raise NotExact(f"{problem.label} has no family of condition numbers: take a quadratic problem.")
    if not case.theorem.exponents:
        raise NotExact(f"{case.method.name} settles where its noise lets it: no exponent is promised.")
    if case.changes:
        raise NotExact("an exponent is promised for the prescribed parameters only: leave them as they are.")
    try:
        return _judged(case, problem, progress)
    except TooLarge:
        relative = case.relative()
        if relative is None:
            raise
        verdict = _judged(case, relative.problem, progress)
        return replace(verdict, sentence=f"{said_of_relative(relative)}: {lowered(verdict.sentence)}")


def _judged(case: Case, problem: Problem, progress: Progress) -> Verdict:
    """Measure on the quadratics that are like the problem but for their condition number."""
    theorem = case.theorem
    rows: list[dict[str, Any]] = []
    taken = ""
    for position, kappa in enumerate(KAPPAS):
        member = replace(case, problem=Quadratic.random(problem.n, problem.d, kappa, case.seed))
        worst = affine_case(member)
        taken = said_of_bound(member.params, worst.params)
        times = exact.time_to_accuracy(worst, EPSILON)
        progress((position + 1) / len(KAPPAS))
        if not math.isfinite(times.rounds):
            sentence = (
                f"At kappa = {kappa:g} the expected V does not fall to {EPSILON:g} of its start from every start."
            )
            return case.verdict("exponent", "refuted", sentence, math.inf, theorem.exponents["rounds"], sensitivity=0.0)
        rows.append({"kappa": kappa, **times._asdict()})
    slopes = {axis: fit(KAPPAS, [row[axis] for row in rows]) for axis in theorem.exponents}
    rounds, promised = slopes["rounds"], theorem.exponents["rounds"]
    statuses = {axis: judged(slope, theorem.exponents[axis], SLACK_EXACT, True) for axis, slope in slopes.items()}
    status = min(statuses.values(), key=STATUSES.index)
    sentence = " ".join(described(axis, slopes[axis], theorem.exponents[axis], statuses[axis]) for axis in slopes)
    if taken:
        sentence = f"With {taken} {lowered(sentence)}"
    details = {"points": rows, "epsilon": EPSILON}
    sensitivity = min(steeper(slopes[axis], theorem.exponents[axis], SLACK_EXACT, True) for axis in slopes)
    return case.verdict(
        "exponent", status, sentence, rounds.slope, promised, (rounds.low, rounds.high), details, sensitivity
    )
