"""What becomes of features before a problem uses them: standardised, and with an intercept, or as they are."""

from typing import Any, NamedTuple, Self

import numpy as np

from ..core.errors import InputError, shown


class Prepared(NamedTuple):
    """How features are shifted and scaled, and whether a last one that is 1 is added.

    Examples
    --------
    >>> rows = np.array([[1.0, 5.0], [3.0, 5.0]])
    >>> Prepared.of(rows, intercept=True, standardise=True).apply(rows)
    array([[-1.,  0.,  1.],
           [ 1.,  0.,  1.]])
    """

    intercept: str = ""
    """"free" for one without penalty, "penalised" for one with; empty for none."""
    mean: np.ndarray | None = None
    """The mean of each feature that was given, shape (features,); None where nothing is standardised."""
    scale: np.ndarray | None = None
    """By what each is divided, infinite for a constant one."""

    @classmethod
    def of(cls, rows: Any, intercept: object, standardise: object) -> Self:
        """Return what is to be done with features, by their own means and deviations."""
        if not (isinstance(intercept, bool | np.bool_) or intercept in ("free", "penalised")):
            raise InputError(
                f"intercept = {shown(intercept)} is none: give True or 'free' for one without penalty, or 'penalised'."
            )
        if not isinstance(standardise, bool | np.bool_):
            raise InputError(f"standardise = {shown(standardise)} is neither True nor False: give one of them.")
        kind = intercept if isinstance(intercept, str) else "free" if intercept else ""
        if not standardise:
            return cls(kind)
        if not isinstance(rows, np.ndarray):
            raise InputError(
                "standardise = True would fill the zeros of a sparse matrix: scale its features yourself, or give it "
                "dense."
            )
        scale = rows.std(axis=0)
        # Rounding can leave a constant feature a tiny deviation.
        scale[np.ptp(rows, axis=0) == 0.0] = np.inf
        if np.isinf(scale).all():
            raise InputError("features are all constant, so there is nothing to learn: give data that differ.")
        return cls(kind, rows.mean(axis=0), scale)

    @property
    def has_intercept(self) -> bool:
        """Whether a feature is added."""
        return self.intercept != ""

    @property
    def is_free(self) -> bool:
        """Whether the intercept has no penalty."""
        return self.intercept == "free"

    @property
    def label(self) -> str:
        """What a problem's label says of it, with a blank before."""
        told = f" intercept={self.intercept}" if self.intercept else ""
        return told if self.mean is None else f"{told} standardised"

    def apply(self, rows: Any) -> Any:
        """Return features, dense or sparse, as the problem uses them; of samples that were held out too."""
        if self.mean is not None:
            dense = rows if isinstance(rows, np.ndarray) else rows.toarray()
            rows = (dense - self.mean) / self.scale
        if not self.has_intercept:
            return rows
        ones = np.ones((rows.shape[0], 1))
        if isinstance(rows, np.ndarray):
            return np.hstack([rows, ones])
        from scipy.sparse import csr_array, hstack

        return csr_array(hstack([rows, ones]))
