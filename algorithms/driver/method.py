"""A method is a module: this is its contract, and how one is found."""

import importlib
import importlib.util
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numba.core.dispatcher import Dispatcher

from ...core.compiled import njit
from ...core.discover import discover
from ...core.errors import InputError, unknown
from ...problems.composite import Composite

#: The package whose modules are the methods.
_METHODS = (__package__ or "").rpartition(".")[0]
#: What a module must define to be a method; a module with a ``step`` claims to be one.
REQUIRED = (
    "PROMISE", "Params", "State", "initial", "outcomes", "draw", "step", "cost", "pace", "estimate", "lyapunov",
)  # fmt: skip


@dataclass(frozen=True)
class Method:
    """One optimisation method, made of the functions of its module.

    Randomness is always an argument, and ``state`` always changes in place. A *round* ends with a communication; a
    *step* is one iteration, or a whole round for methods whose paper counts rounds.

    Attributes
    ----------
    name : str
        The module's name.
    promise : str
        The name of the theorem that the method is held against: the module's ``PROMISE``.
    handles_psi : bool
        Whether the problem may have a nonsmooth term: the module's ``HANDLES_PSI``, by default False.
    handles_composite : bool
        Whether the problem may be a :class:`~rootkappa.problems.Composite`, with a function behind a matrix: the
        module's ``HANDLES_COMPOSITE``, by default False.
    Params, State : type
        NamedTuples in the paper's letters.
    initial : callable
        ``initial(problem, params)`` returns a new state.
    outcomes : callable
        ``outcomes(problem, params)`` returns pairs of a probability and an outcome: every realisation of the
        randomness of one step. None if there are too many to list.
    draw : callable
        ``draw(rng, problem, params, rounds)`` returns the randomness of that many rounds, an array of that length; its
        entries may be records, or arrays of their own where the number of steps in a round decides how much is drawn.
    unroll : callable
        ``unroll(draws)`` returns the outcomes of all steps of drawn rounds; by default the draws themselves.
    step : callable
        ``step(kernel, params, state, outcome)``: one step, compiled, or a Python function that only looks up what
        compiled code is to be given.
    advance : callable
        ``advance(kernel, params, state, draws)``: many rounds, compiled, the same trajectory as ``step``; by default
        step after step.
    affine : callable
        ``affine(problem, params)`` returns parameters with which a step on a quadratic is an affine map of the state:
        by default the parameters themselves. Where it is none, it returns others with which the ``lyapunov`` of the
        next state is in expectation never smaller, from any state; None if there are no such parameters.
    cost : callable
        ``cost(problem, params, draws)`` returns the :class:`~rootkappa.algorithms.parts.cost.Cost` of those rounds.
    pace : callable
        ``pace(params)`` returns the :class:`~rootkappa.algorithms.parts.cost.Pace` of a step.
    estimate : callable
        ``estimate(state)`` returns the model that the method would hand out, shape (d,).
    target : callable
        ``target(problem, params)`` returns the point the method tends to; by default the problem's solution.
    invariants : callable
        ``invariants(problem, params, state)`` returns named arrays that stay 0 along every path; by default none.
    fixed_point : callable
        ``fixed_point(problem, params, target)`` returns the state that every realisation leaves unchanged; None if
        the method has no such state.
    lyapunov : callable
        ``lyapunov(problem, params, state, target)`` returns the number in which progress is measured.
    """

    name: str
    promise: str
    handles_psi: bool
    handles_composite: bool
    summary: str
    source: str
    Params: Any
    State: Any
    initial: Callable[..., Any]
    outcomes: Callable[..., Any]
    draw: Callable[..., Any]
    unroll: Callable[..., Any]
    step: Callable[..., Any]
    advance: Callable[..., Any]
    affine: Callable[..., Any]
    cost: Callable[..., Any]
    pace: Callable[..., Any]
    estimate: Callable[..., Any]
    target: Callable[..., Any]
    invariants: Callable[..., Any]
    fixed_point: Callable[..., Any] | None
    lyapunov: Callable[..., Any]
    _check: Callable[..., None]

    @classmethod
    def from_module(cls, module: ModuleType, name: str) -> "Method":
        """Return the method that a module declares.

        Raises
        ------
        InputError
            If the module lacks one of the names in ``REQUIRED``.
        """
        missing = [attribute for attribute in REQUIRED if not hasattr(module, attribute)]
        if missing:
            raise InputError(
                f"{name} declares no method, it lacks {', '.join(missing)}: define them as in algorithms/scaffnew.py."
            )
        summary, _, rest = (module.__doc__ or name).partition("\n")
        unroll = getattr(module, "unroll", np.asarray)
        return cls(
            name=name,
            promise=module.PROMISE,
            handles_psi=getattr(module, "HANDLES_PSI", False),
            handles_composite=getattr(module, "HANDLES_COMPOSITE", False),
            summary=summary,
            source=" ".join(rest.partition("Source:")[2].split()),
            unroll=unroll,
            advance=getattr(module, "advance", None) or _step_by_step(module, unroll),
            affine=getattr(module, "affine", lambda problem, params: params),
            target=getattr(module, "target", lambda problem, params: problem.solution()),
            invariants=getattr(module, "invariants", lambda problem, params, state: {}),
            fixed_point=getattr(module, "fixed_point", None),
            _check=getattr(module, "check", lambda problem: None),
            **{attribute: getattr(module, attribute) for attribute in REQUIRED if attribute != "PROMISE"},
        )

    @property
    def is_shipped(self) -> bool:
        """Whether the method is one of the package's own, not a file of the user's."""
        return self.name in names()

    def check(self, problem: Any) -> None:
        """Raise an InputError if the method cannot run on the problem; the module's ``check`` may ask for more."""
        if not (problem.is_smooth or self.handles_psi):
            raise InputError(
                f"{self.name} has no prox, but the problem has psi = {problem.psi!r}: leave psi out or take proxskip."
            )
        if isinstance(problem, Composite) and not self.handles_composite:
            raise InputError(
                f"{self.name} has no prox behind a matrix, but the problem has h = {problem.h!r} of Kx: take randprox."
            )
        self._check(problem)

    def __repr__(self) -> str:
        return f"<method {self.name}>"


