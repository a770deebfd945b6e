"""What a notebook shows of an object: a title and a small table, with everything that is text escaped."""

from collections.abc import Iterable, Mapping
from html import escape


def letters(values: Mapping[str, object]) -> str:
    """Return letters with their values, as a reader wants them.

    Examples
    --------
    >>> letters({"gamma": 1.0, "p": 1 / 3, "C": "RandK(2)"})
    'gamma = 1, p = 0.333333, C = RandK(2)'
    """
    told = (f"{value:.6g}" if isinstance(value, float) else value for value in values.values())
    return ", ".join(f"{letter} = {value}" for letter, value in zip(values, told, strict=True))


def table(title: str, rows: Iterable[tuple[str, object]]) -> str:
    """Return a title and rows of a name and what it stands for, as HTML.

    Examples
    --------
    >>> table("a < b", [("rounds", 3)])
    '<b>a &lt; b</b><table><tr><th>rounds</th><td>3</td></tr></table>'
    """
    lines = (f"<tr><th>{escape(name)}</th><td>{escape(str(value))}</td></tr>" for name, value in rows)
    return f"<b>{escape(title)}</b><table>{''.join(lines)}</table>"
