"""A theorem is a module: this is its contract, and how one is found."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from inspect import signature
from types import ModuleType
from typing import Any, NamedTuple, cast

import numpy as np

from ..algorithms.driver.objects import found
from ..algorithms.parts.letters import checked_letter, override
from ..core.checks import as_number
from ..core.discover import discover
from ..core.errors import InputError, unknown
from ..problems import Problem, Solution

#: What a module must define to be a theorem.
REQUIRED = ("prescribed", "lyapunov")
#: What a promised factor may be for.
UNITS = ("iteration", "round")
#: What is promised to grow with a power of kappa.
AXES = ("rounds", "iterations")


class Condition(NamedTuple):
    """One assumption of a theorem, held against a problem and parameters."""

    name: str
    """The assumption in the paper's letters."""
    holds: bool
    """Whether it holds."""
    values: str
    """The numbers on its two sides."""


@dataclass(frozen=True)
class Theorem:
    r"""A promise: under its conditions, :math:`E[V(z^+)] \le \rho V(z) + \sigma^2` for every iteration, or every round.

    Most have no noise, :math:`\sigma = 0`; with it V settles at :math:`\sigma^2 / (1 - \rho)` at most. Where nothing is
    proved of a method's rate its theorem says so: it only prescribes parameters.

    Attributes
    ----------
    name : str
        The module's name.
    summary, source : str
        The first line of the module's docstring, and where the theorem is from.
    exponents : dict of str to float
        The promised powers of kappa in "rounds" and "iterations" to a fixed relative accuracy; empty without a promise.
    tight : bool
        Whether the factor is attained on every quadratic of the class with two clients or more; otherwise, and by
        default, it is an upper bound.
    unit : str
        What the factor is for, "iteration" or "round": the module's ``UNIT``, by default an iteration.
    admissible : callable
        ``admissible(problem, params)`` returns a tuple of :class:`Condition`; by default none.
    contraction : callable or None
        ``contraction(problem, params)`` returns the factor rho of one such unit; None if no rate is promised.
    noise : callable
        ``noise(problem, params)`` returns sigma squared; by default 0.
    lyapunov : callable
        ``lyapunov(problem, params, state, target)`` returns V.
    target : callable
        ``target(problem, params)`` returns the point towards which V measures; by default the problem's solution.
    """

    name: str
    summary: str
    source: str
    exponents: dict[str, float]
    tight: bool
    unit: str
    admissible: Callable[..., tuple[Condition, ...]]
    contraction: Callable[..., float] | None
    noise: Callable[..., float]
    lyapunov: Callable[..., float]
    target: Callable[..., Any]
    _prescribed: Callable[..., Any]

    @classmethod
    def from_module(cls, module: ModuleType, name: str) -> "Theorem":
        """Return the theorem that a module states.

        Raises
        ------
        InputError
            If the module lacks one of the names in ``REQUIRED``, its ``UNIT`` is none of ``UNITS``, or its
            ``EXPONENTS`` are no powers for ``AXES``.
        """
        missing = [attribute for attribute in REQUIRED if not hasattr(module, attribute)]
        if missing:
            raise InputError(
                f"{name} states no theorem, it lacks {' and '.join(missing)}: define them as in "
                "theory/theorems/proxskip.py."
            )
        unit = getattr(module, "UNIT", UNITS[0])
        if unit not in UNITS:
            raise unknown(f"UNIT of {name}", unit, UNITS)
        summary, _, rest = (module.__doc__ or name).partition("\n")
        return cls(
            name=name,
            summary=summary,
            source=" ".join(rest.partition("Source:")[2].split()),
            exponents=_exponents(module, name),
            tight=getattr(module, "TIGHT", False),
            unit=unit,
            admissible=getattr(module, "admissible", _no_conditions),
            contraction=getattr(module, "contraction", None),
            noise=getattr(module, "noise", _no_noise),
            lyapunov=module.lyapunov,
            target=getattr(module, "target", _solution),
            _prescribed=module.prescribed,
        )

    @property
    def prescription(self) -> str:
        """What the theory prescribes, in the paper's letters: the first line that its code says of itself.

        Examples
        --------
        >>> get("scaffnew").prescription
        'γ = 1/L, p = 1/√κ.'
        """
        return " ".join((self._prescribed.__doc__ or "").strip().partition("\n\n")[0].split())

    @property
    def told(self) -> str:
        """What is promised, and whether a rate is attained.

        Examples
        --------
        >>> from rootkappa import theory
        >>> theory.get("fedcomloc_com").told == theory.get("fedcomloc_com").summary
        True
        """
        if self.contraction is None:
            return self.summary
        return f"{self.summary} {'Tight.' if self.tight else 'An upper bound.'}"

    def parameters(self, problem: Problem, **changes: Any) -> Any:
        """Return the parameters that the theory prescribes.

        Parameters
        ----------
        problem : Problem
            For its constants L, mu and kappa.
        **changes
            Letters to set otherwise, for example ``p=0.1``. Those that the theory leaves free, such as a compressor,
            are the arguments of the module's ``prescribed``, and what it prescribes for the others fits them.

        Raises
        ------
        InputError
            If a letter is not one of the method's, or outside its range.

        Examples
        --------
        >>> from rootkappa import problems
        >>> get("scaffnew").parameters(problems.Quadratic.random(kappa=100.0), gamma=0.5)
        scaffnew.Params(gamma=0.5, p=0.1)
        """
        # What the theory leaves free is given to it first: the other letters may depend on it.
        free = list(signature(self._prescribed).parameters)[1:]
        given = {letter: changes[letter] for letter in free if letter in changes}
        if given:
            default: Any = self._prescribed(problem)
            given = {letter: checked_letter(default.__class__, letter, value) for letter, value in given.items()}
        return override(self._prescribed(problem, **given), changes, self.name)

    def __repr__(self) -> str:
        return f"<theorem {self.name}>"


