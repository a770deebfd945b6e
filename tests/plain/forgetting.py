"""FedReg: local training that is kept from unlearning what the server's model says of samples that a client makes."""

import numpy as np

from .baselines import GradientDescent


def softmax(logits):
    """Return the probabilities of each row."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


class FedReg(GradientDescent):
    """Xu et al. (2022) in the order of their code: both projections at one point, between the local steps."""

    LIKE = "fedreg"

    def step(self, problem, params, x, outcome):
        w = dict.fromkeys(outcome["omega"], x)
        for i in w:
            kernel = problem.kernel
            own = slice(kernel.start[i], kernel.start[i + 1])
            labels = np.eye(kernel.classes)[kernel.y[own]]
            W = x.reshape(kernel.classes, -1)
            far = self.moved(kernel.A[own], labels, W, params.eta_s)
            near = self.moved(kernel.A[own], labels, W, params.eta_s / 100)
            pairs = [
                (far, softmax(far @ W.T)),
                (near, (1 - params.soft) * labels + params.soft * softmax(near @ W.T)),
            ]
            for _ in range(params.K):
                between = params.gamma * w[i] + (1 - params.gamma) * x
                w[i] = w[i] - params.eta * problem.gradients(between)[i]
                z = x + params.beta * (w[i] - x)
                for inputs, targets in pairs:
                    g = self.gradient_of(inputs, targets, z)
                    w[i] = w[i] - params.rho * max((w[i] - x) @ g, 0.0) * g / (g @ g)
        return np.mean(list(w.values()), axis=0)

    def moved(self, inputs, targets, W, size):
        for _ in range(10):
            inputs = inputs + size * np.sign((softmax(inputs @ W.T) - targets) @ W)
        return inputs

    def gradient_of(self, inputs, targets, z):
        W = z.reshape(targets.shape[1], -1)
        return ((softmax(inputs @ W.T) - targets).T @ inputs).ravel() / len(inputs)
