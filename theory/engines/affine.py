"""The step of a method on a quadratic as linear maps of its error, in blocks, found by probing the shipped code.

All of it lives on the subspace where the method's invariants are 0. In the eigenbasis of the mean Hessian the maps
often fall into small blocks, which are found from the zeros of the matrices.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

import numpy as np

from ...core.randomness import generator
from ...problems import Composite, Problem, Quadratic
from ...problems.functions.squared_l2 import SquaredL2
from ...problems.functions.zero import Zero
from ..case import Case, NotExact
from .constants import without_constants

# More than this, and the dense matrices no longer fit or take minutes.
_LARGEST_STATE = 2000
_MOST_OUTCOMES = 4096
# The numbers in the matrices of all outcomes, 400 MB of them.
_MOST_ENTRIES = 5e7
# Entries below this fraction of the largest count as the zeros that separate blocks.
_ZERO = 1e-12
# How far what must be equal may be apart by rounding.
_ROUNDING = 1e-9
# Rounds after which no field of a state is as small as rounding only.
_AHEAD = 3
# Drawn errors for which V must be a sum over coordinates to count as one, up to this fraction.
_DRAWN, _DIAGONAL = 2, 1e-12
# Sizes of errors for which a step must be one and the same map.
_MAGNITUDES = (1e-6, 1.0, 1e6)
# Errors of single operations add up over a step; this many times what one trial showed covers them.
_SAFETY = 16.0


class TooLarge(NotExact):
    """There is too much to list or to probe; on a smaller problem it can be done."""


class NotAffine(NotExact):
    """The method's step with these parameters is no affine map, whatever the problem."""


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
    probe = _Probe(without_constants(case))
    total = sum(probability for probability, _ in outcomes)
    if not abs(total - 1.0) <= _ROUNDING:
        raise NotExact(f"the outcomes of {name} have probabilities that add up to {total:.6g}: list them all.")
    found, moves, gaps = zip(*(probe.affine(outcome) for _, outcome in outcomes), strict=True)
    maps, offsets, gap = np.stack(found), np.stack(moves), max(gaps) + float(np.finfo(float).eps)
    probabilities = np.array([probability for probability, _ in outcomes])
    moved = np.abs(probabilities @ offsets if noisy else offsets).max()
    size = max(probe.scale, np.abs(offsets).max())
    if moved > _ROUNDING * size:
        how = " in the mean" if noisy else ""
        raise Moved(f"a step of {name} moves its fixed point{how}: take invariant evidence.")
    if not noisy:
        # What is left is rounding.
        offsets[:] = 0.0
    if not np.isfinite(maps).all():
        raise NotExact(f"{name} returns numbers that are not finite: take smaller step sizes.")
    constraints = probe.constraints()
    blocks: list[Block] = []
    trial = probe.trial.copy()
    for members in _components(np.abs(maps).max(axis=0)):
        free = _null_space(constraints[:, members])
        if free.shape[1] == 0:
            trial[members] = 0.0
            continue
        own = maps[:, members][:, :, members]
        if np.abs(offsets[:, members] @ constraints[:, members].T).max(initial=0.0) > _ROUNDING * size:
            raise NotExact(f"a step of {name} does not keep its invariants at 0: take invariant evidence.")
        if np.abs(constraints[:, members] @ own @ free).max(initial=0.0) > 1e-9 * max(np.abs(own).max(), 1.0):
            raise NotExact(f"a step of {name} does not keep its invariants at 0: take invariant evidence.")
        trial[members] = free @ free.T @ trial[members]
        form = probe.quadratic_form(members)
        blocks.append(_whitened(own, offsets[:, members], form, free, trial[members], (gap, gap * probe.scale)))
    expected = probe.value(trial)
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
        raise _not_affine(case)
    return case if params == case.params else replace(case, changes=params._asdict())


def _affine_params(case: Case) -> Any:
    """Return with which parameters a step is affine; a file or an object has to be probed before that is denied."""
    params = case.affine()
    return case.params if params is None and not case.method.is_shipped else params


