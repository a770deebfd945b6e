"""The sets of scikit-learn are read as it reads them, to the bit."""

import numpy as np
import pytest
import sklearn.datasets

from rootkappa.problems import data
from rootkappa.problems.data import embedded

LOADERS = sorted({data.describe(name).loader for name in data.names() if data.describe(name).kind == "scikit-learn"})


@pytest.mark.parametrize("is_there", [True, False])
@pytest.mark.parametrize("loader", LOADERS)
def test_they_are_what_scikit_learn_returns(loader, is_there, monkeypatch):
    assert embedded._file(loader) is not None
    if not is_there:
        monkeypatch.setattr(embedded, "_FILES", {})
    features, labels = getattr(sklearn.datasets, loader)(return_X_y=True)
    found, classes = embedded.load(loader)
    np.testing.assert_array_equal(found, features)
    np.testing.assert_array_equal(classes, labels)
    assert found.dtype == classes.dtype == np.float64
    # Sums may depend on it.
    assert found.flags.c_contiguous == features.flags.c_contiguous
