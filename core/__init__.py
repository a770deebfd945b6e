"""Everybody's ground floor: errors, checks of input, randomness, compilation, dispatch, and moves of vectors."""
