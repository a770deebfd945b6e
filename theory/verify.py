"""Hold a method against its promise with every kind of evidence that applies."""

import math
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from ..algorithms.driver.method import Method
from ..algorithms.driver.objects import ObjectMethod, found
from ..core.blas import one_blas_thread
from ..core.checks import as_list, as_number
from ..core.errors import InputError, complaint, shown, unknown
from ..problems import Problem, Quadratic
from ..problems.problem import checked_problem
from . import claims
from .case import ALPHA, BUDGET, SAMPLED, Case, NotExact, Progress, check_range
from .conventions import check_conventions
from .engines import exact, exponent, identity, invariant, path, sending, stated
from .engines.affine import is_affine
from .engines.conserved import undeclared
from .engines.seeds import hearing
from .engines.words import lowered
from .theorem import UNITS, promised_by
from .untouched import untouched
from .verdict import Verdict

#: The engines, in the order in which they run: the cheap and sharp ones first.
ENGINES: dict[str, Callable[[Case, Progress], Verdict]] = {
    "identity": identity.evidence,
    "invariant": invariant.evidence,
    "exact": exact.evidence,
    "path": path.evidence,
    "exponent": exponent.evidence,
    "cost": sending.evidence,
}
# What needs no rate.
_OF_ANY = ("identity", "invariant", "cost")
# Evidence that looks at states besides those on paths, which may have errors that no path has.
_FROM_ANY_STATE = ("invariant", "exact", "path", "exponent")
#: The probability with which one of all verdicts of a command refutes what is right, at most.
ERROR_RATE = 1e-3
#: Claims without those that are measured on problems of their own.
CLAIM_HERE = "claim here"
#: All kinds of evidence; a method may have several claims, or none.
KINDS = (*ENGINES, "claim", CLAIM_HERE)


def default_evidence(method: Any, problem: Problem) -> tuple[str, ...]:
    """Return the kinds of evidence that a method and a problem admit."""
    method = found(method)
    theorem = promised_by(method)
    kinds = ("identity", "invariant") if method.likenesses else ("invariant",)
    if theorem.contraction is not None:
        kinds += ("exact",) if isinstance(problem, Quadratic) or is_affine(problem) else ()
        kinds += ("path",)
        kinds += ("exponent",) if isinstance(problem, Quadratic) and theorem.exponents else ()
    # What shipped methods declare to send does not depend on the problem, and is tested.
    kinds = kinds if method.is_shipped else (*kinds, "cost")
    return (*kinds, "claim") if claims.about(method, problem) else kinds


def elsewhere(method: Any, problem: Problem, evidence: Iterable[str]) -> tuple[str, ...]:
    """Return the kinds of evidence for another problem, once claims with problems of their own have been measured.

    Parameters
    ----------
    method : str, Path, Method or object
        The method.
    problem : Problem
        The other problem.
    evidence : iterable of str
        The kinds that were asked for.

    Examples
    --------
    >>> from rootkappa import problems
    >>> problem = problems.Quadratic.random(clients=3, dim=4, kappa=30.0)
    >>> elsewhere("flare", problem, ("invariant", "claim")), elsewhere("gradskip", problem, ("claim",))
    (('invariant',), ('claim',))
    """
    about = claims.about(method, problem)
    if not any(claim.of_its_own for claim in about):
        return tuple(as_list(evidence))
    here = () if all(claim.of_its_own for claim in about) else (CLAIM_HERE,)
    return tuple(one for kind in as_list(evidence) for one in (here if kind == "claim" else (kind,)))


def level(methods: int, problems: int) -> float:
    """Return the probability with which each verdict that rests on what is drawn may refute what is right.

    Parameters
    ----------
    methods, problems : int
        Each of so many methods is held against its promise on each of so many problems.

    Returns
    -------
    float
        So small that all verdicts together refute something right with a probability of ``ERROR_RATE`` at most.

    Examples
    --------
    >>> level(1, 1), round(level(20, 5), 9)
    (0.0001, 2.5e-06)
    """
    # Invariants may be looked at twice, once behind a matrix.
    return min(ALPHA, ERROR_RATE / ((len(SAMPLED) + 1) * methods * problems))


