"""Methods without skipped communication: gradient descent and its acceleration, local steps, compressed differences."""

import numpy as np

from .compressors import compress


def zeros(problem):
    """Return a vector for each client."""
    return np.zeros((problem.n, problem.d))


class GradientDescent:
    """x⁺ = x - γ ∇F(x): Nesterov, "Lectures on Convex Optimization", (2.1.37)."""

    LIKE = "gradient_descent"

    def start(self, problem, params):
        return np.zeros(problem.d)

    def step(self, problem, params, x, outcome):
        return x - params.gamma * problem.gradients(x).mean(axis=0)

    def model(self, x):
        return x


class Nesterov:
    """y = x + β (x - x_prev), x⁺ = y - γ ∇F(y): the same, the constant step scheme of section 2.2."""

    LIKE = "nesterov"

    def start(self, problem, params):
        return np.zeros(problem.d), np.zeros(problem.d)

    def step(self, problem, params, state, outcome):
        x, previous = state
        y = x + params.beta * (x - previous)
        return y - params.gamma * problem.gradients(y).mean(axis=0), x

    def model(self, state):
        return state[0]


class FedAvg(GradientDescent):
    """Every client takes K gradient steps from x, and x⁺ is the mean: McMahan et al. (2017), full batches."""

    LIKE = "fedavg"

    def step(self, problem, params, x, outcome):
        y = np.tile(x, (problem.n, 1))
        for _ in range(params.K):
            y = y - params.gamma * problem.gradients_at(y)
        return y.mean(axis=0)


class FedLin(GradientDescent):
    """Local steps along ∇f_i(y) - ∇f_i(x) + ∇F(x): Mitra et al. (2021), algorithm 1 without sparsification."""

    LIKE = "fedlin"

    def step(self, problem, params, x, outcome):
        y, g = np.tile(x, (problem.n, 1)), problem.gradients(x)
        for _ in range(params.K):
            y = y - params.eta * (problem.gradients_at(y) - g + g.mean(axis=0))
        return y.mean(axis=0)


class Scaffold1:
    """Karimireddy et al. (2020), algorithm 1 with all clients, full batches and global step 1; c_i⁺ by option I."""

    LIKE = "scaffold_1"

    def start(self, problem, params):
        return {"x": np.zeros(problem.d), "C": zeros(problem), "c": np.zeros(problem.d)}

    def step(self, problem, params, state, outcome):
        x, c_i, c = state["x"], state["C"], state["c"]
        y = np.tile(x, (problem.n, 1))
        for _ in range(params.K):
            y = y - params.eta * (problem.gradients_at(y) - c_i + c)
        c_new = self.controls(problem, params, x, y, c_i, c)
        return {"x": x + (y - x).mean(axis=0), "C": c_new, "c": c + (c_new - c_i).mean(axis=0)}

    def controls(self, problem, params, x, y, c_i, c):
        return problem.gradients(x)

    def model(self, state):
        return state["x"]


class Scaffold2(Scaffold1):
    """The same, c_i⁺ = c_i - c + (x - y_i)/(Kη) by option II."""

    LIKE = "scaffold_2"

    def controls(self, problem, params, x, y, c_i, c):
        return c_i - c + (x - y) / (params.K * params.eta)


class Diana:
    """m_i = C(∇f_i(x) - h_i), x⁺ = x - γ mean(h_i + m_i), h_i⁺ = h_i + α m_i: Mishchenko et al. (2019), algorithm 1."""

    LIKE = "diana"

    def start(self, problem, params):
        return np.zeros(problem.d), zeros(problem)

    def step(self, problem, params, state, outcome):
        x, h = state
        m = compress(params.C, problem.gradients(x) - h, outcome["w"])
        return x - params.gamma * (h + m).mean(axis=0), h + params.alpha * m

    def model(self, state):
        return state[0]


class Adiana:
    """Li, Kovalev, Qian and Richtárik (2020), algorithm 1 without a prox, both messages with the same randomness."""

    LIKE = "adiana"

    def start(self, problem, params):
        return np.zeros(problem.d), np.zeros(problem.d), np.zeros(problem.d), zeros(problem)

    def step(self, problem, params, state, outcome):
        y, z, w, h = state
        x = params.theta * z + w / 2 + (1 / 2 - params.theta) * y
        g = (h + compress(params.C, problem.gradients(x) - h, outcome["w"])).mean(axis=0)
        h = h + params.alpha * compress(params.C, problem.gradients(w) - h, outcome["w"])
        y_new = x - params.eta * g
        z = params.beta * z + (1 - params.beta) * x + params.gamma / params.eta * (y_new - x)
        return y_new, z, y if outcome["refresh"] else w, h

    def model(self, state):
        return state[0]


class EF21:
    """x⁺ = x - γ mean(g_i), g_i⁺ = g_i + C(∇f_i(x⁺) - g_i): Richtárik, Sokolov and Fatkhullin (2021), algorithm 2."""

    LIKE = "ef21"

    def start(self, problem, params):
        return np.zeros(problem.d), zeros(problem)

    def step(self, problem, params, state, outcome):
        x, g = state
        x = x - params.gamma * g.mean(axis=0)
        return x, g + compress(params.C, problem.gradients(x) - g, outcome["w"])

    def model(self, state):
        return state[0]
