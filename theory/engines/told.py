r"""How many numbers clients have told each other at least: the rank of what others know in what a client alone knew.

What client i alone knows is its function. If a change of it in some rounds changes what others know afterwards, then i
has told them; so the rank of that dependence is the least number of numbers that i has sent in these rounds, however
it has packed them. Others know their own states and that of the server, the points at which they compute gradients, and
what goes through ``send``. What the server keeps of a client from earlier rounds cannot be told from the client's own,
so a client's rows of the states are never what others know of it, and only changes of functions are asked for, none of
states; nor are they what the client knows if the gradients of the same round do not need them.
Likewise the rank with which all others' functions change what client j knows is the least that j has received. Where
the letters name a graph clients only talk to neighbours, so a client's numbers are summed over them.

Ranks are of derivatives by differences, and count singular values that are larger than the error of these: they may be
too small, never too large.
"""

from typing import NamedTuple

import numpy as np

from ...algorithms.parts import letters
from ...algorithms.parts.graphs import gossip
from ...core.randomness import generator
from ..case import Case
from .watch import AVERAGED, POINT, STATE
from .watched import NOBODY, ROUNDS, SERVER, Rounds

#: The step of the differences, relative to the data.
STEP = 1e-6
#: What is less, relative to the numbers, is rounding.
ROUNDING = 1e-9
#: Rows and columns whose error may be more than this of them are left out.
SHARP = 1e-4
# More directions than this in one client's data are not tried.
_MOST_DIRECTIONS = 40


def windows() -> list[tuple[int, int]]:
    """Return all sequences of watched rounds, as the first and the one after the last."""
    return [(a, b) for a in range(ROUNDS) for b in range(a + 1, ROUNDS + 1)]


class _Columns(NamedTuple):
    """The derivatives of all numbers that are seen, in directions of what one client alone knows in one round."""

    clients: np.ndarray
    """Whose function changes, shape (directions,)."""
    rounds: np.ndarray
    """In which round, likewise."""
    J: np.ndarray
    """The derivatives, shape (numbers, directions)."""
    E: np.ndarray
    """What they may be wrong by, likewise."""


