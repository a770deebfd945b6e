"""A method that is any Python object with ``start``, ``step`` and ``model`` over NumPy arrays, uncompiled.

``start(problem, params)`` returns a new state, ``step(problem, params, state, outcome)`` takes one step, in place or by
returning a state, and ``model(state)`` returns the model that is handed out. A state is a NamedTuple, tuple, list or
dict of arrays, or one array; an array may be a list of vectors, one a client, and a tensor of another library.

What else a method file says an object may say too, under the same names, and its theorem likewise: ``RANDOM``,
``SENDS``, ``Params``, ``fixed_point``, ``invariants``, ``lyapunov`` and so on. Its own functions see states in its own
form. What it leaves out is that of the shipped method that its ``LIKE`` names, or else its ``PROMISE``; and one that
says only which method it is, by ``LIKE``, makes the promise of that method.
"""

from collections import namedtuple
from collections.abc import Mapping
from contextlib import nullcontext
from inspect import getdoc, ismodule
from pathlib import Path
from threading import Lock
from types import ModuleType, SimpleNamespace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from ...core.errors import InputError, complaint, unknown
from ...problems.problem import Problem
from .method import Method, find, get, names

#: What an object has to have.
REQUIRED = ("start", "step", "model")
# Functions of an object that see its states.
_OF_STATES = ("invariants", "fixed_point", "lyapunov")
# What an object may say besides, as a method file and a theorem do.
_SAID = (
    "PROMISE", "HANDLES_PSI", "HANDLES_COMPOSITE", "RANDOM", "SENDS", "Params", "outcomes", "draw", "unroll", "pace",
    "cost", "seconds", "affine", "check", "prescribed", "admissible", "contraction", "noise", "target", "EXPONENTS",
    "TIGHT", "UNIT", "LIKE",
)  # fmt: skip
# What follows from RANDOM, SENDS and cost, and is no longer the shipped method's where an object says its own.
_FOLLOWS = {
    "RANDOM": ("outcomes", "draw", "unroll", "pace", "seconds"), "SENDS": ("cost", "seconds"), "cost": ("seconds",),
}  # fmt: skip


class ObjectMethod(Method):
    """A method whose functions are those of a Python object, over NumPy arrays.

    Its states are NamedTuples of float64 arrays all the same: the shipped ``State`` where the shapes agree.
    """

    @property
    def is_shipped(self) -> bool:
        return False

    @property
    def own_lyapunov(self) -> Any:
        return vars(self.module).get("lyapunov")

    def oracles(self, problem: Problem) -> Any:
        # NumPy code asks the problem itself.
        return problem

    def stated(self) -> Any:
        theorem = super().stated()
        if self.promise is None or self.own_lyapunov is None:
            return theorem
        target = {"target": theorem.target} if hasattr(theorem, "target") else {}
        return SimpleNamespace(lyapunov=self.own_lyapunov, **target)


