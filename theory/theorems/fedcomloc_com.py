"""Nothing is proved of FedComLoc's rate: compressed models leave an error that the control variates cannot remove.

With C the identity it is Scaffnew. Otherwise -Com and -Local hover at a distance from the solution that falls with
the variance of C, and -Global loses the sum of its control variates; these are claims, each measured beside its
control. The parameters are Scaffnew's, γ = 1/L and p = 1/√κ, with 2^8 levels of quantisation. V is Scaffnew's.

Source: Yi, Meinhardt, Condat and Richtárik, "FedComLoc: Communication-Efficient Distributed Training of Sparse and
Quantized Models" (2024).
"""

import math

from ...algorithms.fedcomloc_com import Params
from ...problems import Problem
from .proxskip import admissible, lyapunov  # pyright: ignore[reportUnusedImport]


def prescribed(problem: Problem) -> Params:
    """γ = 1/L, p = 1/√κ, C = quantisation to 2^8 levels."""
    return Params(gamma=1.0 / problem.L, p=1.0 / math.sqrt(problem.kappa), C="QSGD(8)")
