"""A method is a module: this is its contract, and how one is found."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import numpy as np
from numba.core.dispatcher import Dispatcher

from ...core.compiled import is_ours, njit, uncached
from ...core.discover import discover
from ...core.dispatch import dispatched, distinguish, implements
from ...core.errors import InputError, shown, unknown
from ...problems.composite import Composite
from ...problems.personal import Personal
from ...problems.problem import Problem, checked_problem
from ...problems.solution import Solution
from ..parts import local_steps, nothing_drawn, server_rounds, skipped_rounds
from ..parts.clock import Clock, usual_seconds
from ..parts.cost import NOTHING, Cost, Pace, Sends
from ..parts.letters import checked
from ..parts.rounds import Listing, Phases, Randomness
from . import files

#: The package whose modules are the methods.
_METHODS = __name__.rpartition(".")[0].rpartition(".")[0]
#: The package whose modules are the theorems.
_THEOREMS = f"{_METHODS.rpartition('.')[0]}.theory.theorems"


# What functions that take letters by their names take besides.
_ARGUMENTS = {"self", "method", "problem", "evidence", "seed", "progress", "rate", "rounds", "epsilons", "per"}
_STATES = ("State", "start", "model", "fixed_point", "invariants")
# What a method may leave to the part that its FAMILY names.
_OF_A_FAMILY = (*_STATES, "check", "advance")


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


def _never(kernel: Any) -> bool:
    return False


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
    jumps: Callable[[Any], bool] = _never

    @classmethod
    def from_module(cls, module: ModuleType, name: str) -> "Method":
        """Return the method that a module declares.

        Raises
        ------
        InputError
            If the module lacks what nothing else could be derived from.
        """
        declared = _Declared(module, name)
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


class _Declared:
    """What a module says, and what follows from it."""

    def __init__(self, module: ModuleType, name: str) -> None:
        family = vars(module).get("FAMILY")
        self._names = {key: value for key, value in vars(family).items() if key in _OF_A_FAMILY} if family else {}
        self._names |= vars(module)
        self._module, self._name = module, name
        self._is_file = not is_ours(module.__name__)
        params = self.needed("Params")
        if not (isinstance(params, type) and issubclass(params, tuple) and hasattr(params, "_fields")):
            raise InputError(f"{name} has Params = {params!r}: make it a NamedTuple of the method's letters.")
        taken = sorted(_ARGUMENTS.intersection(vars(params)))
        if taken:
            raise InputError(f"{name} has a letter {taken[0]!r}, which is an argument beside the letters: rename it.")
        promise = self.get("PROMISE")
        if not isinstance(promise, str | None):
            raise InputError(f"{name} has PROMISE = {promise!r}: give the name of a theorem, such as 'scaffnew'.")
        self._averages = _is_implemented(local_steps.communicate, params)
        self._serves = _is_implemented(server_rounds.end_round, params)

    def get(self, attribute: str, default: Any = None) -> Any:
        return self._names.get(attribute, default)

    def needed(self, attribute: str, instead: str = "") -> Any:
        if attribute not in self._names:
            raise InputError(
                f"{self._name} declares no method, it lacks {attribute}{instead}: define it as in "
                "algorithms/scaffnew.py, or start from rootkappa new."
            )
        return self._names[attribute]

    def randomness(self) -> dict[str, Any]:
        """Return what RANDOM gives, or the functions in its place."""
        random = self.get("RANDOM")
        if random is not None and not isinstance(random, Randomness):
            raise InputError(
                f"{self._name} has RANDOM = {random!r}: give what ends a round, for example Coin('p') or Nothing()."
            )
        given: dict[str, Any] = {"random": random}
        for attribute in ("outcomes", "draw", "unroll", "pace"):
            if attribute in self._names:
                given[attribute] = self._names[attribute]
            elif random is not None:
                given[attribute] = getattr(random, attribute)
            elif attribute == "unroll":
                given[attribute] = np.asarray  # drawn by hand, one outcome a round
            else:
                self.needed("RANDOM")
        return given

    def cost(self) -> Callable[[Problem, Any, Any], Cost]:
        """Return what SENDS gives, or the function in its place."""
        own = self.get("cost")
        if own is not None:
            return own
        sends: Sends = self.needed("SENDS", " or cost")
        gradients = self.get("gradients", lambda problem, params, draws: draws.iterations)

        def cost(problem: Problem, params: Any, draws: Any) -> Cost:
            return sends.cost(problem, params, len(draws), draws.iterations, gradients(problem, params, draws))

        return cost

    def seconds(self) -> Callable[[Problem, Any, Any, Clock], np.ndarray]:
        """Return what follows from cost and from what is drawn, or the function in its place."""
        sends = self.get("SENDS") if self.get("cost") is None else None
        usual = usual_seconds(self.get("RANDOM"), self.cost(), sends, self.get("gradients"))
        return self.get("seconds", usual)

    def states(self) -> dict[str, Any]:
        """Return what states are: those of clients with control variates, or of a server, or the module's own."""
        own = self.get("State")
        usual: Any = skipped_rounds if self._averages or own is skipped_rounds.State else nothing_drawn
        given: dict[str, Any] = {"invariants": None} | {
            name: vars(usual)[name] for name in _STATES if name in vars(usual)
        }
        if own not in (None, usual.State):
            self.needed("start")
            given |= {"fixed_point": None, "invariants": None}
        found = given | {name: self._names[name] for name in _STATES if name in self._names}
        return found | {"invariants": found["invariants"] or _nothing_conserved}

    def jumps(self) -> Callable[[Any], bool]:
        """Return JUMPS, which is for methods that draw nothing."""
        found, random = self.get("JUMPS"), self.get("RANDOM")
        if found is not None and not (callable(found) and isinstance(random, Phases) and not random.parts):
            raise InputError(
                f"{self._name} has JUMPS = {found!r} and RANDOM = {random!r}: give JUMPS = oracles.knows_jumps beside "
                "RANDOM = Nothing(), or leave JUMPS out."
            )
        return found or _never

    def moves(self) -> dict[str, Any]:
        """Return step and advance: the module's own, or the loops of the parts."""
        step, advance = self.get("step"), self.get("advance")
        if step is None:
            loops = self._loops()
            may = advance is None and getattr(loops, "may_go_together", False)
            together = loops.advance_together if may else None
            return {"step": loops.step, "advance": advance or loops.advance, "advance_together": together}
        own = (self._stored(_repeat),) if self._is_file else ()
        if advance is None:
            advance = _StepByStep(self._module, self.randomness()["unroll"], *own)
        return {"step": step, "advance": advance}

    def _loops(self) -> Any:
        letters = self._names["Params"]
        if self._averages:
            loop = self._stored(local_steps.all_rounds) if self._is_file else local_steps.all_rounds
            return local_steps.LocalSteps(self.randomness()["random"], letters, self.get("compiled"), loop)
        if self._serves:
            loop = self._stored(server_rounds.all_rounds) if self._is_file else server_rounds.all_rounds
            return server_rounds.ServerRounds(letters, self.get("RANDOM"), self.get("compiled"), loop)
        return self.needed("step", " or a communicate for its Params")

    def _stored(self, loop: Any) -> Any:
        """Return a copy of a compiled loop for a user's file, stored with its own compiled functions."""
        copy = uncached(loop)
        files.store_compiled(self._module, copy)
        return copy


