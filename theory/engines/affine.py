"""The step of a method on a quadratic as linear maps of its error, in blocks, found by probing the shipped code.

All of it lives on the subspace where the method's invariants are 0. In the eigenbasis of the mean Hessian the maps
often fall into small blocks, which are found from the zeros of the matrices.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np

from ...problems import Composite, Problem, Quadratic
from ...problems.functions.squared_l2 import SquaredL2
from ...problems.functions.zero import Zero
from ..case import Case, NotExact
from .constants import without_constants
from .probe import ROUNDING, Probe, not_affine

# More than this, and the dense matrices no longer fit or take minutes.
_LARGEST_STATE = 2000
_MOST_OUTCOMES = 4096
# The numbers in the matrices of all outcomes, 400 MB of them.
_MOST_ENTRIES = 5e7
# Entries below this fraction of the largest count as the zeros that separate blocks.
_ZERO = 1e-12
# What rounding may leave of a zero, as a fraction of the largest entry.
_LEFT = 64.0 * float(np.finfo(float).eps)
# V in a direction, beside the largest in any, that counts as none.
_FLAT = 1e-12
# Errors of single operations add up over a step; this many times what one trial showed covers them.
_SAFETY = 16.0


class TooLarge(NotExact):
    """There is too much to list or to probe; on a smaller problem it can be done."""


class Moved(NotExact):
    """In the mean a step moves what is said to be its fixed point."""


def is_affine(problem: Problem) -> bool:
    """Return whether every gradient and prox of the problem is an affine map.

    Probing could not tell: where a prox bends outside the region that is probed, a step looks affine and is not.
    """
    if isinstance(problem, Composite):
        terms = (problem.psi, problem.h)
        return isinstance(problem.base, Quadratic) and all(isinstance(term, SquaredL2 | Zero) for term in terms)
    return isinstance(problem, Quadratic) and problem.is_smooth


@dataclass(frozen=True)
class Block:
    """A subspace that every outcome maps to itself, in coordinates where V is the squared norm."""

    maps: np.ndarray
    """The matrices of all outcomes, shape (outcomes, r, r)."""
    offsets: np.ndarray
    """What the outcomes do to the error 0, shape (outcomes, r); 0 without noise."""
    trial: np.ndarray
    """A generic admissible error in the same coordinates, shape (r,)."""
    rounding: float
    """How far rounding may have moved the matrices, in the spectral norm."""
    offset_rounding: float
    """How far rounding may have moved the offsets, in the Euclidean norm."""
    lift: Callable[[np.ndarray], Any]
    """Returns the state that is apart from the fixed point by the error of some coordinates."""


@dataclass(frozen=True)
class Model:
    """A method's step on a quadratic: what happens to its error, and with which probability."""

    probabilities: np.ndarray
    """The probabilities of the outcomes, shape (outcomes,)."""
    blocks: list[Block]
    """The parts of the error that do not mix."""


