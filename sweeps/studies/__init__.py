"""Comparisons of more than one method, one file each."""
