"""What ``rootkappa list`` shows of methods, functions and compressors: it follows from the sources alone."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..algorithms import Method, compressors
from ..algorithms import get as method_of
from ..algorithms import names as method_names
from ..core.randomness import generator
from ..problems import functions
from . import claims
from .theorem import promised_by

#: Of how many coordinates the messages of the compressors are.
COORDINATES = 64
_PREDICATES = ("convex", "separable", "indicator", "homogeneous", "support")


def methods() -> list[dict[str, Any]]:
    """Return for each method its group, promised exponents, what is promised and claimed, and the source."""
    return [_method(method) for method in sorted(map(method_of, method_names()), key=lambda method: method.source)]


def _method(method: Method) -> dict[str, Any]:
    theorem = promised_by(method)
    return {
        "name": method.name,
        "group": method.group,
        "exponents": theorem.exponents,
        "told": [theorem.told, *map(_claimed, claims.about(method.name))],
        "source": theorem.source,
    }


def _claimed(claim: claims.Claim) -> str:
    whole = claim.refuted.get("")
    if whole is not None:
        return f"Claim, known not to hold: {claim.summary} {whole}"
    parts = "".join(f" Known not to hold, {part}: {why}" for part, why in claim.refuted.items())
    return f"Claim: {claim.summary}{parts}"


def function_examples() -> list[dict[str, Any]]:
    """Return an example of each function, with what is known of it."""
    return [
        {
            "name": repr(function),
            "L": function.L,
            "mu": function.mu,
            "predicates": [name for name in _PREDICATES if getattr(function, f"is_{name}")],
            "ndim": function.ndim,
        }
        for function in functions.examples(3).values()
    ]


def compressor_examples() -> list[dict[str, Any]]:
    """Return an example of each compressor, with its constants and the bits of a message of normal coordinates."""
    d = COORDINATES
    x, rows = generator(0, "compressors").standard_normal(d), list[dict[str, Any]]()
    for compressor in compressors.examples(d).values():
        point = np.tile(x, (compressor.clients, 1)) if compressor.clients > 1 else x
        message = compressor(point, compressor.draw(generator(0, "compressors", "draw"), d, 1)[0])
        bits = compressor.bits(message[0] if compressor.clients > 1 else message)
        omega, delta = compressor.omega(d), compressor.delta(d)
        words = ["unbiased"] if compressor.is_unbiased else []
        words += ["contractive"] if delta > 0.0 else []
        words += [f"{compressor.clients} clients together"] if compressor.clients > 1 else []
        rows.append({"name": repr(compressor), "words": words, "omega": omega, "delta": delta, "bits": str(bits)})
    return rows


#: What there is to list, by its name.
LISTS: dict[str, Callable[[], list[dict[str, Any]]]] = {
    "methods": methods, "functions": function_examples, "compressors": compressor_examples,
}  # fmt: skip
