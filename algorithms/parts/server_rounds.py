"""Rounds of local steps that start from the server's model: the loops of FedAvg and SCAFFOLD, and their hooks.

What a method draws reaches its hooks in the :class:`Phase`: ``w`` is that of a round, ``xi`` that of its steps. If its
local steps are no gradient steps it says what they are::

    @implements(phase_steps, Params)
    def _steps(params, kernel, i, state, phase, k): ...

A step size that shrinks, and a momentum that outlives a round, are fields of the state, which :func:`end_round` writes.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from ...core.compiled import njit
from ...core.dispatch import dispatched
from ...core.inner import inner
from ...problems import oracles
from ...problems.oracles import clients, gradient, workspace
from .local_steps import own_scratch, with_senders
from .rounds import Draws, Phases, Randomness


class Phase(NamedTuple):
    """What lives for one phase, and space to write to."""

    Y: np.ndarray
    """Local models y_i, shape (n, d)."""
    H: np.ndarray
    """What corrects the local gradients, shape (n, d): a step is y_i ← y_i - η (∇f_i(y_i) - h_i)."""
    g: np.ndarray
    """A vector for a gradient, shape (d,)."""
    v: np.ndarray
    """A vector to spare, shape (d,)."""
    work: np.ndarray
    """The space of the oracles, from :func:`~rootkappa.problems.oracles.workspace`."""
    own: Any
    """What the method has asked for by :func:`~rootkappa.algorithms.parts.local_steps.own_scratch`."""
    w: np.ndarray
    """What is drawn for the round; empty if nothing is. Of several parts, each a row of integers, one stands behind the
    other, such as a cohort and then words; with any other they are a record, such as ``w[0]["zeta"]``."""
    xi: np.ndarray
    """What is drawn for its local steps, shape (k, n, ...); empty if nothing is."""


@dispatched
def start_round(params, kernel, state, phase):
    """Write y_i and h_i of a round; ``state`` has the server's model x, or a model of each client as a row of x."""
    raise NotImplementedError


@dispatched
def end_round(params, kernel, state, phase):
    """Write the state after the phase, in place, from the y_i after the local steps."""
    raise NotImplementedError


@dispatched
def phase_steps(params, kernel, i, state, phase, eta, k):
    """Take the ``k`` local steps of client ``i`` in place, by default y_i ← y_i - η (∇f_i(y_i) - h_i)."""
    oracles.local_steps(kernel, i, phase.Y[i], phase.H[i], eta, k, phase.work)


@inner
def _client_by_client(params, kernel, state, phase, eta, k):
    for i in range(phase.Y.shape[0]):
        phase_steps(params, kernel, i, state, phase, eta, k)


def _phase(params, kernel, state, phase, eta, k):
    """Take the ``k`` local steps of all clients, those of :func:`phase_steps` where a method has its own."""
    oracles.local_phase(kernel, phase.Y, phase.H, eta, k, phase.work)


_all_clients = dispatched(_phase, beside=phase_steps, instead=_client_by_client)


def _gradient_steps(params, kernel, i, state, phase, eta, k):
    """Do what :func:`phase_steps` does by default without any short cut: gradient by gradient, as the paper says."""
    Y, H, g = phase.Y, phase.H, phase.g
    for _ in range(k):
        gradient(kernel, i, Y[i], g, phase.work)
        for j in range(Y.shape[1]):
            Y[i, j] -= eta * (g[j] - H[i, j])


#: One step after the other: what ``step`` takes; a method's own local steps where it has some.
plain_phase_steps = dispatched(_gradient_steps, beside=phase_steps)


@inner
def _space(params, kernel, d, w, xi):
    n = clients(kernel)
    own = own_scratch(params, kernel, d)
    return Phase(np.empty((n, d)), np.empty((n, d)), np.empty(d), np.empty(d), workspace(kernel), own, w, xi)


