"""The data sets that have a name: one TOML file each in the folder ``sets``, found by looking there.

There are two kinds. A "scikit-learn" set is real data that comes with scikit-learn and needs no download. Its
features are standardised (mean 0 and variance 1 a feature, constant features 0), since their scales differ by
up to 10^4. A "libsvm" set is a file of the LIBSVM data page, used as it is; it is taken from the folder that
the environment variable ROOTKAPPA_DATA names, else from the user's cache, else downloaded into that cache.

A download must have the sha256 that its TOML file states, which is that of the uncompressed text with LF line
ends and a final newline: copies differ in these two, and they change no number. It is held against it whenever it is
read, since what lies in a cache may be changed. A file that the user put in ROOTKAPPA_DATA is the user's own: it is
held to the number of samples and features only, and :func:`content` tells it from the one that the catalogue knows.
"""

import os
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InputError, shown, unknown
from . import download, embedded, libsvm, tables
from .compressed import SUFFIXES, decompress

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    Features = NDArray[np.float64] | csr_matrix

DEFAULT = "breast_cancer"
"""The data set for a user who has not chosen one: real, and there without a download."""

VARIABLE = "ROOTKAPPA_DATA"

DENSE_ABOVE = 0.25
"""The share of stored entries above which `load` returns a dense array: there CSR is no faster."""

SETS = Path(__file__).parent / "sets"


@dataclass(frozen=True)
class DataSet:
    """What the catalogue knows about a data set.

    Attributes
    ----------
    name : str
        The name of its TOML file, and of its file on disk.
    title : str
        What it is, in one line.
    kind : {"scikit-learn", "libsvm"}
        Where it comes from.
    samples, features : int
        Its shape (N, d).
    source : str
        Who made it.
    loader : str
        The function of ``sklearn.datasets`` that returns it; kind "scikit-learn" only.
    classes : int
        How many different labels it has.
    positive : tuple of int
        The original labels that become +1 where two are wanted; kind "scikit-learn" only.
    url : str
        Where it is downloaded from; kind "libsvm" only, and empty where nobody offers the file.
    sha256 : str
        The hash of its text with LF line ends and a final newline; kind "libsvm" only.
    """

    name: str
    title: str
    kind: str
    samples: int
    features: int
    source: str
    classes: int = 2
    loader: str = ""
    positive: tuple[int, ...] = ()
    url: str = ""
    sha256: str = ""


def names() -> list[str]:
    """Return the names of all data sets, sorted.

    Examples
    --------
    >>> "a9a" in names()
    True
    """
    return sorted(path.stem for path in SETS.glob("*.toml"))


def describe(name: str) -> DataSet:
    """Return what the catalogue knows about a data set, without reading its data.

    Parameters
    ----------
    name : str
        One of `names`.

    Returns
    -------
    DataSet

    Raises
    ------
    InputError
        If there is no data set of that name.

    Examples
    --------
    >>> describe("a9a").samples
    32561
    """
    if name not in names():
        raise unknown("data set", name, names())
    return _described(name)


def cache_folder() -> Path:
    """Return the folder that downloads go to; it need not exist yet."""
    from platformdirs import user_cache_path

    return user_cache_path("rootkappa") / "data"


def locate(name: str) -> Path | None:
    """Return the file of a data set if it is on this computer.

    Parameters
    ----------
    name : str
        One of `names`.

    Returns
    -------
    Path or None
        The file in the folder ROOTKAPPA_DATA, plain or with the suffix .xz, .gz or .bz2, else the one in the
        user's cache; None if there is neither, or the set is a part of scikit-learn.

    Raises
    ------
    InputError
        If there is no data set of that name, or ROOTKAPPA_DATA does not name a folder.

    Examples
    --------
    >>> locate("breast_cancer") is None
    True
    """
    if describe(name).kind != "libsvm":
        return None
    folders = [cache_folder()]
    if value := os.environ.get(VARIABLE):
        folder = Path(value).expanduser()
        if not folder.is_dir():
            raise InputError(f"{VARIABLE} = {value!r} is not a folder: set it to the folder of your data.")
        folders.insert(0, folder)
    files = (folder / f"{name}{suffix}" for folder in folders for suffix in ("", *SUFFIXES))
    return next((file for file in files if file.is_file()), None)