def _exponents(module: ModuleType, name: str) -> dict[str, float]:
    given: Any = getattr(module, "EXPONENTS", None)
    if given is None:
        return {}
    exponents: dict[Any, Any] = cast("dict[Any, Any]", given) if isinstance(given, dict) else {None: None}
    if not all(axis in AXES and math.isfinite(as_number(power)) for axis, power in exponents.items()):
        raise InputError(
            f"{name} has EXPONENTS = {given!r}: give powers of kappa for {' or '.join(AXES)}, such as "
            "{'rounds': 0.5}, or leave it out."
        )
    return {axis: float(power) for axis, power in exponents.items()}


def _no_conditions(problem: Problem, params: Any) -> tuple[Condition, ...]:
    return ()


def _no_noise(problem: Problem, params: Any) -> float:
    return 0.0


def _solution(problem: Problem, params: Any) -> Solution:
    return problem.solution()


@cache
def _discovered() -> dict[str, Theorem]:
    modules = discover(f"{__package__}.theorems")
    return {name: Theorem.from_module(module, name) for name, module in modules.items()}


def names() -> list[str]:
    """Return the names of all theorems, sorted."""
    return sorted(_discovered())


def get(name: str) -> Theorem:
    """Return a theorem by name.

    Raises
    ------
    InputError
        If there is no such theorem.
    """
    if name not in names():  # a list, which may be asked for anything
        raise unknown("theorem", name, names())
    return _discovered()[name]


def promised_by(method: Any) -> Theorem:
    """Return the theorem that a method is held against: the one that it names, or else the one in its own file.

    An object that names one may measure its V in the letters of its own states.

    Parameters
    ----------
    method : str, Path, Method or object
        As in :func:`rootkappa.theory.verify`.

    Raises
    ------
    InputError
        If there is neither.

    Examples
    --------
    >>> from rootkappa import algorithms
    >>> promised_by(algorithms.get("fedcomloc_local"))
    <theorem fedcomloc_com>
    """
    method = found(method)
    if method.promise is not None:
        theorem, own = get(method.promise), method.own_lyapunov
        return theorem if own is None else replace(theorem, lyapunov=own)
    module = method.module
    if not (hasattr(module, "prescribed") and hasattr(module, "contraction")):
        raise InputError(
            f"{method.name} promises nothing: let PROMISE name a theorem, or define prescribed, contraction and "
            "lyapunov in its own file."
        )
    return Theorem.from_module(module, method.name)


def step_size_condition(letter: str, size: float, bound: float, text: str) -> Condition:
    """Return the condition that a step size lies strictly between 0 and a bound.

    Examples
    --------
    >>> step_size_condition("γ", 3.0, 2.0, "2/L")
    Condition(name='0 < γ < 2/L', holds=False, values='γ = 3, 2/L = 2')
    """
    return Condition(f"0 < {letter} < {text}", 0 < size < bound, f"{letter} = {size:g}, {text} = {bound:g}")


def squared_norm(x: np.ndarray) -> np.float64:
    """Return the sum of the squares of all entries: ``np.sum(x**2)`` to the bit, in half the time.

    Examples
    --------
    >>> squared_norm(np.array([[3.0], [4.0]]))
    np.float64(25.0)
    """
    return np.add.reduce(x * x, axis=None)


def gradient_step_factor(problem: Problem, gamma: float) -> float:
    r"""Return :math:`\max\{(1 - \gamma\mu)^2, (1 - \gamma L)^2\}`, the factor of a gradient step in squared distance.

    It is attained by quadratics whose spectrum contains both ends; for :math:`\gamma \le 2/(L + \mu)` it is the first.
    """
    return max((1.0 - gamma * problem.mu) ** 2, (1.0 - gamma * problem.L) ** 2)