def _step_by_step(module: ModuleType, unroll: Callable[..., Any]) -> Callable[..., Any]:
    step = module.step

    def repeat(kernel, params, state, outcomes):
        for outcome in outcomes:
            step(kernel, params, state, outcome)

    # A step of Python, which only looks up what compiled code is to be given, cannot be compiled itself.
    if isinstance(step, Dispatcher):
        repeat = njit(repeat)
    return lambda kernel, params, state, draws: repeat(kernel, params, state, unroll(draws))


@cache
def _discovered() -> dict[str, Method]:
    return {name: Method.from_module(module, name) for name, module in discover(_METHODS).items()}


def names() -> list[str]:
    """Return the names of all methods, sorted.

    Examples
    --------
    >>> "scaffnew" in names()
    True
    """
    return sorted(_discovered())


def get(name: str) -> Method:
    """Return a method by name.

    Raises
    ------
    InputError
        If there is no such method.

    Examples
    --------
    >>> get("scaffnew").summary
    'Scaffnew: ProxSkip for federated learning, local steps with control variates between rare averages.'
    """
    if name not in _discovered():
        raise unknown("method", name, names())
    return _discovered()[name]


@cache
def find(name: str) -> Method:
    """Return a method by name, or from the Python file of that path.

    Raises
    ------
    InputError
        If there is no such method, or the file declares none.
    """
    return load(name) if name.endswith(".py") or "/" in name or os.sep in name else get(name)


def load(path: str | Path) -> Method:
    """Return the method that a Python file declares.

    The file is executed as if it lay in the folder ``algorithms``: a copy of one of its files works as it is, relative
    imports included. Its theorem is the one that its ``PROMISE`` names.

    Parameters
    ----------
    path : str or Path
        A Python file.

    Raises
    ------
    InputError
        If the file is missing, cannot be executed or declares no method.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"method file {str(path)!r} does not exist: give the path of a Python file.")
    name = f"{_METHODS}._file_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InputError(f"method file {str(path)!r} is no Python file: give a file that ends in .py.")
    module = importlib.util.module_from_spec(spec)
    # Numba's cache finds the file's named tuples again by this name.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise InputError(
            f"method file {str(path)!r} cannot be executed, {type(error).__name__}: {error}: mend it and try again."
        ) from error
    return Method.from_module(module, str(path))
