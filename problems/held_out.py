"""Softmax regression on a part of a data set, with the rest held out to see how well a model classifies."""

from typing import Any

import numpy as np

from ..core.randomness import generator
from .data import load_classes
from .softmax import Softmax

_SHARE = 0.25


def split(data: str, seed: int, clients: int, kappa: float) -> tuple[Softmax, np.ndarray, np.ndarray]:
    """Return the problem on three quarters of a data set, and features and labels of the rest.

    Parameters
    ----------
    data : str
        A data set, whose features are divided by the largest of all; a constant one is added.
    seed : int
        For which samples are held out.
    clients : int
        How many, the samples sorted by their labels.
    kappa : float
        The condition number, above 1.

    Examples
    --------
    >>> problem, features, labels = split("iris", seed=0, clients=3, kappa=10.0)
    >>> problem.d, features.shape, labels.shape
    (15, (37, 5), (37,))
    """
    loaded: Any
    loaded, labels = load_classes(data, standardised=False)
    samples: np.ndarray = loaded if isinstance(loaded, np.ndarray) else loaded.toarray()
    features = np.column_stack([samples / np.abs(samples).max(), np.ones(len(labels))])
    order = generator(seed, "held out").permutation(len(labels))
    held = int(_SHARE * len(labels))
    test, train = order[:held], order[held:]
    problem = Softmax(features[train], labels[train], clients=clients, kappa=kappa, partition="by_label")
    return problem, features[test], labels[test]
