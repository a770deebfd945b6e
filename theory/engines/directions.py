"""The step of a method as maps of its error, one for each eigenvector of the mean Hessian.

A state of n clients and d coordinates has n d numbers, too many for a dense matrix of them. But where the clients share
their eigenvectors, local steps and averages keep the d directions apart: then all directions are probed at once, as if
there were one. That a step does so is not believed, but held against what it makes of errors in all directions.
"""

from functools import cached_property
from typing import Any

import numpy as np

from ...core.randomness import generator
from .affine import TooLarge
from .form import Names
from .probe import MAGNITUDES, ROUNDING, FormOfV, Probe

# The numbers in the matrices of all directions, and in states that are probed together.
_MOST_ENTRIES, _AT_ONCE = 5e7, 2e5
# Drawn errors for which V must be a sum over directions, up to this fraction.
_DRAWN, _SUM = 2, 1e-12
# Entries of a constraint that are rounding, beside the largest.
_NOTHING = 1e-12


class Directions(Probe):
    """A probe that tells one direction from another; see :class:`~rootkappa.theory.engines.probe.Probe`.

    Matrices have shape (d, width, width): one for each direction, whose coordinates are, of each field, one number of
    each of its rows.

    Raises
    ------
    TooLarge
        If a field has no number for each direction.
    """

    def fully(self, problem: Any) -> "Directions":
        """Return the probe of another problem whose directions are the coordinates themselves."""
        other = self.on(problem)
        assert isinstance(other, Directions)
        other.basis = np.eye(len(self.basis))
        return other

    @cached_property
    def places(self) -> np.ndarray:
        """Where the coordinates of each direction stand in a flat vector, shape (d, width)."""
        d, first = len(self.basis), 0
        columns: list[np.ndarray] = []
        for field in self.fixed:
            if field.shape[-1:] != (d,):
                raise TooLarge(
                    f"a state of {self.case.method.name} has a field that is no vector for each row: take fewer "
                    "clients or coordinates."
                )
            columns.append(np.arange(first, first + field.size).reshape(-1, d).T)
            first += field.size
        places = np.concatenate(columns, axis=1)
        if places.size * places.shape[1] > _MOST_ENTRIES:
            raise TooLarge(
                f"the state of {self.case.method.name} has {places.shape[1]} numbers in each of {d} directions, too "
                "many: take fewer clients or coordinates."
            )
        return places

    @property
    def width(self) -> int:
        """How many coordinates a direction has."""
        return self.places.shape[1]

    @property
    def slim(self) -> list[np.ndarray]:
        """Fields as there were if there was one direction."""
        return [field[..., :1] for field in self.fixed]

    def apart(self, flat: np.ndarray) -> np.ndarray:
        """Return errors direction by direction, shape (..., d, width)."""
        return flat[..., self.places]

    def joined(self, errors: np.ndarray) -> np.ndarray:
        """Return the flat vectors of errors that are given direction by direction."""
        flat = np.empty((*errors.shape[:-2], self.size))
        flat[..., self.places] = errors
        return flat

    def everywhere(self, errors: np.ndarray) -> np.ndarray:
        """Return flat errors that are the same in every direction, given for one, shape (count, width)."""
        return self.joined(np.broadcast_to(errors[:, None, :], (len(errors), *self.places.shape)))

    def mapped(self, maps: np.ndarray, flat: np.ndarray) -> np.ndarray:
        """Return what maps of each direction make of flat errors, shape (..., size)."""
        each = np.moveaxis(self.apart(flat.reshape(-1, self.size)), 1, 0)
        return self.joined(np.moveaxis(each @ maps.transpose(0, 2, 1), 0, 1)).reshape(flat.shape)

    def steps(self, errors: np.ndarray, outcome: Any, at_fixed: bool = False) -> np.ndarray:
        count = max(int(_AT_ONCE) // self.size, 1)
        parts = [errors[first : first + count] for first in range(0, len(errors), count)]
        return np.concatenate([super(Directions, self).steps(part, outcome, at_fixed) for part in parts])

    def values(self, errors: np.ndarray) -> np.ndarray:
        count = max(int(_AT_ONCE) // self.size, 1)
        parts = [errors[first : first + count] for first in range(0, len(errors), count)]
        return np.concatenate([super(Directions, self).values(part) for part in parts])

    def turned(self, flat: np.ndarray, other: "Directions") -> np.ndarray:
        """Return the flat vector of an error in the directions of another probe."""
        fields = self._fields(flat[None], self.zeros)
        return other._flat(fields)[0]

    def affine(self, outcome: Any) -> tuple[np.ndarray, np.ndarray, float]:
        """Return the matrices of all directions, where a step takes 0, and a relative error of rounding.

        Raises
        ------
        TooLarge
            If these are not what a step does.
        """
        sizes = np.array(MAGNITUDES)
        probes = [np.zeros((1, self.size)), sizes[:, None] * self.trial, self.everywhere(np.eye(self.width))]
        found = self.steps(np.concatenate(probes), outcome)
        offset, found, columns = found[0], found[1 : len(sizes) + 1], found[len(sizes) + 1 :]
        matrices = self.apart(columns - offset).transpose(1, 2, 0)
        gap, once = 0.0, self.mapped(matrices, self.trial)
        for size, there in zip(MAGNITUDES, found, strict=True):
            expected = size * once + offset
            apart = np.abs(there - expected).max() / max(np.abs(expected).max(), size)
            gap = max(gap, apart if size == 1.0 else 0.0)
            if not apart <= ROUNDING:
                raise self.not_apart()
        return matrices, self.moved(outcome), float(gap)

    def not_apart(self) -> TooLarge:
        """Return what says that directions are not kept apart."""
        return TooLarge(
            f"a step of {self.case.method.name} does not keep the eigenvectors of the Hessian apart, and its state is "
            "too large for one matrix: take fewer clients or coordinates."
        )

    def constraints(self) -> np.ndarray:
        """Return the method's invariants as rows of a matrix for each direction, shape (d, k, width)."""

        def values(flat: np.ndarray) -> np.ndarray:
            rows = [np.zeros((0, len(self.basis)))]
            (state,) = self.states(flat[None])
            for value in self.case.invariants(state).values():
                if np.shape(value)[-1:] != (len(self.basis),):
                    raise self.not_apart()
                rows.append((np.asarray(value) @ self.basis).reshape(-1, len(self.basis)))
            return np.concatenate(rows).T

        at_zero = values(np.zeros(self.size))
        units = self.everywhere(np.eye(self.width))
        rows = np.stack([values(unit) - at_zero for unit in units], axis=2)
        for sign in (1.0, -1.0):
            apart = values(sign * self.trial) - at_zero - sign * (rows @ self.apart(self.trial)[..., None])[..., 0]
            allowed = (np.abs(rows) @ np.abs(self.apart(self.trial))[..., None])[..., 0] + np.abs(at_zero).max(
                initial=0
            )
            if np.any(np.abs(apart) > ROUNDING * allowed):
                raise self.not_apart()
        sizes = np.abs(rows).max(axis=2, keepdims=True, initial=0.0)
        rows /= np.where(sizes > 0.0, sizes, 1.0)
        rows[np.abs(rows) <= _NOTHING] = 0.0
        return rows

    def form(self) -> np.ndarray:
        """Return V as a matrix for each direction, shape (d, width, width)."""
        one = FormOfV(self, self.places[0])
        one.fill(np.arange(self.width))
        same = np.broadcast_to(one.matrix, (*self.places.shape, self.width))
        if self._is_sum(same):
            return same
        if self.problem.n > 1:
            names = Names(self.slim, self.problem.n)
            alike = np.array([names.of_two(self._filled(members[names.two])) for members in self.places])
            if self._is_sum(alike):
                return alike
        forms = np.array([self._filled(members) for members in self.places])
        if self._is_sum(forms):
            return forms
        raise self.not_apart()

    def _filled(self, members: np.ndarray) -> np.ndarray:
        form = FormOfV(self, members)
        form.fill(np.arange(len(members)))
        return form.matrix

    def _is_sum(self, forms: np.ndarray) -> bool:
        """Return whether V is the sum of forms of all directions."""
        rng = generator(self.case.seed, "directions")
        errors = rng.standard_normal((_DRAWN, self.size))
        each = self.apart(errors)
        expected = np.einsum("kjw,kjw->k", each, (forms @ each[..., None])[..., 0])
        return bool(np.all(np.abs(self.values(errors) - expected) <= _SUM * np.abs(expected)))

    def _seen_alone(self, trials: np.ndarray) -> np.ndarray:
        # A unit is a unit, in whichever direction it was found.
        errors = np.zeros((self.width, self.size))
        errors[np.arange(self.width), self.places[0]] = trials[self.places[0]]
        seen = np.empty(self.size)
        seen[self.places] = self.values(errors)
        return seen
