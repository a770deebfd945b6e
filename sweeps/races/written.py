"""A comparison as it goes into other programs: records, comma-separated values, a table for LaTeX."""

import math
from collections.abc import Mapping
from typing import Any

from ..latex import assigned, escaped, number, tabular
from ..names import shown_names
from .compare import Comparison

_COLUMNS = (
    "method", "how", "params", "status", "cost", "low", "high", "seeds", "times", "rounds", "iterations", "floats_up",
    "floats_down", "bits_up", "bits_down", "gradients", "seconds", "reason",
)  # fmt: skip


def plain(found: Comparison) -> dict[str, Any]:
    """Return a comparison as JSON can hold it: None in the place of numbers that are none.

    Examples
    --------
    >>> plain(Comparison([], "quadratic", "F(x) - F* <= 1", "rounds", [], 0))["rows"]
    []
    """
    rows = [{name: _finite(row.get(name)) for name in _COLUMNS} for row in found.rows]
    return {"problem": found.label, "target": found.target, "cost": found.price, "rows": rows}


def csv(found: Comparison) -> str:
    """Return a comparison as comma-separated values, one line for each row."""
    import pandas as pd

    rows = [{name: row.get(name) for name in _COLUMNS} | {"params": letters(row["params"])} for row in found.rows]
    return pd.DataFrame(rows, columns=list(_COLUMNS)).to_csv(index=False)


def latex(found: Comparison) -> str:
    """Return a comparison as a table for LaTeX: who arrived, and in comments below who did not."""
    names = shown_names(row["method"] for row in found.rows)
    heads = ("method", "letters", "cost", r"95\,\% interval", "times")
    rows = [
        (
            escaped(names[row["method"]]) + ("" if row["how"] == "prescribed" else f" ({escaped(row['how'])})"),
            ", ".join(assigned(letter, value) for letter, value in row["params"].items()),
            number(row["cost"]),
            f"{number(row['low'])} to {number(row['high'])}" if row["low"] < row["high"] else "--",
            number(row["times"], 3),
        )
        for row in found.arrived
    ]
    about = f"{found.label}; {found.target}; cost: {found.price}"
    away = (f"{names[row['method']]}: {row['reason']}" for row in found.rows if row["status"] != "arrived")
    return tabular("llrrr", heads, rows, about, away)


def letters(params: Mapping[str, Any]) -> str:
    """Return parameters in one line.

    Examples
    --------
    >>> letters({"gamma": 0.03920058, "C": "RandK(2)"})
    'gamma=0.0392 C=RandK(2)'
    """
    return " ".join(
        f"{letter}={value:.4g}" if isinstance(value, float) else f"{letter}={value}" for letter, value in params.items()
    )


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
