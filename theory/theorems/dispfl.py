"""Nothing is promised of DisPFL: masks move, and where models are averaged they approach no minimum of the objective.

The letters are those of the authors' code for 500 rounds, but for the step size η = 1/L in the place of their 0.1 and
two peers in the place of ten of a hundred clients. V = F - F*, where F* is of the clients' own minima. Masks keep their
size, and messages have it: that is for the invariants and for the claims.

Source: Dai, Shen, He, Tian and Tao, "DisPFL: Towards Communication-Efficient Personalized Federated Learning via
Decentralized Sparse Training" (2022), whose own analysis is of how far sparse models generalise.
"""

from ...algorithms.dispfl import Params, State
from ...algorithms.parts.components import sizes
from ...problems import Problem, Solution


def prescribed(problem: Problem) -> Params:
    """η = 1/L, K = 5, density and α 0.5, T = 500, decay 0.998, two peers, random growth, trained masks count."""
    return Params(
        eta=1.0 / problem.L, K=5, density=0.5, capacity="1", alpha=0.5, T=500, decay=0.998,
        graph="peers", deg=max(1, min(2, problem.n - 1)), regrow="random", counted="trained", w=0,
        b=int(sizes(problem).max()),
    )  # fmt: skip


def lyapunov(problem: Problem, params: Params, state: State, target: Solution) -> float:
    """V = F(w_1, ..., w_n) - F*."""
    return problem.gap(state.x.ravel())
