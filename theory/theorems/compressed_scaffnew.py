"""CompressedScaffnew contracts its Lyapunov function by max{(1 - γμ)², (1 - γL)², 1 - p²χ(s-1)/(n-1)}.

It is TAMUNA with all clients taking part, and so is the promise: 0 < γ < 2/L, 0 < χ <= n(s-1)/(s(n-1)), tight at the
largest χ. With γ = 1/L, p = √((n-1)/(χ(s-1)κ)), at most 1, and s = max{2, ⌊n/d⌋} a client sends
O((d√κ/√n + √(dκ) + d) log 1/ε) numbers.

Source: Condat, Agarský and Richtárik, "Provably Doubly Accelerated Federated Learning: The First Theoretically
Successful Combination of Local Training and Communication Compression" (2022), main theorem, in the sharper form that
TAMUNA's has.
"""

from ...algorithms.compressed_scaffnew import Params
from ...algorithms.parts.cohorts import check_senders
from ...problems import Problem
from .tamuna import EXPONENTS, TIGHT, balanced_p, chi_max, contraction, lyapunov  # pyright: ignore[reportUnusedImport]
from .tamuna import conditions_of_masks as admissible  # pyright: ignore[reportUnusedImport]


def prescribed(problem: Problem, s: int | None = None) -> Params:
    """γ = 1/L, χ = χ_max, and p that balances the two factors; by default s = max{2, ⌊n/d⌋}."""
    s = s or max(2, problem.n // problem.d)
    check_senders(problem, s, problem.n)
    chi = chi_max(problem.n, s)
    return Params(gamma=1.0 / problem.L, p=balanced_p(problem, s, chi), chi=chi, s=s)