def load(name_or_path: str | os.PathLike[str]) -> tuple["Features", NDArray[np.float64]]:
    """Return the samples of a data set with labels of -1 and +1.

    Parameters
    ----------
    name_or_path : str or path-like
        One of `names`, or a file of LIBSVM text (plain, .gz, .bz2 or .xz). A name wins over a file of that
        name; a path object is always a file.

    Returns
    -------
    features : ndarray (C-contiguous) or scipy.sparse.csr_matrix, shape (N, d), float64
        Dense if more than a quarter of the entries are stored, else CSR. Sets that come with scikit-learn are
        standardised: mean 0 and variance 1 a feature, constant features 0. Files are used as they are.
    labels : ndarray, shape (N,), float64
        -1 or +1. The larger of a file's two labels becomes +1.

    Raises
    ------
    InputError
        If there is no such data set or file, the file cannot be used, or a download fails.

    Examples
    --------
    >>> features, labels = load("breast_cancer")
    >>> features.shape, np.unique(labels).tolist()
    ((569, 30), [-1.0, 1.0])
    """
    features, raw, dataset, file = _read(name_or_path)
    if dataset is not None and dataset.kind == "scikit-learn":
        return features, np.where(np.isin(raw, dataset.positive), 1.0, -1.0)
    return features, libsvm.two_labels(raw, name=file)


def load_classes(
    name_or_path: str | os.PathLike[str], standardised: bool = True
) -> tuple["Features", NDArray[np.float64]]:
    """Return the samples of a data set with the labels that it has, of any number of classes.

    Parameters
    ----------
    name_or_path : str or path-like
        As in `load`.
    standardised : bool
        Whether sets that come with scikit-learn are standardised; otherwise they are used as they are, like files.

    Returns
    -------
    features : ndarray or scipy.sparse.csr_matrix, shape (N, d), float64
        As in `load`.
    labels : ndarray, shape (N,), float64
        Of at least two different values.

    Raises
    ------
    InputError
        As `load` does, but for labels of more than two values.

    Examples
    --------
    >>> features, labels = load_classes("wine")
    >>> features.shape, np.unique(labels).tolist()
    ((178, 13), [0.0, 1.0, 2.0])
    """
    features, raw, _, file = _read(name_or_path, standardised)
    libsvm.class_labels(raw, name=file)
    return features, raw


def content(name_or_path: str | os.PathLike[str]) -> str:
    """Return what tells the data apart from any other: it changes exactly when a number in them may.

    Parameters
    ----------
    name_or_path : str or path-like
        As in `load`.

    Returns
    -------
    str
        A hash of the file as it is now; what is not on this computer yet is what the catalogue says it is.

    Raises
    ------
    InputError
        If there is no such data set or file, or it cannot be read.

    Examples
    --------
    >>> content("wine") == content("wine") != content("digits")
    True
    """
    dataset, path = _meant(name_or_path)
    if dataset is None:
        return sha256(libsvm.stored_bytes(path)).hexdigest()
    if dataset.kind == "scikit-learn":
        return f"{dataset} of scikit-learn {_version()}"
    file = locate(dataset.name)
    found = dataset.sha256 if file is None else _text_hash(libsvm.stored_bytes(file), str(file))
    return f"{found} {dataset.features}"


def fetch(dataset: DataSet, folder: str | os.PathLike[str] | None = None) -> Path:
    """Download a data set, unless it is there.

    Parameters
    ----------
    dataset : DataSet
        Of kind "libsvm".
    folder : path-like, optional
        Where it goes to; made if missing. The user's cache if not given.

    Returns
    -------
    Path
        The uncompressed text, in a file with the name of the data set; what is there already is not read.

    Raises
    ------
    InputError
        If the download fails or does not have the stated hash, or there is none; nothing is left behind then.
    """
    folder = cache_folder() if folder is None else Path(folder)
    file = folder / dataset.name
    if file.is_file():
        return file
    if not dataset.url:
        raise InputError(
            f"data set {dataset.name!r} is on this computer in no place that is searched, and there is none to "
            f"download it from: put a file {dataset.name} into a folder and set {VARIABLE} to that folder."
        )
    by_hand = f"download it by hand into a folder and set {VARIABLE} to that folder"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # The text gets its final name only when it is complete and checked: others may be fetching it too.
        with TemporaryDirectory(prefix=f".{dataset.name}-", dir=folder) as temporary:
            text = _downloaded(dataset.url)
            found = sha256(text).hexdigest()
            if found == dataset.sha256:
                part = Path(temporary, "checked")
                part.write_bytes(text)
                part.replace(file)
    except (OSError, ValueError) as error:
        raise InputError(
            f"data set {dataset.name!r} could not be fetched from {dataset.url} ({_reason(error)}): "
            f"try again, or {by_hand}."
        ) from error
    if found != dataset.sha256:
        raise InputError(
            f"data set {dataset.name!r} was refused, since what {dataset.url} sent has sha256 {found} and "
            f"not {dataset.sha256}: try again, or if you trust the file, {by_hand}."
        )
    return file


@cache
def _described(name: str) -> DataSet:
    """Return the data set of a TOML file; the cache makes it one read a process."""
    import tomllib

    table = tomllib.loads((SETS / f"{name}.toml").read_text(encoding="utf-8"))
    positive = tuple(table.pop("positive", ()))
    return DataSet(name=name, positive=positive, **table)


