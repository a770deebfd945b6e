r"""Differential privacy of what is released: clipping, Gaussian noise, and what it promises, exactly.

A release is a vector with Gaussian noise, :math:`v + N(0, z^2 S^2 I)`, where S, the *sensitivity*, is the farthest that
the data of one client can move v, whatever they are: 2C where v is clipped to length C. It is (ε, δ)-differentially
private if for every set of results :math:`P(A) \le e^\varepsilon Q(A) + \delta` for any two data of the client. All
that this depends on is z, the *multiplier*: the smallest δ is

.. math:: \delta(\varepsilon) = \Phi\bigl(\tfrac1{2z} - \varepsilon z\bigr)
          - e^\varepsilon \Phi\bigl(-\tfrac1{2z} - \varepsilon z\bigr)

for the normal distribution function Φ. T releases, each of which may depend on those before, are as private as a single
one with the multiplier z/√T, exactly; by zero-concentrated differential privacy, which is simpler and looser, they are
(ρ + 2√(ρ ln(1/δ)), δ)-private with ρ = T/(2z²).

Nothing of this protects what leaves a client in another way, such as features, logits or labels, nor from who sees a
vector before its noise. The draws are those of a simulation, whose seed is known, in floating-point numbers: what keeps
a secret in earnest draws from a cryptographic generator, and on a grid.

Source: Balle and Wang, "Improving the Gaussian Mechanism for Differential Privacy: Analytical Calibration and Optimal
Denoising" (2018), theorem 8; Bun and Steinke, "Concentrated Differential Privacy: Simplifications, Extensions, and
Lower Bounds" (2016), proposition 1.3; Dong, Roth and Su, "Gaussian Differential Privacy" (2022), corollary 3.3.
"""

import math
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from ...core.checks import checked_count, checked_number
from ...core.compiled import njit
from ...core.errors import InputError, shown
from ...core.inner import inner
from .stochastic import add_noise

# Below this distance of two terms, and how what lies between them is summed: Gauss and Legendre on [0, 1].
_NEAR = 0.1
_NODES, _WEIGHTS = (half / 2.0 for half in np.polynomial.legendre.leggauss(8))
_NODES = _NODES + 0.5


@njit
def clip(v, C):
    """Shorten a vector to length C in place, v ← v min{1, C/‖v‖}, and return whether it was longer."""
    size = 0.0
    for j in range(v.shape[0]):
        size += v[j] * v[j]
    size = math.sqrt(size)
    if size <= C:
        return False
    for j in range(v.shape[0]):
        v[j] *= C / size
    return True


@inner
def perturb(v, deviation, word):
    """Add Gaussian noise to a vector in place, of one standard deviation in every coordinate; the word is its draw."""
    add_noise(v, deviation * math.sqrt(v.shape[0]), word)


def profile(eps: float, z: float) -> float:
    """Return the smallest δ for which a release is (ε, δ)-private.

    Parameters
    ----------
    eps : float
        ε, at least 0.
    z : float
        The noise's standard deviation in units of the sensitivity, positive.

    Raises
    ------
    InputError
        If an argument is outside its range.

    Examples
    --------
    >>> f"{profile(1.0, 4.0):.3g}, {profile(16.0, classic_multiplier(16.0, 1e-5)):.3g}"
    '2.92e-06, 0.000336'
    """
    eps, z = _checked(eps=eps, z=z)
    half, shift = 0.5 / z, eps * z
    high, low = half - shift, -half - shift
    # SciPy has no types, and takes long to be there: it is imported where it is needed.
    special: Any = import_module("scipy.special")
    if 1.0 / z < _NEAR:
        # The terms are nearly equal: their difference is the integral of a derivative, which is smooth between them.
        points = -(low + (high - low) * _NODES) / math.sqrt(2.0)
        slopes = math.sqrt(2.0 / math.pi) - math.sqrt(2.0) * points * special.erfcx(points)
        return 0.5 * math.exp(-(high**2) / 2.0) * (high - low) * float(_WEIGHTS @ slopes)
    if high > 0.0:
        return float(special.ndtr(high) - math.exp(eps + special.log_ndtr(low)))
    # Both terms have the factor exp(-high²/2), as low² - high² = 2ε: their difference loses no digits without it.
    tails = special.erfcx(-high / math.sqrt(2.0)) - special.erfcx(-low / math.sqrt(2.0))
    return 0.5 * math.exp(-(high**2) / 2.0) * float(tails)