def found(method: Any, like: str | None = None) -> Method:
    """Return the method that a name, a path, a method or an object stands for.

    Parameters
    ----------
    method : str, Path, Method or object
        A name from :func:`rootkappa.algorithms.names`, the path of a Python file, a method, or any object with
        ``start``, ``step`` and ``model``.
    like : str, optional
        The shipped method from which an object without a ``PROMISE`` takes what it does not say.

    Raises
    ------
    InputError
        If there is no such method, or the object lacks what nothing else could be derived from.

    Examples
    --------
    >>> import numpy as np
    >>> from rootkappa import problems, theory
    >>> class NumPyScaffnew:
    ...     PROMISE = "scaffnew"
    ...
    ...     def start(self, problem, params):
    ...         return {"x": np.zeros((problem.n, problem.d)), "h": np.zeros((problem.n, problem.d))}
    ...
    ...     def step(self, problem, params, state, coin):
    ...         x, h = state["x"], state["h"]
    ...         x -= params.gamma * (problem.gradients_at(x) - h)
    ...         if coin:
    ...             mean = x.mean(axis=0)
    ...             h += params.p / params.gamma * (mean - x)
    ...             x[:] = mean
    ...
    ...     def model(self, state):
    ...         return state["x"].mean(axis=0)
    >>> found(NumPyScaffnew())
    <method NumPyScaffnew>
    >>> problem = problems.Quadratic.random(clients=3, dim=2, kappa=10.0)
    >>> verdicts = theory.verify(NumPyScaffnew(), problem, evidence=("invariant", "exact", "path"))
    >>> [verdict.status for verdict in verdicts]
    ['confirmed', 'confirmed', 'consistent']
    """
    if isinstance(method, Method):
        return method
    if isinstance(method, str | Path):
        return find(method)
    name = name_of(method)
    lacking = [function for function in REQUIRED if not callable(getattr(method, function, None))]
    if lacking:
        raise InputError(
            f"{name} is no method, it lacks {' and '.join(lacking)}: give a name, a path or an object with "
            "start(problem, params), step(problem, params, state, outcome) and model(state)."
        )
    own = {said: getattr(method, said) for said in (*_SAID, *_OF_STATES) if hasattr(method, said)}
    # A fixed point, and a shipped method that it is like, may be said not to be.
    own = {said: value for said, value in own.items() if value is not None or said in ("fixed_point", "LIKE")}
    if own.get("LIKE") and not own.keys() >= {"prescribed", "contraction"}:  # which would be a theorem of its own
        shipped = _shipped(name, "LIKE", own["LIKE"])
        own = {"PROMISE": shipped.promise} | own
    else:
        named = own.get("PROMISE") or like
        shipped = None if named is None else _shipped(name, "PROMISE", named)
    if shipped is None and not {"RANDOM", "Params"} <= own.keys():
        raise InputError(
            f"{name} has no PROMISE from which to take RANDOM and Params: let it name a theorem, such as 'scaffnew', "
            "or define them as in algorithms/scaffnew.py."
        )
    adapted = _Adapted(method, name, shipped, "lyapunov" in own)
    said = _said_by(shipped, adapted) if shipped else {}
    for source, functions in _FOLLOWS.items():
        if source in own:
            said = {key: value for key, value in said.items() if key not in functions}
    said |= own | {key: getattr(adapted, key) for key in _OF_STATES if own.get(key)}
    said |= {key: getattr(adapted, key) for key in REQUIRED}
    said["advance"] = adapted.advance_by(said["unroll"] if "unroll" in said else said["RANDOM"].unroll)
    # Named as if it were ours: there is no compiled code of it that would have to be stored elsewhere.
    module = ModuleType(f"{__name__}.{name}", getdoc(method) or name)
    vars(module).update(said)
    return ObjectMethod.from_module(module, name)


def name_of(thing: Any) -> str:
    """Return what an object is called: the name of a module or a class, or that of its class."""
    return thing.__name__ if ismodule(thing) or isinstance(thing, type) else type(thing).__name__


def _shipped(name: str, said: str, named: Any) -> Method:
    if named not in names():
        raise unknown(f"{said} of {name}", str(named), names())
    return get(named)


def _said_by(shipped: Method, adapted: "_Adapted") -> dict[str, Any]:
    """Return what an object need not say because a shipped method does."""
    said = {key: getattr(shipped, key) for key in (*_FOLLOWS["RANDOM"], *_FOLLOWS["SENDS"], "Params", "affine")}
    said |= {"RANDOM": shipped.random, "check": shipped.own_check, "invariants": adapted.shipped_invariants}
    said |= {"HANDLES_PSI": shipped.handles_psi, "HANDLES_COMPOSITE": shipped.handles_composite}
    said |= {"NEEDS_SERVER": shipped.needs_server, "PERSONAL": shipped.handles_personal}
    return said | {"fixed_point": shipped.fixed_point and adapted.shipped_fixed_point}


def fields_of(state: Any) -> dict[Any, Any]:
    """Return the arrays of a state by their names in it: a tuple's are numbers, and one array is called x."""
    if hasattr(state, "_asdict"):
        return state._asdict()
    if isinstance(state, Mapping):
        return dict(state)
    return dict(enumerate(state)) if isinstance(state, tuple | list) else {"x": state}


def array_of(value: Any) -> np.ndarray:
    """Return an array of a state in NumPy, of the dtype that it has: also a list of vectors, and a tensor.

    Raises
    ------
    InputError
        If it does not become an array of real numbers.

    Examples
    --------
    >>> array_of([[1.0, 2.0], [3.0, 4.0]]).shape
    (2, 2)
    """
    if isinstance(value, list | tuple) and value:
        rows = [array_of(row) for row in value]
        if len({row.shape for row in rows}) == 1:
            return np.stack(rows)
    # Tensors that remember gradients refuse to become arrays before they are detached.
    tensor: Any = value
    array = np.asarray(tensor.detach().cpu().numpy() if hasattr(tensor, "detach") else value)
    if array.dtype.kind not in "fiub":
        raise InputError(f"a state holds a {type(value).__name__} that is no array of real numbers: hold arrays in it.")
    return array


