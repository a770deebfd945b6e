r"""Evidence on what somebody states: a rate in the theorem's V, or so many rounds to an accuracy.

A stated rate is a promise like that of a theorem, in the theorem's V, so the engines that judge theorems judge it:
exactly where a step can be probed, and along paths otherwise. Stated rounds are held against the expected rounds until
:math:`E[V_t] \le \epsilon V_0` from every start, which are computed exactly; or against paths from the method's own
start. There what is known is :math:`X = V_t / (\epsilon V_0)` after the steps that so many rounds take on average. If
the statement holds it is at most 1 in the mean, and then bets on it over independent paths ever win :math:`1/\alpha`
times the stake with probability :math:`\alpha` at most (:mod:`rootkappa.theory.engines.bets`).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...core.checks import as_number
from ...core.errors import InputError, shown
from ...core.expression import Expression, read
from ...core.randomness import derived_seed, generator
from ...problems import Problem
from ..case import Case, NotExact, Progress
from ..verdict import STATUSES, Verdict
from . import bets, exact, path
from .affine import affine_case, is_affine
from .words import lowered, said_of_factor

#: The relative accuracies in V at which stated rounds are held against what a method takes.
EPSILONS = (0.7, 0.5, 0.2, 0.1, 1e-2, 1e-3, 1e-4, 1e-6, 1e-8)
#: The letters of a problem; those of the method are known besides.
OF_A_PROBLEM = ("kappa", "L", "mu", "n", "d")
_ACCURACY = ("eps", "epsilon")
# Accuracies so close to each other are the same to rounding.
_SLACK = 1e-6
# Independent paths of a method that draws something, and multiplications that all of them may cost.
_PATHS = 32
_BUDGET = 1e10
_PER_STEP = 300.0


def letters(case: Case) -> dict[str, float]:
    """Return the letters that a formula about a case may have, with their values.

    Examples
    --------
    >>> from rootkappa import problems, theory
    >>> letters(theory.case("scaffnew", problems.Quadratic.random(clients=3, dim=2, kappa=100.0)))["p"]
    0.1
    """
    return _letters(case.problem, case.params)


def _letters(problem: Problem, params: Any) -> dict[str, float]:
    own = {letter: float(value) for letter, value in params._asdict().items() if isinstance(value, int | float)}
    return own | {letter: float(getattr(problem, letter)) for letter in OF_A_PROBLEM}


def rate(case: Case, text: Any, progress: Progress, per: str | None = None) -> Verdict:
    """Hold a stated factor of V against what a step does.

    Parameters
    ----------
    case : Case
        The theorem only says what V is, what the factor is for, and which noise it allows.
    text : str or float
        The factor, such as ``"1 - 1/kappa"``, see :mod:`rootkappa.core.expression`.
    progress : callable
        Called with the finished share of the work.
    per : {"iteration", "round"}, optional
        What the factor is for; by default what the theorem's is for.

    Raises
    ------
    InputError
        If the text is no formula, or no factor below 1.
    NotExact
        If nothing can be told of it here.
    """
    formula = read("rate", text, letters(case))
    unit = per or case.theorem.unit
    factor = _factor(formula, letters(case))

    def contraction(problem: Problem, params: Any) -> float:
        return _factor(formula, _letters(problem, params))

    stated = replace(case, theorem=replace(case.theorem, contraction=contraction, unit=unit, tight=False))
    verdict = _judged_rate(stated, progress)
    about = f"V times {_formula(formula, said_of_factor(factor))} {'an' if unit == 'iteration' else 'a'} {unit}"
    told = f"At kappa = {case.problem.kappa:g}, stated {about}: {_continued(verdict.sentence)}"
    return replace(verdict, evidence="rate", sentence=told)


def _continued(sentence: str) -> str:
    return sentence if sentence.startswith("V ") else lowered(sentence)


def _judged_rate(case: Case, progress: Progress) -> Verdict:
    """Return the exact verdict on a case; that of paths where there is none, or where it decides nothing."""
    if is_affine(case.problem):
        try:
            # What stands for the worst of many methods in a theorem may be worse than this one.
            if affine_case(case).params == case.params:
                found = exact.judged(case, progress)
                if found.status != "inconclusive":
                    return found
        except NotExact:
            pass
    return path.evidence(case, progress)


def _factor(formula: Expression, values: dict[str, float]) -> float:
    factor = formula.value(values)
    if not 0.0 <= factor < 1.0:
        raise InputError(
            f"rate = {formula.text!r} is {factor:.6g} here, and no factor by which V falls: write one below 1, and at "
            "least 0."
        )
    return factor


def _formula(formula: Expression, value: str) -> str:
    return f"{formula.text} = {value}" if formula.letters else value


@dataclass(frozen=True)
class _Point:
    """What is known of the rounds to one accuracy."""

    kappa: float
    epsilon: float
    stated: float
    status: str
    ratio: float
    """The rounds that it takes beside the stated ones; of paths the mean X."""
    is_rounded: bool = False
    """Whether one step less would not be more than what is stated."""

    @property
    def place(self) -> str:
        return f"kappa = {self.kappa:g}, eps = {self.epsilon:g}"


def rounds(cases: Sequence[Case], text: Any, epsilons: Sequence[float], progress: Progress) -> Verdict:
    """Hold stated rounds to an accuracy against what a method takes, on problems with several condition numbers.

    Parameters
    ----------
    cases : sequence of Case
        The method on each problem.
    text : str or float
        The rounds, such as ``"0.9*sqrt(kappa)*log(1/eps)"``, see :mod:`rootkappa.core.expression`.
    epsilons : sequence of float
        The relative accuracies in V, between 0 and 1.
    progress : callable
        Called with the finished share of the work.

    Raises
    ------
    InputError
        If the text is no formula, or an accuracy is none.
    NotExact
        If nothing can be told of it here.
    """
    for epsilon in epsilons:
        if not 0.0 < as_number(epsilon) < 1.0:
            raise InputError(f"epsilon = {shown(epsilon)} is no relative accuracy: give numbers between 0 and 1.")
    epsilons = [as_number(epsilon) for epsilon in epsilons]
    points: list[_Point] = []
    ways: set[str] = set()
    formula = read("rounds", text, {**letters(cases[0]), **dict.fromkeys(_ACCURACY, 0.0)})
    for position, case in enumerate(cases):
        values = letters(case)
        stated = {epsilon: formula.value({**values, **dict.fromkeys(_ACCURACY, epsilon)}) for epsilon in epsilons}
        way, found = _points_of(case, stated, len(cases))
        points += found
        ways.add(way)
        progress((position + 1) / len(cases))
    return _verdict(cases, formula, points, ways)


def _points_of(case: Case, stated: dict[float, float], problems: int) -> tuple[str, list[_Point]]:
    """Return how the rounds of a case were found, and what was found at each accuracy."""
    if is_affine(case.problem):
        try:
            if affine_case(case).params == case.params:
                return "exact", list(_exact_points(case, stated))
        except NotExact:
            pass
    return "paths", list(_path_points(case, stated, case.alpha / (problems * len(stated))))


def _exact_points(case: Case, stated: dict[float, float]) -> Iterator[_Point]:
    # At an accuracy that is met exactly rounding decides, so both sides of it are looked at.
    around = [epsilon * share for epsilon in stated for share in (1.0 - _SLACK, 1.0 + _SLACK)]
    taken = exact.rounds_to(case, [min(epsilon, 1.0) for epsilon in around])
    for (epsilon, allowed), most, least in zip(stated.items(), taken[::2], taken[1::2], strict=True):
        room = allowed * (1.0 + 1e-12)
        status = "confirmed" if most <= room else "refuted" if least > room else "inconclusive"
        counted = least if status == "refuted" else most
        ratio = counted / allowed if allowed > 0.0 else math.inf
        is_rounded = status == "refuted" and least - case.pace.rounds <= room
        yield _Point(case.problem.kappa, epsilon, allowed, status, ratio, is_rounded)


def _path_points(case: Case, stated: dict[float, float], alpha: float) -> Iterator[_Point]:
    case.check_unsolved()
    is_random = len(case.outcomes() or (None, None)) > 1
    pace, count = case.pace, _PATHS if is_random else 1
    steps = {epsilon: max(math.floor(allowed / pace.rounds * (1.0 + 1e-12)), 0) for epsilon, allowed in stated.items()}
    a_step = case.problem.work(pace.iterations) + case.problem.n * _PER_STEP
    affordable = _BUDGET / (count * a_step)
    times = sorted({time for time in steps.values() if time <= affordable})
    values = np.array([_values_at(case, times, path) for path in range(count)])
    for epsilon, time in steps.items():
        if time > affordable:
            yield _Point(case.problem.kappa, epsilon, stated[epsilon], "inconclusive", math.nan)
            continue
        X = values[:, times.index(time)] / (epsilon * case.start[0])
        with np.errstate(divide="ignore"):
            won = float(bets.capital(np.log(np.where(np.isnan(X), np.inf, X)))[-1])
        is_broken = won > -math.log(alpha) if is_random else X[0] > 1.0 + _SLACK
        status = "refuted" if is_broken else "consistent"
        yield _Point(case.problem.kappa, epsilon, stated[epsilon], status, float(X.mean()))


def _values_at(case: Case, times: Sequence[int], path: int) -> list[float]:
    """Return V after some numbers of steps of one path."""
    rng = generator(derived_seed(case.seed, "stated", path), "rounds")
    state, made, found = case.initial(), 0, list[float]()
    pending: list[Any] = []
    with np.errstate(all="ignore"):
        for time in times:
            while made < time:
                if not pending:
                    # Steps of rounds in a row are what steps are, however many of them a round has.
                    pending = list(case.unroll(case.draw(rng, max(int((time - made) * case.pace.rounds), 8))))[::-1]
                state = case.step(state, pending.pop())
                made += 1
            found.append(float(case.lyapunov(state)))
    return found


def _verdict(cases: Sequence[Case], formula: Expression, points: Sequence[_Point], ways: set[str]) -> Verdict:
    status = min((point.status for point in points), key=STATUSES.index)
    known = [point for point in points if not math.isnan(point.ratio)]
    worst = max(known, key=lambda point: (point.status == "refuted", point.ratio), default=None)
    is_exact = ways == {"exact"}
    told = [_told_of_worst(formula, status, worst, is_exact)] if worst else []
    if status == "refuted":
        told.append(_told_of_rest(formula, points, is_exact))
        if all(point.is_rounded for point in points if point.status == "refuted"):
            told.append(
                "as steps are whole: one less and it would be within what is stated, and formulas may have ceil()"
            )
    else:
        told.append(f"the largest of {len(points)} at {_listed(points)}")
    told += [f"{undecided} undecided"] if (undecided := sum(p.status == "inconclusive" for p in points)) else []
    how = "exact, from the worst start" if is_exact else "along paths from the method's own start"
    prescription = cases[0].theorem.prescription.rstrip(".")
    is_prescribed = len(cases) > 1 and not cases[0].changes and prescription
    told.append(f"{how}, with {prescription}" if is_prescribed else how)
    measured = worst.ratio * formula.scale if worst else math.nan
    details = {"stated": [vars(point) for point in points]}
    # By what share fewer rounds would be refuted.
    seen = max(1.0 - worst.ratio, 0.0) if worst and is_exact else math.nan
    found = cases[0].verdict(
        "rounds",
        status,
        f"Stated {formula.text} rounds: {'; '.join(filter(None, told))}.",
        measured if is_exact else math.nan,
        formula.scale,
        details=details,
        sensitivity=seen,
    )
    if len(cases) > 1:
        # What differs from one problem to the next is the theory's to prescribe.
        params = {letter: value for letter, value in found.params.items() if letter in cases[0].changes}
        found = replace(found, problem=f"{found.problem} to kappa={cases[-1].problem.kappa:g}", params=params)
    return found if is_exact else replace(found, alpha=cases[0].alpha)


def _told_of_worst(formula: Expression, status: str, worst: _Point, is_exact: bool) -> str:
    if not is_exact:
        # The accuracy is what is held against V here.
        told = f"at {worst.place} V is then {worst.ratio:.3g} times eps V_0 on average"
        return told if status == "refuted" else f"{told}, which refutes nothing"
    verb = "it never gets there" if math.isinf(worst.ratio) else f"it takes {_rounds(formula, worst.ratio)}"
    return f"at {worst.place} {verb}"


def _rounds(formula: Expression, ratio: float) -> str:
    return f"{ratio * formula.scale:.3g} times {formula.rest}"


def _listed(points: Sequence[_Point]) -> str:
    kappas, epsilons = ({getattr(point, name) for point in points} for name in ("kappa", "epsilon"))
    return f"{_span('kappa', kappas)} and {_span('eps', epsilons)}"


def _span(name: str, values: set[float]) -> str:
    few = len(values) == 1
    return f"{name} = {min(values):g}" if few else f"{name} from {min(values):g} to {max(values):g}"


def _told_of_rest(formula: Expression, points: Sequence[_Point], is_exact: bool) -> str:
    """Return where a refuted statement was not found to be wrong."""
    wrong = [point for point in points if point.status == "refuted"]
    for name, letter, below in (("epsilon", "eps", True), ("kappa", "kappa", False)):
        values = [getattr(point, name) for point in wrong]
        kept = [p for p in points if (getattr(p, name) < min(values) if below else getattr(p, name) > max(values))]
        if kept and all(p.status in ("confirmed", "consistent") for p in kept):
            ends = [getattr(p, name) for p in kept]
            where = f"{letter} <= {max(ends):g}" if below else f"{letter} >= {min(ends):g}"
            if not is_exact:
                return f"nothing speaks against it for {where}"
            largest = max(p.ratio for p in kept) * formula.scale
            return f"it holds for {where}, where the largest is {largest:.3g}"
    return f"it is wrong at {len(wrong)} of {len(points)} pairs"