def _not_affine(case: Case) -> NotAffine:
    return NotAffine(f"a step of {case.method.name} is not an affine map of its state: take path evidence.")


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
        raise _not_affine(case)
    outcomes = case.outcomes()
    if outcomes is None or len(outcomes) > _MOST_OUTCOMES:
        raise TooLarge(f"{name} has too many outcomes a step to list: take path evidence or fewer clients.")
    size = sum(field.size for field in case.initial())
    if size > _LARGEST_STATE:
        raise TooLarge(
            f"the state of {name} has {size} numbers, more than {_LARGEST_STATE}: take fewer clients or coordinates."
        )
    if len(outcomes) * size**2 > _MOST_ENTRIES:
        raise TooLarge(
            f"{name} has {len(outcomes)} outcomes for a state of {size} numbers, too many to probe: "
            "take fewer clients or coordinates."
        )
    return outcomes


class _Probe:
    """The step as a map of flat vectors: errors towards the fixed point, in the eigenbasis of the mean Hessian.

    Each coordinate is measured in a unit of its own, of which one alone makes up the V of the start. So it does not
    matter in which units the problem is written.
    """

    def __init__(self, case: Case) -> None:
        self.case = case
        if not case.has_fixed_point:
            raise NotExact(
                f"{case.method.name} has no fixed point to measure errors from: take another kind of evidence."
            )
        self.fixed = case.fixed_point()
        quadratic = case.problem.base if isinstance(case.problem, Composite) else case.problem
        self.basis = np.linalg.eigh(quadratic.kernel.A.mean(axis=0))[1]
        self.size = sum(field.size for field in self.fixed)
        self.units = np.ones(self.size)
        self.units = self._natural_units()
        self.scale = max(np.abs(self._flat(self.fixed)).max(), 1.0)
        # A vector without symmetries: what holds for it by accident does not hold at all.
        self.trial = np.cos(np.arange(1.0, self.size + 1.0))

    def _natural_units(self) -> np.ndarray:
        """Return how much of each coordinate alone makes up the V of the start; where V sees none, its size."""
        first = 0.0 if self.case.is_solved else self.case.start[0]
        ahead = self.case.advance(self.case.initial(), self.case.draw(generator(self.case.seed, "units"), _AHEAD))
        sizes = [
            max(np.abs(a).max(), np.abs(b).max()) if a.size else 0.0 for a, b in zip(self.fixed, ahead, strict=True)
        ]
        trials = np.concatenate(
            [
                np.full(field.size, (size if first > 0.0 else 0.0) or 1.0)
                for field, size in zip(self.fixed, sizes, strict=True)
            ]
        )
        seen = np.array([self.value(unit) for unit in np.diag(trials)])
        return trials * np.sqrt(np.divide(first or 1.0, seen, out=np.ones_like(seen), where=seen > 0.0))

    def _flat(self, fields: Sequence[np.ndarray]) -> np.ndarray:
        return np.concatenate([(field @ self._basis_of(field)).ravel() for field in fields]) / self.units

    def _basis_of(self, field: np.ndarray) -> np.ndarray:
        # What is no model, as a dual variable behind a matrix, stays as it is.
        size = field.shape[-1]
        return self.basis if size == len(self.basis) else np.eye(size)

    def state(self, error: np.ndarray, origin: Sequence[np.ndarray] | None = None) -> Any:
        """Return the state with this error, or with these deviations from another origin."""
        fields: list[np.ndarray] = []
        position = 0
        error = error * self.units
        for field in self.fixed if origin is None else origin:
            part = error[position : position + field.size].reshape(field.shape)
            fields.append(field + part @ self._basis_of(field).T)
            position += field.size
        return self.case.state(*fields)

    def _step(self, error: np.ndarray, outcome: Any) -> np.ndarray:
        # Probing around 0 and not around the solution keeps the rounding of large entries out of the matrices.
        state = self.state(error, [np.zeros_like(field) for field in self.fixed])
        return self._flat(self.case.step(state, outcome))

    def affine(self, outcome: Any) -> tuple[np.ndarray, np.ndarray, float]:
        """Return the matrix of the error's step under one outcome, where it takes 0, and a relative error of rounding.

        Checks that the step is affine.
        """
        offset = self._step(np.zeros(self.size), outcome)
        columns = [self._step(unit, outcome) - offset for unit in np.eye(self.size)]
        matrix = np.column_stack(columns)
        gap = 0.0
        for size in _MAGNITUDES:
            found, expected = self._step(size * self.trial, outcome), size * (matrix @ self.trial) + offset
            apart = np.abs(found - expected).max() / max(np.abs(expected).max(), size)
            gap = max(gap, apart if size == 1.0 else 0.0)
            if not apart <= _ROUNDING:
                raise _not_affine(self.case)
        state, fixed = self.state(np.zeros(self.size)), self._flat(self.fixed)
        return matrix, self._flat(self.case.step(state, outcome)) - fixed, float(gap)

    def constraints(self) -> np.ndarray:
        """Return the method's invariants as rows of a matrix that is 0 on every admissible error."""

        def values(error: np.ndarray) -> np.ndarray:
            found = self.case.invariants(self.state(error))
            return np.concatenate([np.zeros(0), *(np.ravel(value) for value in found.values())])

        at_zero = values(np.zeros(self.size))
        if at_zero.size == 0:
            return np.zeros((0, self.size))
        rows = np.column_stack([values(unit) - at_zero for unit in np.eye(self.size)])
        sizes = np.abs(rows).max(axis=1, keepdims=True)
        # A sum of small numbers is as much of a sum as one of large ones.
        return rows / np.where(sizes > 0.0, sizes, 1.0)

    def value(self, error: np.ndarray) -> float:
        return self.case.lyapunov(self.state(error))

    def quadratic_form(self, members: np.ndarray) -> np.ndarray:
        """Return V as a matrix on some coordinates, by polarisation."""
        units = np.eye(self.size)[members]
        single = np.array([self.value(unit) for unit in units])
        form = np.diag(single)
        if self._is_diagonal(members, single):
            return form
        for j in range(len(members)):
            for k in range(j):
                both = self.value(units[j] + units[k])
                form[j, k] = form[k, j] = (both - single[j] - single[k]) / 2
        return form

    def _is_diagonal(self, members: np.ndarray, single: np.ndarray) -> bool:
        """Return whether V is a sum over these coordinates: what is not is so for hardly any vector."""
        for weights in generator(self.case.seed, "diagonal").standard_normal((_DRAWN, len(members))):
            error = np.zeros(self.size)
            error[members] = weights
            expected = float(single @ weights**2)
            if not abs(self.value(error) - expected) <= _DIAGONAL * expected:
                return False
        return True


