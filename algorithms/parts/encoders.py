"""What methods share that send some rows of a shared part: which rows those are, their mean, and what they cost.

A row is what belongs to one feature, its weights in all classes; of a problem without features it is one coordinate.
Of R rows row r has the coordinates r, R + r, 2R + r and so on.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ...core.compiled import njit
from ...core.errors import InputError
from ...core.inner import inner
from ...problems.oracles import clients
from ...problems.personal import Personal, private_size, row_width
from ...problems.problem import Problem
from ..compressors.top_k import kth_largest
from ..compressors.wire import support_bits
from .cohorts import check_size
from .cost import Length, Parcel, Sends, numbers


def sizes(problem: Problem) -> tuple[int, int]:
    """Return how many coordinates are shared, and how many are private to each client.

    Examples
    --------
    >>> from rootkappa import problems
    >>> inner = problems.Quadratic.random(clients=2, dim=5)
    >>> sizes(inner), sizes(problems.Personal(inner, [0, 1]))
    ((5, 0), (3, 2))
    """
    if isinstance(problem, Personal):
        return len(problem.shared), len(problem.private)
    return problem.d, 0


def check(problem: Problem) -> None:
    """Raise an InputError if nothing is shared."""
    if sizes(problem)[0] == 0:
        raise InputError(f"{problem.label} has no shared coordinates, so nothing would be sent: make fewer private.")


class State(NamedTuple):
    """The shared part, the private ones, and the control variates."""

    x: np.ndarray
    """Shared part u, shape (p,)."""
    B: np.ndarray
    """Private parts b_i, shape (n, q)."""
    C: np.ndarray
    """Control variates c_i of the clients, shape (n, p)."""
    c: np.ndarray
    """Control variate of the server, shape (p,)."""


def start(problem: Problem, params: Any) -> State:
    """Return the start u = b_i = c_i = c = 0."""
    check_size(problem, params.M)
    p, q = sizes(problem)
    return State(np.zeros(p), np.zeros((problem.n, q)), np.zeros((problem.n, p)), np.zeros(p))


def compiled(params: Any, state: Any) -> Any:
    """Return the letters with numbers in the place of words."""
    salience, mean = params.salience == "weights", params.mean == "zeros"
    return params._replace(salience=salience, mean=mean, control=params.control == "dense")


def model(state: Any) -> np.ndarray:
    """Return the joint vector."""
    return np.concatenate([state.x, state.B.ravel()])


def invariants(problem: Problem, params: Any, state: Any) -> dict[str, np.ndarray]:
    """Return what stays 0: c - (1/n) Σ_i c_i."""
    return {"server's minus mean of clients' control variates": state.c - state.C.mean(axis=0)}


@inner
def kept(R, r):
    """Return how many of R rows the share r is, at least one."""
    return max(int(r * R + 0.5), 1)


@dataclass(frozen=True)
class RowsUp(Parcel):
    """The share r of the rows of a change, and of the change of a control variate unless s = 0.

    With dense control variates all rows of the latter travel.
    """

    def length(self, problem: Problem, params: Any) -> Length:
        """Return the numbers, and bits for which rows they are."""
        shared, width = sizes(problem)[0], int(row_width(problem.kernel))
        R = shared // width
        q = kept(R, params.r)
        control = 0 if params.s == 0.0 else shared if params.control == "dense" else q * width
        floats, bits = numbers(q * width + control)
        return Length(floats, bits + support_bits(R, q))


@dataclass(frozen=True)
class SharedDown(Parcel):
    """The shared part, and the control variate of the server unless s = 0."""

    def length(self, problem: Problem, params: Any) -> Length:
        """Return their size."""
        return numbers(sizes(problem)[0] * (1 if params.s == 0.0 else 2))


#: Rows up, the shared part down.
SENDS = Sends(RowsUp(), SharedDown())


class Space(NamedTuple):
    """What clients and server write to in a round."""

    model: np.ndarray
    """A client's own model, shape (inner.d,)."""
    slope: np.ndarray
    """Its gradient there, shape (inner.d,)."""
    spare: np.ndarray
    """A vector to spare, shape (inner.d,)."""
    b: np.ndarray
    """The private part of that, shape (q,)."""
    marks: np.ndarray
    """1 for the rows that a client sends, else 0, shape (n, R)."""
    scores: np.ndarray
    """The squared norms of a client's rows, shape (R,)."""
    order: np.ndarray
    """To find the largest of them, shape (R,)."""
    D: np.ndarray
    """A client's change of the shared part, shape (p,)."""


@inner
def space(params, kernel, d):
    """Return new space for a shared part of d coordinates."""
    q, R = private_size(kernel), d // row_width(kernel)
    marks = np.empty((clients(kernel), R))
    return Space(
        np.empty(d + q), np.empty(d + q), np.empty(d + q), np.empty(q), marks, np.empty(R), np.empty(R), np.empty(d)
    )


@inner
def mark_rows(params, omega, Y, x, own):
    """Mark the share r of the rows that each client of a cohort sends: the largest of D_i = y_i - x, or of y_i."""
    own.marks[:] = 0.0
    for i in omega:
        for j in range(x.shape[0]):
            own.D[j] = Y[i, j] if params.salience else Y[i, j] - x[j]
        R = own.scores.shape[0]
        mark_largest(own.D, kept(R, params.r), own.marks[i], own.scores, own.order)


@njit
def mark_largest(x, q, marks, scores, order):
    """Write 1 for the q rows of x of the largest norm to ``marks``, 0 for others; of equal ones the first.

    ``scores`` and ``order``, shape (R,), are scratch space.
    """
    R = marks.shape[0]
    for k in range(R):
        total = 0.0
        for j in range(k, x.shape[0], R):
            total += x[j] ** 2
        # NaN counts as largest, so that it is passed on.
        scores[k] = total if total == total else np.inf
        order[k] = scores[k]
    least = kth_largest(order, q)
    ties = q
    for k in range(R):
        if scores[k] > least:
            ties -= 1
    for k in range(R):
        is_tied = scores[k] == least and ties > 0
        marks[k] = 1.0 if scores[k] > least or is_tied else 0.0
        ties -= is_tied


@njit
def mean_of_senders(Y, marks, x):
    """Write to every coordinate of ``x`` the mean of it over the clients that sent its row; without one it stays."""
    n, R = marks.shape
    for j in range(x.shape[0]):
        total, senders = 0.0, 0.0
        for i in range(n):
            if marks[i, j % R] == 1.0:
                total += Y[i, j]
                senders += 1.0
        if senders > 0.0:
            x[j] = total / senders


@njit
def mean_with_zeros(Y, marks, M, x):
    """Write to ``x`` the mean of the rows of M clients, with 0 for those that were not sent."""
    n, R = marks.shape
    for j in range(x.shape[0]):
        x[j] = 0.0
        for i in range(n):
            if marks[i, j % R] == 1.0:
                x[j] += Y[i, j]
        x[j] /= M
