"""The method to take for a problem, with its letters and the model that it ends with."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from ...algorithms.driver.method import find
from ...core.checks import checked_array
from ...core.errors import InputError
from ...problems import Logistic, Problem, Softmax
from ...problems.data.tables import features_of
from ...problems.problem import checked_problem
from ...problems.samples import checked_features
from ...theory.case import Case
from ...theory.theorem import promised_by
from ..store import Store
from .compare import Comparison, compare
from .prices import Budget, Price, Target
from .trials import Given, measured, walk

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Chosen:
    """The cheapest method to a target on a problem, fitted.

    Attributes
    ----------
    method : str
        Its name, or the path of its file.
    params : NamedTuple
        Its letters.
    changes : dict
        Those that are not the prescribed ones, such as tuning has found.
    model : ndarray, shape (d,)
        The model with which its first path arrives at the target.
    sentence : str
        The recommendation.
    comparison : Comparison
        All methods that were tried, see :func:`rootkappa.sweeps.races.compare.compare`.
    problem : Problem
        What the model is of: of an accuracy the problem without the samples that were held out.
    """

    method: str
    params: Any
    changes: dict[str, Any]
    model: np.ndarray = field(repr=False)
    sentence: str
    comparison: Comparison = field(repr=False)
    problem: Problem = field(repr=False)

    @property
    def table(self) -> "pd.DataFrame":
        """The rows of the comparison, cheapest first."""
        return self.comparison.frame()

    @property
    def feature_names_in_(self) -> np.ndarray:
        """What the features are called, shape (features,): empty where the problem is of no table with names."""
        return np.array(getattr(self.problem, "feature_names", ()), dtype=object)

    def predict(self, features: Any) -> np.ndarray:
        """Return the labels of samples, shape (M,), as those that the problem was made of.

        Parameters
        ----------
        features : array_like, sparse matrix or pandas.DataFrame, shape (M, features)
            As those that the problem was made of, finite. If that was a table, the columns of a data frame are taken by
            their names, and there may be no others; of an array they are taken in the order of the table.

        Raises
        ------
        InputError
            If the problem is no classification, or the samples have other features or some that are not finite.
        """
        coefficients, intercept, classes = self._linear()
        names = self.feature_names_in_
        if len(names) and hasattr(features, "columns"):
            features = features_of(features, list(names))
        # One row at least.
        is_sparse = hasattr(features, "tocsr")
        rows = checked_features(features if is_sparse else np.atleast_2d(checked_array("features", features)))
        if rows.shape[1] != coefficients.shape[1]:
            raise InputError(
                f"features has {rows.shape[1]} columns, but the model is of {coefficients.shape[1]}: give samples with "
                "the features that it was fitted on."
            )
        logits = np.asarray(rows @ coefficients.T) + intercept
        return classes[(logits[:, 0] > 0.0).astype(int) if len(coefficients) == 1 else logits.argmax(axis=1)]

    def to_sklearn(self) -> Any:
        """Return scikit-learn's ``LogisticRegression`` with these coefficients, as if it had fitted them.

        Raises
        ------
        InputError
            If the problem is no classification.
        """
        from sklearn.linear_model import LogisticRegression

        coefficients, intercept, classes = self._linear()
        # It keeps classes sorted, which groups of labels need not be.
        order = np.argsort(classes)
        if len(coefficients) == len(classes):
            coefficients, intercept = coefficients[order], intercept[order]
        elif order[0] == 1:
            coefficients, intercept = -coefficients, -intercept
        classes = classes[order]
        if len(classes) == 2 and len(coefficients) == 2:
            # With two classes scikit-learn has one row, the difference.
            coefficients, intercept = coefficients[1:] - coefficients[:1], intercept[1:] - intercept[:1]
        problem: Any = self.problem
        fitted = LogisticRegression(C=1.0 / (problem.l2 * problem.sizes.sum()), fit_intercept=bool(np.any(intercept)))
        fitted.coef_, fitted.intercept_, fitted.classes_ = coefficients, intercept, classes
        fitted.n_features_in_, fitted.n_iter_ = coefficients.shape[1], np.array([0])
        names: Any = self.feature_names_in_
        if len(names) and not all(name.isdigit() for name in names):
            # Places are no names to scikit-learn.
            fitted.feature_names_in_ = names
        return fitted

    def _linear(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the rows of coefficients of features as they were given, their intercepts, and the classes."""
        problem: Any = self.problem
        if not isinstance(problem, Logistic | Softmax):
            raise InputError(f"{problem.label} has no labels to predict: take the coordinates of model instead.")
        is_softmax = isinstance(problem, Softmax)
        rows = problem.blocks.matrix(self.model) if is_softmax else self.model[None, :]
        intercept = np.zeros(len(rows))
        # What was done to features before the problem used them is undone in the coefficients.
        prepared = problem.prepared
        if prepared.has_intercept:
            rows, intercept = rows[:, :-1], rows[:, -1].copy()
        if prepared.mean is not None:
            rows = rows / prepared.scale
            intercept = intercept - rows @ prepared.mean
        return np.array(rows), intercept, problem.classes