def _components(pattern: np.ndarray) -> list[np.ndarray]:
    """Return the index sets of the blocks into which a matrix falls."""
    # Imported like this SciPy, which has no types, is Any.
    links = import_module("scipy.sparse").csr_array(pattern > _ZERO * pattern.max())
    count, labels = import_module("scipy.sparse.csgraph").connected_components(links, directed=False)
    return [np.flatnonzero(labels == label) for label in range(count)]


def _null_space(constraints: np.ndarray) -> np.ndarray:
    """Return an orthonormal basis of the vectors that all rows send to 0, as columns."""
    if constraints.shape[0] == 0:
        return np.eye(constraints.shape[1])
    _, sizes, rows = np.linalg.svd(constraints)
    rank = int((sizes > 1e-9 * max(sizes.max(initial=0.0), 1e-300)).sum())
    return rows[rank:].T


def _whitened(
    maps: np.ndarray,
    offsets: np.ndarray,
    form: np.ndarray,
    free: np.ndarray,
    trial: np.ndarray,
    gaps: tuple[float, float],
) -> Block:
    """Restrict to the free subspace, in coordinates y where V = |y|².

    ``gaps`` are what rounding has made of single entries of the maps and of the offsets.
    """
    eigenvalues, vectors = np.linalg.eigh(free.T @ form @ free)
    if eigenvalues[0] <= 1e-12 * eigenvalues[-1]:
        raise NotExact("the Lyapunov function is not positive on some errors: it cannot measure progress.")
    root = np.sqrt(eigenvalues)
    to_white = (vectors * root).T @ free.T
    from_white = free @ (vectors / root)
    white = np.stack([to_white @ A @ from_white for A in maps])
    many = _SAFETY * len(root)
    # The change of coordinates makes errors larger where V is flat in some direction.
    rounding = many * gaps[0] * float(root[-1] / root[0]), many * gaps[1] * float(root[-1])
    return Block(white, offsets @ to_white.T, to_white @ trial, *rounding)
