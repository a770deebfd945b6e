"""Whether a compressor keeps what it declares, checked in a test of anybody's.

Wherever the values of C(x) can be listed, bias and variance are sums over the list, without any sampling, and only the
claim that draws follow the list is a statistical one. Everything else is decided by bets: a claim on a mean is a game
that is fair if the claim is right, and then no strategy multiplies its stake by 1/α with a probability above α
(Ville's inequality). No distribution, no bound on the values and no number of samples is assumed for it.
"""

from operator import index
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ..algorithms.compressors import compress, compress_work_size
from ..algorithms.compressors.client_mask import ClientMask

#: The probability with which one statistical check rejects a compressor that is right.
ALPHA = 1e-9
# Of sums of a few thousand terms at most, relative to the size of the terms.
_ROUNDING = 1e-10
_DRAWS, _DRAWS_OF_AN_EXAMPLE, _DRAWS_OF_A_LAW = 10000, 100, 2000
_FRACTIONS = (0.02, 0.1, 0.4)
_STAKES = (-0.3, -0.1, -0.03, 0.03, 0.1, 0.3)
# Messages are alike if they fall into one of 2^30 cells of [0, 1); the offset keeps simple numbers off the edges.
_CELL, _OFFSET = 2.0**30, 0.3718281828


def check_compressor(compressor: Any, *, shape: tuple[int, ...] | None = None) -> None:
    r"""Check that a compressor keeps what it declares; for plain pytest.

    On every vector that Hypothesis tries, their number decided by its active profile:

    * the result is a new array of finite floats, the same bits for the same randomness, and neither x nor the
      randomness changes; C(0) = 0 and C(tx) = t C(x) for powers of two t; with a ``kernel`` the compiled form returns
      the same bits as the interpreted one;
    * :math:`\mathbb{E}\, C(x) = x` if it is unbiased, :math:`\mathbb{E}\|C(x) - x\|^2` at most
      :math:`\omega \|x\|^2` and :math:`(1 - \delta) \|x\|^2`: exact with ``outcomes``, else by bets on 100 draws;
    * with ``mean_variance``, the variance of the mean of a joint compressor's messages.

    On a few fixed vectors, with draws of which the seed is fixed too:

    * 2000 draws follow the law of ``outcomes``; without them, the same bets on 10000;
    * with ``worst``, equality of the error with ω or 1 - δ;
    * with ``bits``, positive integers that satisfy Kraft's inequality: no code with such lengths could be read else.

    Each statistical check rejects a right compressor with a probability of at most 1e-9: in a call with 20 examples
    that is below 1e-7. A wrong one may pass if it is wrong by less than about a tenth of its standard deviation and
    has no ``outcomes``.

    Parameters
    ----------
    compressor : object
        It has ``draw(rng, d, count)``, ``__call__(x, w)``, ``is_unbiased``, ``omega(d)`` and ``delta(d)``, and maybe
        ``clients``, ``outcomes(x)``, ``worst(d)``, ``mean_variance(X)``, ``bits(message)`` and ``kernel``, as
        :class:`rootkappa.algorithms.compressors.Compressor` explains.
    shape : tuple of int, optional
        The shape of x; by default (6,), and (clients, 6) for a joint compressor.

    Raises
    ------
    AssertionError
        With a sentence that names the vector, the randomness, what was measured and what is allowed.

    Examples
    --------
    >>> from rootkappa.algorithms.compressors import RandK
    >>> check_compressor(RandK(2))
    """
    clients = getattr(compressor, "clients", 1)
    shape = ((6,) if clients == 1 else (clients, 6)) if shape is None else shape
    d = shape[-1]
    _check_constants(compressor, d)
    _check_draws(compressor, d)
    if isinstance(compressor, ClientMask):
        _check_masks(compressor, d)
    fixed = [np.random.default_rng(1).standard_normal(shape), np.resize([1.0, -1.0, 0.0, 4.0], shape)]
    # What keeps the largest entries loses most where all are alike, and what rounds to a norm where there is one only.
    fixed += [np.ones(shape), np.resize([0.0] * (d - 1) + [-3.0], shape)]
    fixed += [np.tile(fixed[0][0], (clients, 1))] if clients > 1 else []
    for x in fixed:
        _check_path(compressor, x, compressor.draw(np.random.default_rng(0), d, 1)[0])
        _check_moments(compressor, x, 0, _DRAWS)
        _check_law(compressor, x)
    if hasattr(compressor, "worst"):
        _check_worst(compressor, d)
    if hasattr(compressor, "bits"):
        _check_bits(compressor, shape)

    @settings(deadline=None, report_multiple_bugs=False)
    @given(x=_points(shape), seed=st.integers(0, 2**32 - 1))
    def holds(x: np.ndarray, seed: int) -> None:
        _check_path(compressor, x, compressor.draw(np.random.default_rng(seed), d, 1)[0])
        _check_moments(compressor, x, seed, _DRAWS_OF_AN_EXAMPLE)

    holds()


