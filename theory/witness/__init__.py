"""The counterexample of a refuted verdict as files: arrays, and a NumPy script that shows the violation without us.

For each kind of evidence there is a module, found by being there: ``EVIDENCE`` names the kinds, and
``shown(verdict, problems, method)`` returns the counterexample, or raises a NotExact that says why there is none.
"""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from ...core.discover import discover
from ...core.errors import InputError
from ...core.files import check_writable, is_special, write_whole
from ...problems import Problem
from ..case import NotExact
from ..verdict import Verdict
from .arrays import Witness

__all__ = ["Witness", "places", "witness", "write_witness"]

# What every script holds, and the name of an array that says what is refuted.
_HEAD, _READ = ' NumPy only."""\nimport ', "\nw = np.load(sys.argv[1])\n"
_REFUTED = "what_is_refuted"


def witness(verdict: Verdict, problems: Problem | Sequence[Problem], method: Any = None) -> Witness:
    """Return the counterexample of a refuted verdict.

    Parameters
    ----------
    verdict : Verdict
        Which says "refuted".
    problems : Problem or sequence of Problem
        Where it was found.
    method : str, Path, Method or object, optional
        By default the one that the verdict names.

    Raises
    ------
    InputError
        If it says something else, or what is wrong has no counterexample in numbers.

    Examples
    --------
    >>> from rootkappa import problems, theory
    >>> problem = problems.Quadratic.random(clients=2, dim=2, kappa=10.0)
    >>> (verdict,) = theory.verify("scaffnew", problem, rate="1 - 2/kappa")
    >>> found = witness(verdict, problem)
    >>> int(found.arrays["steps"]), len(found.script.splitlines()) <= 20
    (1, True)
    """
    if verdict.status != "refuted":
        raise InputError(f"a verdict that is {verdict.status} has no counterexample: give a refuted one.")
    given = [problems] if isinstance(problems, Problem) else [*problems]
    for module in discover(__name__).values():
        if verdict.evidence in getattr(module, "EVIDENCE", ()):
            return module.shown(verdict, given, verdict.method if method is None else method)
    raise NotExact(f"{verdict.evidence} evidence has no counterexample in numbers: its sentence says what is wrong.")


def write_witness(
    verdict: Verdict, problems: Problem | Sequence[Problem], path: str | Path, method: Any = None
) -> list[Path]:
    """Write the counterexample of a refuted verdict: ``path`` with the arrays, and a script beside it.

    Parameters
    ----------
    verdict, problems, method
        As of :func:`witness`.
    path : str or Path
        The file of the arrays, ending in ".npz"; the script has the same name and ends in ".py".

    Returns
    -------
    list of Path
        Both files.

    Raises
    ------
    InputError
        As of :func:`witness`, or if a file cannot be written.
    """
    told = witness(verdict, problems, method)
    target, script = places(path)
    buffer = BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **told.arrays, **{_REFUTED: np.array(verdict.sentence)})
    write_whole(target, buffer.getvalue())
    write_whole(script, told.script.encode())
    return [target, script]


def places(path: str | Path) -> tuple[Path, Path]:
    """Return the files of a counterexample, arrays and script.

    Raises
    ------
    InputError
        If one of them cannot be written, or is there and no witness.

    Examples
    --------
    >>> [file.name for file in places("w.npz")]
    ['w.npz', 'w.py']
    """
    base = Path(path)
    if not base.name or base.name == ".." or is_special(base):
        raise InputError(f"witness = {str(path)!r} is no name of a file: give one such as witness.npz.")
    files = base.with_suffix(".npz"), base.with_suffix(".py")
    for file in files:
        check_writable(file)
        if file.exists() and not _is_ours(file):
            raise InputError(f"witness = {str(path)!r} would overwrite {file}, which is no witness: give another name.")
    return files


def _is_ours(file: Path) -> bool:
    """Return whether a file is an earlier script or its arrays."""
    if file.suffix == ".py":
        text = file.read_bytes()
        return _HEAD.encode() in text and _READ.encode() in text
    try:
        with np.load(file) as kept:
            return _REFUTED in kept.files
    except (OSError, EOFError, ValueError, TypeError, AttributeError, BadZipFile):
        return False
