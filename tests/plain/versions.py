"""Every shipped method once more, written in NumPy from its paper: what the shipped one is held against.

A version is found by being in one of the files here, under the name in its ``LIKE``.
"""

from . import adaptive, baselines, compression, local_training, masks, randomised_prox, sparsity

__all__ = ["VERSIONS"]

VERSIONS = {
    vars(thing)["LIKE"]: thing
    for family in (adaptive, baselines, compression, local_training, masks, randomised_prox, sparsity)
    for thing in vars(family).values()
    if isinstance(thing, type) and "LIKE" in vars(thing)
}