def _points(shape: tuple[int, ...]) -> st.SearchStrategy[np.ndarray]:
    """Vectors with zeros, ties, powers of two and entries of very different sizes, as a whole from 1e-289 to 1e289."""
    plain = st.integers(-4096, 4096).map(lambda whole: whole / 512)
    special = st.sampled_from([0.0, 1.0, -1.0, 4.0 / 3.0, -(2.0**20), 3.0 * 2.0**-20])
    scales = st.sampled_from([1.0, 1.0, 1.0, 2.0**-960, 2.0**960])
    entries = arrays(np.float64, shape, elements=st.one_of(plain, special))
    alike = arrays(np.float64, shape, elements=st.sampled_from([1.0, -1.0]))
    return st.builds(lambda x, scale: x * scale, st.one_of(entries, alike), scales)


def _fail(sentence: str) -> None:
    raise AssertionError(sentence)


def _scale(x: np.ndarray) -> float:
    """Return a power of two that brings the largest entry of x to [1/2, 1): sums of squares are taken there."""
    return float(np.ldexp(1.0, -np.frexp(np.abs(x).max())[1]))


def _squares(rows: np.ndarray) -> np.ndarray:
    """Return the squared norms along the last axis."""
    return (rows**2).sum(axis=-1)


def _claims(compressor: Any, d: int) -> list[tuple[str, float]]:
    """Return the claimed bounds on E‖C(x) - x‖² / ‖x‖² by name."""
    claims = [("1 - delta", 1.0 - compressor.delta(d))] if compressor.delta(d) > 0.0 else []
    return [*claims, ("omega", compressor.omega(d))] if compressor.is_unbiased else claims


def _check_constants(compressor: Any, d: int) -> None:
    omega, delta = compressor.omega(d), compressor.delta(d)
    if not 0.0 <= delta <= 1.0:
        _fail(f"{compressor!r} has delta({d}) = {delta!r}: allowed is 0 to 1.")
    if compressor.is_unbiased and not 0.0 <= omega < np.inf:
        _fail(f"{compressor!r} is unbiased with omega({d}) = {omega!r}: allowed is a finite number that is at least 0.")
    if not compressor.is_unbiased and omega != np.inf:
        _fail(f"{compressor!r} is biased with omega({d}) = {omega!r}: allowed is infinity.")


def _check_draws(compressor: Any, d: int) -> None:
    first, again = (compressor.draw(np.random.default_rng(5), d, 3) for _ in range(2))
    if len(first) != 3:
        _fail(f"{compressor!r}.draw made {len(first)} entries where 3 were asked for.")
    if not np.array_equal(first, again):
        _fail(f"{compressor!r}.draw made {first.tolist()} and then {again.tolist()} from equal generators.")


