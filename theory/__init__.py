"""The theorems, one file each, and the engines of evidence that hold methods against them."""

from .engines import exact
from .theorem import Theorem, get, names
from .verdict import Verdict, exit_code
from .verify import verify

__all__ = ["Theorem", "Verdict", "exact", "exit_code", "get", "names", "verify"]
