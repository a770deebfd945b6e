"""What an accuracy costs at each condition number: the numbers behind the slopes, for a terminal and for a paper."""

import csv
import io
import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .cells import COUNTED
from .latex import escaped, number, tabular
from .names import shown_names
from .sweep import families

if TYPE_CHECKING:
    import pandas as pd

#: The columns of the table; those of costs are means over seeds, NaN where a path has not arrived.
COLUMNS = ("problem", "method", "changes", "kappa", "seeds", *COUNTED)


def costs(cells: "pd.DataFrame") -> list[dict[str, Any]]:
    """Return what the accuracy costs, one record for each family of problems, method, choice of letters and kappa.

    Parameters
    ----------
    cells : pandas.DataFrame
        Rows of :meth:`rootkappa.sweeps.Store.cells`.

    Returns
    -------
    list of dict
        ``COLUMNS``; ``seeds`` is 0 for what is exact, and a cost that is not known is NaN.
    """
    records: list[dict[str, Any]] = []
    for problem, family in families(cells):
        for (method, changes, kappa), rows in family.groupby(["method", "changes", "kappa"], sort=False):
            counts = {
                axis: rows[axis].astype(float).mean(skipna=False) if axis in rows else math.nan for axis in COUNTED
            }
            seeds = 0 if rows["exact"].all() else rows["seed"].nunique()
            records.append({"problem": problem, "method": method, "changes": changes, "kappa": float(kappa)})
            records[-1] |= {"seeds": seeds, **{axis: float(count) for axis, count in counts.items()}}
    return records


def as_csv(records: Iterable[dict[str, Any]]) -> str:
    """Return records as text with commas; what is not known is empty.

    Examples
    --------
    >>> row = dict.fromkeys(COLUMNS, 1.5) | {"problem": "quadratic", "bits": math.nan}
    >>> print(as_csv([row]).splitlines()[1])
    quadratic,1.5,1.5,1.5,1.5,1.5,1.5,1.5,,1.5
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([["" if record[name] != record[name] else record[name] for name in COLUMNS] for record in records])
    return text.getvalue()


def as_latex(records: Iterable[dict[str, Any]]) -> str:
    r"""Return records as a table for LaTeX, see :func:`rootkappa.sweeps.latex.tabular`.

    Examples
    --------
    >>> row = dict.fromkeys(COLUMNS, 1e6) | {"problem": "a_b", "method": "scaffnew", "changes": "", "bits": math.nan}
    >>> print(as_latex([row]).splitlines()[6])
    a\_b & Scaffnew & $10^{6}$ & $10^{6}$ & $10^{6}$ & -- \\
    """
    kept = list(records)
    names = shown_names(record["method"] for record in kept)
    rows = [
        (
            escaped(record["problem"]),
            escaped(" ".join(filter(None, (names[record["method"]], record["changes"])))),
            *(number(record[column]) for column in ("kappa", "rounds", "iterations", "bits")),
        )
        for record in kept
    ]
    heads = ("problem", "method", r"$\kappa$", "rounds", "iterations", "bits")
    seeds = sorted({record["seeds"] for record in kept})
    how = " or ".join("exact" if count == 0 else f"means over {count} paths" for count in seeds)
    return tabular("llrrrr", heads, rows, f"What the accuracy costs at each condition number; {how}.")
