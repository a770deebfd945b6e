"""Checks for plain pytest: of proximal operators, compressors, methods and implementations, anybody's."""

try:
    import hypothesis as _hypothesis  # noqa: F401  # pyright: ignore[reportUnusedImport]
except ModuleNotFoundError as _error:
    raise ModuleNotFoundError("rootkappa.testing needs Hypothesis: install it, or rootkappa[test].") from _error

from .compressors import check_compressor
from .implementation import Agreement, check_implementation
from .methods import check_method
from .prox import check_prox

__all__ = ["Agreement", "check_compressor", "check_implementation", "check_method", "check_prox"]
