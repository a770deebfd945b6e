"""What every compressor offers, in Python and to compiled methods."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from ...core.checks import checked_array, checked_count
from ...core.compiled import njit
from ...core.dispatch import dispatched
from ...core.errors import InputError
from ...core.inner import inner
from .mixture import Mixture, one_of

#: The numbers that a list of outcomes may hold in all, 8 MB of them; longer lists are not made.
LISTED = 2**20
# Draws of which a mixture is made one by one.
_MIXED = 64


@dispatched
def compress(kernel, x, w, out, work):
    r"""Write the compressed vector :math:`C(x)` to ``out``.

    Nothing is checked here: entries that are not finite leave entries that are not finite.

    Parameters
    ----------
    kernel : NamedTuple
        ``compressor.kernel``.
    x, out : ndarray, shape (d,), or (n, d) for a joint compressor
        The vector and the result; never the same array.
    w : ndarray
        The randomness, one entry of what ``compressor.draw`` returns.
    work : ndarray
        Scratch space from :func:`compress_workspace`.
    """
    raise NotImplementedError


@dispatched
def compress_work_size(kernel, d):
    """Return how many floats of scratch space :func:`compress` needs for ``d`` coordinates; most need none."""
    return 0


@inner
def compress_workspace(kernel, d):
    """Return new scratch space for one thread's calls of :func:`compress`."""
    return np.empty(compress_work_size(kernel, d))


@njit
def _compress_once(kernel, x, w, out):
    compress(kernel, x, w, out, compress_workspace(kernel, x.shape[-1]))


class Compressor(ABC):
    r"""A map :math:`C` from vectors to vectors that are shorter to send; its randomness is always an argument.

    A *joint* compressor has ``clients`` above 1: it maps the clients' vectors together, a matrix of shape
    (clients, d), since what one sends depends on what the others send. Its constants are those of each client, and
    so is the length of a message.

    Attributes
    ----------
    kernel : NamedTuple
        The form that compiled code takes, see :func:`compress`.
    clients : int
        How many clients it compresses together: 1 if each client has its own.
    is_unbiased : bool
        Whether :math:`\mathbb{E}\, C(x) = x` for all x.
    is_linear : bool
        Whether C is a linear map under all randomness; by default False.
    """

    kernel: Any
    clients: int = 1
    is_unbiased: bool
    is_linear: bool = False
    _entries: Any = np.float64

    @classmethod
    @abstractmethod
    def example(cls, d: int) -> "Compressor":
        """Return a typical member of the class for vectors with ``d`` coordinates."""

    def omega(self, d: int) -> float:
        r"""Return the smallest known ω with :math:`\mathbb{E}\|C(x) - x\|^2 \le \omega \|x\|^2`, infinity if biased."""
        return np.inf

    def delta(self, d: int) -> float:
        r"""Return the largest known δ with :math:`\mathbb{E}\|C(x) - x\|^2 \le (1 - \delta) \|x\|^2`, at least 0.

        It is 0 if no such δ above 0 is known: then the compressor is not contractive.
        """
        return max(0.0, 1.0 - self.omega(d))

    def draw_shape(self, d: int) -> tuple[int, ...]:
        """Return the shape of the randomness of one compression; (0,) if there is none."""
        return (0,)

    def draw(self, rng: np.random.Generator, d: int, count: int) -> np.ndarray:
        """Return the randomness of ``count`` compressions of ``d`` coordinates, shape (count, ...).

        Unless a compressor says otherwise its randomness is numbers from [0, 1).
        """
        return rng.random((checked_count("count", count), *self.draw_shape(checked_count("d", d))))

    def randomness(self, d: int) -> list[tuple[float, np.ndarray]] | None:
        """Return every draw for ``d`` coordinates with its probability.

        Returns
        -------
        list of (float, ndarray), or None
            None if there are infinitely many draws, or so many that their list would hold over 2^20 numbers.
        """
        return [(1.0, np.empty(0))] if self.draw_shape(d) == (0,) else None

    def mixture(self, d: int) -> Mixture | None:
        """Return fixed draws that stand for all where a step is affine in what a linear compressor does, or None.

        A class whose draws are too many to list may know of fewer.
        """
        listed = self.randomness(d) if self.is_linear else None
        return one_of(listed) if listed is not None and len(listed) <= _MIXED else None

    def outcomes(self, x: np.ndarray) -> list[tuple[float, np.ndarray]] | None:
        """Return every value of C(x) with its probability.

        Returns
        -------
        list of (float, ndarray), or None
            None if there are infinitely many values, or so many that their list would hold over 2^20 numbers.
        """
        return None

    @abstractmethod
    def bits(self, message: np.ndarray) -> int:
        """Return how many bits one client sends so that the server, which knows the compressor and d, has the message.

        Parameters
        ----------
        message : ndarray, shape (d,)
            What the compressor made of a vector; one row of it for a joint compressor.
        """

    def length(self, d: int) -> tuple[int, int]:
        """Return how many numbers a message holds, and its bits in a code of fixed length: what a run counts."""
        return d, self.bits(np.ones(d))

    def __call__(self, x: np.ndarray, w: np.ndarray) -> np.ndarray:
        """Return C(x) under the randomness w, as a new array of floats.

        Parameters
        ----------
        x : array_like, shape (d,), or (clients, d) for a joint compressor
            Finite real numbers, at least one.
        w : ndarray
            One entry of what :meth:`draw` returns.

        Raises
        ------
        InputError
            If x is no such array, or w has another shape or type than the randomness for d coordinates.
        """
        x = self._checked(x)
        out = np.empty_like(x)
        _compress_once(self.kernel, x, self._checked_draw(w, x.shape[-1]), out)
        return out

    def _checked(self, x: Any) -> np.ndarray:
        if isinstance(x, np.ndarray) and np.iscomplexobj(x):
            raise InputError("x has complex entries: give real numbers, for example the real and imaginary parts.")
        x = checked_array("x", x)
        wanted = "(d,)" if self.clients == 1 else f"({self.clients}, d)"
        if x.ndim != (1 if self.clients == 1 else 2) or x.shape[:-1] not in {(), (self.clients,)} or not x.size:
            raise InputError(f"x has shape {x.shape}, but {self!r} takes {wanted}: give at least one coordinate.")
        if not np.isfinite(x).all():
            raise InputError("x has entries that are NaN or infinite: give finite numbers.")
        self.draw_shape(x.shape[-1])  # raises if d does not fit the parameters
        return x

    def _checked_message(self, message: Any) -> np.ndarray:
        message = checked_array("message", message)
        if message.ndim != 1 or not message.size or not np.isfinite(message).all():
            raise InputError(
                f"message of shape {message.shape} was not compressed by {self!r}: give finite numbers of shape (d,)."
            )
        self.draw_shape(message.size)
        return message

    def _checked_draw(self, w: Any, d: int) -> np.ndarray:
        w, shape = np.asarray(w), self.draw_shape(d)
        if w.shape != shape or not np.can_cast(w.dtype, self._entries, "same_kind"):
            raise InputError(
                f"w is a {w.dtype} array of shape {w.shape}, but {self!r} takes {np.dtype(self._entries)} of shape "
                f"{shape} for d = {d}: give one entry of what draw returns."
            )
        # A copy: compiled code tells apart arrays that may be written, and would be compiled once more.
        return np.array(w, dtype=self._entries, order="C")