def counterparts(arrays: Mapping[Any, np.ndarray], shipped: Any) -> dict[str, Any]:
    """Return which array of a state stands for which field of a shipped method's: by name, or else by shape in order.

    Examples
    --------
    >>> from rootkappa import algorithms, problems
    >>> start = algorithms.get("scaffnew").start(problems.Quadratic.random(clients=3, dim=2), None)
    >>> counterparts({"c": np.zeros((3, 2)), "x": np.zeros((3, 2))}, start)
    {'X': 'x', 'H': 'c'}
    """
    shapes = {field: value.shape for field, value in shipped._asdict().items()}
    free = dict(arrays)
    taken = {}
    for same in (lambda key, field: str(key).lower() == field.lower(), lambda key, field: True):
        for field in shapes:
            fitting = [key for key in free if free[key].shape == shapes[field] and same(key, field)]
            if field not in taken and fitting:
                taken[field] = fitting[0]
                del free[fitting[0]]
    return {field: taken[field] for field in shapes if field in taken}


class _Form:
    """How an object writes a state, and the NamedTuple of float64 arrays that stands for it here."""

    def __init__(self, name: str, written: Any, start: Any, problem: Problem) -> None:
        self.name, self.written, self.d = name, written, problem.d
        arrays = {key: array_of(value) for key, value in fields_of(written).items()}
        same = {} if start is None else counterparts(arrays, start)
        self.is_shipped = start is not None and len(same) == len(arrays) == len(start)
        self.keys = list(same.values()) if self.is_shipped else list(arrays)
        self.shapes = {key: arrays[key].shape for key in self.keys}
        kind: Any = type(start) if self.is_shipped else namedtuple("State", map(str, arrays), rename=True)  # pyright: ignore[reportUntypedNamedTuple]
        # A class of its own, by which a state that comes back is written as the object writes it.
        self.State = type("State", (kind,), {"__slots__": (), "form": self})

    def read(self, written: Any) -> Any:
        """Return a state of the object's as a NamedTuple of new arrays."""
        fields = fields_of(written)
        if fields.keys() != self.shapes.keys():
            raise InputError(
                f"a state of {self.name} has the fields {_listed(self.shapes)} at the start and then "
                f"{_listed(fields)}: return states of one form."
            )
        arrays = [np.array(array_of(fields[key]), dtype=float) for key in self.keys]
        for key, array in zip(self.keys, arrays, strict=True):
            if array.shape != self.shapes[key]:
                raise InputError(
                    f"the field {key} of a state of {self.name} has the shape {self.shapes[key]} at the start and "
                    f"then {array.shape}: return states of one shape."
                )
        return self.State(*arrays)

    def write(self, state: Any) -> Any:
        """Return a state as the object writes it, in arrays of its own."""
        arrays = dict(zip(self.keys, state, strict=True))
        fields = {key: _as(value, arrays[key]) for key, value in fields_of(self.written).items()}
        kind: Any = type(self.written)
        if hasattr(self.written, "_asdict"):
            return kind(**fields)
        if isinstance(self.written, Mapping):
            return kind(fields)
        return kind(fields.values()) if isinstance(self.written, tuple | list) else fields["x"]


def _listed(names: Any) -> str:
    return ", ".join(map(str, names))


def _as(example: Any, array: np.ndarray) -> Any:
    """Return an array in the form and the precision of an example."""
    if isinstance(example, list | tuple):
        return type(example)(_as(one, row) for one, row in zip(example, array, strict=True))
    if isinstance(example, np.ndarray | int | float | np.generic):
        # Integers may be counters, or a start at 0 that was written without a point.
        stays = np.result_type(example).kind == "f" or np.array_equal(array, np.round(array))
        converted = array.astype(np.result_type(example)) if stays else array.copy()
        if isinstance(example, np.ndarray):
            return converted
        return converted[()] if isinstance(example, np.generic) else converted.item()
    if hasattr(example, "new_tensor"):  # PyTorch's
        return example.new_tensor(array.copy())
    if hasattr(example, "at"):  # JAX's
        return example.at[...].set(array)
    return type(example)(array.copy())