def multiplier(eps: float, delta: float) -> float:
    """Return the smallest z for which a release is (ε, δ)-private, by bisection of the exact profile.

    Parameters
    ----------
    eps : float
        ε, at least 0.
    delta : float
        δ in (0, 1).

    Raises
    ------
    InputError
        If an argument is outside its range.

    Examples
    --------
    >>> round(multiplier(0.5, 1e-5), 2), round(classic_multiplier(0.5, 1e-5), 2)
    (7.03, 9.69)
    """
    eps, delta = _checked(eps=eps, delta=delta)
    return _least(lambda z: profile(eps, z) <= delta)


def classic_multiplier(eps: float, delta: float) -> float:
    """Return z = √(2 ln(1.25/δ))/ε, which is enough for ε below 1 and is not for large ones.

    The arguments are those of :func:`multiplier`, but for ε = 0, which no such z gives.

    Examples
    --------
    >>> profile(0.5, classic_multiplier(0.5, 1e-5)) < 1e-5 < profile(16.0, classic_multiplier(16.0, 1e-5))
    True
    """
    eps, delta = _checked(eps=eps, delta=delta)
    return math.sqrt(2.0 * math.log(1.25 / delta)) / eps if eps > 0.0 else math.inf


def concentrated_epsilon(z: float, releases: int, delta: float) -> float:
    """Return ε = ρ + 2√(ρ ln(1/δ)), with which so many releases are (ε, δ)-private, as ρ = T/(2z²) adds up.

    Parameters
    ----------
    z : float
        The multiplier of each release, positive.
    releases : int
        Their number T, at least 1.
    delta : float
        δ in (0, 1).

    Raises
    ------
    InputError
        If an argument is outside its range.

    Examples
    --------
    >>> round(concentrated_epsilon(multiplier(4.0, 1e-5), 150, 1e-5), 1)
    118.5
    """
    z, delta = _checked(z=z, delta=delta)
    rho = checked_count("releases", releases) / (2.0 * z**2)
    return rho + 2.0 * math.sqrt(rho * math.log(1.0 / delta))


def composed_epsilon(z: float, releases: int, delta: float) -> float:
    """Return the smallest ε with which so many releases are (ε, δ)-private: exact, and never above the other.

    The arguments are those of :func:`concentrated_epsilon`.

    Examples
    --------
    >>> round(composed_epsilon(multiplier(4.0, 1e-5), 150, 1e-5), 1)
    111.6
    """
    z, delta = _checked(z=z, delta=delta)
    together = z / math.sqrt(checked_count("releases", releases))
    if profile(0.0, together) <= delta:
        return 0.0
    return _least(lambda eps: profile(eps, together) <= delta)


def _least(holds: Callable[[float], bool]) -> float:
    """Return the smallest positive float from which on something holds."""
    high = 1.0
    while not holds(high):
        high *= 2.0
    while holds(high / 2.0):
        high /= 2.0
    low = high / 2.0
    while low < (middle := (low + high) / 2.0) < high:
        if holds(middle):
            high = middle
        else:
            low = middle
    return high


def _checked(**given: float) -> list[float]:
    """Return the arguments as floats, each in its range."""
    found: list[float] = []
    for name, value in given.items():
        if name == "eps":
            found.append(checked_number(name, value, "a privacy", at_least=0.0))
            continue
        number = checked_number(name, value, "a noise" if name == "z" else "a probability", above=0.0)
        if name == "delta" and number >= 1.0:
            raise InputError(f"delta = {shown(value)} is not below 1: give a probability between 0 and 1.")
        found.append(number)
    return found
