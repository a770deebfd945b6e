"""What compiled methods may ask of a problem, whatever kind it is.

A method calls these functions with ``problem.kernel``; Numba chooses the implementation by the kernel's type while it
compiles. A new kind of problem implements them in its own file with :func:`implements`.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numba.extending import overload

from .compiled import njit

_IMPLEMENTATIONS: dict[str, dict[type, Callable[..., Any]]] = {
    "clients": {},
    "work_size": {},
    "gradient": {},
    "local_steps": {},
    "prox": {},
}


def implements(oracle: Callable[..., Any], kernel: type) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register the decorated function as the oracle's implementation for one type of kernel.

    The function's arguments carry the oracle's names; it is compiled into each caller.

    Parameters
    ----------
    oracle : callable
        One of the functions of this module.
    kernel : type
        The NamedTuple class of the oracle's first argument.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        # Numba compiles the source of the function, so it is taken from under its own compiled form.
        _IMPLEMENTATIONS[oracle.__name__][kernel] = getattr(function, "py_func", function)
        return function

    return register


def clients(kernel: Any) -> int:
    """Return the number n of clients."""
    return _IMPLEMENTATIONS["clients"][type(kernel)](kernel)


def work_size(kernel: Any) -> int:
    """Return how many floats of scratch space :func:`gradient` and :func:`local_steps` need."""
    return _IMPLEMENTATIONS["work_size"][type(kernel)](kernel)


def gradient(kernel: Any, i: int, x: np.ndarray, g: np.ndarray, work: np.ndarray) -> None:
    r"""Write :math:`\nabla f_i(x)` to ``g``.

    Parameters
    ----------
    kernel : NamedTuple
        ``problem.kernel``.
    i : int
        The client, 0 to n-1.
    x, g : ndarray, shape (d,)
        The point and the result; never the same array.
    work : ndarray
        Scratch space from :func:`workspace`.
    """
    _IMPLEMENTATIONS["gradient"][type(kernel)](kernel, i, x, g, work)


def local_steps(kernel: Any, i: int, x: np.ndarray, h: np.ndarray, gamma: float, k: int, work: np.ndarray) -> None:
    r"""Repeat :math:`x \leftarrow x - \gamma (\nabla f_i(x) - h)` in place, ``k`` times.

    Parameters
    ----------
    kernel : NamedTuple
        ``problem.kernel``.
    i : int
        The client, 0 to n-1.
    x, h : ndarray, shape (d,)
        The local model, which changes, and the control variate, which does not; never the same array.
    gamma : float
        The step size.
    k : int
        How many steps, at least 0.
    work : ndarray
        Scratch space from :func:`workspace`.
    """
    _IMPLEMENTATIONS["local_steps"][type(kernel)](kernel, i, x, h, gamma, k, work)


def prox(kernel: Any, v: np.ndarray, tau: float, x: np.ndarray) -> None:
    r"""Write :math:`\mathrm{prox}_{\tau\psi}(v)` to ``x``; ``kernel`` is the function's own, ``problem.kernel.psi``.

    Parameters
    ----------
    kernel : NamedTuple
        The compiled form of the function :math:`\psi`.
    v, x : ndarray, shape (d,)
        The point and the result; never the same array.
    tau : float
        The step size, positive.
    """
    _IMPLEMENTATIONS["prox"][type(kernel)](kernel, v, tau, x)


# Numba matches an overload to its stub by the arguments' names, so each is written out.
@overload(clients)
def _clients(kernel):
    return _IMPLEMENTATIONS["clients"][kernel.instance_class]


@overload(work_size)
def _work_size(kernel):
    return _IMPLEMENTATIONS["work_size"][kernel.instance_class]


@overload(gradient)
def _gradient(kernel, i, x, g, work):
    return _IMPLEMENTATIONS["gradient"][kernel.instance_class]


@overload(local_steps)
def _local_steps(kernel, i, x, h, gamma, k, work):
    return _IMPLEMENTATIONS["local_steps"][kernel.instance_class]


@overload(prox)
def _prox(kernel, v, tau, x):
    return _IMPLEMENTATIONS["prox"][kernel.instance_class]


@njit
def workspace(kernel):
    """Return new scratch space for one thread's calls of the oracles."""
    return np.empty(work_size(kernel))


@njit
def repeat_gradient_steps(kernel, i, x, h, gamma, k, work):
    """Take ``k`` local steps one by one: :func:`local_steps` of a problem that knows no short cut.

    The first ``d`` floats of ``work`` hold the gradient, the rest is the gradient's own scratch space.
    """
    d = x.shape[0]
    g, rest = work[:d], work[d:]
    for _ in range(k):
        gradient(kernel, i, x, g, rest)
        for j in range(d):
            x[j] -= gamma * (g[j] - h[j])


@njit
def gradients_at(kernel, x, G, work):
    r"""Write every client's gradient at one point, :math:`G_i = \nabla f_i(x)`; ``G`` has shape (n, d)."""
    for i in range(G.shape[0]):
        gradient(kernel, i, x, G[i], work)
