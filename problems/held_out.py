"""Problems on a part of their samples, with the rest held out to see how well a model classifies."""

from typing import Any, NamedTuple

import numpy as np

from ..core.errors import InputError
from ..core.randomness import generator
from .data import load_classes
from .logistic import Logistic
from .problem import Problem
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


class HeldOut(NamedTuple):
    """A problem on a part of each client's samples, and the samples that it does not see."""

    problem: Any
    """The problem: the same clients, regularisation and server."""
    rows: Any
    """The samples that were held out, as the problem keeps them."""
    y: np.ndarray
    """What they are labelled, likewise; shape (M,)."""

    def accuracy(self, x: np.ndarray) -> float:
        """Return the share of samples held out that a model of shape (d,) classifies right."""
        if isinstance(self.problem, Softmax):
            return float(np.mean((self.rows @ self.problem.blocks.matrix(x).T).argmax(axis=1) == self.y))
        # Rows are kept times their labels.
        return float(np.mean(self.rows @ x > 0.0))


def held_out(problem: Problem, share: float = 0.25, seed: int = 0) -> HeldOut:
    """Return the problem without a share of each client's samples, and these.

    Parameters
    ----------
    problem : Logistic or Softmax
        A client keeps at least one sample.
    share : float
        Of each client's samples, rounded down; between 0 and 1.
    seed : int
        For which are held out.

    Raises
    ------
    InputError
        If the problem has no samples, or none can be held out.

    Examples
    --------
    >>> from rootkappa.problems import Logistic
    >>> kept, rows, y = held_out(Logistic.load("breast_cancer", clients=10, kappa=100.0))
    >>> kept.n, rows.shape, HeldOut(kept, rows, y).accuracy(kept.solution().x) > 0.95
    (10, (140, 30), True)
    """
    if not isinstance(problem, Logistic | Softmax):
        raise InputError(
            f"accuracy is about samples that are held out, and {problem.label} has none to hold out: take a gap or a "
            "distance instead, such as gap=1e-4."
        )
    out: list[np.ndarray] = []
    for i, size in enumerate(problem.sizes):
        chosen = generator(seed, "held out", i).permutation(size)[: int(share * size)]
        out.append(np.isin(np.arange(size), chosen))
    test = np.concatenate(out)
    if not test.any():
        raise InputError(f"held_out = {share:g} leaves out no sample of any client: give a larger share.")
    return HeldOut(*problem.without(test))
