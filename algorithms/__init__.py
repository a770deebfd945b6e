"""The methods, one file each, and the driver that runs them."""

from .method import Method, find, get, load, names
from .run import Trace, run

__all__ = ["Method", "Trace", "find", "get", "load", "names", "run"]
