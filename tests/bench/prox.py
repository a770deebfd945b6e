"""Compare every proximal operator that pyproximal has too, in result, speed and memory: ``make bench-prox``.

All figures of a row come from one process on one machine with one thread, the calls taken in turn, so that only their
ratios matter; of each call the fastest repeat counts. pyproximal is set as tight as it goes, its Simplex runs in its
faster engine as well. Where the results differ, neither is believed: the one with the lower objective, or with equal
objectives the one nearer to the optimality condition, is right. A difference that does not end in our favour makes the
exit code 1. No time does.

Peak memory is how far the resident set of a forked child grows during one call, its result included, so that whatever
NumPy, LAPACK or Numba allocates is seen. It is known on Linux only. There, too, freed memory
stays with the process while times are taken: whether large arrays are given back to the system, and paid for again,
would depend on the rows before.
"""

import ctypes
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pyproximal as pp
from pylops import MatrixMult
from rich.console import Console
from rich.table import Table
from scipy.optimize import isotonic_regression
from threadpoolctl import threadpool_limits

from rootkappa.problems import functions as rk
from rootkappa.terminal import progress_bars

_SIZES = (10, 1_000, 1_000_000)
_SIDES = (3, 32, 300)
_GAMMAS = (0.01, 1.0, 100.0)
_AGREE = 1e-9
# Objectives this near are equal: they are sums of rounded squares.
_ROUNDING = 1e-12
# A contest takes this many seconds, in batches of this many, and no more repeats than this.
_SECONDS, _BATCH, _REPEATS = 0.25, 1e-3, 25
# Parameters of mallopt, from malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
# Iterations that pyproximal's total variation gets at each size; it approaches its limit as long as one waits.
_TV_ITERATIONS = {10: 2_000, 1_000: 2_000, 1_000_000: 30}

Prox = Callable[[np.ndarray, float], np.ndarray]


class Pair(NamedTuple):
    """One operator in both libraries, and their value of the function if it is a number."""

    ours: rk.Function
    theirs: Prox
    value: Callable[[np.ndarray], float] | None = None


class Row(NamedTuple):
    """A line of the table; ``build`` takes the shape of the point."""

    theirs: str
    ours: str
    build: Callable[[tuple[int, ...]], Pair]
    shapes: tuple[tuple[int, ...], ...] = tuple((d,) for d in _SIZES)
    note: str = ""


class Finding(NamedTuple):
    """What one point shows: the difference relative to the size of its entries, and who is right."""

    difference: float
    winner: str
    why: str


def main() -> int:
    """Print one line for each operator and return the exit code."""
    table = Table("pyproximal", "Rootkappa", "difference", box=None, pad_edge=False, title=_title(), caption=_CAPTION)
    for name in ("small", "medium", "large", "memory", "theirs"):
        table.add_column(name, justify="right")
    table.add_column("who is right where they differ", overflow="fold")
    lost = False
    _keep_freed_memory()
    with threadpool_limits(1), progress_bars() as bars:
        for row in bars.track(_ROWS, description="proximal operators"):
            worst, is_lost = _compare(row)
            lost |= is_lost
            table.add_row(row.theirs, row.ours, f"{worst.difference:.0e}", *_costs(row), _verdict(row, worst))
    Console(width=200 if not sys.stdout.isatty() else None).print(table)
    return int(lost)


def _title() -> str:
    return f"Proximal operators beside those of pyproximal {pp.__version__}"


_CAPTION = (
    "small, medium, large: time of pyproximal / time of Rootkappa at d = 10, 1000, 1000000 or 3×3, 32×32, 300×300.\n"
    "memory, theirs: peak of one large call, its result included, in arrays of the size of the point.\n"
    "difference: the largest over random, zero, tied, sparse, tiny and huge points, relative to their largest entry."
)


# What is right.


def _compare(row: Row) -> tuple[Finding, bool]:
    """Return the worst difference of both results, of those that are not in our favour if any, and whether any is."""
    findings = []
    for shape in row.shapes[:2]:
        pair = row.build(shape)
        rng = np.random.default_rng(0)
        _check_same_function(row, pair, rng.standard_normal(shape))
        findings += [_judge(pair, x, gamma) for x in _points(rng, shape) for gamma in _GAMMAS]
    lost = [finding for finding in findings if finding.winner == "pyproximal"]
    return max(lost or findings, key=lambda finding: finding.difference), bool(lost)


