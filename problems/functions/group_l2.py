"""The group norm: a sum of Euclidean norms of disjoint groups of coordinates."""

from collections.abc import Iterable, Sequence
from math import sqrt
from typing import NamedTuple, Self

import numpy as np

from ...core.checks import checked_array, checked_number, refuse_mask
from ...core.compiled import njit
from ...core.dispatch import implements
from ...core.errors import InputError, shown
from ..oracles import prox, prox_work_size
from .function import Function
from .norms import LARGE, SMALL, norm


class GroupL2Kernel(NamedTuple):
    """The compiled form of :class:`GroupL2`: group g is ``indices[starts[g] : starts[g + 1]]``."""

    weights: np.ndarray
    indices: np.ndarray
    starts: np.ndarray


class GroupL2(Function):
    r""":math:`\psi(x) = \lambda \sum_g w_g \|x_g\|_2`, the penalty of the group lasso; its prox shortens each group.

    Parameters
    ----------
    lam : float
        The weight :math:`\lambda`, at least 0 and finite.
    groups : sequence of sequences of int
        The coordinates of each group, from 0. No coordinate may be in two groups; those in none are left alone.
    weights : array_like, optional
        One :math:`w_g \ge 0` for each group, by default the root of its size.

    Raises
    ------
    InputError
        If a coordinate is in two groups or no index, a group is empty, or a weight is negative or missing.

    References
    ----------
    Yuan and Lin, "Model selection and estimation in regression with grouped variables" (2006).

    Examples
    --------
    >>> GroupL2(1.0, [[0, 1], [2]], weights=[1.0, 1.0]).prox(np.array([3.0, -4.0, 0.5]), 2.5)
    array([ 1.5, -2. ,  0. ])
    """

    ndim = 1
    is_homogeneous = True

    def __init__(
        self, lam: float, groups: Iterable[Sequence[int]], weights: Sequence[float] | np.ndarray | None = None
    ) -> None:
        self.lam = checked_number("lam", lam, "a weight", at_least=0.0)
        self.groups = _checked_groups(groups)
        sizes = np.array([len(group) for group in self.groups])
        self.weights = np.sqrt(sizes) if weights is None else checked_array("weights", weights)
        if self.weights.shape != sizes.shape or not np.all((self.weights >= 0.0) & np.isfinite(self.weights)):
            raise InputError(
                f"weights = {shown(weights)} do not fit {len(sizes)} groups: give each a finite number >= 0."
            )
        with np.errstate(over="ignore"):
            thresholds = self.lam * self.weights
        if not np.isfinite(thresholds).all():
            raise InputError(f"lam = {self.lam!r} times a weight is beyond the largest float: give smaller weights.")
        starts = np.concatenate(([0], np.cumsum(sizes)))
        self._d = int(max(group.max() for group in self.groups)) + 1
        # Unsigned, they need no test for counting from the end; short, they are read faster.
        indices = np.concatenate(self.groups).astype(np.uint32)
        self.kernel = GroupL2Kernel(thresholds, indices, starts.astype(np.uint64))

    @classmethod
    def example(cls, d: int) -> Self:
        return cls(0.5, [list(range(start, d, 3)) for start in range(min(3, d))])

    def check_shape(self, shape: tuple[int, ...], name: str = "x") -> None:
        super().check_shape(shape, name)
        if shape[0] < self._d:
            raise InputError(f"{name} has {shape[0]} entries, but a group has coordinate {self._d - 1}: give as many.")

    def _value(self, x):
        return sum(weight * norm(x[group]) for weight, group in zip(self.kernel.weights, self.groups, strict=True))

    def _conjugate_value(self, u, tolerance):
        # The conjugate is the indicator of the product of the groups' balls; a free coordinate must be 0.
        allowed = np.zeros_like(u)
        sizes = np.abs(u)
        for weight, group in zip(self.kernel.weights, self.groups, strict=True):
            allowed[group], sizes[group] = weight, norm(u[group])
        return 0.0 if np.all(sizes <= allowed + tolerance * np.maximum(allowed, np.abs(u).max())) else np.inf

    def _subdifferential_distance(self, x, u, tolerance):
        distances = u.copy()
        for weight, group in zip(self.kernel.weights, self.groups, strict=True):
            size = norm(x[group])
            if size == 0.0:
                distances[group] = 0.0
                distances[group[0]] = max(norm(u[group]) - weight, 0.0)
            else:
                distances[group] = u[group] - weight * (x[group] / size)
        return np.linalg.norm(distances)

    def __repr__(self) -> str:
        groups = [group.tolist() for group in self.groups]
        return f"GroupL2({self.lam!r}, {groups!r}, {self.weights.tolist()!r})"


def _checked_groups(groups: Iterable[Sequence[int]]) -> list[np.ndarray]:
    try:
        groups = list(groups)
        refuse_mask("groups", groups)
        arrays = [np.asarray(group) for group in groups]
    except InputError:
        raise
    except (TypeError, ValueError):
        arrays = []
    if not arrays or any(group.ndim != 1 or group.size == 0 or group.dtype.kind not in "iu" for group in arrays):
        raise InputError(
            f"groups = {shown(groups)} holds no lists of coordinates: give lists such as [[0, 1], [2, 3]]."
        )
    found, counts = np.unique(np.concatenate(arrays), return_counts=True)
    if found[0] < 0:
        raise InputError(f"groups holds the coordinate {found[0]}: give coordinates from 0 on.")
    if counts.max() > 1:
        raise InputError(f"groups holds the coordinate {found[counts.argmax()]} twice: give groups without overlap.")
    return [group.astype(np.int64) for group in arrays]


@implements(prox_work_size, GroupL2Kernel)
def _work_size(kernel, d):
    return d


@implements(prox, GroupL2Kernel)
def _shorten(kernel, v, tau, x, work):
    for j in range(v.shape[0]):
        x[j] = v[j]
    weights, indices, starts = kernel.weights, kernel.indices, kernel.starts
    for g in range(weights.shape[0]):
        start, end, squares = starts[g], starts[g + 1], 0.0
        for k in range(start, end):
            entry = float(v[indices[k]])
            squares += entry * entry
        # A call for each group would count references to the arrays, which costs more than a small group.
        size = sqrt(squares) if SMALL < squares < LARGE else _group_norm(v, indices, start, end, work)
        cut = tau * weights[g]
        factor = 0.0 if size <= cut else (size - cut) / size
        for k in range(start, end):
            x[indices[k]] = v[indices[k]] * factor


@njit
def _group_norm(v, indices, start, end, work):
    """Return the norm of a group whose squares overflow or underflow."""
    count = 0
    for k in range(start, end):
        work[count] = v[indices[k]]
        count += 1
    return norm(work[:count])
