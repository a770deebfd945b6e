"""Checks for tests of methods, compressors and functions, one sentence to each failure."""
