"""Every shipped method once more, written in NumPy from its paper: what the shipped one is held against.

A version is found by being in a file beside this one, under the name in its ``LIKE``.
"""

from rootkappa.core.discover import discover

__all__ = ["VERSIONS"]

VERSIONS = {
    vars(thing)["LIKE"]: thing
    for family in discover(__package__).values()
    for thing in vars(family).values()
    if isinstance(thing, type) and "LIKE" in vars(thing)
}
