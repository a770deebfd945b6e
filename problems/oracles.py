"""What compiled methods may ask of a problem, whatever kind it is.

A method calls these functions with ``problem.kernel``; Numba chooses the implementation by the kernel's type while it
compiles. A new kind of problem implements them in its own file with :func:`~rootkappa.core.dispatch.implements`.
"""

from functools import singledispatch
from typing import Any

import numpy as np

from ..core.compiled import njit
from ..core.dispatch import dispatched
from ..core.inner import inner


@singledispatch
def without_ridge(kernel: Any, mu: float) -> Any:
    r"""Return the kernel of all :math:`f_i - \frac\mu2 \|x\|^2`; a function of Python, not for compiled code.

    Parameters
    ----------
    kernel : NamedTuple
        ``problem.kernel``.
    mu : float
        At most the strong convexity of every :math:`f_i`.
    """
    raise NotImplementedError(f"{type(kernel).__name__} does not say what it is without a ridge.")


@dispatched
def clients(kernel: Any) -> int:
    """Return the number n of clients."""
    raise NotImplementedError


@dispatched
def work_size(kernel: Any) -> int:
    """Return how many floats of scratch space :func:`gradient` and :func:`local_steps` need."""
    raise NotImplementedError


@dispatched
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
    raise NotImplementedError


@dispatched
def components(kernel: Any, i: int) -> int:
    r"""Return the number :math:`m_i` of components, whose mean is :math:`f_i`."""
    raise NotImplementedError


@dispatched
def component_gradient(kernel: Any, i: int, j: int, x: np.ndarray, g: np.ndarray, work: np.ndarray) -> None:
    r"""Write :math:`\nabla f_{ij}(x)` to ``g``, of the component j, 0 to :math:`m_i - 1`, of client i.

    The other arguments are those of :func:`gradient`.
    """
    raise NotImplementedError


@dispatched
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
    raise NotImplementedError


@dispatched
def local_phase(kernel: Any, X: np.ndarray, H: np.ndarray, gamma: float, k: int, work: np.ndarray) -> None:
    r"""Take ``k`` steps :math:`x_i \leftarrow x_i - \gamma(\nabla f_i(x_i) - h_i)` at every client, in place.

    By default client by client: a client's data are read from memory once a phase and not once a step. The bits are
    those of :func:`local_steps`, whose arguments these are, with rows X and H of shape (n, d).
    """
    for i in range(X.shape[0]):
        local_steps(kernel, i, X[i], H[i], gamma, k, work)


@dispatched
def cohort_phase(
    kernel: Any, cohort: np.ndarray, X: np.ndarray, H: np.ndarray, gamma: float, k: int, work: np.ndarray
) -> None:
    """Do what :func:`local_phase` does at the clients of a cohort only, of which no client is twice."""
    for i in cohort:
        local_steps(kernel, i, X[i], H[i], gamma, k, work)


@dispatched
def jump(kernel: Any, x: np.ndarray, gamma: float, k: int, work: np.ndarray) -> int:
    r"""Repeat :math:`x \leftarrow x - \gamma \nabla F(x)` in place up to ``k`` times, and return how often.

    A problem takes all of them at once, where it knows how and that is cheaper, or none: by default none. The arguments
    are those of :func:`local_steps`.
    """
    return 0


def knows_jumps(kernel: Any) -> bool:
    """Return whether :func:`jump` goes any distance at the same cost; a function of Python, not for compiled code."""
    found: Any = jump
    return any(kind in found.implementations for kind in type(kernel).__mro__)


@dispatched
def gradient_of_runs(kernel: Any, i: int, X: np.ndarray, G: np.ndarray, Z: np.ndarray) -> None:
    r"""Write :math:`\nabla f_i` at eight points to ``G``, each with the bits that :func:`gradient` has.

    Only some kinds of problems know how: those on which runs go :mod:`together <rootkappa.problems.together>`.

    Parameters
    ----------
    kernel : NamedTuple
        ``problem.kernel``.
    i : int
        The client, 0 to n-1.
    X, G : ndarray, shape (d, 8)
        The points and the results, in columns; never the same array.
    Z : ndarray, shape (BLOCK, 8)
        Scratch space.
    """
    raise NotImplementedError


