"""Data for the problems: named data sets, and LIBSVM text files by their path.

Importing this package is quick; what is slow to import is imported when data is read.
"""

from .catalog import (
    DEFAULT,
    DataSet,
    content,
    describe,
    fetch,
    load,
    load_classes,
    locate,
    names,
)
from .libsvm import read, two_labels

__all__ = [
    "DEFAULT",
    "DataSet",
    "content",
    "describe",
    "fetch",
    "load",
    "load_classes",
    "locate",
    "names",
    "read",
    "two_labels",
]