def affine_model(case: Case, noisy: bool = False) -> Model:
    """Return the affine maps of a method's error.

    Parameters
    ----------
    case : Case
        The method's compiled ``step`` is probed under every outcome, and its theorem's V, in whose coordinates the
        blocks are written. The problem is a quadratic without a nonsmooth term, or a Composite of one with terms that
        are multiples of the squared norm.
    noisy : bool
        Whether outcomes may move the fixed point, as long as their mean does not.

    Raises
    ------
    NotExact
        If there is no such model: the problem is no quadratic, the randomness cannot be listed, the state is too large,
        or the step breaks what the method declares.
    """
    name = case.method.name
    if not is_affine(case.problem):
        raise NotExact(f"{case.problem.label} is no quadratic without a nonsmooth term: take path evidence.")
    outcomes = listed_outcomes(case)
    probe = Probe(without_constants(case), mixed=True)
    total = sum(probability for probability, _ in outcomes)
    if not abs(total - 1.0) <= ROUNDING:
        raise NotExact(f"the outcomes of {name} have probabilities that add up to {total:.6g}: list them all.")
    found, moves, gaps = zip(*(probe.affine(outcome) for _, outcome in outcomes), strict=True)
    maps, offsets, gap = np.stack(found), np.stack(moves), max(gaps) + float(np.finfo(float).eps)
    probabilities = np.array([probability for probability, _ in outcomes])
    moved = np.abs(probabilities @ offsets if noisy else offsets).max()
    size = max(probe.scale, np.abs(offsets).max())
    if moved > ROUNDING * size:
        how = " in the mean" if noisy else ""
        raise Moved(f"a step of {name} moves its fixed point{how}: take invariant evidence.")
    if not noisy:
        # What is left is rounding.
        offsets[:] = 0.0
    if not np.isfinite(maps).all():
        raise NotExact(f"{name} returns numbers that are not finite: take smaller step sizes.")
    constraints = probe.constraints()
    parts = [
        (members, White(probe.quadratic_form(members), constraints[:, members]))
        for members in _components(np.abs(maps).max(axis=0))
    ]
    if sum(white.size for _, white in parts) != probe.size - _spanned(constraints).shape[1]:
        # The constraints couple what the maps keep apart.
        everything = np.arange(probe.size)
        parts = [(everything, White(probe.quadratic_form(everything), constraints))]
    blocks: list[Block] = []
    trial = probe.trial.copy()
    for members, white in parts:
        if white.size == 0:
            trial[members] = 0.0
            continue
        own, held, back = maps[:, members][:, :, members], constraints[:, members], white.back
        if np.abs(offsets[:, members] @ held.T).max(initial=0.0) > ROUNDING * size:
            raise NotExact(f"a step of {name} does not keep its invariants at 0: take invariant evidence.")
        if np.abs(held @ own @ back).max(initial=0.0) > ROUNDING * max(np.abs(own).max(), 1.0) * np.abs(back).max():
            raise NotExact(f"a step of {name} does not keep its invariants at 0: take invariant evidence.")
        y = white.to(trial[members])
        trial[members] = back @ y
        rounding = white.bounds(gap, gap * probe.scale)
        lift = partial(_lifted, probe, members, back)
        blocks.append(Block(np.stack([white.map(A) for A in own]), white.to(offsets[:, members]), y, *rounding, lift))
    (expected,) = probe.values(trial[None])
    if abs(sum(block.trial @ block.trial for block in blocks) - expected) > 1e-8 * abs(expected):
        raise NotExact("the Lyapunov function couples errors that the method keeps apart: take path evidence.")
    return Model(probabilities, blocks)


def affine_case(case: Case) -> Case:
    """Return the case itself if its step is affine, and that of the worst step otherwise.

    Raises
    ------
    NotAffine
        If the method knows none.
    """
    params = _affine_params(case)
    if params is None:
        raise not_affine(case)
    return case if params == case.params else replace(case, changes=params._asdict())


def _affine_params(case: Case) -> Any:
    """Return with which parameters a step is affine; a file or an object has to be probed before that is denied."""
    params = case.affine()
    return case.params if params is None and not case.method.is_shipped else params


def check_size(case: Case) -> int:
    """Return how many numbers a state has; that they are too many for dense matrices is a TooLarge."""
    size = sum(field.size for field in case.initial())
    if size > _LARGEST_STATE:
        raise TooLarge(
            f"the state of {case.method.name} has {size} numbers, more than {_LARGEST_STATE}: "
            "take fewer clients or coordinates."
        )
    return size


def listed_outcomes(case: Case) -> list[tuple[float, Any]]:
    """Return all outcomes of a step with their probabilities.

    Raises
    ------
    NotAffine
        If a step is no affine map, so that nothing exact could be made of the list.
    TooLarge
        If there are too many to list, or the state is too large to be probed under each of them.
    """
    name = case.method.name
    if _affine_params(case) != case.params:
        raise not_affine(case)
    outcomes = case.outcomes()
    if outcomes is None or len(outcomes) > _MOST_OUTCOMES:
        raise TooLarge(f"{name} has too many outcomes a step to list: take path evidence or fewer clients.")
    size = check_size(case)
    if len(outcomes) * size**2 > _MOST_ENTRIES:
        raise TooLarge(
            f"{name} has {len(outcomes)} outcomes for a state of {size} numbers, too many to probe: "
            "take fewer clients or coordinates."
        )
    return outcomes


def _lifted(probe: Probe, members: np.ndarray, back: np.ndarray, y: np.ndarray) -> Any:
    error = np.zeros((1, probe.size))
    error[0, members] = back @ y
    return probe.states(error)[0]


def _components(pattern: np.ndarray) -> list[np.ndarray]:
    """Return the index sets of the blocks into which a matrix of absolute values falls.

    What is nothing beside the largest entry of all may be much to its own row or column, so these say what is. But a
    row of zeros has what rounding left of the largest, to which that would be much.
    """
    sizes = np.minimum(pattern.max(axis=0), pattern.max(axis=1)[:, None])
    rounding = _LEFT * pattern.max(initial=0.0)
    # Imported like this SciPy, which has no types, is Any.
    links = import_module("scipy.sparse").csr_array(pattern > np.maximum(_ZERO * sizes, rounding))
    count, labels = import_module("scipy.sparse.csgraph").connected_components(links, directed=False)
    return [np.flatnonzero(labels == label) for label in range(count)]


