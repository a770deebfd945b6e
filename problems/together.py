"""Local steps of several runs on one problem, eight at a time: the data are read once for eight of them.

A run has the same bits in whatever company, and alone, so who goes together is a matter of speed only. The rule is: at
least eight runs, on logistic regression, with enough to do in a round that what a round costs besides is little, and
enough in all that it repays the seconds of compilation.
"""

from typing import Any

import numpy as np

from ..core.compiled import njit
from ..core.inner import inner
from ..core.simd import WIDTH
from ..core.vectors import BLOCK
from .oracles import gradient_of_runs, local_steps, workspace
from .problem import Problem

# With so few runs under way, one after the other is faster.
_FEW = 3
#: Fewer runs than this never go together.
FEWEST_RUNS = 8
# Multiplications of a round of one run, and of all of it.
_SMALLEST_ROUND, _SMALLEST_WHOLE = 5e5, 1e10


def go_together(problem: Problem, runs: int, rounds: int, steps: float) -> bool:
    """Return whether runs of so many rounds, with so many local steps each, are faster together.

    Examples
    --------
    >>> from rootkappa.problems import Logistic, Quadratic
    >>> problem = Logistic.load("breast_cancer", clients=10, kappa=100.0)
    >>> [go_together(problem, runs, rounds=1000, steps=100.0) for runs in (7, 8)]
    [False, True]
    >>> go_together(Quadratic.random(), 8, rounds=1000, steps=100.0)
    False
    """
    knows: Any = gradient_of_runs
    is_known = any(kind in knows.implementations for kind in type(problem.kernel).__mro__)
    work = problem.work(steps)
    return is_known and runs >= FEWEST_RUNS and work >= _SMALLEST_ROUND and work * rounds * runs >= _SMALLEST_WHOLE


def local_phases(kernel: Any, X: np.ndarray, H: np.ndarray, gamma: float, k: np.ndarray) -> None:
    r"""Take local steps of all clients in several runs, in place: what ``local_steps`` does, run by run.

    Parameters
    ----------
    kernel : NamedTuple
        ``problem.kernel``.
    X, H : ndarray, shape (runs, n, d)
        The local models, which change, and the control variates, which do not.
    gamma : float
        The step size.
    k : ndarray of int, shape (runs,)
        How many steps each run takes.
    """
    # The longest first: the shorter ones then fill up what is left of them.
    _all_phases(kernel, X, H, gamma, k, np.argsort(-k, kind="stable"))


@njit
def _all_phases(kernel, X, H, gamma, k, order):
    runs, n, d = X.shape
    work = workspace(kernel)
    points, controls, G, Z = np.zeros((d, WIDTH)), np.zeros((d, WIDTH)), np.empty((d, WIDTH)), np.zeros((BLOCK, WIDTH))
    lane_of, left = np.empty(WIDTH, dtype=np.int64), np.empty(WIDTH, dtype=np.int64)
    for i in range(n):
        lane_of[:], left[:] = -1, 0
        begun = busy = 0
        while True:
            for lane in range(WIDTH):
                if lane_of[lane] < 0 and begun < runs:
                    s = order[begun]
                    begun += 1
                    busy += 1
                    lane_of[lane], left[lane] = s, k[s]
                    for j in range(d):
                        points[j, lane], controls[j, lane] = X[s, i, j], H[s, i, j]
            if busy == 0:
                break
            together = 0 if busy <= _FEW else _smallest(lane_of, left)
            for _ in range(together):
                gradient_of_runs(kernel, i, points, G, Z)
                _step(points, G, controls, gamma)
            for lane in range(WIDTH):
                s = lane_of[lane]
                if s < 0:
                    continue
                left[lane] -= together
                if left[lane] == 0 or busy <= _FEW:
                    for j in range(d):
                        X[s, i, j] = points[j, lane]
                    local_steps(kernel, i, X[s, i], H[s, i], gamma, left[lane], work)
                    lane_of[lane] = -1
            busy = 0
            for lane in range(WIDTH):
                busy += lane_of[lane] >= 0


@inner
def _smallest(lane_of, left):
    """Return after how many steps the next run is finished."""
    smallest = np.iinfo(np.int64).max
    for lane in range(WIDTH):
        if lane_of[lane] >= 0:
            smallest = min(smallest, left[lane])
    return smallest


@inner
def _step(X, G, H, gamma):
    for j in range(X.shape[0]):
        for lane in range(WIDTH):
            X[j, lane] -= gamma * (G[j, lane] - H[j, lane])
