"""The methods, one file each, and the driver that runs them."""

from .driver.method import (
    Method,
    find,
    get,
    load,
    names,
)
from .driver.run import Trace, run

__all__ = ["Method", "Trace", "find", "get", "load", "names", "run"]
