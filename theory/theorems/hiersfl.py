"""No rate is proved of HierSFL: clipping bends its steps, and noise leaves a floor that is told by claims.

What can be said of it is exact elsewhere: without clipping and noise it is HierFAVG with that method's factor, and of
each release the smallest δ is known in closed form. V = F(x) - F*. Prescribed are γ = 1/L, k1 = 5, k2 = 4 and edges
as for HierFAVG, half of the features at the edge, C0 = 0.05, and the noise with which a release is (16, 10⁻⁵)-private.

Source: Quan, Nguyen, Nguyen, Wijayasundara, Setunge and Pathirana, "HierSFL: Local Differential Privacy-aided Split
Federated Learning in Mobile Edge Computing" (2024).
"""

from ...algorithms.hiersfl import Params
from ...algorithms.parts.components import sizes
from ...algorithms.parts.privacy import multiplier
from ...algorithms.parts.split import columns
from ...problems import Problem
from .fedlin import lyapunov  # pyright: ignore[reportUnusedImport]
from .hierfavg import edges_of

#: What a release promises: (ε, δ).
EPSILON, DELTA = 16.0, 1e-5


def prescribed(problem: Problem) -> Params:
    """γ = 1/L, k1 = 5, k2 = 4, an edge for five clients, q of half the features, C0 = 0.05, z of (16, 10⁻⁵)."""
    return Params(
        gamma=1.0 / problem.L,
        k1=5,
        k2=4,
        edges=edges_of(problem),
        q=columns(problem) // 2,
        C0=0.05,
        z=multiplier(EPSILON, DELTA),
        b=int(sizes(problem).max()),
    )
