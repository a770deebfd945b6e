"""Figures of stored results: `convergence` along an axis of cost, the `exponent` in the condition number."""
