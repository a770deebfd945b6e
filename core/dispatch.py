"""Functions that are chosen by the type of their first argument, a kernel, in Python and in compiled code alike."""

from collections.abc import Callable
from functools import wraps
from inspect import signature
from types import FunctionType
from typing import Any

from numba.extending import overload


def dispatched(stub: Callable[..., Any]) -> Callable[..., Any]:
    """Turn a documented stub into a function that calls what its first argument's type has registered.

    Numba chooses the implementation while it compiles the caller, so the choice costs nothing at run time. Without a
    registered implementation the body of the stub is taken.

    Parameters
    ----------
    stub : callable
        Its first argument is a NamedTuple, the kernel.

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

    @wraps(stub)
    def call(kernel: Any, *arguments: Any) -> Any:
        return implementations.get(type(kernel), plain)(kernel, *arguments)

    def choose(kernel: Any, *arguments: Any) -> Any:
        return implementations.get(kernel.instance_class, plain)

    choose.__signature__ = signature(plain)  # pyright: ignore[reportFunctionMemberAccess]
    overload(call)(choose)
    call.implementations = implementations  # pyright: ignore[reportAttributeAccessIssue]
    return call


def implements(function: Any, kernel: type) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register the decorated function as a dispatched function's implementation for one type of kernel.

    Its arguments carry the names of the stub's; it is compiled into each caller.

    Parameters
    ----------
    function : callable
        A function made by :func:`dispatched`.
    kernel : type
        The NamedTuple class of the first argument.
    """

    def register(implementation: Callable[..., Any]) -> Callable[..., Any]:
        # Numba compiles the source of the function, so it is taken from under its own compiled form.
        function.implementations[kernel] = getattr(implementation, "py_func", implementation)
        return implementation

    return register
