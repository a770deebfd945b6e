"""Scaffnew on logistic regression as others would write it: NumPy, SciPy's sparse matrices, and JAX if it is there.

Each returns a function of no arguments that runs and returns the models. ``lengths`` are the local steps of each round.
"""

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
from scipy.special import expit

HAS_JAX = find_spec("jax") is not None
Run = Callable[[], np.ndarray]


class Task(NamedTuple):
    """Scaffnew on clients with equally many samples; row j of ``rows[i]`` is a sample times its label."""

    rows: Any
    l2: float
    gamma: float
    p: float


def _rounds(
    gradients: Callable[[np.ndarray], np.ndarray], task: Task, lengths: Sequence[int], shape: Any
) -> np.ndarray:
    X, H = np.zeros(shape), np.zeros(shape)
    for k in lengths:
        for _ in range(k):
            X = X - task.gamma * (gradients(X) - H)
        mean = X.mean(axis=0)
        H = H + task.p / task.gamma * (mean - X)
        X = np.tile(mean, (len(X), 1))
    return X


def numpy_batched(task: Task, lengths: Sequence[int]) -> Run:
    """All clients at once, in matrix products of NumPy."""
    B, m = task.rows, task.rows.shape[1]

    def gradients(X: np.ndarray) -> np.ndarray:
        slopes = -1.0 / (1.0 + np.exp((B @ X[:, :, None])[:, :, 0])) / m
        return (slopes[:, None, :] @ B)[:, 0] + task.l2 * X

    return lambda: _rounds(gradients, task, lengths, (len(B), B.shape[2]))


def scipy_sparse(task: Task, lengths: Sequence[int]) -> Run:
    """Client by client, with CSR matrices of SciPy."""

    def gradients(X: np.ndarray) -> np.ndarray:
        own = [-(B.T @ expit(-(B @ x))) / B.shape[0] for B, x in zip(task.rows, X, strict=True)]
        return np.stack(own) + task.l2 * X

    return lambda: _rounds(gradients, task, lengths, (len(task.rows), task.rows[0].shape[1]))


def jax_scan(task: Task, lengths: Sequence[Sequence[int]]) -> Run:
    """A compiled scan over iterations, all clients and runs at once, each run as long as the shortest."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    n, m, d = task.rows.shape
    iterations = min(map(sum, lengths))
    coins = np.zeros((len(lengths), iterations), dtype=bool)
    for coin, run in zip(coins, lengths, strict=True):
        ends = np.cumsum(run) - 1
        coin[ends[ends < iterations]] = True

    def gradient(B: Any, x: Any) -> Any:
        return -(jax.nn.sigmoid(-(B @ x)) @ B) / m + task.l2 * x

    def one(B: Any, coin: Any) -> Any:
        def step(state: Any, meets: Any) -> Any:
            X, H = state
            X = X - task.gamma * (jax.vmap(gradient)(B, X) - H)
            mean = X.mean(axis=0)
            H = jnp.where(meets, H + task.p / task.gamma * (mean - X), H)
            return (jnp.where(meets, mean[None], X), H), None

        return jax.lax.scan(step, (jnp.zeros((n, d)), jnp.zeros((n, d))), coin)[0][0]

    run, B = jax.jit(jax.vmap(one, (None, 0)) if len(lengths) > 1 else one), jnp.asarray(task.rows)
    tossed = jnp.asarray(coins if len(lengths) > 1 else coins[0])
    return lambda: np.asarray(run(B, tossed))


def numpy_jumps(kernel: Any, gamma: float, p: float, lengths: Sequence[int]) -> Run:
    """Quadratics in one basis: the steps of a round at once, all clients in the same three matrix products."""
    V, lam, b = kernel.V[0], kernel.lam[0], kernel.b
    with np.errstate(divide="ignore"):
        rates = np.log1p(-gamma * lam)

    def run() -> np.ndarray:
        X, H = np.zeros(b.shape), np.zeros(b.shape)
        for k in lengths:
            X = (np.exp(k * rates) * (X @ V.T) - np.expm1(k * rates) / lam * ((b + H) @ V.T)) @ V
            mean = X.mean(axis=0)
            H = H + p / gamma * (mean - X)
            X = np.tile(mean, (len(X), 1))
        return X

    return run
