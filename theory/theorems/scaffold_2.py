"""SCAFFOLD with option II: the same promise as with option I.

The paper proves both options at once. With η = γ and K = 1/p the recursion is that of Scaffnew with rounds of equal
length, which converges far faster than this promise; the promise is what SCAFFOLD's own theory gives.

Source: Karimireddy et al., "SCAFFOLD: Stochastic Controlled Averaging for Federated Learning" (2020), theorem III.
"""

from .scaffold_1 import EXPONENTS, UNIT, admissible, contraction, lyapunov, prescribed  # pyright: ignore[reportUnusedImport]
