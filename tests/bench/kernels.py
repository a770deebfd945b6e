"""Time compiled Scaffnew against peers and against what the machine can do: ``make bench``, written to docs/speed.md.

The figures of a row come from one process on one core, taken in turn, so that only their ratios matter. The peers are
the same recursion in NumPy, all clients at once, in SciPy on sparse matrices, client by client, and in JAX, compiled
over all iterations, clients and runs. The limit is the time that the multiplications alone would take at the speed of
the machine's matrix product on one core: four for each stored entry and iteration of logistic regression, as many for
each class of softmax regression, and four for each entry of a client's basis and round of a quadratic, whose local
steps are taken at once.
"""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import peers
from numba import njit
from scipy.sparse import csr_array, issparse
from threadpoolctl import threadpool_limits

from rootkappa import algorithms, problems, theory
from rootkappa.algorithms.parts.rounds import Draws
from rootkappa.core.errors import InputError
from rootkappa.problems.data import load
from rootkappa.problems.oracles import repeat_gradient_steps, workspace

TABLE = Path(__file__).parents[2] / "docs" / "speed.md"
_REPEATS = 5
_WORK = 4e8
_PEER_SHARE = 0.1
_RUNS, _P, _KAPPA = 32, 0.1, 1e3
_HEAD = """# How fast local steps are

Made by `make bench` on one core of {machine}; {peers}. Medians of {repeats} times, all taken in turn.
"Limit" is what the multiplications alone would take at the speed of this machine's matrix product, {speed:.0f}
billion operations a second. A ratio is how many times faster we are, or how many times slower than the limit.

| problem | what | beside | ratio | target | |
|---|---|---|---|---|---|
"""


class Row(NamedTuple):
    """A ratio beside what it should be; ``at_most`` says on which side."""

    problem: str
    what: str
    beside: str
    ratio: float
    target: float
    at_most: bool = False

    def line(self) -> str:
        """Return the row of the table."""
        holds = self.ratio <= self.target if self.at_most else self.ratio >= self.target
        sign, verdict = "<=" if self.at_most else ">=", "pass" if holds else "falls short"
        return (
            f"| {self.problem} | {self.what} | {self.beside} | {self.ratio:.2f} | {sign} {self.target:g} | {verdict} |"
        )


class Contest(NamedTuple):
    """One problem, its gradients in NumPy, the operations of a round of k local steps, and the aim beside the limit."""

    name: str
    problem: problems.Problem
    gradients: Callable[[np.ndarray], np.ndarray]
    operations: Callable[[float], float]
    limit: float | None


def main() -> None:
    """Write the table, row by row."""
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set[int]()
    if cores:
        # Before JAX makes threads of its own.
        os.sched_setaffinity(0, {min(cores)})
    lines = list[str]()
    with threadpool_limits(1):
        speed = _matrix_product_speed()
        for row in _rows(speed, cores):
            lines.append(row.line())
            print(lines[-1], flush=True)
    told = "JAX is a peer" if peers.HAS_JAX else "JAX was not there, `pip install jax` brings its rows"
    head = _HEAD.format(machine=_machine(), peers=told, repeats=_REPEATS, speed=speed / 1e9)
    TABLE.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")


def _rows(speed: float, cores: set[int]) -> Iterator[Row]:
    for name, n, features, labels in _data():
        yield from _logistic_rows(name, n, features, labels, speed, cores)
    for contest in (*_softmax(), *_quadratics()):
        yield from _contest_rows(contest, speed)
    yield from _jump_rows()


def _machine() -> str:
    info = Path("/proc/cpuinfo")
    names = [line.partition(":")[2].strip() for line in info.read_text().splitlines()] if info.exists() else []
    flags = {"avx512f": "AVX-512", "avx2": "AVX2", "asimd": "64-bit Arm"}
    known = next(
        (told for flag, told in flags.items() if any(flag in name.split() for name in names)), "no vectors known"
    )
    return f"a machine with {known}"