def verify(
    method: Any,
    problem: Problem,
    evidence: str | Iterable[str] | None = None,
    seed: int = 0,
    progress: Callable[[str, float], None] | None = None,
    error_rate: float = ALPHA,
    rate: str | float | None = None,
    rounds: str | float | None = None,
    epsilons: float | Iterable[float] = stated.EPSILONS,
    per: str | None = None,
    budget: float = BUDGET,
    finished: Callable[[list[Verdict]], None] | None = None,
    **changes: Any,
) -> list[Verdict]:
    """Return one verdict for each kind of evidence, and for each claim one; or for what is stated.

    Parameters
    ----------
    method : str, Path, Method or object
        A name from :func:`rootkappa.algorithms.names`, the path of a Python file, a method, or any object with
        ``start``, ``step`` and ``model``, see :mod:`rootkappa.algorithms.driver.objects`.
    problem : Problem
        Where the promise is tested.
    evidence : str or iterable of str, optional
        Of "identity", "invariant", "exact", "path", "exponent", "cost", "claim", and "claim here" for those claims only
        that are measured on the given problem; by default all that the method and the problem admit.
    seed : int
        For everything that is drawn.
    progress : callable, optional
        Called with the kind of evidence and the finished share of its work.
    error_rate : float
        The probability with which each verdict that rests on what is drawn may refute what is right; for many verdicts
        see :func:`level`.
    rate, rounds, epsilons, per
        What is stated, see :func:`verify_stated`. Then that alone is judged unless ``evidence`` asks for more.
    budget : float
        Multiplications that one path may cost, of which a core makes about 1e9 a second.
    finished : callable, optional
        Called after each kind of evidence, and each verdict on what is stated, with all verdicts so far, for whoever
        wants them if the rest never comes.
    **changes
        Parameters that differ from what the theorem prescribes, for example ``p=0.1``.

    Raises
    ------
    InputError
        If a name is unknown, nothing is promised of the method, or a parameter is outside its range.

    Examples
    --------
    >>> from rootkappa import problems
    >>> problem = problems.Quadratic.random(clients=3, dim=4, kappa=30.0)
    >>> [verdict.status for verdict in verify("scaffnew", problem, evidence=("invariant", "exact"))]
    ['confirmed', 'confirmed']
    >>> [verdict.status for verdict in verify("scaffnew", problem, rate="1 - 1/kappa", rounds="2*sqrt(kappa)")]
    ['confirmed', 'refuted']
    """
    if rate is not None or rounds is not None:
        options: dict[str, Any] = {"seed": seed, "progress": progress, "error_rate": error_rate}
        judged = verify_stated(
            method, [problem], rate, rounds, epsilons, per=per, finished=finished, **options, **changes
        )
        if evidence is None:
            return judged

        def heard(more: list[Verdict]) -> None:
            if finished:
                finished(judged + more)

        return judged + verify(method, problem, evidence, budget=budget, finished=heard, **options, **changes)
    taken, problem = found(method), checked_problem(problem)
    kinds = default_evidence(taken, problem) if evidence is None else checked_kinds(as_list(evidence))
    check_range(problem)
    if not 0.0 < as_number(error_rate) < 1.0:
        raise InputError(f"error_rate = {shown(error_rate)} is no probability: give a number between 0 and 1.")
    if not 0.0 < as_number(budget) < math.inf:
        raise InputError(f"budget = {shown(budget)} is no number of multiplications: give one above 0, such as 3e10.")
    with untouched(taken, problem) as own:
        case = Case(taken, promised_by(taken), own, changes, seed, float(error_rate), float(budget))
        return _verdicts(case, kinds, progress, finished)


