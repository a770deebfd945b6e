"""Random numbers that depend on a seed and on the name of what they are for, on nothing else."""

from hashlib import blake2b

import numpy as np

from .errors import InputError, shown

# As many as NumPy's seeds mix without a loss.
_SEEDS = 2**128


def generator(seed: int, *axes: str | int) -> np.random.Generator:
    """Return the generator that belongs to one place of a computation.

    Two places with different names get independent streams, and a stream does not depend on which other streams
    were opened, in which order or in which thread.

    Parameters
    ----------
    seed : int
        The user's seed, from 0 to 2**128 - 1.
    *axes : str or int
        The name of the place, for example ``("rounds", "scaffnew", 3)``.

    Returns
    -------
    numpy.random.Generator

    Raises
    ------
    InputError
        If the seed is not an integer in that range.

    Examples
    --------
    >>> bool(generator(0, "spectrum").random() == generator(0, "spectrum").random())
    True
    """
    if isinstance(seed, bool | np.timedelta64) or not isinstance(seed, int | np.integer) or not 0 <= seed < _SEEDS:
        raise InputError(f"seed = {shown(seed)} cannot start a generator: give an integer from 0 to 2**128 - 1.")
    plain = (int(axis) if isinstance(axis, np.integer) else axis for axis in axes)
    name = "\x1f".join(f"{type(axis).__name__}:{axis}" for axis in plain)
    key = np.frombuffer(blake2b(name.encode(), digest_size=16).digest(), dtype=np.uint32)
    return np.random.default_rng(np.random.SeedSequence(int(seed), spawn_key=tuple(int(word) for word in key)))


def derived_seed(seed: int, *axes: str | int) -> int:
    """Return the seed that belongs to one place of a computation, for what takes a seed itself.

    Examples
    --------
    >>> derived_seed(0, "path", 1) == derived_seed(0, "path", 1) != derived_seed(0, "path", 2)
    True
    """
    return int(generator(seed, *axes).integers(2**32))
