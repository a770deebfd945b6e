"""Time compiled Scaffnew against NumPy and against what the machine can do: ``make bench``.

The figures of a row come from one process on one machine, taken in turn, so that only their ratios matter. The peer is
the same recursion in NumPy, all clients at once. The limit is the time that the multiplications alone would take at the
speed of the machine's matrix product on one core: four for each stored entry and iteration of logistic regression, as
many for each class of softmax regression, and four for each entry of a client's basis and round of a quadratic, whose
local steps are taken at once.
"""

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.sparse import csr_array
from threadpoolctl import threadpool_limits

from rootkappa import algorithms, problems, theory
from rootkappa.algorithms.parts.rounds import Draws

_REPEATS = 7
_WORK = 4e8
_PEER_SHARE = 0.1


class Contest(NamedTuple):
    """One problem, its gradients in NumPy, and the operations of a round with k local steps."""

    problem: problems.Problem
    gradients: Callable[[np.ndarray], np.ndarray]
    operations: Callable[[float], float]


def main() -> None:
    """Print one row for each problem."""
    table = Table("problem", "µs an iteration", "NumPy / compiled", "compiled / limit", "difference", box=None)
    with threadpool_limits(1):
        speed = _matrix_product_speed()
        for contest in (*_logistic(), *_softmax(), *_quadratics()):
            table.add_row(contest.problem.label, *_row(contest, speed))
    Console(width=140).print(table)


def _row(contest: Contest, speed: float) -> tuple[str, ...]:
    problem, method = contest.problem, algorithms.get("scaffnew")
    params = theory.get("scaffnew").parameters(problem)
    rounds = max(30, int(_WORK / problem.work(1.0 / params.p)))
    draws = method.draw(np.random.default_rng(0), problem, params, rounds)
    lengths = draws.lengths
    few = draws[: max(1, int(np.searchsorted(np.cumsum(lengths), min(_PEER_SHARE * lengths.sum(), 2e4))))]

    def compiled(draws: Draws) -> np.ndarray:
        state = method.start(problem, params)
        method.advance(problem.kernel, params, state, draws)
        return state.X

    def peer() -> np.ndarray:
        X, H = np.zeros((problem.n, problem.d)), np.zeros((problem.n, problem.d))
        for k in few.lengths:
            for _ in range(k):
                X = X - params.gamma * (contest.gradients(X) - H)
            mean = X.mean(axis=0)
            H = H + params.p / params.gamma * (mean - X)
            X = np.tile(mean, (problem.n, 1))
        return X

    difference = float(np.abs(compiled(few) - peer()).max() / np.abs(peer()).max())
    ours, theirs = _medians(lambda: compiled(draws), peer)
    iteration = ours / lengths.sum()
    limit = contest.operations(float(lengths.mean())) * rounds / speed
    return (
        f"{1e6 * iteration:.3g}",
        f"{theirs / few.iterations / iteration:.1f}",
        f"{ours / limit:.1f}",
        f"{difference:.0e}",
    )


def _medians(*calls: Callable[[], object]) -> list[float]:
    """Return the median seconds of each call, taken in turn so that the machine's moods hit all alike."""
    times = np.empty((_REPEATS, len(calls)))
    for row in times:
        for position, call in enumerate(calls):
            started = time.perf_counter()
            call()
            row[position] = time.perf_counter() - started
    return np.median(times, axis=0).tolist()


def _matrix_product_speed() -> float:
    """Return the operations a second of a large matrix product."""
    A = np.random.default_rng(0).standard_normal((800, 800))
    (seconds,) = _medians(lambda: A @ A)
    return 2 * 800**3 / seconds


def _logistic() -> Iterator[Contest]:
    rng = np.random.default_rng(0)
    for n, m, d, density in ((10, 100, 50, 1.0), (20, 1600, 120, 1.0), (20, 1600, 120, 0.1)):
        features = rng.standard_normal((n * m, d)) * (rng.random((n * m, d)) < density)
        labels = np.where(rng.random(n * m) < 0.5, 1.0, -1.0)
        given = features if density == 1.0 else csr_array(features)
        problem = problems.Logistic(given, labels, clients=n, kappa=1e3)
        B = (features * labels[:, None]).reshape(n, m, d)

        def gradients(X: np.ndarray, B: np.ndarray = B, m: int = m, l2: float = problem.l2) -> np.ndarray:
            slopes = -1.0 / (1.0 + np.exp((B @ X[:, :, None])[:, :, 0])) / m
            return (slopes[:, None, :] @ B)[:, 0] + l2 * X

        stored = np.count_nonzero(B)
        yield Contest(problem, gradients, lambda k, stored=stored: 4.0 * stored * k)


def _softmax() -> Iterator[Contest]:
    rng = np.random.default_rng(0)
    # Of the sizes of digits, and of the test part of MNIST.
    for n, m, d, density in ((10, 180, 64, 1.0), (10, 1000, 784, 1.0), (10, 1000, 784, 0.19)):
        features = rng.standard_normal((n * m, d)) * (rng.random((n * m, d)) < density)
        labels = rng.integers(0, 10, n * m)
        given = features if density == 1.0 else csr_array(features)
        problem = problems.Softmax(given, labels, clients=n, kappa=10.0)
        A, own = features.reshape(n, m, d), np.eye(10)[labels].reshape(n, m, 10)

        def gradients(X: np.ndarray, A: np.ndarray = A, own: np.ndarray = own, l2: float = problem.l2) -> np.ndarray:
            logits = A @ X.reshape(len(A), 10, -1).transpose(0, 2, 1)
            powers = np.exp(logits - logits.max(axis=2, keepdims=True))
            slopes = powers / powers.sum(axis=2, keepdims=True) - own
            return (slopes.transpose(0, 2, 1) @ A).reshape(X.shape) / A.shape[1] + l2 * X

        stored = np.count_nonzero(features)
        yield Contest(problem, gradients, lambda k, stored=stored: 40.0 * stored * k)


def _quadratics() -> Iterator[Contest]:
    for n, d, kappa in ((10, 48, 1e4), (10, 104, 1e6)):
        problem = problems.Quadratic.random(n, d, kappa, basis="client")
        A, b = problem.kernel.A, problem.kernel.b
        entries = n * d**2

        def gradients(X: np.ndarray, A: np.ndarray = A, b: np.ndarray = b) -> np.ndarray:
            return (A @ X[:, :, None])[:, :, 0] - b

        yield Contest(problem, gradients, lambda k, entries=entries: 4.0 * entries)


if __name__ == "__main__":
    main()