@njit
def all_rounds(params, kernel, state, eta, lengths, w, xi, plain):
    """One round for each length; all local steps client by client, so that a client's data are read once a round.

    ``plain`` is gradient by gradient, otherwise clients take their short cuts. Of ``w`` there is an entry a round,
    ``xi`` has shape (steps, n, ...).
    """
    space = _space(params, kernel, state.x.shape[-1], w[0], xi)
    first = 0
    for r in range(lengths.shape[0]):
        k = lengths[r]
        drawn = xi[first : first + k]
        phase = Phase(space.Y, space.H, space.g, space.v, space.work, space.own, w[r], drawn)
        start_round(params, kernel, state, phase)
        if plain:
            for i in range(phase.Y.shape[0]):
                plain_phase_steps(params, kernel, i, state, phase, eta, k)
        else:
            _all_clients(params, kernel, state, phase, eta, k)
        end_round(params, kernel, state, phase)
        first += k


class ServerRounds:
    """The ``step`` and ``advance`` of a method with rounds of K local steps of size η, or else α, or else γ.

    Parameters
    ----------
    letters : type
        The NamedTuple of the method's letters, by which compiled code knows it.
    random : Randomness, optional
        The method's; with one part a step at most. By default nothing is drawn.
    compiled : callable, optional
        ``compiled(params, state)`` returns the letters as compiled code sees them, of the same type; by default
        compressors become their senders.
    loop : callable
        What :func:`all_rounds` does; a user's file gets a compiled copy of its own.
    """

    def __init__(
        self,
        letters: Any,
        random: Randomness | None = None,
        compiled: Callable[[Any, Any], Any] | None = None,
        loop: Callable[..., None] = all_rounds,
    ) -> None:
        self._count = random.count if isinstance(random, Phases) else lambda params: params.K
        self._letters, self._compiled = letters, compiled or with_senders
        self._all_rounds = loop
        parts = random.parts if random else ()
        self._ends = [part.name for part in parts if not part.in_every_step]
        self._step = next((part.name for part in parts if part.in_every_step), "")

    def _seen(self, params: Any, state: Any) -> Any:
        return self._compiled(self._letters(*params), state)

    def _drawn(self, ends: Mapping[str, np.ndarray], count: int) -> np.ndarray:
        """Return what is drawn for so many rounds, one entry a round."""
        if len(self._ends) < 2:
            return np.ascontiguousarray(ends[self._ends[0]]) if self._ends else np.zeros((count, 0))
        columns = [ends[name] for name in self._ends]
        if all(values.ndim == 2 and values.dtype == np.int64 for values in columns):
            # Records have the sizes of their fields in their type, so that each would be compiled anew.
            return np.concatenate(columns, axis=1)
        fields = [(name, values.dtype, values.shape[1:]) for name, values in zip(self._ends, columns, strict=True)]
        # Compiled code has arrays of records in tuples, and no record.
        records = np.empty((count, 1), dtype=fields)
        for name, values in zip(self._ends, columns, strict=True):
            records[name][:, 0] = values
        return records

    def step(self, kernel: Any, params: Any, state: Any, outcome: Any) -> None:
        """One phase."""
        w = self._drawn({name: np.array(outcome[name])[None] for name in self._ends}, 1)
        xi = np.ascontiguousarray(outcome[self._step]) if self._step else _NONE
        self._rounds(kernel, params, state, w, xi, True)

    def advance(self, kernel: Any, params: Any, state: Any, draws: Draws) -> None:
        """All rounds."""
        if len(draws) == 0:
            return
        w = self._drawn(draws.ends, len(draws))
        xi = np.ascontiguousarray(draws.steps[self._step]) if self._step else _NONE
        self._rounds(kernel, params, state, w, xi, False)

    def _rounds(self, kernel: Any, params: Any, state: Any, w: np.ndarray, xi: np.ndarray, plain: bool) -> None:
        lengths = np.full(len(w), self._count(params))
        self._all_rounds(self._seen(params, state), kernel, state, _step_size(params), lengths, w, xi, plain)


_NONE = np.zeros((0, 0))


def _step_size(params: Any) -> float:
    return getattr(params, next(letter for letter in ("eta", "alpha", "gamma") if letter in params._fields))