def _points(rng: np.random.Generator, shape: tuple[int, ...]) -> Iterator[np.ndarray]:
    normal = rng.standard_normal(shape)
    yield np.zeros(shape)
    yield np.ones(shape)
    yield np.rint(2.0 * rng.standard_normal(shape))
    yield np.where(rng.random(shape) < 0.5, 0.0, normal)
    yield np.where(np.arange(normal.size).reshape(shape) == 1, 1e6, normal)
    for scale in (1e-6, 1.0, 10.0, 1e6):
        yield scale * rng.standard_normal(shape)


def _check_same_function(row: Row, pair: Pair, x: np.ndarray) -> None:
    """Raise if the two libraries do not mean the same function, so that nothing would follow from a difference."""
    if pair.value is not None and not np.isclose(pair.value(x.ravel()), pair.ours.value(x), rtol=1e-9):
        raise ValueError(f"{row.theirs} is {pair.value(x.ravel())!r}, {row.ours} {pair.ours.value(x)!r}.")


def _judge(pair: Pair, x: np.ndarray, gamma: float) -> Finding:
    ours, theirs = pair.ours.prox(x, gamma), pair.theirs(x.copy(), gamma)
    size = max(np.abs(x).max(), np.abs(ours).max())
    difference = float(np.abs(ours - theirs).max() / size) if size > 0.0 else float(np.abs(theirs).max())
    if difference <= _AGREE:
        return Finding(difference, "both", "")
    if not np.isfinite(theirs).all():
        return Finding(np.inf, "Rootkappa", "theirs is not finite")
    low, high = (_objective(pair.ours, x, gamma, z) for z in (ours, theirs))
    if abs(low - high) > _ROUNDING * max(abs(low), abs(high)):
        winner = "Rootkappa" if low < high else "pyproximal"
        return Finding(difference, winner, _compared("objective", low, high))
    if not pair.ours.is_convex:
        return Finding(difference, "both", "tie: equal objectives, the minimiser is not unique")
    low, high = (_distance(pair.ours, x, gamma, z) / size for z in (ours, theirs))
    winner = "Rootkappa" if low < high and low <= _AGREE else "pyproximal"
    return Finding(difference, winner, _compared("off optimality", low, high))


def _objective(function: rk.Function, x: np.ndarray, gamma: float, z: np.ndarray) -> float:
    return function.value(z) + float(np.sum((z - x) ** 2)) / (2.0 * gamma)


def _distance(function: rk.Function, x: np.ndarray, gamma: float, z: np.ndarray) -> float:
    """Return how far (x - z) / gamma is from the subdifferential at z, times gamma."""
    slope = (x - z) / gamma
    if isinstance(function, rk.Conjugate):
        return function.inner.subdifferential_distance(slope, z)
    return gamma * function.subdifferential_distance(z, slope)


def _compared(what: str, ours: float, theirs: float) -> str:
    if theirs == np.inf:
        return f"{what} {ours:.6g}, theirs outside the domain"
    if f"{ours:.6g}" != f"{theirs:.6g}":
        return f"{what} {ours:.6g}, theirs {theirs:.6g}"
    return f"{what} {ours:.6g}, theirs {abs(theirs - ours):.1g} {'more' if theirs > ours else 'less'}"


def _verdict(row: Row, worst: Finding) -> str:
    found = f"{worst.winner}: {worst.why}" if worst.difference > _AGREE else ""
    return "; ".join(part for part in (found, row.note) if part)


# What it costs.


def _costs(row: Row) -> list[str]:
    cells, memory = ["–"] * len(_SIZES), ("–", "–")
    for position, shape in enumerate(row.shapes):
        pair, x = row.build(shape), np.random.default_rng(1).standard_normal(shape)
        ours, theirs = _fastest(
            lambda pair=pair, x=x: pair.ours.prox(x, 0.5), lambda pair=pair, x=x: pair.theirs(x, 0.5)
        )
        cells[position] = f"{theirs / ours:.3g}"
        if position == len(_SIZES) - 1:
            memory = tuple(
                _peak(lambda prox=prox, x=x: prox(x, 0.5), x.nbytes) for prox in (pair.ours.prox, pair.theirs)
            )
    return [*cells, *memory]