def choose(
    problem: Problem,
    to: str | Target = "gap=1e-4",
    cost: str | Price | Mapping[str, float] = "bits",
    *,
    methods: str | Iterable[str] | None = None,
    letters: Mapping[str, Any] | None = None,
    tune: bool = False,
    seeds: int = 5,
    budget: str | float | Budget = "2m",
    within: float = 3.0,
    clock: str = "",
    store: str | Path | None = None,
    progress: Callable[[str], None] | None = None,
) -> Chosen:
    """Return the method that arrives at a target at the least cost, fitted.

    Parameters
    ----------
    problem : Problem
        For example ``problems.Logistic(features, labels, clients=owner, l2=1e-3)``.
    to, cost, methods, letters, tune, seeds, budget, within, clock, progress
        See :func:`rootkappa.sweeps.races.compare.compare`.
    store : str or Path, optional
        A file that keeps what is computed, so that another call goes on from it; by default nothing is kept.

    Returns
    -------
    Chosen
        With ``model``, ``predict``, ``to_sklearn()``, ``params``, ``sentence`` and ``table``.

    Raises
    ------
    InputError
        If no method arrives within the budget, or an argument cannot be used.

    Examples
    --------
    >>> from rootkappa import problems
    >>> problem = problems.Quadratic.random(clients=3, dim=3, kappa=100.0)
    >>> chosen = choose(problem, cost="rounds", methods=["gradient_descent", "nesterov"])
    >>> chosen.method, problem.gap(chosen.model) <= 1e-4
    ('nesterov', True)
    """
    place, target = Given(checked_problem(problem)), Target.read(to)
    with ExitStack() as open_files:
        file = store or Path(open_files.enter_context(TemporaryDirectory()), "compare.sqlite")
        kept = open_files.enter_context(Store(file))
        found = compare(
            place, methods, target, cost, store=kept, letters=letters, tune=tune, seeds=seeds, budget=budget,
            within=within, clock=clock, progress=progress,
        )  # fmt: skip
    return fitted(place, target, found)


def fitted(place: Any, target: Target, found: Comparison) -> Chosen:
    """Return the cheapest of a comparison, with the model at which its first path arrives.

    Raises
    ------
    InputError
        If none arrived; the sentence says why the nearest did not.
    """
    told = recommendation(found)
    best = found.rows[0]
    problem, measure = measured(place, target)
    method = find(best["method"])
    case = Case(method, promised_by(method), problem, best["changes"], 0)
    goal = 1.0 - target.value + 1e-12 if target.measure == "accuracy" else target.value
    trace = walk(case, measure, goal, best["longest"], 0)
    return Chosen(best["method"], case.params, best["changes"], trace.model, told, found, problem)


def recommendation(found: Comparison) -> str:
    """Return in one sentence what to take, at which cost, and how sure that is.

    Raises
    ------
    InputError
        If no method arrived.
    """
    if not found.arrived:
        nearest = found.rows[0]
        raise InputError(
            f"no method arrived at {found.target} on {found.label}, the nearest is {nearest['method']} "
            f"({nearest['reason'] or nearest['status']}): give a target that is less sharp, or a larger budget."
        )
    best, *others = found.arrived
    letters = ", ".join(f"{letter} = {written(value)}" for letter, value in best["params"].items())
    how = "" if best["how"] == "prescribed" else f", {best['how']}"
    how += f" ({best['edge']} at the end of its grid)" if best["edge"] else ""
    told = f"Take {best['method']} with {letters}{how}: {found.target} costs {best['cost']:.3g}"
    if best["low"] < best["high"]:
        told += f" ({best['low']:.3g} to {best['high']:.3g}, {best['seeds']} paths)"
    told += f" {'at' if ' per ' in found.price else 'in'} {found.price}"
    next_best = next((row for row in others if row["method"] != best["method"]), None)
    if next_best is None:
        return f"{told}; no other method was seen to arrive."
    told += f", {next_best['times']:.3g} times less than {next_best['method']}, the next"
    is_sure = best["high"] < next_best["low"]
    return f"{told}." if is_sure else f"{told}, from which so few paths do not tell it apart."


def written(value: Any) -> str:
    """Return the value of a letter, short.

    Examples
    --------
    >>> written(0.0123456789), written("RandK(2)"), written(3)
    ('0.01235', 'RandK(2)', '3')
    """
    return value if isinstance(value, str) else f"{value:.4g}" if isinstance(value, float) else str(value)
