"""Random numbers that depend on a seed and on the name of what they are for, on nothing else."""

from hashlib import blake2b

import numpy as np

from .errors import InputError


def generator(seed: int, *axes: str | int) -> np.random.Generator:
    """Return the generator that belongs to one place of a computation.

    Two places with different names get independent streams, and a stream does not depend on which other streams
    were opened, in which order or in which thread.

    Parameters
    ----------
    seed : int
        The user's seed, at least 0.
    *axes : str or int
        The name of the place, for example ``("rounds", "scaffnew", 3)``.

    Returns
    -------
    numpy.random.Generator

    Raises
    ------
    InputError
        If the seed is not an integer that is at least 0.

    Examples
    --------
    >>> bool(generator(0, "spectrum").random() == generator(0, "spectrum").random())
    True
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise InputError(f"seed = {seed!r} cannot start a generator: give an integer that is at least 0.")
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
