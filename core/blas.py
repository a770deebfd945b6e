"""Linear algebra on one thread: with matrices as small as those here, several threads only wait for each other."""

from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from importlib import import_module

from threadpoolctl import ThreadpoolController


@cache
def _libraries() -> ThreadpoolController:
    # SciPy brings a library of its own, which would not be found before it is loaded.
    import_module("scipy.linalg")
    return ThreadpoolController()


@contextmanager
def one_blas_thread() -> Generator[None]:
    """Let NumPy and SciPy multiply and decompose matrices on one thread, in this block or the decorated function.

    On a machine that others use as well, threads that wait for each other take many times the time of one.

    Examples
    --------
    >>> with one_blas_thread():
    ...     {library["num_threads"] for library in _libraries().info() if library["user_api"] == "blas"}
    {1}
    """
    with _libraries().limit(limits=1, user_api="blas"):
        yield