@one_blas_thread()
def verify_stated(
    method: Any,
    problems: Problem | Sequence[Problem],
    rate: str | float | None = None,
    rounds: str | float | None = None,
    epsilons: float | Iterable[float] = stated.EPSILONS,
    *,
    per: str | None = None,
    seed: int = 0,
    progress: Callable[[str, float], None] | None = None,
    error_rate: float = ALPHA,
    finished: Callable[[list[Verdict]], None] | None = None,
    **changes: Any,
) -> list[Verdict]:
    """Return the verdicts on what somebody states of a method: of a rate one a problem, of rounds one for all.

    Parameters
    ----------
    method : str, Path, Method or object
        As for :func:`verify`; the theorem that it names says what V is.
    problems : Problem or sequence of Problem
        Where it is judged.
    rate : str or float, optional
        A factor of V, such as ``"1 - 1/kappa"``: numbers, the letters kappa, L, mu, n, d and those of the method, + - *
        / ** and sqrt, log, ceil, min, max.
    rounds : str or float, optional
        Rounds until V has fallen by a factor eps, such as ``"0.9*sqrt(kappa)*log(1/eps)"``.
    epsilons : float or iterable of float
        For which eps.
    per : {"iteration", "round"}, optional
        What the rate is for; by default what the theorem's is for.
    seed, progress, error_rate, finished, **changes
        As for :func:`verify`.

    Raises
    ------
    InputError
        If a formula is none, or has no value.

    Examples
    --------
    >>> from rootkappa import problems
    >>> family = [problems.Quadratic.random(clients=2, dim=3, kappa=kappa) for kappa in (10.0, 100.0)]
    >>> (found,) = verify_stated("scaffnew", family, rounds="0.9*sqrt(kappa)*log(1/eps)", epsilons=(0.5, 1e-6))
    >>> found.status, round(found.measured, 3)
    ('confirmed', 0.866)
    """
    taken, checked = found(method), [checked_problem(problem) for problem in as_list(problems)]
    accuracies = as_list(epsilons)
    if not checked:
        raise InputError("problems = [] names no problem: give one at least, such as problems.Quadratic.random().")
    if rounds is not None and not accuracies:
        raise InputError("epsilons = [] holds no accuracy: give one at least, such as 1e-6.")
    if per is not None and per not in UNITS:
        raise unknown("unit of a rate", per, UNITS)
    if not 0.0 < as_number(error_rate) < 1.0:
        raise InputError(f"error_rate = {shown(error_rate)} is no probability: give a number between 0 and 1.")
    with ExitStack() as stack:
        cases: list[Case] = []
        for problem in checked:
            check_range(problem)
            own = stack.enter_context(untouched(taken, problem))
            cases.append(Case(taken, promised_by(taken), own, changes, seed, float(error_rate)))
            with blaming(taken):
                unfit = _misfit(cases[-1]) or _unpromised(problem)
                if unfit:
                    kinds = [kind for kind, text in (("rate", rate), ("rounds", rounds)) if text is not None]
                    return [_not_applicable(cases[-1], kind, unfit) for kind in kinds]
                cases[-1].check_rounds()
                check_conventions(cases[-1])
        report: Callable[[str, float], None] = progress or _unheard
        verdicts: list[Verdict] = []
        for position, case in enumerate(cases if rate is not None else ()):
            started = time.perf_counter()
            with blaming(taken):
                one = _or_none(case, "rate", lambda case=case: stated.rate(case, rate, lambda share: None, per))
            verdicts.append(replace(one, seconds=time.perf_counter() - started))
            report("rate", (position + 1) / len(cases))
            if finished:
                finished([*verdicts])
        if rounds is not None:
            started = time.perf_counter()
            with blaming(taken):
                one = _or_none(
                    cases[0], "rounds", lambda: stated.rounds(cases, rounds, accuracies, partial(report, "rounds"))
                )
            verdicts.append(replace(one, seconds=time.perf_counter() - started))
            if finished:
                finished([*verdicts])
    return verdicts


def _unheard(kind: str, share: float) -> None:
    """Tell nobody of progress."""


def _or_none(case: Case, kind: str, judged: Callable[[], Verdict]) -> Verdict:
    """Return a verdict, or the one that says why it cannot be had."""
    try:
        return judged()
    except NotExact as reason:
        return _not_applicable(case, kind, str(reason))


@one_blas_thread()
def _verdicts(
    case: Case,
    kinds: tuple[str, ...],
    progress: Callable[[str, float], None] | None,
    finished: Callable[[list[Verdict]], None] | None,
) -> list[Verdict]:
    with blaming(case.method):
        unfit = _misfit(case)
        reason = unfit or _failing_condition(case)
        if not reason:
            case.check_rounds()
            check_conventions(case)
    verdicts: list[Verdict] = []
    for kind in kinds:
        # What a method is does not depend on where its theorem holds.
        for engine in _engines(case, kind, verdicts, unfit if kind == "identity" else reason):
            started = time.perf_counter()
            found = engine(case, lambda share, kind=kind: progress(kind, share) if progress else None)
            seconds = (time.perf_counter() - started) / max(len(found), 1)
            verdicts += [replace(verdict, seconds=seconds) for verdict in found]
        if progress:
            progress(kind, 1.0)
        if finished:
            finished(verdicts if reason else _without_waivers(case, verdicts))
    return verdicts if reason else _without_waivers(case, verdicts)


