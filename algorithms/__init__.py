"""The methods, one file each, and the driver that runs them."""

from .driver.method import (
    Method,
    find,
    get,
    load,
    names,
)
from .driver.run import run, run_together
from .driver.trace import Trace
from .parts.clock import Clock

__all__ = ["Clock", "Method", "Trace", "find", "get", "load", "names", "run", "run_together"]