def _fastest(*calls: Callable[[], object]) -> list[float]:
    """Return the seconds of each call, at its best, taken in turn so that the machine's moods hit all alike."""
    batches = []
    for call in calls:
        call()
        batches.append(max(1, int(_BATCH / _seconds(call, 1))))
    rounds, started = [], time.perf_counter()
    while len(rounds) < 3 or (len(rounds) < _REPEATS and time.perf_counter() - started < _SECONDS):
        rounds.append([_seconds(call, batch) for call, batch in zip(calls, batches, strict=True)])
    return np.min(rounds, axis=0).tolist()


def _seconds(call: Callable[[], object], times: int) -> float:
    started = time.perf_counter()
    for _ in range(times):
        call()
    return max(time.perf_counter() - started, 1e-9) / times


def _keep_freed_memory() -> None:
    """Tell the C library to serve large arrays from memory that it keeps."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.mallopt(_TRIM_THRESHOLD, 2**30)
        libc.mallopt(_MMAP_THRESHOLD, 2**25)


def _peak(call: Callable[[], object], size: int) -> str:
    """Return how far the resident set of a child grows during the call, in multiples of ``size`` bytes."""
    if sys.platform != "linux":
        return "–"
    import resource

    call()
    # What is free already would be used again unseen.
    ctypes.CDLL(None).malloc_trim(0)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        call()
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        os.write(writer, str(grown).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        return f"{float(pipe.read()) * 1024.0 / size:.1f}"


# What is compared.


def _plain(ours: Callable[[int], rk.Function], theirs: Callable[[int], Any], *, valued: bool = False):
    """Build a pair from both operators for vectors with d entries."""

    def build(shape: tuple[int, ...]) -> Pair:
        operator = theirs(shape[0])
        return Pair(ours(shape[0]), operator.prox, operator if valued else None)

    return build


def _dual(ours: Callable[[int], rk.Function], theirs: Callable[[int], Any]):
    """Build a pair from a function of ours and the dual prox of an operator."""
    return lambda shape: Pair(ours(shape[0]), theirs(shape[0]).proxdual)


def _matrix(ours: rk.Function, theirs: Callable[[tuple[int, ...]], Any], *, valued: bool = False):
    """Build a pair of functions of matrices, which pyproximal takes flat."""

    def build(shape: tuple[int, ...]) -> Pair:
        operator = theirs(shape)
        return Pair(
            ours, lambda x, gamma: operator.prox(x.ravel(), gamma).reshape(x.shape), operator if valued else None
        )

    return build


def _wave(d: int) -> np.ndarray:
    return np.cos(np.arange(d))


def _equations(d: int) -> np.ndarray:
    return np.random.default_rng(2).standard_normal((4, d))


def _orthogonal(d: int) -> np.ndarray:
    return np.linalg.qr(np.random.default_rng(2).standard_normal((d, d)))[0]


def _frame(d: int) -> np.ndarray:
    """Return four orthogonal rows of length 2."""
    return 2.0 * np.linalg.qr(_equations(d).T)[0].T


def _group_norm(d: int) -> rk.Function:
    groups = np.arange(d).reshape(5, -1).T
    return rk.GroupL2(0.5, groups, np.ones(len(groups)))


def _stack(d: int) -> rk.Function:
    return rk.SeparableSum([(rk.L1(0.5), d // 2), (rk.Box(-0.25, 0.75), d // 4), (rk.L2(0.5), d - d // 2 - d // 4)])


def _their_stack(d: int) -> Any:
    parts = [pp.L1(0.5), pp.Box(-0.25, 0.75), pp.Euclidean(0.5)]
    return pp.VStack(parts, nn=[d // 2, d // 4, d - d // 2 - d // 4])


def _consensus(shape: tuple[int, ...]) -> Pair:
    operator = pp.Intersection(*shape, 0.0, niter=1000, tol=1e-13)
    # It overwrites its argument.
    return Pair(rk.Consensus(shape[0]), lambda x, gamma: operator.prox(x.copy(), gamma).reshape(shape))


def _sorted_l1(shape: tuple[int, ...]) -> Pair:
    weights = np.linspace(1.0, 0.25, shape[0])

    def peer(x: np.ndarray, gamma: float) -> np.ndarray:
        order = np.argsort(-np.abs(x))
        levels = isotonic_regression(np.abs(x)[order] - gamma * weights, increasing=False).x
        result = np.empty_like(x)
        result[order] = np.maximum(levels, 0.0)
        return np.copysign(result, x)

    return Pair(rk.SortedL1(weights), peer)


_SQUARES = tuple((side, side) for side in _SIDES)
_TIGHT = {"xtol": 1e-13, "maxiter": 200}
_FEW = tuple((d,) for d in _SIZES[:2])

_ROWS = (
    Row("L1", "L1", _plain(lambda d: rk.L1(0.5), lambda d: pp.L1(0.5), valued=True)),
    Row("L1(g)", "Translated(L1)", _plain(
        lambda d: rk.Translated(rk.L1(0.5), _wave(d)), lambda d: pp.L1(0.5, g=_wave(d)), valued=True)),
    Row("L1.proxdual", "LInfBall", _dual(lambda d: rk.LInfBall(0.5), lambda d: pp.L1(0.5))),
    Row("L2", "SquaredL2", _plain(lambda d: rk.SquaredL2(2.0), lambda d: pp.L2(sigma=2.0), valued=True)),
    Row("L2(b)", "Translated(SquaredL2)", _plain(
        lambda d: rk.Translated(rk.SquaredL2(2.0), _wave(d)), lambda d: pp.L2(b=_wave(d), sigma=2.0), valued=True)),
    Row("L2.proxdual", "SquaredL2", _dual(lambda d: rk.SquaredL2(0.5), lambda d: pp.L2(sigma=2.0))),
    Row("Sum of L1 and L2", "ElasticNet", _plain(
        lambda d: rk.ElasticNet(0.5, 2.0), lambda d: pp.Sum([pp.L1(0.5), pp.L2(sigma=2.0)], tol=1e-12), valued=True)),
    Row("Euclidean", "L2", _plain(lambda d: rk.L2(0.5), lambda d: pp.Euclidean(0.5), valued=True)),
    Row("Euclidean.proxdual", "L2Ball", _dual(lambda d: rk.L2Ball(0.5), lambda d: pp.Euclidean(0.5))),
    Row("EuclideanBall", "L2Ball", _plain(lambda d: rk.L2Ball(0.5), lambda d: pp.EuclideanBall(0.0, 0.5))),
    Row("EuclideanBall(center)", "Translated(L2Ball)", _plain(
        lambda d: rk.Translated(rk.L2Ball(0.5), _wave(d)), lambda d: pp.EuclideanBall(_wave(d), 0.5))),
    Row("L21", "GroupL2", _plain(_group_norm, lambda d: pp.L21(5, 0.5), valued=True)),
    Row("L21.proxdual", "GroupL2.conjugate", _dual(lambda d: _group_norm(d).conjugate(), lambda d: pp.L21(5, 0.5))),
    Row("Huber", "Scaled(Huber)", _plain(
        lambda d: rk.Scaled(rk.Huber(0.5), 2.0), lambda d: pp.Huber(0.5), valued=True),
        note="its parabola ends at |x| = alpha, but the prox of its own function needs alpha + tau"),
    Row("HuberCircular", "MoreauEnvelope(L2)", _plain(
        lambda d: rk.MoreauEnvelope(rk.L2(1.0), 0.5), lambda d: pp.HuberCircular(0.5), valued=True)),
    Row("L0", "L0", _plain(lambda d: rk.L0(1.0), lambda d: pp.L0(1.0), valued=True),
        note="it cuts at tau sigma, but the prox of its own function needs sqrt(2 tau sigma)"),
    Row("L0Ball", "L0Ball", _plain(lambda d: rk.L0Ball(d // 3), lambda d: pp.L0Ball(d // 3))),
    Row("Box", "Box", _plain(lambda d: rk.Box(-0.25, 0.75), lambda d: pp.Box(-0.25, 0.75))),
    Row("Box(arrays)", "Box(arrays)", _plain(
        lambda d: rk.Box(_wave(d) - 1.0, _wave(d)), lambda d: pp.Box(_wave(d) - 1.0, _wave(d)))),
    Row("Box.proxdual", "Box.conjugate", _dual(
        lambda d: rk.Box(-0.25, 0.75).conjugate(), lambda d: pp.Box(-0.25, 0.75))),
    Row("Simplex", "Simplex", _plain(lambda d: rk.Simplex(), lambda d: pp.Simplex(d, 1.0, **_TIGHT))),
    Row("Simplex, numba", "Simplex", _plain(
        lambda d: rk.Simplex(), lambda d: pp.Simplex(d, 1.0, engine="numba", ftol=1e-13, **_TIGHT))),
    Row("Simplex.proxdual", "Simplex.conjugate", _dual(
        lambda d: rk.Simplex().conjugate(), lambda d: pp.Simplex(d, 1.0, **_TIGHT))),
    Row("L1Ball, r = 1", "L1Ball", _plain(lambda d: rk.L1Ball(1.0), lambda d: pp.L1Ball(d, 1.0, **_TIGHT))),
    Row("L1Ball, r = d/4", "L1Ball", _plain(lambda d: rk.L1Ball(d / 4), lambda d: pp.L1Ball(d, d / 4, **_TIGHT))),
    Row("L1Ball.proxdual", "LInf", _dual(lambda d: rk.LInf(1.0), lambda d: pp.L1Ball(d, 1.0, **_TIGHT))),
    Row("HalfSpace", "HalfSpace", _plain(
        lambda d: rk.HalfSpace(_wave(d), -d / 10), lambda d: pp.HalfSpace(_wave(d), -d / 10))),
    Row("AffineSet, 1 row", "Hyperplane", _plain(
        lambda d: rk.Hyperplane(_wave(d), -1.0),
        lambda d: pp.AffineSet(MatrixMult(_wave(d)[None]), np.array([-1.0]), 10))),
    Row("AffineSet, 4 rows", "AffineSet", _plain(
        lambda d: rk.AffineSet(_equations(d), np.ones(4)),
        lambda d: pp.AffineSet(MatrixMult(_equations(d)), np.ones(4), 100)),
        note="its conjugate gradients stop at a residual of 1e-5"),
    Row("Orthogonal", "Precomposed(L1)", _plain(
        lambda d: rk.Precomposed(rk.L1(0.5), _orthogonal(d)),
        lambda d: pp.Orthogonal(pp.L1(0.5), MatrixMult(_orthogonal(d))), valued=True), _FEW),
    Row("Orthogonal(partial)", "Precomposed(L1)", _plain(
        lambda d: rk.Precomposed(rk.L1(0.5), _frame(d)),
        lambda d: pp.Orthogonal(pp.L1(0.5), MatrixMult(_frame(d)), partial=True, alpha=4.0), valued=True)),
    Row("VStack", "SeparableSum", _plain(_stack, _their_stack)),
    Row("Quadratic()", "Zero", _plain(lambda d: rk.Zero(), lambda d: pp.Quadratic(), valued=True),
        note="theirs returns its argument, not a new array"),
    Row("TV", "TotalVariation1D", _plain(
        lambda d: rk.TotalVariation1D(0.5),
        lambda d: pp.TV((d,), 0.5, niter=_TV_ITERATIONS[d], rtol=0.0), valued=True),
        note=f"its iterations: {', '.join(str(count) for count in _TV_ITERATIONS.values())}"),
    Row("Nuclear", "Nuclear", _matrix(rk.Nuclear(0.5), lambda shape: pp.Nuclear(shape, 0.5), valued=True), _SQUARES),
    Row("SingularValuePenalty(Box)", "SpectralBall", _matrix(
        rk.SpectralBall(0.5), lambda shape: pp.SingularValuePenalty(shape, pp.Box(-0.5, 0.5))), _SQUARES),
    Row("SingularValuePenalty(L0Ball)", "RankBall", _matrix(
        rk.RankBall(2), lambda shape: pp.SingularValuePenalty(shape, pp.L0Ball(2))), _SQUARES),
    Row("Intersection(sigma = 0)", "Consensus", _consensus, tuple((4, d // 4) for d in (12, *_SIZES[1:])),
        note="it divides by |x| + 1e-10"),
    Row("NumPy and SciPy, no pyproximal", "SortedL1", _sorted_l1),
)  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