def _without_waivers(case: Case, verdicts: list[Verdict]) -> list[Verdict]:
    return [_without_waiver(case, verdict, verdicts) for verdict in verdicts]


def _without_waiver(case: Case, verdict: Verdict, beside: list[Verdict]) -> Verdict:
    """Return a verdict that is undecided where a file or an object itself keeps exact evidence from being had.

    Whatever else was seen is less than what would have been seen of a method that lists its outcomes, so the promise
    is open; unless this is a shipped method, where it is known why.
    """
    waived = verdict.evidence == "exact" and verdict.status == "not applicable"
    if not waived or case.method.is_shipped or case.theorem.contraction is None or not is_affine(case.problem):
        return verdict
    if _is_known(case, beside):
        return verdict
    sentence = f"{verdict.sentence} Without exact evidence the promise is open."
    return replace(verdict, status="inconclusive", sentence=sentence)


def _is_known(case: Case, beside: list[Verdict]) -> bool:
    """Return whether a method is a shipped one, or was found to be one."""
    found = [one.status for one in beside if one.evidence == "identity"]
    return case.method.is_shipped or "confirmed" in found


def checked_kinds(evidence: Iterable[Any]) -> tuple[str, ...]:
    """Return kinds of evidence, each of which there is; others are an InputError."""
    kinds = tuple(evidence)
    for kind in kinds:
        if kind not in KINDS:
            raise unknown("evidence", kind, KINDS)
    return kinds


def _engines(
    case: Case, kind: str, beside: list[Verdict], obstacle: str
) -> list[Callable[[Case, Progress], list[Verdict]]]:
    """Return what gives the evidence of one kind; where there is an obstacle to all it gives that as the reason."""
    is_claim = kind in ("claim", CLAIM_HERE)
    about = claims.about(case.method, case.problem) if is_claim else ()
    if kind == CLAIM_HERE:
        about = tuple(claim for claim in about if not claim.of_its_own)
    if obstacle:
        return [_none("claim" if is_claim else kind, obstacle, claim) for claim in about or [None]]
    if is_claim:
        if about and not _is_known(case, beside):
            # Of another method they may be endless: nothing says that it arrives.
            told = (
                "claims are about shipped methods, and this one is not known to be one: ask for identity evidence too."
            )
            return [_none("claim", told)]
        return [partial(_claimed, claim) for claim in about] or [
            _none("claim", f"There is no claim about {case.method.name} here.")
        ]
    if kind not in _OF_ANY and case.theorem.contraction is None:
        told = f"No rate of {case.method.name} is proved: {kind} evidence has nothing to hold it against."
        return [_none(kind, told)]
    return [partial(_judge, kind)]


def _none(kind: str, reason: str, claim: claims.Claim | None = None) -> Callable[[Case, Progress], list[Verdict]]:
    def evidence(case: Case, progress: Progress) -> list[Verdict]:
        verdict = _not_applicable(case, kind, reason)
        return [claim.stated(verdict) if claim else verdict]

    return evidence


def _not_applicable(case: Case, kind: str, reason: str) -> Verdict:
    # A path is written as it is.
    told = reason if reason.startswith(case.method.name) else reason[0].upper() + reason[1:]
    return case.verdict(kind, "not applicable", told)


def _misfit(case: Case) -> str:
    """Return why the method does not run on the problem, or nothing."""
    try:
        case.check()
    except InputError as error:
        return str(error)
    return ""


def _unpromised(problem: Problem) -> str:
    """Return why no theorem, and with it no V, is about a problem, or nothing."""
    return f"No theorem speaks of this problem: {problem.unpromised}." if problem.unpromised else ""


def _failing_condition(case: Case) -> str:
    """Return which assumption of the theorem fails, or nothing."""
    if case.problem.unpromised:
        return _unpromised(case.problem)
    for condition in case.conditions():
        if not condition.holds:
            return f"The theorem needs {condition.name}, but {condition.values}."
    return ""


