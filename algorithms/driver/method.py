"""A method is a module: this is its contract, and how one is found."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import numpy as np

from ...core.discover import discover
from ...core.dispatch import distinguish
from ...core.errors import InputError, shown, unknown
from ...problems.composite import Composite
from ...problems.personal import Personal
from ...problems.problem import Problem, checked_problem
from ...problems.solution import Solution
from ..parts.clock import Clock
from ..parts.cost import NOTHING, Cost, Pace
from ..parts.letters import checked
from ..parts.rounds import Listing, Randomness
from . import files
from .declared import Declared, never

#: The package whose modules are the methods.
_METHODS = __name__.rpartition(".")[0].rpartition(".")[0]
#: The package whose modules are the theorems.
_THEOREMS = f"{_METHODS.rpartition('.')[0]}.theory.theorems"


class Letters(Protocol):
    """A NamedTuple: a method's parameters or its state, in the paper's letters."""

    @property
    def _fields(self) -> tuple[str, ...]: ...

    def _asdict(self) -> dict[str, Any]: ...

    def _replace(self, **changes: Any) -> "Letters": ...


class MethodFile(Protocol):
    """What every file in ``algorithms`` says; the rest is derived from it, and a function of the file overrides.

    Attributes
    ----------
    RANDOM : Randomness
        What is drawn.
    PROMISE : str
        The theorem that the method is held against; a user's file may state one of its own instead. It may also say
        ``LIKE``, see :attr:`Method.likenesses`.
    Params : type
        A NamedTuple of the letters, whose types are their ranges.
    """

    @property
    def RANDOM(self) -> Randomness: ...

    @property
    def PROMISE(self) -> str: ...

    @property
    def Params(self) -> type[Letters]: ...


def _no_opening(problem: Problem, params: Any) -> Cost:
    return NOTHING


def _as_declared(problem: Problem, params: Any, state: Any, cost: Cost) -> Cost:
    return cost


@dataclass(frozen=True)
class Method:
    """One optimisation method, made of the functions of its module.

    Randomness is always an argument. A *round* ends with a communication; a *step* is one iteration, or a whole round
    for methods whose paper counts rounds.

    Attributes
    ----------
    name : str
        The module's name, or the path of the user's file.
    module : ModuleType
        What it is made of.
    promise : str or None
        The name of the theorem that the method is held against: the module's ``PROMISE``. None for a user's file that
        states a theorem of its own.
    handles_psi : bool
        Whether the problem may have a nonsmooth term: the module's ``HANDLES_PSI``, by default False.
    handles_composite : bool
        Whether the problem may be a :class:`~rootkappa.problems.Composite`, with a function behind a matrix: the
        module's ``HANDLES_COMPOSITE``, by default False.
    handles_personal : bool
        Whether the problem may be a :class:`~rootkappa.problems.Personal`, with private parts of models: the module's
        ``PERSONAL``, by default False. Its model there is the joint vector.
    needs_server : bool
        Whether the problem's server must have data of its own: the module's ``NEEDS_SERVER``, by default False.
    jumps : callable
        ``jumps(kernel)`` returns whether ``advance`` takes any number of rounds at the cost of a few, for which the
        method may draw nothing: the module's ``JUMPS``, by default never. Each recorded state is then one jump from the
        start, and the same whatever else is recorded.
    group : str
        What the method is for, in the words of the list of methods: the module's ``GROUP``; a file needs none.
    summary, source : str
        The first line of the module's docstring, and where the method is from.
    random : Randomness or None
        The module's ``RANDOM``: outcomes, draw, unroll and pace follow from it.
    Params, State : type
        NamedTuples in the paper's letters.
    start : callable
        ``start(problem, params)`` returns a new state.
    outcomes : callable
        ``outcomes(problem, params)`` returns pairs of a probability and an outcome: every realisation of the
        randomness of one step. None if there are too many to list.
    draw : callable
        ``draw(rng, problem, params, rounds)`` returns the randomness of that many rounds, which has that length and can
        be sliced.
    unroll : callable
        ``unroll(draws)`` returns the outcomes of all steps of drawn rounds.
    step : callable
        ``step(kernel, params, state, outcome)``: one step; changes the state in place, or returns a new one.
    advance : callable
        ``advance(kernel, params, state, draws)``: many rounds, the same trajectory as ``step``, likewise; by default
        step after step.
    advance_together : callable or None
        ``advance_together(kernel, params, states, draws)``: what ``advance`` does, for several runs at once, each with
        the bits that it has alone. None if the method does not know how.
    affine : callable
        ``affine(problem, params)`` returns parameters with which a step on a quadratic is an affine map of the state:
        by default the parameters themselves. Where it is none, it returns others with which the theorem's V of the
        next state is in expectation never smaller, from any state; None if there are no such parameters.
    cost : callable
        ``cost(problem, params, draws)`` returns the :class:`~rootkappa.algorithms.parts.cost.Cost` of those rounds. It
        follows from ``SENDS``, and from ``gradients(problem, params, draws)`` where that is not one an iteration.
    seconds : callable
        ``seconds(problem, params, draws, clock)`` returns how long each of those rounds takes by a
        :class:`~rootkappa.algorithms.Clock`, shape (rounds,). By default each client that takes part computes and sends
        what ``cost`` says, and the slowest of them is waited for.
    opening : callable
        ``opening(problem, params)`` returns what is sent and computed once, before the first round: by default nothing.
    spent : callable
        ``spent(problem, params, state, cost)`` returns what was spent up to a state, where how long a message is shows
        only when it is sent; ``cost`` is the declared one of all rounds so far, which it does not exceed. By default it
        is that.
    decided : callable or None
        ``decided(params, state, draws)`` returns the draws of one round with what the state at its end says of who took
        part, where that depends on more than on what is drawn; by default None, as it does not.
    pace : callable
        ``pace(params)`` returns the :class:`~rootkappa.algorithms.parts.cost.Pace` of a step.
    model : callable
        ``model(state)`` returns the model that the method would hand out, shape (d,).
    invariants : callable
        ``invariants(problem, params, state)`` returns named arrays that stay 0 along every path; a module with
        ``invariants = None`` has none.
    fixed_point : callable or None
        ``fixed_point(problem, params, target)`` returns the state that every realisation leaves unchanged; None if
        the method has no such state.
    """

    name: str
    module: ModuleType
    promise: str | None
    handles_psi: bool
    handles_composite: bool
    handles_personal: bool
    needs_server: bool
    group: str
    summary: str
    source: str
    random: Randomness | None
    Params: Any
    State: Any
    start: Callable[[Problem, Any], Any]
    outcomes: Callable[[Problem, Any], Listing]
    draw: Callable[[np.random.Generator, Problem, Any, int], Any]
    unroll: Callable[[Any], Sequence[Any]]
    step: Callable[..., Any]
    advance: Callable[..., Any]
    affine: Callable[[Problem, Any], Any]
    cost: Callable[[Problem, Any, Any], Cost]
    pace: Callable[[Any], Pace]
    model: Callable[[Any], np.ndarray]
    invariants: Callable[[Problem, Any, Any], dict[str, np.ndarray]]
    fixed_point: Callable[[Problem, Any, Solution], Any] | None
    own_check: Callable[[Problem], None]
    seconds: Callable[[Problem, Any, Any, Clock], np.ndarray]
    advance_together: Callable[..., None] | None = None
    opening: Callable[[Problem, Any], Cost] = _no_opening
    spent: Callable[[Problem, Any, Any, Cost], Cost] = _as_declared
    decided: Callable[[Any, Any, Any], Any] | None = None
    jumps: Callable[[Any], bool] = never

    @classmethod
    def from_module(cls, module: ModuleType, name: str) -> "Method":
        """Return the method that a module declares.

        Raises
        ------
        InputError
            If the module lacks what nothing else could be derived from.
        """
        declared = Declared(module, name)
        states = declared.states()
        for letters in (declared.needed("Params"), states["State"]):
            distinguish(letters)
        summary, _, rest = (module.__doc__ or name).partition("\n")
        return cls(
            name=name,
            module=module,
            promise=declared.get("PROMISE"),
            handles_psi=declared.get("HANDLES_PSI", False),
            handles_composite=declared.get("HANDLES_COMPOSITE", False),
            handles_personal=declared.get("PERSONAL", False),
            needs_server=declared.get("NEEDS_SERVER", False),
            group=declared.get("GROUP", ""),
            summary=summary,
            source=" ".join(rest.partition("Source:")[2].split()),
            affine=declared.get("affine", lambda problem, params: params),
            own_check=declared.get("check", lambda problem: None),
            Params=declared.needed("Params"),
            cost=declared.cost(),
            opening=declared.get("opening", _no_opening),
            spent=declared.get("spent", _as_declared),
            decided=declared.get("decided"),
            jumps=declared.jumps(),
            **declared.randomness(),
            seconds=declared.seconds(),
            **states,
            **declared.moves(),
        )

    @property
    def is_shipped(self) -> bool:
        """Whether the method is one of the package's own, not a file of the user's."""
        return self.name in names()

    @property
    def likenesses(self) -> tuple["Method", ...]:
        """The shipped methods of which this one, another than those, says that it is one.

        It says so by ``LIKE``, the name of a method, and otherwise by the theorem in its ``PROMISE``: then it is one of
        the methods for which that theorem was made, that with the same summary if there is one. With ``LIKE = None`` it
        only makes the same promise.

        Raises
        ------
        InputError
            If ``LIKE`` is no name of a method.
        """
        if self.is_shipped:
            return ()
        like = vars(self.module).get("LIKE", self)
        if like is not self:
            if like is not None and like not in names():
                raise unknown(f"LIKE of {self.name}", str(like), names())
            return () if like is None else (get(like),)
        same = [method for method in map(get, names()) if method.promise == self.promise]
        return tuple([method for method in same if method.summary == self.summary] or same)

    @property
    def own_lyapunov(self) -> Callable[..., float] | None:
        """A V of the method's own in the place of that of the theorem which it names: a file has none."""
        return None

    def oracles(self, problem: Problem) -> Any:
        """Return what ``step`` and ``advance`` ask for gradients: what compiled code takes."""
        return problem.kernel

    def stepped(self, problem: Problem, params: Any, state: Any, outcome: Any) -> Any:
        """Return the state after one step, which may be the given one, changed."""
        returned = self.step(self.oracles(problem), params, state, outcome)
        return state if returned is None else returned

    def advanced(self, problem: Problem, params: Any, state: Any, draws: Any) -> Any:
        """Return the state after many rounds, which may be the given one, changed."""
        returned = self.advance(self.oracles(problem), params, state, draws)
        return state if returned is None else returned

    def letters(self, params: Any) -> Any:
        """Return parameters in the method's own class, which compiled code goes by, each checked for its range.

        Raises
        ------
        InputError
            If they have other letters, or one is out of range.
        """
        fields = getattr(params, "_fields", None)
        if fields is None or set(fields) != set(self.Params._fields):
            raise InputError(
                f"params = {shown(params)} are no parameters of {self.name}: give its letters, "
                f"{', '.join(self.Params._fields)}, for example by theorem.parameters(problem)."
            )
        return checked(self.Params(**params._asdict()))

    def stated(self) -> Any:
        """Return the module that states the theorem which the method names, or its own; None if there is neither.

        The theorems are found by being there: what runs methods only reads how a theorem measures progress.
        """
        if self.promise is None:
            return self.module if hasattr(self.module, "lyapunov") else None
        return discover(_THEOREMS).get(self.promise)

    def check(self, problem: Problem) -> None:
        """Raise an InputError if the method cannot run on the problem; the module's ``check`` may ask for more."""
        checked_problem(problem)
        if not (problem.is_smooth or self.handles_psi):
            raise InputError(
                f"{self.name} has no prox, but the problem has psi = {problem.psi!r}: leave psi out or take proxskip."
            )
        if isinstance(problem, Composite) and not self.handles_composite:
            raise InputError(
                f"{self.name} has no prox behind a matrix, but the problem has h = {problem.h!r} of Kx: take randprox."
            )
        if isinstance(problem, Personal) and not self.handles_personal:
            raise InputError(
                f"{self.name} has one model for all clients, but {problem.label} gives each a part of its own: take "
                "the problem without private parts, its inner."
            )
        if self.needs_server and problem.server is None:
            raise InputError(
                f"{self.name} needs a server with data of its own, but that of {problem.label} has none: give "
                "server=0.1 to problems.Logistic, or --server 0.1, for a tenth of all samples."
            )
        self.own_check(problem)

    def __repr__(self) -> str:
        return f"<method {self.name}>"


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
    if name not in names():  # a list, which may be asked for anything
        raise unknown("method", name, names())
    return _discovered()[name]


def find(name: str | Path) -> Method:
    """Return a method by name, or from the Python file of that path.

    Raises
    ------
    InputError
        If there is no such method, or the file declares none.
    """
    text = str(name)
    is_path = isinstance(name, Path) or text.endswith(".py") or "/" in text or os.sep in text
    return load(name) if is_path else get(text)


#: The methods of files by module and path: a file is loaded anew as soon as its content is another.
_loaded: dict[tuple[str, str], Method] = {}


def load(path: str | Path) -> Method:
    """Return the method that a Python file declares.

    The file is executed as if it lay in the folder ``algorithms``: a copy of one of its files works as it is, relative
    imports included. Its theorem is the one that its ``PROMISE`` names, or its own.

    Parameters
    ----------
    path : str or Path
        A Python file.

    Raises
    ------
    InputError
        If the file is missing, cannot be executed or declares no method.
    """
    module = files.execute(Path(path))
    key = (module.__name__, str(path))
    if key not in _loaded:
        _loaded[key] = Method.from_module(module, str(path))
    return _loaded[key]