def _read(
    name_or_path: str | os.PathLike[str], standardised: bool = True
) -> tuple["Features", NDArray[np.float64], DataSet | None, str]:
    """Return features, labels as they are, the data set if it is one of ours, and what to call the labels' holder."""
    dataset, path = _meant(name_or_path)
    if dataset is not None and dataset.kind == "scikit-learn":
        features, raw = embedded.load(dataset.loader)
        taken = _standardised(features) if standardised else np.ascontiguousarray(features, dtype=np.float64)
        return taken, raw, dataset, dataset.name
    if dataset is None and tables.is_table(path):
        raise InputError(f"{path} is a table: name its columns where it is taken, as label = (--label) and client =.")
    matrix, raw, path = (*libsvm.read(path), path) if dataset is None else _named(dataset)
    return _dense_or_sparse(matrix), raw, dataset, str(path)


def _named(dataset: DataSet) -> tuple["csr_matrix", NDArray[np.float64], Path]:
    """Return a set of the LIBSVM page and its file, from where it is or from the net."""
    path = locate(dataset.name) or fetch(dataset)
    data = libsvm.stored_bytes(path)
    if path.parent == cache_folder() and _text_hash(data, str(path)) != dataset.sha256:
        raise InputError(
            f"{path} is not what was downloaded as data set {dataset.name!r}: delete it to have it fetched anew, or if "
            f"it is data of your own, move it to another folder and set {VARIABLE} to that folder."
        )
    matrix, raw = libsvm.parse(libsvm.decoded(data, path), path, dataset.features)
    if len(raw) != dataset.samples:
        raise InputError(
            f"{path} has {len(raw)} samples although data set {dataset.name!r} has {dataset.samples}: it is "
            "another file or cut short, so replace it, or load it by its path."
        )
    return matrix, raw, path


def _meant(name_or_path: str | os.PathLike[str]) -> tuple[DataSet | None, Path]:
    """Return the data set that a name means, or None and the file that a path means."""
    if not isinstance(name_or_path, str | os.PathLike):
        raise InputError(
            f"data = {shown(name_or_path)} is neither a name nor a path: give a file, or one of {', '.join(names())}."
        )
    if isinstance(name_or_path, str) and name_or_path in names():
        return describe(name_or_path), Path()
    if isinstance(name_or_path, str) and not _is_path(name_or_path):
        raise unknown("data set", name_or_path, names())
    return None, Path(name_or_path).expanduser()


@cache
def _version() -> str:
    return version("scikit-learn")


@lru_cache(maxsize=2)
def _text_hash(data: bytes, path: str) -> str:
    """Return the hash of the text that a file's bytes hold; they are what is remembered, no path decides."""
    return sha256(_normal(libsvm.decoded(data, path))).hexdigest()


def _normal(text: bytes) -> bytes:
    """Return a text with LF line ends and a final newline."""
    text = text.replace(b"\r\n", b"\n")
    return text if text.endswith(b"\n") else text + b"\n"


def _is_path(text: str) -> bool:
    """Return whether the user meant a file rather than the name of a data set, some of which hold a dot."""
    known = {*SUFFIXES, *tables.TEXT, *tables.BINARY, ".txt", ".svm", ".libsvm", ".svmlight", ".dat", ".data"}
    looks = "/" in text or os.sep in text or Path(text).suffix.lower() in known
    return looks or (text != "" and os.path.exists(text))


def _standardised(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the features with mean 0 and variance 1, constant ones 0."""
    features = np.ascontiguousarray(features, dtype=np.float64)
    scale = features.std(axis=0)
    # Rounding can leave a constant feature a tiny deviation, so being constant is tested by itself.
    constant = np.ptp(features, axis=0) == 0.0
    scale[constant] = 1.0
    standard = (features - features.mean(axis=0)) / scale
    standard[:, constant] = 0.0
    return standard


def _dense_or_sparse(matrix: "csr_matrix") -> "Features":
    """Return the matrix in the form that suits its density."""
    samples, features = matrix.shape  # pyright: ignore[reportGeneralTypeIssues]
    return matrix.toarray(order="C") if matrix.nnz > DENSE_ABOVE * samples * features else matrix


def _downloaded(url: str) -> bytes:
    """Return the text behind a url, uncompressed, with LF line ends and a final newline."""
    suffix = PurePosixPath(urlsplit(url).path).suffix.lower()
    return _normal(decompress(download.received(url), suffix, download.LARGEST))


def _reason(error: Exception) -> str:
    """Return in a few words why a download failed."""
    response = getattr(error, "response", None)
    if response is not None:
        return f"HTTP status {response.status_code}"
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return str(error)
