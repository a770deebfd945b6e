"""What methods are called in figures and in papers."""

import ast
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from .. import algorithms
from ..core.streams import printable

# A name has no more words than these; what is longer describes.
_SHORT = 4


def shown_names(methods: Iterable[str]) -> dict[str, str]:
    """Return for each method the name that figures and tables call it by; those of one name keep their own besides.

    Examples
    --------
    >>> shown_names(["scaffnew", "scaffold_1"])
    {'scaffnew': 'Scaffnew', 'scaffold_1': 'SCAFFOLD with option I'}
    """
    names = {method: shown_name(method) for method in dict.fromkeys(methods)}
    count = Counter(names.values())
    return {
        method: name if count[name] == 1 or name == printable(method) else f"{name} ({printable(method)})"
        for method, name in names.items()
    }


def shown_name(method: str) -> str:
    """Return the name of a method as it is written in papers: its file's ``NAME``, or what its docstring begins with.

    A file of somebody's own is read and not run: without a ``NAME`` it is called by its path.

    Examples
    --------
    >>> shown_name("scaffnew"), shown_name("scaffold_1"), shown_name("sparse_proxskip_l1"), shown_name("./mine.py")
    ('Scaffnew', 'SCAFFOLD with option I', 'Sparse-ProxSkip, convex', './mine.py')
    """
    if method not in algorithms.names():
        return printable(_name_in(Path(method)) or method)
    module = algorithms.get(method).module
    first = re.split(r"[:,.(]", module.__doc__ or "", maxsplit=1)[0].strip()
    return str(getattr(module, "NAME", first if 0 < len(first.split()) <= _SHORT else method))


def _name_in(file: Path) -> str:
    """Return the ``NAME`` that a file of Python gives itself, nothing if it gives none."""
    try:
        body = ast.parse(file.read_bytes()).body if file.suffix == ".py" else []
    except (OSError, ValueError, SyntaxError):
        return ""  # it may be gone by now, or have changed
    for node in body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            is_name = any(isinstance(target, ast.Name) and target.id == "NAME" for target in targets)
            if is_name and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
                return " ".join(node.value.value.split())
    return ""
