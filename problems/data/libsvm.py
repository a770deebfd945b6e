"""LIBSVM text (``label index:value index:value ...``, one sample a line), plain or compressed.

The text is parsed by scikit-learn. What this module adds is the sentence for every file that cannot be used,
with the number of the line that is at fault; and it takes plain decimal numbers only, where Python's own ``int`` and
``float`` read more.
"""

import os
import re
from codecs import BOM_UTF8
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...core.checks import checked_count, checked_labels
from ...core.errors import InputError, shown
from .compressed import SUFFIXES, TooLarge, decompress

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    Samples = tuple[csr_matrix, NDArray[np.float64]]

LARGEST_INDEX = 2**27
"""The most features that a file may have: a model of that many is one GiB, and the largest public sets have half."""


def read(path: str | os.PathLike[str], features: int | None = None) -> "Samples":
    r"""Read a LIBSVM text file.

    Parameters
    ----------
    path : str or path-like
        The file; a name that ends in .gz, .bz2 or .xz is decompressed.
    features : int, optional
        The number of features d, from 1 to `LARGEST_INDEX`; the largest index in the file if not given.

    Returns
    -------
    features : scipy.sparse.csr_matrix, shape (N, d), float64
        All values are finite; entries that the file stores as zero stay stored.
    labels : ndarray, shape (N,), float64
        The labels as in the file, finite.

    Raises
    ------
    InputError
        If the file is missing, no file but a folder or a pipe, empty, cut short or corrupt, is not LIBSVM text (the
        sentence gives the line), or has more features than declared.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "tiny")
    ...     _ = path.write_text("+1 1:0.5 3:2\n-1 2:1\n")
    ...     matrix, labels = read(path)
    >>> matrix.toarray()
    array([[0.5, 0. , 2. ],
           [0. , 1. , 0. ]])
    >>> labels
    array([ 1., -1.])
    """
    return parse(decoded(stored_bytes(path), path), path, features)


def parse(text: bytes, path: str | os.PathLike[str], features: int | None = None) -> "Samples":
    """Return the samples of a text as `read` does; the path is for the sentence of an error."""
    if features is not None and checked_count("features", features) > LARGEST_INDEX:
        raise InputError(f"features = {shown(features)} is beyond what a model may have: give {LARGEST_INDEX} at most.")
    try:
        matrix, labels = _parse(text, features)
    except _BAD:
        lines = text.split(b"\n")
        bad = _first_bad(lines, features)
        raise InputError(
            f"{path} is not LIBSVM text at line {bad + 1}, where {_fault(lines[bad], features)}: "
            "correct that line, or remove it."
        ) from None
    if len(labels) == 0:
        raise InputError(f"{path} holds no samples: {_FORM}.")
    if features is None and matrix.nnz == 0:
        raise InputError(f"{path} holds labels but no features: {_FORM}.")
    return matrix, labels


def stored_bytes(path: str | os.PathLike[str]) -> bytes:
    """Return the bytes of a file; what cannot be read twice with the same result is an InputError."""
    # os.path answers False where pathlib raises: on names that are too long or hold a null byte.
    if os.path.isdir(path):
        raise InputError(f"{path} is a folder: give a file in it.")
    if not os.path.exists(path):
        raise InputError(f"{path} does not exist: check the path, or give the name of a data set.")
    if not os.path.isfile(path):
        raise InputError(
            f"{path} is a pipe or a device, which can be read only once: write it to a file, and give that."
        )
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}): give a file you may read.") from error


def decoded(data: bytes, path: str | os.PathLike[str], what: str = "LIBSVM text") -> bytes:
    """Return the text that a file's bytes hold: decompressed as its name says, UTF-8, without a byte order mark."""
    if not data:
        raise InputError(f"{path} is empty: {_FORM}.")
    try:
        plain = decompress(data, Path(path).suffix.lower())
    except TooLarge as error:
        raise InputError(f"{path} is {error}: if you trust it, decompress it yourself and give the text.") from None
    except ValueError as error:
        raise InputError(
            f"{path} is {error}: it is corrupt, cut short or wrongly named, so fetch it again or rename it."
        ) from error
    try:
        plain.decode()
    except UnicodeDecodeError as error:
        line = plain.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{path} is not text (its line {line} is not UTF-8): give {what}, or if the file is "
            f"compressed, end its name in {', '.join(SUFFIXES)}."
        ) from None
    return plain.removeprefix(BOM_UTF8)


def two_labels(raw: ArrayLike, name: str = "labels") -> NDArray[np.float64]:
    """Map labels of two different values to -1 and +1.

    Parameters
    ----------
    raw : array_like, shape (N,)
        Labels of exactly two different values.
    name : str
        What holds them, for the sentence of an error.

    Returns
    -------
    ndarray, shape (N,), float64
        +1 where `raw` is the larger of its two values, -1 elsewhere.

    Raises
    ------
    InputError
        If the labels are not one-dimensional, not finite, or not of exactly two values.

    Examples
    --------
    >>> two_labels([2, 1, 1])
    array([ 1., -1., -1.])
    """
    labels, values = _checked(raw, name)
    if len(values) != 2:
        remedy = "merge classes, or take softmax (problems.Softmax), which has one vector of weights for each"
        remedy = remedy if len(values) > 2 else "give samples of both"
        raise InputError(f"{name} has {_counted(values)}: exactly two are needed, so {remedy}.")
    return np.where(labels == values[1], 1.0, -1.0)


