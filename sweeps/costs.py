"""What an accuracy costs at each condition number: the numbers behind the slopes, for a terminal and for a paper."""

import csv
import io
import math
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .cells import COUNTED
from .sweep import families

if TYPE_CHECKING:
    import pandas as pd

#: The columns of the table; those of costs are means over seeds, NaN where a path has not arrived.
COLUMNS = ("problem", "method", "changes", "kappa", "seeds", *COUNTED)
_MARKS = {"&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
          "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\\": r"\textbackslash{}"}  # fmt: skip


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
    r"""Return records as a tabular of LaTeX, which needs no package.

    Examples
    --------
    >>> row = dict.fromkeys(COLUMNS, 1e6) | {"problem": "a_b", "method": "scaffnew", "changes": "", "bits": math.nan}
    >>> print(as_latex([row]).splitlines()[3])
    a\_b & scaffnew & $10^{6}$ & $10^{6}$ & $10^{6}$ & -- \\
    """
    lines = [r"\begin{tabular}{llrrrr}", r"problem & method & $\kappa$ & rounds & iterations & bits \\", r"\hline"]
    for record in records:
        name = " ".join(filter(None, (record["method"], record["changes"])))
        numbers = (_number(record[column]) for column in ("kappa", "rounds", "iterations", "bits"))
        lines.append(" & ".join((_escaped(record["problem"]), _escaped(name), *numbers)) + r" \\")
    return "\n".join([*lines, r"\end{tabular}", ""])


def _escaped(text: str) -> str:
    return "".join(_MARKS.get(mark, mark) for mark in text)


def _number(value: float) -> str:
    """Return a number in mathematics."""
    if not math.isfinite(value):
        return "--" if math.isnan(value) else r"$\infty$"
    power = re.fullmatch(r"([\d.]+)e([+-]\d+)", f"{value:.4g}" if value < 1e6 else f"{value:.3e}")
    if power is None:
        return f"${value:.5g}$"
    front = power[1].rstrip("0").rstrip(".")
    return f"$10^{{{int(power[2])}}}$" if front == "1" else f"${front} \\cdot 10^{{{int(power[2])}}}$"
