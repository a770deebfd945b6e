"""ProxSkip, Scaffnew and what follows them with dense messages: a state is (x_i), (h_i)."""

import numpy as np

from .baselines import zeros


def mean(x):
    """Return the mean of all clients' vectors, for every client."""
    return np.tile(x.mean(axis=0), (len(x), 1))


class Scaffnew:
    """Mishchenko et al. (2022), algorithm 2; what its relatives do otherwise has a name of its own."""

    LIKE = "scaffnew"

    def start(self, problem, params):
        return zeros(problem), zeros(problem)

    def gradients(self, problem, params, x, outcome):
        return problem.gradients_at(x)

    def coin(self, outcome):
        return outcome

    def step(self, problem, params, state, outcome):
        x, h = state
        x_hat = x - params.gamma * (self.gradients(problem, params, x, outcome) - h)
        x = mean(x_hat) if self.coin(outcome) else x_hat
        return x, h + params.p / params.gamma * (x - x_hat)

    def model(self, state):
        return state[0].mean(axis=0)


class ProxSkip(Scaffnew):
    """The same, algorithm 1, where the skipped prox is that of n ψ and of consensus: the prox of ψ at the mean."""

    LIKE = "proxskip"

    def step(self, problem, params, state, coin):
        (x, h), dual = state, params.gamma / params.p
        x_hat = x - params.gamma * (problem.gradients_at(x) - h)
        x = np.tile(problem.psi.prox((x_hat - dual * h).mean(axis=0), dual), (problem.n, 1)) if coin else x_hat
        return x, h + (x - x_hat) / dual


def component_gradients(problem, j, X):
    """Return ∇f_ij(x_i), f_ij(x) = (d/2) λ_ij (v_ij'x)² - b_i'x with the eigenvectors of a quadratic; j: (n,)."""
    n, d, kernel = problem.n, problem.d, problem.kernel
    clients = np.arange(n)
    lam, v = np.broadcast_to(kernel.lam, (n, d))[clients, j], np.broadcast_to(kernel.V, (n, d, d))[clients, j]
    return (d * lam * (v * X).sum(axis=1))[:, None] * v - kernel.b


class SProxSkip(Scaffnew):
    """The same with the gradient of one component of each client."""

    LIKE = "sproxskip"

    def gradients(self, problem, params, x, outcome):
        return component_gradients(problem, outcome["j"], x)

    def coin(self, outcome):
        return outcome["coin"]


class SProxSkipAdditive(SProxSkip):
    """The same with noise σ ξ/√d, where ξ is √d times ± a coordinate vector."""

    LIKE = "sproxskip_additive"

    def gradients(self, problem, params, x, outcome):
        # Numbers below 0 count from the end: -d stands for the first coordinate with a minus.
        xi = np.vstack([np.eye(problem.d), -np.eye(problem.d)])[outcome["xi"]]
        return problem.gradients_at(x) + params.sigma * xi


class ProxSkipVR:
    """Malinovsky, Yi and Richtárik (2022) with L-SVRG: ∇f_ij(x_i) - ∇f_ij(y_i) + ∇f_i(y_i), and y_i⁺ = x_i at times."""

    LIKE = "proxskip_vr"

    def start(self, problem, params):
        return zeros(problem), zeros(problem), zeros(problem)

    def step(self, problem, params, state, outcome):
        x, h, y = state
        at_x, at_y = (component_gradients(problem, outcome["j"], point) for point in (x, y))
        x_hat = x - params.gamma * (at_x - at_y + problem.gradients_at(y) - h)
        y_new = x if outcome["refresh"] else y
        x_new = mean(x_hat) if outcome["coin"] else x_hat
        return x_new, h + params.p / params.gamma * (x_new - x_hat), y_new

    def model(self, state):
        return state[0].mean(axis=0)


class GradSkip(Scaffnew):
    """Maranjyan, Safaryan and Richtárik (2022), algorithm 1: where the client's coin is 0, h_i becomes ∇f_i(x_i)."""

    LIKE = "gradskip"

    def step(self, problem, params, state, outcome):
        x, h = state
        g = problem.gradients_at(x)
        h_hat = np.where(outcome["eta"][:, None], h, g)
        x_hat = x - params.gamma * (g - h_hat)
        x = mean(x_hat - params.gamma / params.p * h_hat) if outcome["coin"] else x_hat
        return x, h_hat + params.p / params.gamma * (x - x_hat)


class DecentralizedScaffnew(Scaffnew):
    """Mishchenko et al. (2022), section on the decentralised case: (1 - t) I + t W in the place of the mean."""

    LIKE = "decentralized_scaffnew"

    def step(self, problem, params, state, coin):
        x, h = state
        x_hat = x - params.gamma * (problem.gradients_at(x) - h)
        W = gossip(params.graph, params.weights, problem.n)
        x = (1 - params.t) * x_hat + params.t * W @ x_hat if coin else x_hat
        return x, h + params.p / params.gamma * (x - x_hat)


def gossip(graph, weights, n):
    """Return the matrix with 1/(1 + max(degrees)) on the edges of a graph, or the mean of that and I."""
    i, j = np.indices((n, n))
    width = next(width for width in range(1, n + 1) if n % width == 0 and n // width <= width)
    down, right = abs(i // width - j // width), abs(i % width - j % width)
    edges = {
        "ring": np.isin((i - j) % n, (1, n - 1)),
        "star": (i == 0) ^ (j == 0),
        "complete": i != j,
        "grid": down + right == 1,
    }[graph]
    degrees = edges.sum(axis=0)
    W = edges / (1.0 + np.maximum(degrees[:, None], degrees))
    W += np.diag(1.0 - W.sum(axis=0))
    return {"metropolis": W, "lazy": (W + np.eye(n)) / 2.0}[weights]


class SparseProxSkipL1(Scaffnew):
    """Meinhardt et al. (2024), the convex variant: every local step ends with the prox of γψ at each client."""

    LIKE = "sparse_proxskip_l1"

    def step(self, problem, params, state, coin):
        x, h = state
        x_hat = x - params.gamma * (problem.gradients_at(x) - h)
        x_hat = np.array([problem.psi.prox(x_i, params.gamma) for x_i in x_hat])
        x = mean(x_hat) if coin else x_hat
        return x, h + params.p / params.gamma * (x - x_hat)