def _data() -> Iterator[tuple[str, int, Any, np.ndarray]]:
    """Yield what there is: a drawn set, and those of LIBSVM that are at hand, dense and sparse."""
    rng = np.random.default_rng(0)
    yield "1000 x 50, n = 10", 10, rng.standard_normal((1000, 50)), np.where(rng.random(1000) < 0.5, 1.0, -1.0)
    for name, n in (("a9a", 10), ("a9a", 1000), ("w8a", 100)):
        try:
            features, labels = load(name)
        except InputError as error:
            print(f"without {name}: {error}")
            continue
        yield f"{name}, n = {n}", n, csr_array(features).toarray(), labels
        yield f"{name} sparse, n = {n}", n, csr_array(features), labels


def _logistic_rows(
    name: str, n: int, features: Any, labels: np.ndarray, speed: float, cores: set[int]
) -> Iterator[Row]:
    m = features.shape[0] // n
    features, labels = features[: n * m], labels[: n * m]
    problem, method = problems.Logistic(features, labels, clients=n, kappa=_KAPPA), algorithms.get("scaffnew")
    params = method.Params(gamma=1.0 / problem.L, p=_P)
    stored = float(features.nnz if issparse(features) else features.size)
    rounds = max(1, int(_WORK / (4.0 * stored * _RUNS / _P)))
    draws = [method.draw(np.random.default_rng(seed), problem, params, rounds) for seed in range(_RUNS)]
    iterations = sum(drawn.iterations for drawn in draws)
    alone = draws[: max(1, _RUNS // 8)]
    steps = [drawn.lengths.tolist() for drawn in draws]

    def together(some: list[Draws] = draws) -> np.ndarray:
        states = [method.start(problem, params) for _ in some]
        method.advance_together(problem.kernel, params, states, some)
        return states[0].X

    def one_by_one() -> np.ndarray:
        states = [method.start(problem, params) for _ in alone]
        for state, drawn in zip(states, alone, strict=True):
            method.advance(problem.kernel, params, state, drawn)
        return states[0].X

    signed = features.multiply(labels[:, None]).tocsr() if issparse(features) else features * labels[:, None]
    sparse = issparse(features)
    rows = [signed[i * m : (i + 1) * m] for i in range(n)] if sparse else signed.reshape(n, m, -1)
    task = peers.Task(rows, problem.l2, params.gamma, params.p)
    first = max(steps, key=sum)[:1]
    counts = [iterations, sum(drawn.iterations for drawn in alone), sum(first)]
    calls = [together, one_by_one, (peers.scipy_sparse if sparse else peers.numpy_batched)(task, first)]
    if peers.HAS_JAX and not sparse:
        calls += [peers.jax_scan(task, steps), peers.jax_scan(task, steps[:1])]
        shortest = min(map(sum, steps))
        counts += [shortest * _RUNS, sum(steps[0])]
    assert np.array_equal(together(), one_by_one()), "a run has other bits in company"
    each = np.array(_medians(*calls)) / counts
    few = m < 60
    limit = 4.0 * stored / speed
    yield Row(name, "32 runs", "limit", each[0] / limit, 3.0 if sparse else 2.2 if few else 1.5, at_most=True)
    if sparse:
        yield Row(name, "32 runs", "SciPy", each[2] / each[0], 7.0)
        yield Row(name, "1 run", "SciPy", each[2] / each[1], 1.0)
    else:
        yield Row(name, "32 runs", "NumPy", each[2] / each[0], 4.0)
        yield Row(name, "1 run", "NumPy", each[2] / each[1], 1.0)
    if len(each) > 3:
        yield Row(name, "32 runs", "JAX, 32 runs", each[3] / each[0], 3.0 if n == 1000 else 1.5)
        yield Row(name, "1 run", "JAX, 1 run", each[4] / each[1], 2.0)
    if len(cores) > 1:
        os.sched_setaffinity(0, cores)
        with ThreadPoolExecutor(2) as pool:
            one, two = _medians(together, lambda: list(pool.map(lambda _: together(), range(2))))
        os.sched_setaffinity(0, {min(cores)})
        yield Row(name, "32 runs on each of two threads", "one thread", 2.0 * one / two, 1.7)


def _contest_rows(contest: Contest, speed: float) -> Iterator[Row]:
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
    assert difference < 1e-9, f"{problem.label}: the peer differs by {difference:.0e}"
    ours, theirs = _medians(lambda: compiled(draws), peer)
    iteration = ours / lengths.sum()
    limit = contest.operations(float(lengths.mean())) * rounds / speed
    yield Row(contest.name, "1 run", "NumPy", theirs / few.iterations / iteration, 1.0)
    if contest.limit is not None:
        yield Row(contest.name, "1 run", "limit", ours / limit, contest.limit, at_most=True)


def _medians(*calls: Callable[[], object]) -> list[float]:
    """Return the median seconds of each call, taken in turn so that the machine's moods hit all alike."""
    for call in calls:
        call()
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
        name = f"softmax {n * m} x {d}, 10 classes{' sparse' if density < 1.0 else ''}, n = {n}"
        goal = 1.5 if density == 1.0 else 3.0
        yield Contest(name, problem, gradients, lambda k, stored=stored: 40.0 * stored * k, goal)


def _quadratics() -> Iterator[Contest]:
    for n, d, kappa, basis in ((10, 20, 1e4, "common"), (10, 100, 1e4, "common"), (10, 104, 1e6, "client")):
        problem = problems.Quadratic.random(n, d, kappa, basis=basis)
        A, b = problem.kernel.A, problem.kernel.b
        entries = n * d**2

        def gradients(X: np.ndarray, A: np.ndarray = A, b: np.ndarray = b) -> np.ndarray:
            return (A @ X[:, :, None])[:, :, 0] - b

        name = f"quadratic, n = {n}, d = {d}, kappa = {kappa:g}, basis = {basis}"
        yield Contest(name, problem, gradients, lambda k, entries=entries: 4.0 * entries, None)


@njit
def _by_gradients(kernel: Any, X: np.ndarray, H: np.ndarray, gamma: float, k: int) -> None:
    work = workspace(kernel)
    for i in range(X.shape[0]):
        repeat_gradient_steps(kernel, i, X[i], H[i], gamma, k, work)


def _jump_rows() -> Iterator[Row]:
    """Yield how much faster a round of a quadratic is than its gradients one by one, and than such jumps in NumPy."""
    method = algorithms.get("scaffnew")
    for n, d in ((10, 20), (10, 100), (100, 50)):
        problem = problems.Quadratic.random(n, d, 1e4)
        params = method.Params(gamma=0.9 / problem.L, p=0.01)
        draws = method.draw(np.random.default_rng(0), problem, params, 200)

        def ours(problem: Any = problem, params: Any = params, draws: Draws = draws) -> np.ndarray:
            state = method.start(problem, params)
            method.advance(problem.kernel, params, state, draws)
            return state.X

        theirs = peers.numpy_jumps(problem.kernel, *params, draws.lengths.tolist())
        assert np.allclose(ours(), theirs(), rtol=0.0, atol=1e-9)
        fast, slow = _medians(ours, theirs)
        yield Row(f"quadratic, n = {n}, d = {d}, basis = common", "1 run", "the same jumps in NumPy", slow / fast, 1.0)
    for kappa, target in ((1e4, 10.0), (1e6, 300.0)):
        problem = problems.Quadratic.random(10, 104, kappa, basis="client")
        params, k = method.Params(gamma=1.0 / problem.L, p=kappa**-0.5), int(kappa**0.5)
        rounds = Draws(np.full(20, k), {}, {})
        X, H = np.zeros((2, problem.n, problem.d))

        def jumps(problem: Any = problem, params: Any = params, rounds: Draws = rounds) -> None:
            method.advance(problem.kernel, params, method.start(problem, params), rounds)

        def steps(problem: Any = problem, params: Any = params, X: Any = X, H: Any = H, k: int = k) -> None:
            _by_gradients(problem.kernel, X, H, params.gamma, k)

        many, one = _medians(jumps, steps)
        name = f"quadratic, n = 10, d = 104, kappa = {kappa:g}, basis = client"
        yield Row(name, "1 run", "its gradients, compiled", one * 20 / many, target)


if __name__ == "__main__":
    main()
