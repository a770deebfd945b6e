r"""Tables for a paper, all in one style: rules of booktabs, and above the table the line that the preamble needs."""

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

_MARKS = {"&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}", "‖": r"$\|$",
          "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\\": r"\textbackslash{}"}  # fmt: skip
_GREEK = {"gamma", "alpha", "beta", "eta", "tau", "lambda", "omega", "chi", "mu", "theta", "sigma", "rho", "delta"}
# Smaller and larger numbers are written with a power of ten.
_SMALLEST, _LARGEST = 1e-4, 1e6


def tabular(
    columns: str, heads: Sequence[str], rows: Iterable[Sequence[str]], about: str = "", notes: Iterable[str] = ()
) -> str:
    r"""Return a tabular of LaTeX.

    Parameters
    ----------
    columns : str
        How they are aligned, such as ``"llr"``.
    heads : sequence of str
        What stands above them, in LaTeX as the entries of the rows.
    rows : iterable of sequence of str
        The lines.
    about : str
        What the table is about, for a comment above it.
    notes : iterable of str
        Comments below it.

    Examples
    --------
    >>> print(tabular("lr", ["method", "rounds"], [["Scaffnew", "$84$"]], "Quadratic."), end="")
    % In the preamble: \usepackage{booktabs}
    % Quadratic.
    \begin{tabular}{lr}
    \toprule
    method & rounds \\
    \midrule
    Scaffnew & $84$ \\
    \bottomrule
    \end{tabular}
    """
    lines = [r"% In the preamble: \usepackage{booktabs}", *([_comment(about)] if about else [])]
    lines += [rf"\begin{{tabular}}{{{columns}}}", r"\toprule", rf"{' & '.join(heads)} \\", r"\midrule"]
    lines += [rf"{' & '.join(row)} \\" for row in rows]
    lines += [r"\bottomrule", r"\end{tabular}", *map(_comment, notes)]
    return "\n".join(lines) + "\n"


def _comment(text: str) -> str:
    return f"% {' '.join(text.split())}"


def escaped(text: str) -> str:
    r"""Return a text as LaTeX prints it.

    Examples
    --------
    >>> print(escaped("gradient_descent at 10 %"))
    gradient\_descent at 10 \%
    """
    return "".join(_MARKS.get(mark, mark) for mark in text)


def number(value: float, digits: int = 5) -> str:
    r"""Return a number in mathematics, in powers of ten where it is large or small.

    Examples
    --------
    >>> print(number(84.2), number(1e6), number(2.5e-9), number(float("nan")))
    $84.2$ $10^{6}$ $2.5 \cdot 10^{-9}$ --
    """
    if not math.isfinite(value):
        return "--" if math.isnan(value) else r"$\infty$"
    is_plain = value == 0.0 or _SMALLEST <= abs(value) < _LARGEST
    text = f"{value:.{digits}g}" if is_plain else f"{value:.{digits - 1}e}"
    if is_plain and "e" in text:
        text = f"{value:.0f}"
    power = re.fullmatch(r"(-?[\d.]+)e([+-]\d+)", text)
    if power is None:
        return f"${text}$"
    front = power[1].rstrip("0").rstrip(".")
    return f"$10^{{{int(power[2])}}}$" if front == "1" else f"${front} \\cdot 10^{{{int(power[2])}}}$"


def assigned(letter: str, value: Any) -> str:
    r"""Return a letter of a method with its value.

    Examples
    --------
    >>> print(assigned("gamma", 0.0392006), assigned("n_s", "RandK(2)"))
    $\gamma$ $=$ $0.0392$ \textit{n\_s} $=$ RandK(2)
    """
    name = rf"\{letter}" if letter in _GREEK else letter
    told = f"${name}$" if letter in _GREEK or len(letter) == 1 else rf"\textit{{{escaped(letter)}}}"
    return f"{told} $=$ {number(value, 4) if isinstance(value, float) else escaped(str(value))}"