class White:
    """Coordinates y of the errors that all constraints send to 0, in which V = |y|²: an error is ``back @ y``.

    Parameters
    ----------
    form : ndarray, shape (r, r)
        The matrix of V.
    constraints : ndarray, shape (k, r)
        What sends every admissible error to 0.

    Raises
    ------
    NotExact
        If V is not positive on some error that is not 0.
    """

    def __init__(self, form: np.ndarray, constraints: np.ndarray) -> None:
        diagonal = np.diag(form)
        # What V hardly sees may be bound, so that it does not matter.
        is_seen = bool(diagonal.min(initial=np.inf) > _FLAT * diagonal.max(initial=0.0))
        is_sum = is_seen and np.count_nonzero(form) == np.count_nonzero(diagonal)
        # Where V is a sum over coordinates each is scaled by itself, and an orthonormal basis of the rest will do.
        self._scales = np.sqrt(diagonal) if is_sum else np.ones(len(form))
        bound = _spanned(constraints / self._scales)
        self._bound, self._reflector = bound.shape[1], _reflector(bound)
        self.size = len(form) - self._bound
        """The number of coordinates."""
        roots, vectors = self._scales, np.eye(self.size)
        if not is_sum:
            eigenvalues, vectors = np.linalg.eigh(self._free(form))
            roots = np.sqrt(np.maximum(eigenvalues, 0.0))
        if self.size and roots.min() ** 2 <= _FLAT * roots.max() ** 2:
            raise NotExact("the Lyapunov function is not positive on some errors: it cannot measure progress.")
        # The change of coordinates makes errors larger where V is flat in some direction.
        self._steepest, self._flattest = roots.max(initial=0.0), roots.min(initial=np.inf)
        self._turn = None if is_sum else (vectors * roots, vectors / roots)

    @property
    def back(self) -> np.ndarray:
        """The errors of the coordinates, shape (r, size)."""
        free = _reflected(np.eye(len(self._scales)), self._reflector)[:, self._bound :] / self._scales[:, None]
        return free @ self._turn[1] if self._turn else free

    def to(self, errors: np.ndarray) -> np.ndarray:
        """Return the coordinates of admissible errors, shape (..., r)."""
        own = _reflected((errors * self._scales).T, self._reflector).T[..., self._bound :]
        return own @ self._turn[0] if self._turn else own

    def map(self, matrix: np.ndarray) -> np.ndarray:
        """Return a map of errors in these coordinates."""
        own = self._free(self._scales[:, None] * matrix / self._scales)
        return self._turn[0].T @ own @ self._turn[1] if self._turn else own

    def form(self, matrix: np.ndarray) -> np.ndarray:
        """Return a quadratic form of errors in these coordinates."""
        own = self._free(matrix / self._scales[:, None] / self._scales)
        return self._turn[1].T @ own @ self._turn[1] if self._turn else own

    def bounds(self, gap: float, offset_gap: float) -> tuple[float, float]:
        """Return how far rounding may have moved maps and offsets, given what it has made of single entries."""
        many = _SAFETY * self.size
        return many * gap * float(self._steepest / self._flattest), many * offset_gap * float(self._steepest)

    def _free(self, matrix: np.ndarray) -> np.ndarray:
        turned = _reflected(_reflected(matrix, self._reflector).T, self._reflector).T
        return turned[self._bound :, self._bound :]


def _spanned(constraints: np.ndarray) -> np.ndarray:
    """Return an orthonormal basis of what the rows span, as columns."""
    _, sizes, rows = np.linalg.svd(constraints, full_matrices=False)
    rank = int((sizes > 1e-9 * max(sizes.max(initial=0.0), 1e-300)).sum())
    return rows[:rank].T


def _reflector(columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return W and T of the reflection I - W T W' that takes what orthonormal columns span to the first coordinates.

    So its other columns are a basis of what is orthogonal to them, and applying it costs no product of large matrices.
    """
    k = columns.shape[1]
    left, _, right = np.linalg.svd(columns[:k])
    W = columns.copy()
    # Towards the far side, where nothing cancels.
    W[:k] += left @ right
    return W, 2.0 * np.linalg.inv(W.T @ W) if k else np.zeros((0, 0))


def _reflected(matrix: np.ndarray, reflector: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    W, T = reflector
    return matrix - W @ (T @ (W.T @ matrix)) if T.size else matrix
