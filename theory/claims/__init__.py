"""What papers say beyond a rate, one file each; every module with a ``measure`` is found by being there.

A claim that is known not to hold stays: its module's ``REFUTED`` tells why, and it is news if it is found to hold. Of a
claim in parts, such as one that holds in a range only, ``measure`` returns a verdict on each, and ``REFUTED`` names
the parts that do not hold::

    REFUTED = {"3 local steps": "Clients drift apart by γ² for each of their steps."}

    def measure(case, progress):
        return [case.verdict("claim", ..., part="1 local step"), case.verdict("claim", ..., part="3 local steps")]
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from types import ModuleType
from typing import Any

from ...algorithms.driver.objects import found
from ...core.discover import discover
from ...problems import Personal, Problem, Quadratic
from ..case import Case, Progress
from ..verdict import Verdict


@dataclass(frozen=True)
class Claim:
    """A statement about a method that can be measured, with the control that shows its cause.

    Attributes
    ----------
    name : str
        The module's name.
    summary : str
        The statement: the first line of the module's docstring.
    refuted : mapping of str to str
        For each part that is known not to hold the reason; a claim in one piece is the part "".
    methods : tuple of str
        The methods of which it speaks.
    on_quadratics : bool
        Whether it is measured where a quadratic is given only, on that or on problems of its own: the module's
        ``ON_QUADRATICS``, by default False.
    of_its_own : bool
        Whether it is measured on problems of its own, whichever is given, so that of several given problems it is told
        once: the module's ``OF_ITS_OWN``, by default False.
    elsewhere : bool
        Whether it is measured on problems of other sizes than the given one, though they may depend on it: the module's
        ``ELSEWHERE``; where ``of_its_own`` holds this does.
    measure : callable
        ``measure(case, progress)`` returns the :class:`~rootkappa.theory.verdict.Verdict`, or a list of them, one for
        each part of the claim; their sentences tell both the measurement and the control.
    """

    name: str
    summary: str
    methods: tuple[str, ...]
    on_quadratics: bool
    measure: Callable[[Case, Progress], Verdict | Iterable[Verdict]]
    refuted: Mapping[str, str] = field(default_factory=dict[str, str])
    of_its_own: bool = False
    elsewhere: bool = False

    @classmethod
    def from_module(cls, module: ModuleType, name: str) -> "Claim":
        """Return the claim that a module makes."""
        summary = (module.__doc__ or name).partition("\n")[0]
        why: Any = getattr(module, "REFUTED", {})
        refuted: dict[str, str] = {"": why} if isinstance(why, str) else why
        here, own, sizes = (getattr(module, kind, False) for kind in ("ON_QUADRATICS", "OF_ITS_OWN", "ELSEWHERE"))
        return cls(name, summary, module.METHODS, here, module.measure, refuted, own, own or sizes)

    def verdicts(self, case: Case, progress: Progress) -> list[Verdict]:
        """Return a verdict on each part of the claim, which says what is known of it."""
        found = self.measure(case, progress)
        return [self.stated(verdict) for verdict in ([found] if isinstance(found, Verdict) else found)]

    def stated(self, verdict: Verdict) -> Verdict:
        """Return a verdict under the claim's name, beside what is known.

        Examples
        --------
        >>> from rootkappa import problems, theory
        >>> held = theory.case("scaffnew", problems.Quadratic.random(clients=2, dim=2, kappa=9.0))
        >>> claim = Claim("it_flies", "It flies.", ("scaffnew",), True, lambda *_: [], {"": "It has no wings."})
        >>> found = claim.stated(held.verdict("claim", "refuted", "It fell."))
        >>> found.claim, found.told, found.sentence
        ('it_flies', 'refuted as known', 'It fell. This is known: It has no wings.')
        """
        part, name = verdict.claim, f"{self.name}: {verdict.claim}" if verdict.claim else self.name
        why = self.refuted.get(part)
        held = replace(verdict, claim=name, known="confirmed" if why is None else "refuted")
        told = verdict.sentence
        if why is None and held.news == "refuted":
            told += " This is news: the claim was known to hold."
        elif why is not None and held.news == "confirmed":
            told += f" This is known: {why}"
        elif why is not None and held.news == "refuted":
            told += f" This is news: the claim was known not to hold. {why}"
        return replace(held, sentence=told)


@cache
def _discovered() -> tuple[Claim, ...]:
    return tuple(Claim.from_module(module, name) for name, module in discover(__name__).items())


def about(method: Any, problem: Problem | None = None) -> tuple[Claim, ...]:
    """Return the claims about a method, or about the one that it is like; with a problem those measured where it is.

    Examples
    --------
    >>> about("gradient_descent")
    ()
    """
    method = found(method)
    told = method.likenesses
    name = told[0].name if len(told) == 1 else method.name
    inner = problem.inner if isinstance(problem, Personal) else problem
    anywhere = problem is None or isinstance(inner, Quadratic)
    return tuple(claim for claim in _discovered() if name in claim.methods and (anywhere or not claim.on_quadratics))


def names() -> list[str]:
    """Return the names of all claims, sorted."""
    return sorted(claim.name for claim in _discovered())
