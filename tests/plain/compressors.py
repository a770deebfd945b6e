"""Compressors in NumPy, by their definitions, for every row of a matrix with the randomness of that row."""

import numpy as np


def _parsed(text):
    name, _, argument = text.rstrip(")").partition("(")
    return name, float(argument or "nan")


def omega(text, d):
    """Return the variance of rand-k, d/k - 1, or of all or nothing, 1/p - 1."""
    name, number = _parsed(text)
    return {"RandK": d / number, "Bernoulli": 1.0 / number}[name] - 1.0


def compress(text, V, w):
    """Return C(v) of every row v."""
    name, number = _parsed(text)
    return _COMPRESSORS[name](V, w, number)


def keep_largest(V, k):
    """Return T_k(v) of every row, the k coordinates that are largest in size; of equal ones the first."""
    order = np.argsort(-np.abs(V), axis=-1, kind="stable")
    return _only(V, order[..., :k])


def _only(V, kept):
    chosen = np.zeros(V.shape, dtype=bool)
    np.put_along_axis(chosen, kept, True, axis=-1)
    return np.where(chosen, V, 0.0)


def _quantise(V, w, r):
    """‖v‖ sign(v_j) ξ_j/s, where ξ_j is s |v_j|/‖v‖ rounded up with the probability of its fraction, s = 2^r levels."""
    s, norm = 2.0**r, np.linalg.norm(V, axis=-1, keepdims=True)
    share = s * np.abs(V) / np.where(norm > 0.0, norm, 1.0)
    return norm * np.sign(V) * (np.floor(share) + (w < share - np.floor(share))) / s


_COMPRESSORS = {
    "Identity": lambda V, w, _: V,
    "RandK": lambda V, w, k: V.shape[-1] / k * _only(V, w),
    "BiasedRandK": lambda V, w, k: _only(V, w),
    "TopK": lambda V, w, k: keep_largest(V, int(k)),
    "Bernoulli": lambda V, w, p: w * V / p,
    "QSGD": _quantise,
}