def _nothing_conserved(problem: Problem, params: Any, state: Any) -> dict[str, np.ndarray]:
    return {}


def _is_implemented(function: Any, params: type) -> bool:
    return any(base in function.implementations for base in params.__mro__)


@dispatched
def _step_of(params, kernel, state, outcome):
    """Take one step in place, for the loop over steps."""
    raise NotImplementedError


@njit
def _repeat(params, kernel, state, outcomes):
    for outcome in outcomes:
        _step_of(params, kernel, state, outcome)


class _StepByStep:
    """The ``advance`` of a file that defines ``step`` only: compiled if that is, and changes the state in place."""

    def __init__(self, module: ModuleType, unroll: Callable[[Any], Sequence[Any]], repeat: Any = _repeat) -> None:
        self._step, self._unroll, self._repeat = module.step, unroll, repeat
        # Steps are told apart by the type of the letters, so each file has one of its own.
        if isinstance(module.step, Dispatcher):
            self._letters = type("_Letters", (module.Params,), {"__module__": module.__name__, "__slots__": ()})
            distinguish(self._letters)
            vars(module)["_Letters"] = self._letters
            step = module.step

            def one(params, kernel, state, outcome):
                step(kernel, params, state, outcome)

            implements(_step_of, self._letters)(one)

    def __call__(self, kernel: Any, params: Any, state: Any, draws: Any) -> Any:
        outcomes = self._unroll(draws)
        if len(outcomes) == 0:
            return None
        returned = self._step(kernel, params, state, outcomes[0])
        if returned is None and isinstance(self._step, Dispatcher):
            self._repeat(self._letters(*params), kernel, state, outcomes[1:])
            return None
        changed = state if returned is None else returned
        for outcome in outcomes[1:]:
            returned = self._step(kernel, params, changed, outcome)
            changed = changed if returned is None else returned
        return None if changed is state else changed


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
