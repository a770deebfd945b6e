"""The compiled engine of local steps, and the few vector moves that all methods share."""

from ...core.compiled import njit
from ...problems.oracles import clients, gradient, local_steps


@njit
def local_phase(kernel, X, H, gamma, k, work):
    r"""Take ``k`` steps :math:`x_i \leftarrow x_i - \gamma(\nabla f_i(x_i) - h_i)` at every client, in place.

    The clients are outermost, so that a client's data are read from memory once a phase and not once a step, and a
    problem may take all ``k`` steps in one go.
    """
    for i in range(X.shape[0]):
        local_steps(kernel, i, X[i], H[i], gamma, k, work)


@njit
def local_gradient_steps(kernel, X, H, gamma, k, g, work):
    """Do what :func:`local_phase` does, gradient by gradient: the paper's lines, without any short cut.

    ``g``, shape (d,), is scratch space.
    """
    for i in range(X.shape[0]):
        for _ in range(k):
            gradient(kernel, i, X[i], g, work)
            for j in range(X.shape[1]):
                X[i, j] -= gamma * (g[j] - H[i, j])


@njit
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
def broadcast(x, X):
    """Give every client the server's model: each row of X becomes x."""
    for i in range(X.shape[0]):
        for j in range(x.shape[0]):
            X[i, j] = x[j]