class _Adapted:
    """The functions of an object as those of a method: states are NamedTuples, and what fails is said in a sentence."""

    def __init__(self, thing: Any, name: str, shipped: Method | None, has_lyapunov: bool) -> None:
        self._thing, self._name, self._shipped, self._has_lyapunov = thing, name, shipped, has_lyapunov
        self._forms: WeakKeyDictionary[Problem, _Form] = WeakKeyDictionary()
        # Paths are walked side by side, but an object may keep scratch space of its own.
        self._one_at_a_time = Lock()

    def _called(self, function: str, *arguments: Any) -> Any:
        return called(self._thing, self._name, function, *arguments, lock=self._one_at_a_time)

    def start(self, problem: Problem, params: Any) -> Any:
        written = self._called("start", problem, params)
        form = self._forms.get(problem)
        if form is None or fields_of(written).keys() != fields_of(form.written).keys():
            start = self._shipped and self._shipped.start(problem, params)
            form = self._forms[problem] = _Form(self._name, written, start, problem)
            if start is not None and not (form.is_shipped or self._has_lyapunov):
                raise self._unlike(form, start)
        return form.read(written)

    def _unlike(self, form: _Form, start: Any) -> InputError:
        own = _listed(f"{key} {form.shapes[key]}" for key in form.keys)
        theirs = _listed(f"{field} {value.shape}" for field, value in start._asdict().items())
        return InputError(
            f"the state of {self._name} has {own}, and that of {self._shipped and self._shipped.name} has {theirs}: "
            "give it the same, or define lyapunov, fixed_point and invariants for the state as it is."
        )

    def step(self, problem: Problem, params: Any, state: Any, outcome: Any) -> Any:
        form = state.form
        return form.read(self._stepped(problem, params, form.write(state), outcome))

    def _stepped(self, problem: Problem, params: Any, written: Any, outcome: Any) -> Any:
        returned = self._called("step", problem, params, written, outcome)
        return written if returned is None else returned

    def advance_by(self, unroll: Any) -> Any:
        """Return the ``advance`` that goes step by step."""

        def advance(problem: Problem, params: Any, state: Any, draws: Any) -> Any:
            form = state.form
            written = form.write(state)
            for outcome in unroll(draws):
                written = self._stepped(problem, params, written, outcome)
            return form.read(written)

        return advance

    def model(self, state: Any) -> np.ndarray:
        return model_of(self._called("model", state.form.write(state)), self._name, state.form.d)

    def invariants(self, problem: Problem, params: Any, state: Any) -> dict[str, np.ndarray]:
        said = self._called("invariants", problem, params, state.form.write(state))
        return {key: np.asarray(array_of(value), dtype=float) for key, value in said.items()}

    def fixed_point(self, problem: Problem, params: Any, target: Any) -> Any:
        return self._form(problem, params).read(self._called("fixed_point", problem, params, target))

    def lyapunov(self, problem: Problem, params: Any, state: Any, target: Any) -> float:
        return float(array_of(self._called("lyapunov", problem, params, state.form.write(state), target)))

    def shipped_invariants(self, problem: Problem, params: Any, state: Any) -> dict[str, np.ndarray]:
        # An object whose state is another one has not said what is conserved of it.
        return self._shipped.invariants(problem, params, state) if self._shipped and state.form.is_shipped else {}

    def shipped_fixed_point(self, problem: Problem, params: Any, target: Any) -> Any:
        form = self._form(problem, params)
        if not (self._shipped and self._shipped.fixed_point and form.is_shipped):
            raise InputError(
                f"{self._name} defines a lyapunov for a state of its own and no fixed_point: define "
                "fixed_point(problem, params, target), or None if there is no such state."
            )
        return form.State(*self._shipped.fixed_point(problem, params, target))

    def _form(self, problem: Problem, params: Any) -> _Form:
        return self.start(problem, params).form


def called(thing: Any, name: str, function: str, *arguments: Any, lock: Any = None) -> Any:
    """Return what a function of an object returns.

    Raises
    ------
    InputError
        If it raises, with what it has raised in a sentence.
    """
    try:
        # A wrong method may well diverge; that is what it is looked at for.
        with lock or nullcontext(), np.errstate(over="ignore", invalid="ignore"):
            return getattr(thing, function)(*arguments)
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{function} of {name} raised {complaint(error)}: mend it and try again.") from error


def model_of(handed_out: Any, name: str, d: int) -> np.ndarray:
    """Return the model that an object has handed out, shape (d,)."""
    model = np.array(array_of(handed_out), dtype=float)
    if model.shape != (d,):
        raise InputError(f"model of {name} returns an array of shape {model.shape}: return one model of shape ({d},).")
    return model
