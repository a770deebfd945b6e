"""The sets that come with scikit-learn, read from its folder: to import it takes longer than to verify a method."""

from csv import reader
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

# Where the functions of sklearn.datasets have theirs from.
_FILES = {
    "load_breast_cancer": "breast_cancer.csv",
    "load_digits": "digits.csv.gz",
    "load_iris": "iris.csv",
    "load_wine": "wine_data.csv",
}


def load(loader: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return features and labels as a function of ``sklearn.datasets`` returns them.

    Parameters
    ----------
    loader : str
        The function's name.

    Returns
    -------
    (ndarray, ndarray)
        Of shapes (samples, features) and (samples,).

    Examples
    --------
    >>> features, labels = load("load_iris")
    >>> features.shape, set(labels.tolist())
    ((150, 4), {0.0, 1.0, 2.0})
    """
    file = _file(loader)
    if file is None:  # a version that has it elsewhere
        import sklearn.datasets

        features, labels = getattr(sklearn.datasets, loader)(return_X_y=True)
        return features, labels.astype(np.float64)
    if file.suffix == ".gz":
        table = np.loadtxt(file, delimiter=",")
        return table[:, :-1], table[:, -1]
    with file.open(encoding="utf-8", newline="") as text:
        # The first line has the sizes and the names of the classes.
        table = np.array(list(reader(text))[1:], dtype=np.float64)
    return np.ascontiguousarray(table[:, :-1]), table[:, -1]


def _file(loader: str) -> Path | None:
    """Return the file of a function of ``sklearn.datasets``, None if it is not where it was."""
    found = find_spec("sklearn")  # which imports nothing
    for folder in (found and found.submodule_search_locations) or ():
        file = Path(folder) / "datasets" / "data" / _FILES.get(loader, loader)
        if file.is_file():
            return file
    return None
