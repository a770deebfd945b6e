"""What listens to the rounds of a method: to the gradients that it computes, and to what it sends and averages.

The functions of a file are copied in plain Python, with the oracles and messages replaced by some that tell; an object
asks a problem that does.
"""

import copy
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from ...algorithms.driver.plain import Plain
from ...algorithms.parts import messages
from ...core.checks import checked_array
from ...problems import Quadratic, oracles

#: Kinds of numbers: of a state, of a point at which a gradient is computed, of what is sent and of what is averaged.
STATE, POINT, SENT, AVERAGED = range(4)


class Evaluation(NamedTuple):
    """One gradient that was computed."""

    client: int
    component: int | None
    """None for the whole function of the client."""
    point: np.ndarray


class Bump(NamedTuple):
    """A change of the gradient, or of the rows to be averaged, that come as so many-th in a round."""

    round: int
    kind: int
    which: int
    by: np.ndarray


class Watch:
    """What happens in a round, in order; it may change one thing, to see whether anybody notices.

    Parameters
    ----------
    server : NamedTuple, optional
        The kernel of the server's own data: what is asked of these, by whatever oracle, no client computes.
    """

    def __init__(self, server: Any = None) -> None:
        self._server = server
        self.restart(None)

    def restart(self, bump: Bump | None, tilts: Mapping[int, np.ndarray] | None = None) -> None:
        """Forget the last round; what the gradients of some clients answer gets a linear map of the point on top."""
        self.bump = bump
        self.tilts = tilts or {}
        self.evaluations: list[Evaluation] = []
        self.sent: list[np.ndarray] = []
        self.averaged: list[np.ndarray] = []

    def _bumped(self, kind: int, which: int) -> Any:
        return self.bump.by if self.bump and (self.bump.kind, self.bump.which) == (kind, which) else 0.0

    def evaluated(self, client: int, component: int | None, point: np.ndarray, gradient: np.ndarray) -> None:
        """Take note of a gradient."""
        gradient += self._bumped(POINT, len(self.evaluations))
        if client in self.tilts:
            gradient += self.tilts[client] @ point
        # Adding 0 makes no difference but to a negative zero, which is no other point.
        self.evaluations.append(Evaluation(client, component, np.array(point, dtype=float) + 0.0))

    def listening(self) -> Plain:
        """Return plain copies of functions that tell what they compute and send."""

        def gradient(kernel: Any, i: int, x: np.ndarray, g: np.ndarray, work: Any) -> None:
            g[:] = kernel.A[_own(kernel, i)] @ x - kernel.b[i]
            if kernel is not self._server:
                self.evaluated(i, None, x, g)

        def server_gradient(kernel: Any, x: np.ndarray, g: np.ndarray, work: Any) -> None:
            g[:] = kernel.server.A[0] @ x - kernel.server.b[0]

        def component_gradient(kernel: Any, i: int, j: int, x: np.ndarray, g: np.ndarray, work: Any) -> None:
            v, size = kernel.V[_own(kernel, i), j], len(x) * kernel.lam[_own(kernel, i), j]
            g[:] = size * (v @ x) * v - kernel.b[i]
            if kernel is not self._server:
                self.evaluated(i, int(j), x, g)

        def local_steps(kernel: Any, i: int, x: np.ndarray, h: np.ndarray, gamma: float, k: int, work: Any) -> None:
            g = np.empty_like(x)
            for _ in range(k):
                gradient(kernel, i, x, g, work)
                x -= gamma * (g - h)

        def jump(kernel: Any, x: np.ndarray, gamma: float, k: int, work: Any) -> int:
            return 0

        def send(C: Any, x: np.ndarray, w: Any, message: np.ndarray, work: Any) -> None:
            plain.of(messages.compress)(C.kernel, x, w, message, work)
            self.sent.append(message.copy())

        def average(X: np.ndarray, mean: np.ndarray) -> None:
            mean[:] = np.mean(X + self._bumped(AVERAGED, len(self.averaged)), axis=0)
            self.averaged.append(X.copy())

        replaced: dict[Callable[..., Any], Callable[..., Any]] = {
            oracles.gradient: gradient,
            oracles.server_gradient: server_gradient,
            oracles.component_gradient: component_gradient,
            oracles.local_steps: local_steps,
            oracles.jump: jump,
            messages.send: send,
            messages.average: average,
        }
        plain = Plain(replaced)
        return plain


def _own(kernel: Any, i: int) -> int:
    return i if len(kernel.A) > 1 else 0


class Watched(Quadratic):
    """A quadratic that tells which gradients it is asked for.

    Attributes
    ----------
    tilts : mapping of int to ndarray
        What is added to the Hessians of some clients, as far as gradients show it: what else a method may read of them
        everybody may have been told before it starts.
    """

    watch: Watch
    tilts: Mapping[int, np.ndarray]

    def with_changes(self, tilts: Mapping[int, np.ndarray], linear: Mapping[int, np.ndarray]) -> "Watched":
        """Return the problem with these tilts, and something added to the linear terms of some clients."""
        other, b = copy.copy(self), self.kernel.b.copy()
        for client, change in linear.items():
            b[client] += change
        other.tilts, other.kernel = tilts, self.kernel._replace(b=b)
        return other

    def gradients(self, x: np.ndarray) -> np.ndarray:
        return self.gradients_at(np.tile(np.asarray(x, dtype=float), (self.n, 1)))

    def gradients_at(self, X: Any) -> np.ndarray:
        points = checked_array("X", X)
        found = np.einsum("ijk,ik->ij", self.hessians, points) - self.kernel.b
        for i in range(self.n):
            self.watch.evaluated(i, None, points[i], found[i])
        return found
