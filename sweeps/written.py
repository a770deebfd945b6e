"""A comparison as it goes into other programs: records, comma-separated values, a table for LaTeX."""

import math
from collections.abc import Mapping
from typing import Any

from .compare import Comparison

_COLUMNS = (
    "method", "how", "params", "status", "cost", "low", "high", "seeds", "times", "rounds", "iterations", "floats_up",
    "floats_down", "bits_up", "bits_down", "gradients", "seconds", "reason",
)  # fmt: skip
_ESCAPED = {"_": r"\_", "%": r"\%", "&": r"\&", "#": r"\#", "$": r"\$", "‖": r"\|", "*": r"\textasteriskcentered{}"}
_GREEK = {"gamma", "alpha", "beta", "eta", "tau", "lambda", "omega", "chi", "mu", "theta", "sigma", "rho", "delta"}


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
    """Return a comparison as a tabular for LaTeX with booktabs: who arrived, and in a comment below who did not."""
    lines = [
        f"% {found.label}; {found.target}; cost: {found.price}",
        r"\begin{tabular}{llrrr}",
        r"\toprule",
        r"method & letters & cost & 95\,\% interval & times \\",
        r"\midrule",
    ]
    for row in found.arrived:
        ends = f"{_power(row['low'])} to {_power(row['high'])}" if row["low"] < row["high"] else "--"
        name = _escape(row["method"]) + ("" if row["how"] == "prescribed" else f" ({row['how']})")
        params = ", ".join(f"{_letter(letter)} $=$ {_value(value)}" for letter, value in row["params"].items())
        lines.append(f"{name} & {params} & {_power(row['cost'])} & {ends} & {row['times']:.3g} \\\\")
    lines += [r"\bottomrule", r"\end{tabular}"]
    lines += [f"% {row['method']}: {row['reason']}" for row in found.rows if row["status"] != "arrived"]
    return "\n".join(lines) + "\n"


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


def _escape(text: str) -> str:
    return "".join(_ESCAPED.get(mark, mark) for mark in text)


def _letter(letter: str) -> str:
    return (
        f"$\\{letter}$" if letter in _GREEK else f"${letter}$" if len(letter) == 1 else f"\\textit{{{_escape(letter)}}}"
    )


def _value(value: Any) -> str:
    return _power(value) if isinstance(value, float) else _escape(str(value))


def _power(number: float) -> str:
    """Return a number with three digits, in powers of ten where it is large or small."""
    if number == 0.0 or 1e-3 <= abs(number) < 1e5:
        return f"{number:.3g}" if abs(number) < 1e3 else f"{number:.0f}"
    digits, _, power = f"{number:.2e}".partition("e")
    return f"${digits} \\cdot 10^{{{int(power)}}}$"
