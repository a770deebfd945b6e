"""Copies in plain Python walk the path of the compiled functions, and leave those as they are."""

import numpy as np
import pytest

from rootkappa import algorithms, problems, theory
from rootkappa.algorithms.driver.plain import Plain
from rootkappa.algorithms.parts import messages
from rootkappa.problems import oracles

PROBLEM = problems.Quadratic.random(clients=4, dim=5, kappa=20.0, basis="client")


# One whose loops are shared, one of rounds that a server starts, and two with loops of their own.
@pytest.mark.drawn(2, "name")
@pytest.mark.parametrize("name", ["scaffnew", "fedavg", "diana", "tamuna"])
def test_a_copy_walks_the_same_path(name, relative_difference):
    case = theory.case(name, PROBLEM)
    draws = case.draw(np.random.default_rng(0), 4)
    compiled, plain = case.initial(), case.initial()
    Plain({}).of(case.method.advance)(PROBLEM.kernel, case.params, plain, draws)
    case.advance(compiled, draws)
    for one, other in zip(plain, compiled, strict=True):
        assert relative_difference(one, other) <= 1e-12


FILE = """
from rootkappa.algorithms.parts import Coin, Dense, letters, messages, njit
from rootkappa.algorithms import scaffnew
from rootkappa.problems import oracles
from rootkappa.algorithms.parts.skipped_rounds import State, model, start

RANDOM, SENDS, PROMISE = Coin("p"), Dense(), "scaffnew"

class Params(scaffnew.Params):
    pass

@njit
def gradient_steps(kernel, X, H, gamma, g, work):
    for i in range(X.shape[0]):
        oracles.gradient(kernel, i, X[i], g, work)
        X[i] -= gamma * (g - H[i])

@njit
def step(kernel, params, state, outcome):
    X, H = state
    g, work = X[0].copy(), oracles.workspace(kernel)
    gradient_steps(kernel, X, H, params.gamma, g, work)
    if outcome == 1:
        messages.average(X, g)
        for i in range(X.shape[0]):
            H[i] += params.p / params.gamma * (g - X[i])
            X[i] = g
"""


def test_what_is_replaced_is_heard_also_in_a_file_with_nothing_but_a_step(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(FILE, encoding="utf-8")
    method = algorithms.load(file)
    heard = []

    def gradient(kernel, i, x, g, work):
        heard.append(f"gradient of {i}")
        g[:] = kernel.A[i] @ x - kernel.b[i]

    def average(X, mean):
        heard.append("average")
        mean[:] = X.mean(axis=0)

    params = method.Params(gamma=0.5, p=0.5)
    draws = method.draw(np.random.default_rng(0), PROBLEM, params, 3)
    state = method.start(PROBLEM, params)
    copies = Plain({oracles.gradient: gradient, messages.average: average})
    copies.of(method.advance)(PROBLEM.kernel, params, state, draws)
    steps = [f"gradient of {i}" for i in range(4)]
    assert heard == [word for length in draws.lengths for word in [*(length - 1) * steps, *steps, "average"]]
    # Nothing is compiled for it, and nothing is left behind.
    assert not method.step.signatures
    assert method.module.step is method.step
