"""Functions that are chosen by the type of their first argument, in Python and in compiled code alike."""

from collections.abc import Callable
from functools import wraps
from inspect import signature
from types import FunctionType
from typing import Any

from numba.extending import overload

from .errors import InputError
from .inner import OPTIONS


def dispatched(
    stub: Callable[..., Any], beside: Any = None, instead: Callable[..., Any] | None = None
) -> Callable[..., Any]:
    """Turn a documented stub into a function that calls what its first argument's type has registered.

    Numba chooses the implementation while it compiles the caller, so the choice costs nothing at run time. A type
    without an implementation takes that of the class it inherits from, and without any the body of the stub.

    Parameters
    ----------
    stub : callable
        Its first argument is a NamedTuple.
    beside : callable, optional
        Another dispatched function: where a type has an implementation of that one and none of this one, it is taken
        before the body of the stub; it has the same arguments.
    instead : callable, optional
        What is taken in that case, if not the implementation itself.

    Examples
    --------
    >>> from typing import NamedTuple
    >>> class Disc(NamedTuple):
    ...     radius: float
    >>> @dispatched
    ... def area(kernel):
    ...     return 0.0
    >>> @implements(area, Disc)
    ... def _area(kernel):
    ...     return 3.0 * kernel.radius**2
    >>> area(Disc(2.0))
    12.0
    """
    implementations: dict[type, Callable[..., Any]] = {}
    # Numba wants the implementation and what it stands for to have the same arguments, annotations included.
    plain = FunctionType(stub.__code__, stub.__globals__, stub.__name__)

    def chosen(kind: type) -> Callable[..., Any]:
        tables = (implementations, beside.implementations) if beside else (implementations,)
        found = next(((table, table[base]) for table in tables for base in kind.__mro__ if base in table), None)
        if found is None:
            return plain
        return instead if instead and found[0] is not implementations else found[1]

    @wraps(stub)
    def call(first: Any, *arguments: Any) -> Any:
        return chosen(type(first))(first, *arguments)

    def choose(first: Any, *arguments: Any) -> Any:
        return chosen(first.instance_class)

    choose.__signature__ = signature(plain)  # pyright: ignore[reportFunctionMemberAccess]
    overload(call, jit_options=OPTIONS)(choose)
    call.implementations = implementations  # pyright: ignore[reportAttributeAccessIssue]
    call.chosen = chosen  # pyright: ignore[reportAttributeAccessIssue]
    return call


def implements(function: Any, kind: type) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register the decorated function as a dispatched function's implementation for one type of first argument.

    Its arguments carry the names of the stub's; it is compiled into each caller.

    Parameters
    ----------
    function : callable
        A function made by :func:`dispatched`.
    kind : type
        The NamedTuple class of the first argument.

    Raises
    ------
    InputError
        If another module has done so for this type.
    """

    def register(implementation: Callable[..., Any]) -> Callable[..., Any]:
        # Numba compiles the source of the function, so it is taken from under its own compiled form.
        source = getattr(implementation, "py_func", implementation)
        present = function.implementations.get(kind)
        if present is not None and present.__module__ != source.__module__:
            raise InputError(
                f"{function.__name__} is defined for {kind.__name__} of {kind.__module__} already: define a class "
                f"{kind.__name__} of your own, for example class {kind.__name__}({kind.__name__}), and take that."
            )
        function.implementations[kind] = source
        return implementation

    return register


def distinguish(kind: type) -> None:
    """Put the module into the name of a NamedTuple class: ``Params`` becomes ``scaffnew.Params``.

    A compiled function tells named tuples apart by the names of their classes, not by the classes, and would take the
    one for the other.
    """
    if "." not in kind.__name__:
        kind.__name__ = f"{kind.__module__.rpartition('.')[2]}.{kind.__name__}"
