"""Checks for plain pytest: of proximal operators, compressors and methods, anybody's."""

try:
    import hypothesis as _hypothesis  # noqa: F401  # pyright: ignore[reportUnusedImport]
except ModuleNotFoundError as _error:
    raise ModuleNotFoundError("rootkappa.testing needs Hypothesis: install it, or rootkappa[test].") from _error

from .compressors import check_compressor
from .methods import check_method
from .prox import check_prox

__all__ = ["check_compressor", "check_method", "check_prox"]
