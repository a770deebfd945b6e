"""Races of methods to a target on one problem: what each costs, and which to choose."""
