"""Rootkappa holds the promised communication rounds of optimisation methods against what the methods do."""

__version__ = "0.1.0"