def _check_masks(compressor: ClientMask, d: int) -> None:
    n, c, s = compressor.clients, compressor.cohort, compressor.s
    for mask in compressor.draw(np.random.default_rng(6), d, 50):
        if not (mask.sum(axis=0) == s).all():
            _fail(f"{compressor!r} drew the mask {mask.astype(int).tolist()}: allowed is s = {s} ones per coordinate.")
        loads = np.sort(mask.sum(axis=1))[n - c :]
        if loads.sum() < s * d or loads[-1] - loads[0] > 1 or loads[-1] > -(-s * d // c):
            _fail(
                f"{compressor!r} drew the mask {mask.astype(int).tolist()}: allowed are {c} clients whose loads differ "
                f"by at most 1 and are at most {-(-s * d // c)}."
            )


def _check_path(compressor: Any, x: np.ndarray, w: Any) -> None:
    """What holds for each realisation."""
    at = f"at x = {x.tolist()}, w = {np.asarray(w).tolist()}"
    before, drawn = x.copy(), np.array(w)
    message = compressor(x, w)
    if not np.array_equal(x, before):
        _fail(f"{compressor!r} changed its input {at}, from {before.tolist()}.")
    if not np.array_equal(w, drawn):
        _fail(f"{compressor!r} changed its randomness {at}, from {drawn.tolist()}.")
    if not isinstance(message, np.ndarray) or message.shape != x.shape or message.dtype != np.float64:
        _fail(f"{compressor!r} returned {message!r} {at}: allowed is an array of floats of shape {x.shape}.")
    if np.shares_memory(message, x):
        _fail(f"{compressor!r} returned its input's own memory {at}: allowed is a new array.")
    if not np.isfinite(message).all():
        _fail(f"{compressor!r} returned {message.tolist()} {at}: allowed are finite numbers.")
    again = compressor(x, w)
    if again.tobytes() != message.tobytes():
        _fail(f"{compressor!r} returned {message.tolist()} and then {again.tolist()} {at}: allowed are the same bits.")
    zero = compressor(np.zeros_like(x), w)
    if not np.array_equal(zero, np.zeros_like(x)):
        _fail(f"{compressor!r} returned {zero.tolist()} at x = 0, w = {drawn.tolist()}: allowed is 0.")
    for t in (2.0, 0.25):
        scaled = compressor(t * x, w)
        if not np.array_equal(scaled, t * message):
            _fail(
                f"{compressor!r} returned {message.tolist()} {at} and {scaled.tolist()} at {t} x: allowed is {t} times "
                "the former."
            )
    if hasattr(compressor, "kernel"):
        interpreted = np.empty_like(x)
        with np.errstate(all="ignore"):
            work = np.empty(compress_work_size(compressor.kernel, x.shape[-1]))
            compress(compressor.kernel, x, w, interpreted, work)
        if interpreted.tobytes() != message.tobytes():
            _fail(
                f"{compressor!r} returned {message.tolist()} {at} and {interpreted.tolist()} interpreted: allowed are "
                "the same bits."
            )


def _outcomes(compressor: Any, x: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the probabilities and the scaled messages, shapes (count,) and (count, ...) where x has (...)."""
    listed = compressor.outcomes(x) if hasattr(compressor, "outcomes") else None
    if listed is None:
        return None
    p = np.array([weight for weight, _ in listed])
    if not ((p >= 0.0).all() and abs(p.sum() - 1.0) <= _ROUNDING):
        _fail(
            f"{compressor!r} lists probabilities that sum to {float(p.sum())!r} at x = {x.tolist()}, the least "
            f"is {float(p.min())!r}: allowed is 1, and none below 0."
        )
    return p, np.stack([message for _, message in listed]) * _scale(x)


def _check_moments(compressor: Any, x: np.ndarray, seed: int, draws: int) -> None:
    """Bias and variance at one point."""
    if not x.any():
        return
    listed = _outcomes(compressor, x)
    if listed is None:
        _bet_on_moments(compressor, x, seed, draws)
        return
    p, messages = listed
    y = x * _scale(x)
    size = np.tensordot(p, np.abs(messages), axes=1) + np.abs(y)
    mean = np.tensordot(p, messages, axes=1)
    if compressor.is_unbiased and not (np.abs(mean - y) <= _ROUNDING * size).all():
        _fail(f"{compressor!r} is biased at x = {x.tolist()}: its mean is {(mean / _scale(x)).tolist()}, allowed is x.")
    error, rounding = p @ _squares(messages - y).reshape(len(p), -1), _ROUNDING * _squares(size)
    for name, bound in _claims(compressor, x.shape[-1]):
        if not (error <= bound * _squares(y) + rounding).all():
            ratio = (error / np.maximum(_squares(y), np.finfo(float).tiny)).max()
            _fail(
                f"{compressor!r} has E‖C(x) - x‖² = {float(ratio)!r} ‖x‖² at x = {x.tolist()}: allowed is "
                f"{name} = {bound!r}."
            )
    if hasattr(compressor, "mean_variance"):
        measured = float(p @ _squares(messages.mean(axis=1) - y.mean(axis=0)))
        claimed = compressor.mean_variance(y)
        if not abs(measured - claimed) <= float(rounding.sum()):
            _fail(
                f"{compressor!r} has a mean of messages with E‖mean C - mean x‖² = {measured!r} at the multiple "
                f"x = {y.tolist()}: allowed is mean_variance = {claimed!r}."
            )


def _sample(compressor: Any, x: np.ndarray, seed: int, draws: int) -> np.ndarray:
    """Return scaled messages, shape (draws, ...) where x has (...)."""
    drawn = compressor.draw(np.random.default_rng(seed), x.shape[-1], draws)
    # A copy each, for a compressor may change what it is given.
    return np.stack([compressor(x.copy(), w) for w in drawn]) * _scale(x)


def _won(factors: np.ndarray) -> float:
    """Return the logarithm of the mean of the stakes' products; ``factors`` has shape (stakes, draws)."""
    return float(np.logaddexp.reduce(np.log(factors).sum(axis=1)) - np.log(len(factors)))


def _above(squares: np.ndarray, bound: float, size: float) -> float:
    """Return the logarithm of what bets against E squares <= bound won; rounding is relative to ``size``."""
    ratio = squares / ((1.0 + _ROUNDING) * bound + _ROUNDING**2 * size + np.finfo(float).tiny)
    return _won(1.0 + np.array(_FRACTIONS)[:, None] * (ratio - 1.0))


def _bet_on_the_mean(compressor: Any, y: np.ndarray, messages: np.ndarray, where: str) -> None:
    """The mean of a joint compressor's messages."""
    squares, claimed = _squares(messages.mean(axis=1) - y.mean(axis=0)), compressor.mean_variance(y)
    if _above(squares, claimed, float((y**2).sum())) > -np.log(ALPHA):
        _fail(
            f"{compressor!r} has a mean of messages with E‖mean C - mean x‖² = {float(squares.mean())!r} {where} at "
            f"the multiple x = {y.tolist()}: allowed is mean_variance = {claimed!r}, up to chance of {ALPHA}."
        )


def _bet_on_moments(compressor: Any, x: np.ndarray, seed: int, draws: int) -> None:
    """Bias and variance at one point, where they cannot be summed.

    Against E Z <= 1 for Z >= 0 the factors 1 + f (Z - 1) are a fair game; against E Y = 0 and E Y² <= 1 so are the
    factors (1 + b Y + (b Y)²/2) / (1 + b²/2).
    """
    y, messages = x * _scale(x), _sample(compressor, x, seed, draws)
    # Everything here holds for each client, the first axis after the draws.
    rows, errors = y.reshape(-1, x.shape[-1]), (messages - y).reshape(draws, -1, x.shape[-1])
    if hasattr(compressor, "mean_variance"):
        _bet_on_the_mean(compressor, y, messages, f"over {draws} draws from seed {seed}")
    claims = _claims(compressor, x.shape[-1])
    stakes = np.array(_STAKES)[:, None]
    for row, error in zip(rows, errors.swapaxes(0, 1), strict=True):
        allowed = -np.log(ALPHA / ((rows.shape[1] + 1 + len(claims)) * len(rows)))
        size = float(_squares(row))
        for name, bound in claims:
            if _above(_squares(error), bound * size, size) > allowed:
                ratio = float(_squares(error).mean()) / size if size else np.inf
                _fail(
                    f"{compressor!r} has E‖C(x) - x‖² = {ratio!r} ‖x‖² over {draws} draws from seed {seed} at "
                    f"x = {x.tolist()}: allowed is {name} = {bound!r}, up to chance of {ALPHA}."
                )
        if compressor.is_unbiased and size:
            spread = np.sqrt(size * max(compressor.omega(x.shape[-1]), _ROUNDING**2))
            directions = [*np.eye(rows.shape[1]), row / np.sqrt(size)]
            for direction in directions:
                step = stakes * (error @ direction) / spread
                if _won((1.0 + step + step**2 / 2.0) / (1.0 + stakes**2 / 2.0)) > allowed:
                    _fail(
                        f"{compressor!r} is biased or its omega too small: the mean of C(x) - x is "
                        f"{(error.mean(axis=0) / _scale(x)).tolist()} over {draws} draws from seed {seed} at "
                        f"x = {x.tolist()}, allowed is 0 up to chance of {ALPHA}."
                    )


def _check_worst(compressor: Any, d: int) -> None:
    """The constant that is declared is the one that is attained."""
    x = compressor.worst(d)
    listed = _outcomes(compressor, x)
    if listed is None:
        messages = _sample(compressor, x, 0, 50)
        p = np.full(len(messages), 1.0 / len(messages))
    else:
        p, messages = listed
    errors = _squares(messages - x * _scale(x)).reshape(len(p), -1)
    if listed is None and np.ptp(errors, axis=0).max() > _ROUNDING * errors.max():
        return  # a mean over draws is no exact number, and the bets have held it against the claim
    ratio = p @ errors / _squares(x * _scale(x)).ravel()
    name, bound = ("omega", compressor.omega(d)) if compressor.is_unbiased else ("1 - delta", 1 - compressor.delta(d))
    if not np.allclose(ratio, bound, rtol=_ROUNDING, atol=_ROUNDING):
        _fail(
            f"{compressor!r} has E‖C(x) - x‖² = {float(ratio.max())!r} ‖x‖² at its worst x = {x.tolist()}: allowed is "
            f"equality with {name} = {bound!r}."
        )


def _cells(messages: np.ndarray) -> np.ndarray:
    """Number the messages, shape (count, size), so that two get one number if they are equal to rounding."""
    return np.unique(np.floor(messages * _CELL + _OFFSET), axis=0, return_inverse=True)[1].ravel()


def _check_law(compressor: Any, x: np.ndarray) -> None:
    """The draws follow the listed law: whole messages, and the values of each coordinate."""
    listed = _outcomes(compressor, x)
    if listed is None:
        return
    p, messages = listed
    sample = _sample(compressor, x, 2, _DRAWS_OF_A_LAW)
    together = np.concatenate([messages.reshape(len(p), -1), sample.reshape(_DRAWS_OF_A_LAW, -1)])
    views = [together, *together.T[:, :, None]]
    for view in views:
        cells = _cells(view)
        count = cells.max() + 1
        law = np.minimum(np.bincount(cells[: len(p)], weights=p, minlength=count), 1.0)
        seen = np.bincount(cells[len(p) :], minlength=count)
        from scipy.stats import binom  # slow to import

        tails = np.minimum(binom.cdf(seen, _DRAWS_OF_A_LAW, law), binom.sf(seen - 1, _DRAWS_OF_A_LAW, law))
        worst = int(np.argmin(tails))
        if tails[worst] < ALPHA / (2 * count * len(views)):
            value = view[np.flatnonzero(cells == worst)[0]] / _scale(x)
            whole = "the message" if view is together else "the entry"
            _fail(
                f"{compressor!r} draws {whole} {value.tolist()} {int(seen[worst])} times in {_DRAWS_OF_A_LAW} at "
                f"x = {x.tolist()}, but its outcomes give it the probability {float(law[worst])!r}."
            )


def _check_bits(compressor: Any, shape: tuple[int, ...]) -> None:
    """Lengths of messages that one realisation of the randomness makes of many vectors."""
    rng = np.random.default_rng(3)
    for w in compressor.draw(rng, shape[-1], 4):
        messages = [compressor(x, w).reshape(-1, shape[-1]) for x in rng.standard_normal((500, *shape))]
        for client in range(len(messages[0])):
            distinct = {message[client].tobytes(): message[client] for message in messages}
            lengths = [compressor.bits(message) for message in distinct.values()]
            for length, message in zip(lengths, distinct.values(), strict=True):
                if not _is_length(length):
                    _fail(f"{compressor!r} has bits({message.tolist()}) = {length!r}: allowed are positive integers.")
            total = float(np.exp2(-np.array(lengths, dtype=float)).sum())
            if total > 1.0:
                _fail(
                    f"{compressor!r} has {len(lengths)} messages of {min(lengths)} to {max(lengths)} bits with "
                    f"w = {np.asarray(w).tolist()}: allowed by Kraft is a sum of 2^-bits up to 1, not {total!r}."
                )


def _is_length(value: Any) -> bool:
    try:
        return index(value) > 0
    except TypeError:
        return False