@dispatched
def prox(kernel: Any, v: np.ndarray, tau: float, x: np.ndarray, work: np.ndarray) -> None:
    r"""Write :math:`\mathrm{prox}_{\tau\psi}(v)` to ``x``; ``kernel`` is the function's own, ``problem.kernel.psi``.

    Parameters
    ----------
    kernel : NamedTuple
        The compiled form of the function :math:`\psi`.
    v, x : ndarray of float64, shape (d,)
        The point and the result; never the same array. A function of matrices takes matrices.
    tau : float
        The step size, positive.
    work : ndarray
        Scratch space from :func:`prox_workspace`.
    """
    raise NotImplementedError


@dispatched
def prox_work_size(kernel: Any, d: int) -> int:
    """Return how many floats of scratch space :func:`prox` needs for ``d`` coordinates; most functions need none."""
    return 0


@inner
def prox_workspace(kernel, d):
    """Return new scratch space for one thread's calls of :func:`prox`."""
    return np.empty(prox_work_size(kernel, d))


@inner
def workspace(kernel):
    """Return new scratch space for one thread's calls of the oracles."""
    return np.empty(work_size(kernel))


@inner
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


@inner
def server_gradient(kernel, x, g, work):
    r"""Write :math:`\nabla f_s(x)` to ``g``, of a server with data of its own, which have no weight in F.

    ``kernel.server`` is the kernel of a problem with one client, the server: whatever is asked of client 0 of it, such
    as the gradient of a component, is an oracle of the server's. The arguments are those of :func:`gradient`.
    """
    gradient(kernel.server, 0, x, g, work)


@njit
def spread_of_components(kernel, Y, x):
    r"""Return :math:`\sum_i \frac1{m_i} \sum_j \|\nabla f_{ij}(y_i) - \nabla f_{ij}(x)\|^2`."""
    n, d = Y.shape
    there, here, work = np.empty(d), np.empty(d), workspace(kernel)
    total = 0.0
    for i in range(n):
        m = components(kernel, i)
        for j in range(m):
            component_gradient(kernel, i, j, Y[i], there, work)
            component_gradient(kernel, i, j, x, here, work)
            for k in range(d):
                total += (there[k] - here[k]) ** 2 / m
    return total


@njit
def variance_of_components(kernel, x):
    r"""Return :math:`\sum_i \frac1{m_i} \sum_j \|\nabla f_{ij}(x) - \nabla f_i(x)\|^2`."""
    d = x.shape[0]
    mean, here, work = np.empty(d), np.empty(d), workspace(kernel)
    total = 0.0
    for i in range(clients(kernel)):
        gradient(kernel, i, x, mean, work)
        m = components(kernel, i)
        for j in range(m):
            component_gradient(kernel, i, j, x, here, work)
            for k in range(d):
                total += (here[k] - mean[k]) ** 2 / m
    return total


@njit
def gradients_at(kernel, x, G, work):
    r"""Write every client's gradient at one point, :math:`G_i = \nabla f_i(x)`; ``G`` has shape (n, d)."""
    for i in range(G.shape[0]):
        gradient(kernel, i, x, G[i], work)


@inner
def mean_gradient(kernel, x, g, client, work):
    r"""Write :math:`\nabla F(x) = \frac1n \sum_i \nabla f_i(x)` to ``g``; ``client`` is scratch space like ``g``."""
    n = clients(kernel)
    g[:] = 0.0
    for i in range(n):
        gradient(kernel, i, x, client, work)
        for j in range(x.shape[0]):
            g[j] += client[j]
    for j in range(x.shape[0]):
        g[j] /= n


@njit
def own_gradients(kernel, X, G, work):
    r"""Write every client's gradient at its own point, :math:`G_i = \nabla f_i(x_i)`; X and G have shape (n, d)."""
    for i in range(G.shape[0]):
        gradient(kernel, i, X[i], G[i], work)
