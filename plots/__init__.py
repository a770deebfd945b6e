"""Figures of stored results, one file each; they draw, they compute nothing.

Every module here is a kind of figure, found by being there. It defines ``OPTIONS``, the names of what its figures can
be told, and ``drawn(store, cells, **options)``, which yields a name and a figure for each problem, or family of
problems, that some cells of a store are about. The figure of a study of points is ``study``; that of another has the
name of the study.
"""

from __future__ import annotations

import pkgutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.discover import discover
from ..core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..sweeps import Store


def names() -> list[str]:
    """Return the kinds of figures, sorted; nothing is imported for it.

    Examples
    --------
    >>> names()
    ['compare', 'convergence', 'exponent', 'letter', 'sparsity', 'study']
    """
    return sorted(entry.name for entry in pkgutil.iter_modules(__path__) if not entry.ispkg)


def of_study(study: str) -> str:
    """Return the kind of figure that a study has.

    Examples
    --------
    >>> of_study("sparsity"), of_study("another")
    ('sparsity', 'study')
    """
    return study if study in names() else "study"


def options(kind: str) -> tuple[str, ...]:
    """Return what a kind of figure can be told.

    Examples
    --------
    >>> options("convergence")
    ('axis', 'measure')
    """
    return discover(__name__)[kind].OPTIONS


def write(
    kind: str,
    store: Store,
    keys: Iterable[str] | None,
    folder: Path,
    command: str,
    refused: Callable[[str, Exception], None] | None = None,
    **options: Any,
) -> list[Path]:
    """Write the figures of one kind as SVG and PNG, with the command that made them beside; equal names get a number.

    Parameters
    ----------
    kind : str
        One of :func:`names`.
    store : Store
        What was computed.
    keys : iterable of str or None
        Which cells of it to draw, in that order; None for all.
    folder : Path
        Where to.
    command : str
        The command line.
    refused : callable, optional
        Called with the name of a family of problems that cannot be drawn, and why. By default the first such error is
        raised when all other families are drawn.
    **options
        Of :func:`options`.

    Returns
    -------
    list of Path
        What was written; empty if there was nothing to draw.
    """
    from ..core.checks import as_list
    from ..sweeps import families
    from .parts.style import save

    figures, cells = discover(__name__)[kind], store.cells(None if keys is None else as_list(keys))
    paths, taken, errors = [], [], []
    # An option that is wrong is so without any cells.
    for _ in figures.drawn(store, cells.iloc[:0], **options):
        pass
    for family, rows in families(cells):
        try:
            for name, figure in figures.drawn(store, rows, **options):
                name = "-".join(name.split())  # a shell takes a space for the end of a name
                taken.append(name)
                number = f"-{taken.count(name)}" if taken.count(name) > 1 else ""
                paths += save(figure, folder / f"{kind}-{name}{number}", command)
        except InputError as error:
            if refused:
                refused(family, error)
            else:
                errors.append(error)
    if errors:
        raise errors[0]
    return paths
