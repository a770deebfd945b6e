"""One letter of a method over a range of its values, beside the value that the theory prescribes."""

from collections.abc import Sequence

import numpy as np

from ..algorithms.driver.method import find
from ..algorithms.parts.letters import checked_letter
from ..core.errors import InputError, unknown
from ..theory.case import Case
from ..theory.theorem import promised_by
from ..theory.verify import blaming
from .cells import Cell
from .letters import Value
from .problems import ProblemSpec
from .sweep import grid_cells

# By default so far below and above what is prescribed, and so many values.
_FACTOR, _COUNT = 10.0, 21


def letter_cells(
    method: str,
    letter: str,
    spec: ProblemSpec,
    values: Sequence[Value] | None = None,
    *,
    epsilon: float = 1e-6,
    seeds: int = 6,
    exact: bool = False,
) -> list[Cell]:
    """Return the cells of one letter's values, and of the prescribed one, on one problem.

    Parameters
    ----------
    method : str
        A name, or the path of a Python file.
    letter : str
        The letter; all others are as the theory prescribes beside it.
    spec : ProblemSpec
        The problem.
    values : sequence of number or str, optional
        The values; by default from a tenth to ten times the prescribed one, as far as the letter's range goes.
    epsilon, seeds, exact
        As of :func:`rootkappa.sweeps.grid_cells`.

    Raises
    ------
    InputError
        If there is no such letter, or none of its values is given and it is no number.

    Examples
    --------
    >>> cells = letter_cells("scaffnew", "p", ProblemSpec(clients=2, dim=2, kappa=4.0), [0.1, 1.0], exact=True)
    >>> [dict(cell.changes) for cell in cells]
    [{}, {'p': 0.1}, {'p': 1.0}]
    """
    if values is None:
        values, _ = around(method, letter, spec)
    prescribed = grid_cells([method], [spec], {}, epsilon, seeds, exact)
    return [*prescribed, *grid_cells([method], [spec], {letter: values}, epsilon, seeds, exact)]


def around(method: str, letter: str, spec: ProblemSpec) -> tuple[list[Value], dict[Value, InputError]]:
    """Return values of a letter from a tenth to ten times the prescribed one, and which of them the method refuses.

    Returns
    -------
    values : list of int or float
        Those that the method takes on the problem.
    refused : dict of int or float to InputError
        Others within the letter's range, with what the method says of them.

    Examples
    --------
    >>> values, _ = around("scaffnew", "p", ProblemSpec(kappa=1e4))
    >>> len(values), values[0], values[10], values[-1]
    (21, 0.001, 0.01, 0.1)
    >>> around("fedavg", "K", ProblemSpec(kappa=1e4))[0][:4]
    [1, 2, 3, 4]
    >>> values, refused = around("tamuna", "s", ProblemSpec(kappa=1e4))
    >>> values[0], [*refused][:2]
    (2, [1, 13])
    """
    taken, problem = find(method), spec.build()
    if letter not in taken.Params._fields:
        raise unknown(f"letter of {method}", letter, taken.Params._fields)
    with blaming(taken):
        middle = getattr(Case(taken, promised_by(taken), problem, {}, seed=0).params, letter)
    if isinstance(middle, str) or not middle > 0:
        raise InputError(f"{letter} = {middle!r} of {method} has no range around it: give --values a,b,c.")
    grid = np.geomspace(middle / _FACTOR, middle * _FACTOR, _COUNT)
    # Powers of ten are round to whoever reads them.
    found = [round(number) if isinstance(middle, int) else float(f"{number:.12g}") for number in grid]
    kept: list[Value] = []
    refused: dict[Value, InputError] = {}
    for value in dict.fromkeys(found):
        if _is_allowed(taken.Params, letter, value):
            try:
                with blaming(taken):
                    Case(taken, promised_by(taken), problem, {letter: value}, seed=0).check_rounds()
                kept.append(value)
            except InputError as error:
                refused[value] = error
    return kept, refused


def _is_allowed(params: type, letter: str, value: Value) -> bool:
    try:
        checked_letter(params, letter, value)
    except InputError:
        return False
    return True