def class_labels(raw: ArrayLike, name: str = "labels") -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Number the classes that labels name.

    Parameters
    ----------
    raw : array_like, shape (N,)
        Labels of at least two different values.
    name : str
        What holds them, for the sentence of an error.

    Returns
    -------
    classes : ndarray, shape (C,)
        The different labels, sorted.
    numbers : ndarray, shape (N,), int64
        The place of each sample's label among them, 0..C-1.

    Raises
    ------
    InputError
        If the labels are not one-dimensional, not finite, or all the same.

    Examples
    --------
    >>> class_labels([7, 3, 5, 3])
    (array([3, 5, 7]), array([2, 0, 1, 0]))
    """
    labels, values = _checked(raw, name)
    if len(values) < 2:
        raise InputError(f"{name} has {_counted(values)}: at least two are needed, so give samples of another class.")
    return values, np.searchsorted(values, labels)


def _checked(raw: ArrayLike, name: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return labels and their different values."""
    labels = checked_labels(name, raw)
    if labels.ndim != 1:
        raise InputError(f"{name} has labels of shape {labels.shape}: give one label per sample.")
    if labels.dtype.kind == "f" and not np.isfinite(labels).all():
        first = int(np.flatnonzero(~np.isfinite(labels))[0])
        raise InputError(f"{name} has the label {labels[first]} at sample {first}: give finite labels.")
    return labels, np.unique(labels)


def _counted(values: NDArray[Any]) -> str:
    some = [f"{value:.12g}" if values.dtype.kind in "iuf" else str(value) for value in values[:5]]
    count = {0: "no labels", 1: "one label only"}.get(len(values), f"{len(values)} different labels")
    return count + (f" ({', '.join(some)}{', ...' if len(values) > 5 else ''})" if some else "")


_FORM = "give LIBSVM text, one line 'label index:value ...' a sample"

# What a line raises that cannot be parsed; scikit-learn's OverflowError is an index beyond a machine integer.
_BAD = (ValueError, OverflowError)
_COMMENT = re.compile(rb"#[^\n]*")
# The query that a sample belongs to, which only rankings need: right behind the label, as SVMlight defines it.
_QUERY = re.compile(rb"(?m)^([^\S\n]*[^\s:]+[^\S\n]+)qid:\d+(?!\S)")
_STRANGE = re.compile(rb"[^0-9+\-.eE:\s]")


def _parse(text: bytes, features: int | None) -> "Samples":
    """Return the samples of the text, all finite; raises one of ``_BAD``."""
    from sklearn.datasets import load_svmlight_file  # slow to import

    plain = _QUERY.sub(rb"\1", _COMMENT.sub(b"", text))
    if _STRANGE.search(plain):
        raise ValueError("no decimal number")
    matrix, labels = load_svmlight_file(
        BytesIO(plain),
        n_features=features,
        dtype=np.float64,
        zero_based=False,  # pyright: ignore[reportArgumentType]
    )
    if matrix.shape[1] > LARGEST_INDEX:
        raise ValueError("too many features")
    if not (np.isfinite(labels).all() and np.isfinite(matrix.data).all()):
        raise ValueError("not finite")
    return matrix, labels


def _parses(lines: Sequence[bytes], features: int | None = None) -> bool:
    """Return whether these lines are LIBSVM text."""
    try:
        _parse(b"\n".join(lines), features)
    except _BAD:
        return False
    return True


def _first_bad(lines: Sequence[bytes], features: int | None = None) -> int:
    """Return the index of the first line that does not parse; there is one.

    Lines are independent of each other, so each step parses only half of what is left: log2(N) parses which
    together cost no more than one parse of the whole.
    """
    low, high = 0, len(lines)
    while high - low > 1:
        middle = (low + high) // 2
        if _parses(lines[low:middle], features):
            low = middle
        else:
            high = middle
    return low


def _fault(line: bytes, features: int | None) -> str:
    """Return what is wrong with a line that does not parse."""
    label, *entries = _COMMENT.sub(b"", line).split()
    if not _parses([label]):
        return f"the label {_shown(label)} is not a finite number"
    if entries and _parses([b" ".join([label, entries[0]])]) and entries[0].startswith(b"qid:"):
        del entries[0]
    alone = [b"0 1:0 " + entry if entry.startswith(b"qid:") else b"0 " + entry for entry in entries]
    if not _parses(alone):
        entry = entries[_first_bad(alone)]
        if entry.startswith(b"qid:"):
            return f"{_shown(entry)} is not right behind the label with an integer, as a query must be"
        if _is_beyond(entry.partition(b":")[0]):
            return f"{_shown(entry)} has an index beyond {LARGEST_INDEX}, and a model would have as many coordinates"
        return f"{_shown(entry)} is not index:value with an integer index counted from 1 and a finite value"
    if not _parses([line]):
        return f"the indices are repeated or not in increasing order ({_shown(line)})"
    largest = _parse(line, None)[0].shape[1]  # pyright: ignore[reportOptionalSubscript]
    return f"there is a feature {largest} although {features} features are declared"


def _is_beyond(index: bytes) -> bool:
    """Return whether an index is a number that is too large; Python refuses to read one of thousands of digits."""
    digits = index.removeprefix(b"+").lstrip(b"0")
    return digits.isdigit() and (len(digits) > 18 or int(digits) > LARGEST_INDEX)


def _shown(part: bytes) -> str:
    """Return a part of a line, cut to fit in a sentence."""
    text = part.strip().decode()
    return repr(text if len(text) <= 40 else f"{text[:37]}...")
