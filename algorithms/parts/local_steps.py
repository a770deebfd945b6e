"""The loops of every method with local steps, and what such a method says to them.

A round is some local steps of each client and then a communication. A method with models and control variates, the
:class:`~rootkappa.algorithms.parts.skipped_rounds.State` X and H, says by the type of its letters what these are::

    @implements(communicate, Params)
    def _average(params, kernel, state, w, scratch): ...

and, if they are no gradient steps, what a local step is. The loops are compiled once for each type of letters and of
problem. Letters that name a compressor reach them as a :class:`~rootkappa.algorithms.parts.messages.Sender`.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...core.compiled import njit
from ...core.dispatch import dispatched
from ...core.inner import inner
from ...problems import oracles, together
from ...problems.oracles import gradient, workspace
from . import letters
from .messages import sender
from .rounds import Draws, Randomness


class Scratch(NamedTuple):
    """Space that the hooks of a method may write to, made once for many rounds."""

    mean: np.ndarray
    """A vector for a mean, shape (d,)."""
    g: np.ndarray
    """A vector for a gradient, shape (d,)."""
    v: np.ndarray
    """A vector to spare, shape (d,)."""
    prox: np.ndarray
    """The space of the prox of ψ."""
    work: np.ndarray
    """The space of the oracles, from :func:`~rootkappa.problems.oracles.workspace`."""
    own: Any
    """What the method has asked for by :func:`own_scratch`."""


@dispatched
def communicate(params, kernel, state, w, scratch):
    """Take the state from the end of the local steps to that after the communication, in place.

    Parameters
    ----------
    params : NamedTuple
        The method's letters.
    kernel : NamedTuple
        ``problem.kernel``.
    state : State
        Models X and control variates H.
    w : ndarray
        What is drawn for this communication; empty if nothing is.
    scratch : Scratch
        Space to write to.
    """
    raise NotImplementedError


@dispatched
def client_steps(params, kernel, i, state, k, xi, scratch):
    """Take ``k`` local steps of client ``i`` in place, by default x_i ← x_i - γ (∇f_i(x_i) - h_i).

    ``xi``, shape (k, ...), is what is drawn for them, one entry a step; the other arguments are as in
    :func:`communicate`.
    """
    oracles.local_steps(kernel, i, state.X[i], state.H[i], params.gamma, k, scratch.work)


@inner
def _client_by_client(params, kernel, state, k, xi, scratch):
    for i in range(state.X.shape[0]):
        client_steps(params, kernel, i, state, k, xi[:, i], scratch)


def _phase(params, kernel, state, k, xi, scratch):
    """Take ``k`` local steps of all clients, those of :func:`client_steps` where a method has its own."""
    oracles.local_phase(kernel, state.X, state.H, params.gamma, k, scratch.work)


_all_clients = dispatched(_phase, beside=client_steps, instead=_client_by_client)


def _gradient_steps(params, kernel, i, state, k, xi, scratch):
    """Do what :func:`client_steps` does by default without any short cut: gradient by gradient, as the paper says."""
    X, H, g = state.X, state.H, scratch.g
    for _ in range(k):
        gradient(kernel, i, X[i], g, scratch.work)
        for j in range(X.shape[1]):
            X[i, j] -= params.gamma * (g[j] - H[i, j])


#: One step after the other: what ``step`` takes; a method's own local steps where it has some.
plain_steps = dispatched(_gradient_steps, beside=client_steps)


@dispatched
def own_scratch(params, kernel, d):
    """Return further space for the hooks of a method, a tuple of arrays; by default none."""
    return ()


@inner
def _scratch(params, kernel, d):
    prox = oracles.prox_workspace(kernel.psi, d)
    return Scratch(np.empty(d), np.empty(d), np.empty(d), prox, workspace(kernel), own_scratch(params, kernel, d))


@njit
def all_rounds(params, kernel, state, lengths, w, xi, plain, ends):
    """All local steps of a round client by client, so that a client's data are read once a round; then the next.

    ``plain`` is gradient by gradient, otherwise clients take their short cuts; a round ends with a communication if
    ``ends``. Of ``w`` there is an entry a round, ``xi`` has shape (steps, n, ...).
    """
    n, d = state.X.shape
    scratch = _scratch(params, kernel, d)
    first = 0
    for r in range(lengths.shape[0]):
        k = lengths[r]
        drawn = xi[first : first + k]
        if plain:
            for i in range(n):
                plain_steps(params, kernel, i, state, k, drawn[:, i], scratch)
        else:
            _all_clients(params, kernel, state, k, drawn, scratch)
        first += k
        if ends:
            communicate(params, kernel, state, w[r], scratch)


class LocalSteps:
    """The ``step`` and ``advance`` of a method with local steps.

    Parameters
    ----------
    random : Randomness
        The method's; with one part a round and one a step at most.
    letters : type
        The NamedTuple of its letters, by which compiled code knows the method.
    compiled : callable, optional
        ``compiled(params, state)`` returns the letters as compiled code sees them, of the same type; by default
        compressors become their senders.
    loop : callable
        What :func:`all_rounds` does; a user's file gets a compiled copy of its own.
    """

    def __init__(
        self,
        random: Randomness,
        letters: type,
        compiled: Callable[[Any, Any], Any] | None = None,
        loop: Callable[..., None] = all_rounds,
    ) -> None:
        self._letters, self._compiled = letters, compiled or with_senders
        self._all_rounds = loop
        self._end = next((part.name for part in random.parts if not part.in_every_step), "")
        self._step = next((part.name for part in random.parts if part.in_every_step), "")

    @property
    def may_go_together(self) -> bool:
        """Whether local steps are the usual ones without a draw of their own: see :meth:`advance_together`."""
        own: Any = client_steps
        return not self._step and not any(kind in own.implementations for kind in self._letters.__mro__)

    def advance_together(self, kernel: Any, params: Any, states: Sequence[Any], draws: Sequence[Draws]) -> None:
        """All rounds of several runs on one problem, which have as many: what ``advance`` does to each, to the bit."""
        X, H = (np.stack([state[field] for state in states]) for field in (0, 1))
        views = [state._replace(X=X[s], H=H[s]) for s, state in enumerate(states)]
        seen = [self._seen(params, state) for state in views]
        ends = [
            np.ascontiguousarray(drawn.ends[self._end]) if self._end else np.zeros((len(drawn), 0)) for drawn in draws
        ]
        lengths = np.stack([drawn.lengths for drawn in draws])
        none, nothing = np.zeros(1, dtype=lengths.dtype), _none(views[0])
        for r in range(lengths.shape[1]):
            together.local_phases(kernel, X, H, float(params.gamma), lengths[:, r])
            for letters_of, state, w in zip(seen, views, ends, strict=True):
                # A round without local steps is the communication.
                self._all_rounds(letters_of, kernel, state, none, w[r : r + 1], nothing, False, True)
        for state, view in zip(states, views, strict=True):
            state.X[:], state.H[:] = view.X, view.H

    def _seen(self, params: Any, state: Any) -> Any:
        return self._compiled(self._letters(*params), state)

    def step(self, kernel: Any, params: Any, state: Any, outcome: Any) -> None:
        """One iteration."""
        coin = outcome["coin"] if self._end or self._step else outcome
        w = np.array(outcome[self._end])[None] if self._end else np.zeros((1, 0))
        xi = np.ascontiguousarray(outcome[self._step])[None] if self._step else _none(state)
        self._all_rounds(self._seen(params, state), kernel, state, _ONCE, w, xi, True, coin == 1)

    def advance(self, kernel: Any, params: Any, state: Any, draws: Draws) -> None:
        """All rounds."""
        w = np.ascontiguousarray(draws.ends[self._end]) if self._end else np.zeros((len(draws), 0))
        xi = np.ascontiguousarray(draws.steps[self._step]) if self._step else _none(state)
        self._all_rounds(self._seen(params, state), kernel, state, draws.lengths, w, xi, False, True)


_ONCE = np.ones(1, np.int64)


def _none(state: Any) -> np.ndarray:
    return np.zeros((0, len(state.X)))


def with_senders(params: Any, state: Any) -> Any:
    """Return the letters with every compressor as compiled code sees it."""
    named = letters.compressors_of(type(params))
    if not named:
        return params
    d = state[0].shape[-1]
    return params._replace(**{letter: sender(getattr(params, letter), d) for letter in named})


@inner
def local_gradient_steps(kernel, X, H, gamma, k, g, work):
    """Do what :func:`~rootkappa.problems.oracles.local_phase` does by gradients: the paper's lines, no short cut.

    ``g``, shape (d,), is scratch space.
    """
    for i in range(X.shape[0]):
        for _ in range(k):
            gradient(kernel, i, X[i], g, work)
            for j in range(X.shape[1]):
                X[i, j] -= gamma * (g[j] - H[i, j])


@njit
def broadcast(x, X):
    """Give every client the server's model: each row of X becomes x."""
    for i in range(X.shape[0]):
        for j in range(x.shape[0]):
            X[i, j] = x[j]