class Told:
    """What the clients of some rounds have told each other at least.

    Parameters
    ----------
    rounds : Rounds
        What is watched.
    noticed : ndarray of bool
        For each gradient whether anybody needs it, see :meth:`~rootkappa.theory.engines.watched.Rounds.notices`.
    most : int
        How many numbers are to be told apart at most.
    """

    def __init__(self, rounds: Rounds, noticed: np.ndarray, most: int) -> None:
        self._rounds, self._n, self._base = rounds, rounds.problem.n, rounds.base
        base = self._base
        self._known = (base.kinds != AVERAGED) & (base.owners != NOBODY)
        # A point at which a gradient is computed that nobody needs need not be known.
        points, of_server = base.kinds == POINT, (base.kinds == STATE) & (base.owners == SERVER)
        self._known[points] = noticed[base.which[points]]
        self._known[of_server] = rounds.felt()[base.which[of_server]]
        self._held = self._known.copy()
        of_clients = (base.kinds == STATE) & (base.owners >= 0)
        self.fields_held = rounds.held()
        self._held[of_clients] &= self.fields_held[base.which[of_clients]]
        self._neighbours = _neighbours(rounds.case)
        self._columns = self._derivative(min(most, _MOST_DIRECTIONS))

    def sent(self, i: int, first: int, last: int) -> int:
        """Return how many numbers client i has sent at least from one round up to another."""
        return sum(rank(J, E) for J, E in self.sending(i, first, last))

    def received(self, j: int, first: int, last: int) -> int:
        """Return how many numbers client j has received at least, likewise."""
        return sum(rank(J, E) for J, E in self.receiving(j, first, last))

    def sending(self, i: int, first: int, last: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return the derivatives whose ranks add up to what client i has sent, and what they may be wrong by."""
        if self._neighbours is None:
            return [self._derivatives(self.others(i), [i], first, last)]
        if last > first + 1:
            return []  # what goes on from neighbours to theirs is not the client's
        return [self._derivatives(self._of(k), [i], first, last) for k in self._neighbours[i]]

    def receiving(self, j: int, first: int, last: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return the derivatives whose ranks add up to what client j has received, likewise."""
        if self._neighbours is None:
            return [self._derivatives(self._of(j), [i for i in range(self._n) if i != j], first, last)]
        if last > first + 1:
            return []
        return [self._derivatives(self._of(j), [k], first, last) for k in self._neighbours[j]]

    def others(self, i: int) -> np.ndarray:
        """Return which of the numbers that are seen others than client i know."""
        return self._known & (self._base.owners != i)

    def fresh(self, rows: np.ndarray, i: int, r: int) -> np.ndarray:
        """Return which of some numbers depend on what client i alone knows in a round."""
        columns = (self._columns.clients == i) & (self._columns.rounds == r)
        J, E = (matrix[np.ix_(rows, columns)] for matrix in self._columns[2:])
        return np.any(np.abs(J) > 2.0 * E + ROUNDING, axis=1)

    def _of(self, j: int) -> np.ndarray:
        return self._held & (self._base.owners == j)

    def _derivatives(
        self, known: np.ndarray, clients: list[int], first: int, last: int
    ) -> tuple[np.ndarray, np.ndarray]:
        rows = known & (self._base.rounds >= first) & (self._base.rounds < last)
        of, changed, J, E = self._columns
        columns = np.isin(of, clients) & (changed >= first) & (changed < last)
        return J[np.ix_(rows, columns)], E[np.ix_(rows, columns)]

    def _derivative(self, count: int) -> _Columns:
        rng = generator(self._rounds.case.seed, "cost", "directions")
        d, base = self._rounds.problem.d, self._base
        whose: list[tuple[int, int]] = []
        columns: list[np.ndarray] = []
        errors: list[np.ndarray] = []
        for r in range(ROUNDS):
            later = base.rounds >= r
            here = base.values[later]
            for i in np.repeat(range(self._n), count).tolist():
                S = rng.standard_normal((d, d))
                tilt, linear = self._rounds.case.problem.L / d * (S + S.T) / 2, rng.standard_normal(d)
                # Steps of two lengths, so that jumps to both sides of a point do not look like a slope.
                ahead = self._played(r, i, STEP * tilt, STEP * linear)
                behind = self._played(r, i, -STEP / 2 * tilt, -STEP / 2 * linear)
                if ahead is None or behind is None:
                    continue
                slopes = (ahead - here) / STEP, (here - behind) / (STEP / 2)
                column, error = np.zeros(len(base.values)), np.zeros(len(base.values))
                column[later] = (slopes[0] + slopes[1]) / 2
                error[later] = np.abs(slopes[0] - slopes[1]) + 1e-15 / STEP * np.abs(here)
                whose.append((i, r))
                columns.append(column)
                errors.append(error)
        clients, rounds = np.reshape(np.array(whose, dtype=int), (-1, 2)).T
        shape = (len(whose), len(base.values))
        return _Columns(clients, rounds, np.reshape(columns, shape).T, np.reshape(errors, shape).T)

    def _played(self, r: int, i: int, tilt: np.ndarray, linear: np.ndarray) -> np.ndarray | None:
        """Return what is seen from a round on, None if other gradients are computed or other messages sent."""
        changed = self._rounds.problem.with_changes({i: tilt}, {i: self._rounds.scale * linear})
        seen = self._rounds.play(r, ROUNDS, {r: changed})
        return seen.values if seen.is_like(self._base.since(r)) else None


def _neighbours(case: Case) -> list[list[int]] | None:
    """Return the neighbours of each client in the graph that a letter names; None if there is none."""
    named = letters.of_kind(case.method.Params, letters.Graph)
    if not named:
        return None
    W = gossip(getattr(case.params, named[0]), case.problem.n).W
    return [[k for k in np.flatnonzero(row).tolist() if k != i] for i, row in enumerate(W)]


def rank(J: np.ndarray, E: np.ndarray) -> int:
    """Return the least rank of a matrix.

    Parameters
    ----------
    J, E : ndarray, both of one shape
        The matrix as it is known, and what each entry may be wrong by.

    Examples
    --------
    >>> J = np.array([[1.0, 1.0], [1.0, 1.00001]])
    >>> rank(J, np.zeros((2, 2))), rank(J, np.full((2, 2), 1e-5))
    (2, 1)
    """
    known, error = J.T, E.T
    for _ in range(2):
        # First columns, then rows. Scaling changes no rank, and leaving out makes it smaller.
        size = np.linalg.norm(known, axis=1, keepdims=True)
        sharp = (np.linalg.norm(error, axis=1) < SHARP * size[:, 0]).nonzero()[0]
        known, error = (known[sharp] / size[sharp]).T, (error[sharp] / size[sharp]).T
    if not known.size:
        return 0
    return int(np.sum(np.linalg.svd(known, compute_uv=False) > 2.0 * np.linalg.norm(error) + ROUNDING))
