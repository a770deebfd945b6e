"""No rate in rounds is proved of FedLALR: its mean squared gradient over T rounds is O(1/√(nKT)), for α ~ √(n/(KT)).

Class: every f_i is smooth, with stochastic gradients that are bounded, and so are their variance and the clients'
differences. That is about the mean over a path whose α is chosen with its end in mind, and no factor of a round: that n
clients divide it by √n is a claim, measured beside its control. With a fixed α, K > 1 and clients that differ it ends
at a distance from the solution. V = ‖∇F(x)‖², what the theorem bounds. Prescribed are the paper's β₁ = 0.9,
β₂ = 0.995 and ε = 10⁻⁸, with α = 0.01, K = 5, b = 1, all clients and the mean of their v̂, which the theory leaves
free.

Source: Sun, Shen, Chen, Sun, Li, Sun and Tao, "FedLALR: Client-Specific Adaptive Learning Rates Achieve Linear Speedup
for Non-IID Data" (2023).
"""

from ...algorithms.fedlalr import Params, State
from ...problems import Problem, Solution
from ..theorem import squared_norm


def prescribed(problem: Problem) -> Params:
    """α = 0.01, β₁ = 0.9, β₂ = 0.995, ε = 10⁻⁸, K = 5, b = 1, M = n and the mean of v̂."""
    return Params(alpha=0.01, beta1=0.9, beta2=0.995, eps=1e-8, K=5, b=1, M=problem.n, v="mean")


def lyapunov(problem: Problem, params: Params, state: State, target: Solution) -> float:
    """V = ‖∇F(x)‖²."""
    return float(squared_norm(problem.gradient(state.x)))
