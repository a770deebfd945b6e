"""The prox of ψ at every local step: proved to be linear for ψ = 0 only, where it is Scaffnew.

In the terms of RandProx ψ is g and consensus is h. The linear rate of RandProx asks for a strongly convex conjugate of
h, or g = 0; the conjugate of consensus is not strongly convex. So with ψ = 0 the promise is Scaffnew's factor
max{(1 - γμ)², (1 - γL)², 1 - p²}, and with another ψ what is proved is O(1/T) in the mean of the Bregman distances.
That it converges like Scaffnew once the support is found is a claim, and measured as one.

Source: Condat and Richtárik, "RandProx: Primal-Dual Optimization Algorithms with Randomized Proximal Updates" (2023);
Meinhardt, Yi, Condat and Richtárik, "Prune at the Clients, Not the Server: Accelerated Sparse Training in Federated
Learning" (2024).
"""

from ...algorithms.sparse_proxskip_l1 import lyapunov
from ..theorem import Condition
from . import proxskip
from .proxskip import EXPONENTS, TIGHT, contraction, prescribed

__all__ = ["EXPONENTS", "TIGHT", "admissible", "contraction", "lyapunov", "prescribed"]


def admissible(problem, params):
    """0 < γ < 2/L, 0 < p <= 1, ψ = 0."""
    return (
        *proxskip.admissible(problem, params),
        Condition("ψ = 0 for a linear rate", problem.is_smooth, f"ψ = {problem.psi!r}"),
    )