def _claimed(claim: claims.Claim, case: Case, progress: Progress) -> list[Verdict]:
    """Return the verdicts on a claim; a file or an object is measured as the shipped method that it was found to be."""
    told = ""
    try:
        with blaming(case.method):
            if case.method.is_shipped:
                return [_placed(claim, case, one) for one in _heard(claim, case, progress)]
            shipped = case.method.likenesses[0].name
            # Claims tell methods apart by their names.
            known = replace(case, method=replace(case.method, name=shipped))
            if isinstance(case.method, ObjectMethod):
                # In Python it is slow.
                known, told = case.other(shipped), f"Of {shipped}, which it was found to be: "
            found = [_placed(claim, known, one) for one in _heard(claim, known, progress)]
    except InputError as reason:
        # What a claim measures may have no end where a file does not do what it says.
        if not isinstance(reason, NotExact) and case.method.is_shipped:
            raise
        return [claim.stated(_not_applicable(case, "claim", str(reason)))]
    return [
        replace(one, method=case.method.name, sentence=told + (lowered(one.sentence) if told else one.sentence))
        for one in found
    ]


def _heard(claim: claims.Claim, case: Case, progress: Progress) -> list[Verdict]:
    """Return the verdicts on a claim; those that seeds contradict keep what was measured of each."""
    with hearing() as samples:
        verdicts = claim.verdicts(case, progress)
    return [
        replace(one, details={"samples": samples} | one.details) if one.status == "refuted" else one for one in verdicts
    ]


def _placed(claim: claims.Claim, case: Case, verdict: Verdict) -> Verdict:
    """Return a verdict on a claim that says first where it was measured, if that was not on the given problem."""
    if verdict.status == "not applicable":
        return verdict
    there = f" but on {verdict.problem}" if verdict.problem != case.problem.label else ""
    if not (claim.elsewhere or there):
        return verdict
    place = there or " but on problems of its own sizes"
    return replace(verdict, sentence=f"Not on the given problem{place}: {verdict.sentence}")


def _judge(kind: str, case: Case, progress: Progress) -> list[Verdict]:
    """Return the verdict; a method that takes a function behind a matrix is also judged where there is one."""
    verdict = _finding(case, kind, progress)
    with blaming(case.method):
        relative = case.behind_matrix() if kind in ("invariant", "exact") and verdict.status == "confirmed" else None
    if relative is None:
        return [verdict]
    there = _finding(relative, kind, progress)
    place = f"an h of Kx on {relative.problem.n} clients with {relative.problem.d} coordinates"
    told = f"With {place}: {lowered(there.sentence)}"
    if there.status != "confirmed":
        return [replace(there, sentence=told)]
    told = f"The same holds with {place}." if kind == "invariant" else told
    return [replace(verdict, sentence=f"{verdict.sentence} {told}")]


def _finding(case: Case, kind: str, progress: Progress) -> Verdict:
    verdict = _found(case, kind, progress)
    if kind not in _FROM_ANY_STATE or verdict.status not in ("refuted", "not applicable"):
        return verdict
    with blaming(case.method):
        missing = undeclared(case)
    if missing is None:
        return verdict
    if kind in ("exact", "exponent"):
        return case.verdict(kind, "not applicable", missing.sentence)
    # What is wrong besides is wrong with them declared as well.
    if verdict.status != "refuted" or missing.case is None:
        return verdict
    again = _found(missing.case, kind, progress)
    return again if again.status == "refuted" else case.verdict(kind, "not applicable", missing.sentence)


def _found(case: Case, kind: str, progress: Progress) -> Verdict:
    try:
        with blaming(case.method):
            return ENGINES[kind](case, progress)
    except NotExact as reason:
        return _not_applicable(case, kind, str(reason))


@contextmanager
def blaming(method: Method) -> Generator[None, None, None]:
    """Say in one sentence what a file of the user's raises in this block; a shipped method's errors pass.

    What is too large or no number is judged, and no warning of NumPy tells of it as well.
    """
    try:
        with nullcontext() if method.is_shipped else np.errstate(all="ignore"):
            yield
    except BaseException as error:
        if method.is_shipped or isinstance(error, InputError | KeyboardInterrupt):
            raise
        raise InputError(f"{method.name} raised {complaint(error)}: mend the file and try again.") from error
