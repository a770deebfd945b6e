"""What methods with error feedback share: compressors whose errors are remembered, at the clients and at the server.

What is sent is C of a step and of what earlier messages have left out. With the identity in the place of the server's
compressor C_s its error s stays 0.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ...core.errors import InputError
from ...core.inner import inner
from ...problems import oracles
from ...problems.problem import Problem
from . import messages
from .cost import Length, Parcel, Sends
from .local_steps import with_senders
from .rounds import Draws, Listing, Part, Phases, Randomness
from .stochastic import Stochastic, add_noise

# What is drawn for an exchange.
_DRAWN = ("w", "w_s", "xi")


class State(NamedTuple):
    """The model, the clients' errors and momenta, and the server's error."""

    x: np.ndarray
    """Model, shape (d,)."""
    E: np.ndarray
    """Errors e_k, what the messages of each client have left out, shape (n, d)."""
    V: np.ndarray
    """Momenta v_k, shape (n, d)."""
    s: np.ndarray
    """What the messages of the server have left out, shape (d,)."""


def start(problem: Problem, params: Any) -> State:
    """Return the start x = e_k = v_k = s = 0.

    Raises
    ------
    InputError
        If a compressor is not contractive: then errors that are remembered grow.
    """
    for letter in ("C", "C_s"):
        if not messages.compressor(params, letter).delta(problem.d) > 0.0:
            raise InputError(
                f"{letter} = {getattr(params, letter)!r} is not contractive, and remembered errors would grow: give a "
                "compressor with E ‖C(x) - x‖² below ‖x‖², for example 'TopK(2)'."
            )
    return State(*(np.zeros(shape) for shape in (problem.d, (problem.n, problem.d), (problem.n, problem.d), problem.d)))


def model(state: State) -> np.ndarray:
    """Return the server's model."""
    return state.x


def virtual(state: State) -> np.ndarray:
    """Return x̃ = x - (1/n) Σ_k e_k - s, where the model would be if all that is remembered had been sent."""
    return state.x - state.E.mean(axis=0) - state.s


@dataclass(frozen=True)
class ServerMessage(Part):
    """The randomness of the server's message in every step."""

    letter: str = "C_s"
    name: str = "w_s"
    in_every_step: bool = True

    def draw(self, rng: np.random.Generator, problem: Problem, params: Any, count: int) -> np.ndarray:
        return messages.compressor(params, self.letter).draw(rng, problem.d, count)

    def listed(self, problem: Problem, params: Any) -> Listing:
        return messages.compressor(params, self.letter).randomness(problem.d)


def drawn(letter: str | None = None) -> Randomness:
    """Return the ``RANDOM`` of a method with as many exchanges a round as a letter says, by default one."""
    messages_up = messages.EachClient("C", in_every_step=True)
    return Phases(letter) & messages_up & ServerMessage() & Stochastic(deviation="sigma")


@dataclass(frozen=True)
class Periods(Parcel):
    """The p messages of a period, each of what the compressor leaves, and the average of the errors in full."""

    letter: str

    def length(self, problem: Problem, params: Any) -> Length:
        """Return the compressor's count p times, and d numbers."""
        each = messages.Message(self.letter, params.p).length(problem, params)
        full = messages.Vectors(1).length(problem, params)
        return Length(each.floats + full.floats, each.bits + full.bits)


#: What an exchange costs, and a period of SAEF, which has p of them.
SENDS = messages.Compressed(up="C", down="C_s")
SENDS_OF_PERIODS = Sends(Periods("C"), Periods("C_s"), exchanges="p")


class Space(NamedTuple):
    """Space to write to."""

    y: np.ndarray
    """Where a client computes its gradient, shape (d,)."""
    g: np.ndarray
    """The gradient, shape (d,)."""
    D: np.ndarray
    """What the clients send, shape (n, d)."""
    mean: np.ndarray
    """A mean, shape (d,)."""
    m: np.ndarray
    """What the server sends, shape (d,)."""
    work: np.ndarray
    """The space of the oracles."""
    sending: np.ndarray
    """The space of the clients' compressor."""
    answering: np.ndarray
    """That of the server's."""


def exchanges(steps: Callable[..., None]) -> tuple[Callable[..., None], Callable[..., None]]:
    """Return the ``step`` and the ``advance`` of a method from ``steps(kernel, params, state, w, w_s, xi)``.

    That takes one exchange after the other, with what is drawn for each at the clients, at the server and of gradients.
    """

    def step(kernel: Any, params: Any, state: State, outcome: Any) -> None:
        steps(kernel, with_senders(params, state), state, *(outcome[name] for name in _DRAWN))

    def advance(kernel: Any, params: Any, state: State, draws: Draws) -> None:
        drawn = (np.ascontiguousarray(draws.steps[name]) for name in _DRAWN)
        steps(kernel, with_senders(params, state), state, *drawn)

    return step, advance


@inner
def space(params, kernel, n, d):
    """Return new space; ``params`` have the compressors as senders."""
    work, sending, answering = (
        oracles.workspace(kernel),
        messages.sending_space(params.C, d),
        messages.sending_space(params.C_s, d),
    )
    return Space(np.empty(d), np.empty(d), np.empty((n, d)), np.empty(d), np.empty(d), work, sending, answering)


@inner
def upload(params, kernel, k, state, w, xi, space):
    """v_k ← β v_k + g_k(y_k), D_k = C(e_k + η v_k) and e_k ← e_k + η v_k - D_k, with g_k(y_k) = ∇f_k(y_k) + noise."""
    E, V, g, D = state.E, state.V, space.g, space.D
    oracles.gradient(kernel, k, space.y, g, space.work)
    add_noise(g, params.sigma, xi)
    for j in range(g.shape[0]):
        V[k, j] = params.beta * V[k, j] + g[j]
        E[k, j] += params.eta * V[k, j]
    messages.send(params.C, E[k], w, D[k], space.sending)
    for j in range(g.shape[0]):
        E[k, j] -= D[k, j]


@inner
def answer(params, state, w, space):
    """s ← s + (1/n) Σ_k D_k, m = C_s(s), s ← s - m and x ← x - m."""
    x, s, mean, m = state.x, state.s, space.mean, space.m
    messages.average(space.D, mean)
    for j in range(x.shape[0]):
        s[j] += mean[j]
    messages.send(params.C_s, s, w, m, space.answering)
    for j in range(x.shape[0]):
        s[j] -= m[j]
        x[j] -= m[j]
