"""Rounds of local steps that start from the server's model: the loops of FedAvg and SCAFFOLD, and their hooks."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ...core.compiled import njit
from ...core.dispatch import dispatched
from ...core.inner import inner
from ...problems.oracles import clients, workspace
from .local_steps import local_gradient_steps, local_phase
from .rounds import Draws


class Phase(NamedTuple):
    """What lives for one phase, and space to write to."""

    Y: np.ndarray
    """Local models y_i, shape (n, d)."""
    H: np.ndarray
    """What corrects the local gradients, shape (n, d): a step is y_i ← y_i - η (∇f_i(y_i) - h_i)."""
    g: np.ndarray
    """A vector for a gradient, shape (d,)."""
    work: np.ndarray
    """The space of the oracles, from :func:`~rootkappa.problems.oracles.workspace`."""


@dispatched
def start_round(params, kernel, state, phase):
    """Write y_i and h_i of a round; ``state`` has the server's model x."""
    raise NotImplementedError


@dispatched
def end_round(params, kernel, state, phase):
    """Write the state after the phase, in place, from the y_i after the local steps."""
    raise NotImplementedError


@inner
def _space(kernel, d):
    n = clients(kernel)
    return Phase(np.empty((n, d)), np.empty((n, d)), np.empty(d), workspace(kernel))


@njit
def one_round(params, kernel, state, eta, k):
    """One round of k local steps of size η, gradient by gradient."""
    phase = _space(kernel, state.x.shape[0])
    start_round(params, kernel, state, phase)
    local_gradient_steps(kernel, phase.Y, phase.H, eta, k, phase.g, phase.work)
    end_round(params, kernel, state, phase)


@njit
def all_rounds(params, kernel, state, eta, lengths):
    """One round for each length."""
    phase = _space(kernel, state.x.shape[0])
    for k in lengths:
        start_round(params, kernel, state, phase)
        local_phase(kernel, phase.Y, phase.H, eta, k, phase.work)
        end_round(params, kernel, state, phase)


class ServerRounds:
    """The ``step`` and ``advance`` of a method with rounds of K local steps of size η, or of size γ without an η.

    Parameters
    ----------
    letters : type
        The NamedTuple of the method's letters, by which compiled code knows it.
    loops : tuple of callable
        What :func:`one_round` and :func:`all_rounds` do; a user's file gets compiled copies of its own.
    """

    def __init__(
        self, letters: Any, loops: tuple[Callable[..., None], Callable[..., None]] = (one_round, all_rounds)
    ) -> None:
        self._letters = letters
        self._one_round, self._all_rounds = loops

    def step(self, kernel: Any, params: Any, state: Any, outcome: Any) -> None:
        """One phase."""
        self._one_round(self._letters(*params), kernel, state, _step_size(params), params.K)

    def advance(self, kernel: Any, params: Any, state: Any, draws: Draws) -> None:
        """All rounds."""
        self._all_rounds(self._letters(*params), kernel, state, _step_size(params), np.full(len(draws), params.K))


def _step_size(params: Any) -> float:
    return params.eta if "eta" in params._fields else params.gamma
