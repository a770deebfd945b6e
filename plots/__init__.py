"""Figures: `convergence` along an axis of cost, the `exponent` in the condition number, `sparsity` by the pruning."""
