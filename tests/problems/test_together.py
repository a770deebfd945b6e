"""Runs that go together have the bits that each has alone, and those of plain NumPy to rounding."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from rootkappa import algorithms
from rootkappa.problems import Logistic, Quadratic, oracles, together


def data(seed, samples=80, d=11):
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((samples, d)) * (rng.random((samples, d)) < 0.6)
    return features, np.where(rng.random(samples) < 0.5, 1.0, -1.0)


def plain_steps(features, labels, x, h, gamma, k, l2):
    for _ in range(k):
        slopes = -labels / (1.0 + np.exp(labels * (features @ x)))
        x = x - gamma * (features.T @ slopes / len(labels) + l2 * x - h)
    return x


@pytest.mark.parametrize("form", [np.asarray, csr_array])
@pytest.mark.parametrize("lengths", [[0, 1, 2, 9, 4, 4, 7, 3, 1, 30, 0, 6, 5], [3, 8], [12] * 9, []])
def test_local_steps_of_runs_have_the_bits_of_one(form, lengths):
    features, labels = data(1)
    owner = np.repeat([0, 1, 2], [1, 9, 70])
    problem = Logistic(form(features), labels, 3, kappa=50.0, partition=owner)
    k, rng = np.array(lengths, dtype=np.int64), np.random.default_rng(0)
    X, H = rng.standard_normal((2, len(k), 3, 11))
    moved, kept, work = X.copy(), H.copy(), oracles.workspace(problem.kernel)
    together.local_phases(problem.kernel, moved, H, 0.3, k)
    assert np.array_equal(H, kept)
    for s, i in np.ndindex(len(k), 3):
        alone = X[s, i].copy()
        oracles.local_steps(problem.kernel, i, alone, H[s, i], 0.3, k[s], work)
        assert np.array_equal(moved[s, i], alone)
        own = owner == i
        expected = plain_steps(features[own], labels[own], X[s, i], H[s, i], 0.3, k[s], problem.l2)
        assert alone == pytest.approx(expected, rel=1e-13, abs=1e-13)


def test_runs_of_a_method_have_the_bits_of_one(monkeypatch):
    monkeypatch.setattr(together, "_SMALLEST_ROUND", 0.0)
    monkeypatch.setattr(together, "_SMALLEST_WHOLE", 0.0)
    problem, method = Logistic(*data(2), 4, kappa=20.0), algorithms.get("scaffnew")
    params = method.Params(gamma=1.0 / problem.L, p=0.2)
    options = {"record": 7, "until": ("distance", 1e-2)}
    traces = algorithms.run_together(method, problem, params, 300, range(9), **options)
    lasts = set()
    for seed, trace in enumerate(traces):
        alone = algorithms.run(method, problem, params, 300, seed, **options)
        assert trace.rows == alone.rows
        assert all(map(np.array_equal, trace.state, alone.state))
        assert np.array_equal(trace.model, alone.model)
        lasts.add(trace.last("round"))
    assert max(lasts) < 300


def test_who_goes_together_follows_from_the_problem_and_the_number_of_runs():
    problem = Logistic(*data(3), 4, kappa=20.0)
    assert not together.go_together(problem, 8, rounds=10**9, steps=10.0)
    assert not together.go_together(problem, 8, rounds=10, steps=1e4)
    assert together.go_together(problem, 8, rounds=1000, steps=1e4)
    assert not together.go_together(problem, 7, rounds=1000, steps=1e4)
    assert not together.go_together(Quadratic.random(), 8, rounds=1000, steps=1e9)
    # Local steps of another kind, or with draws of their own.
    assert algorithms.get("scaffnew").advance_together is not None
    for name in ("sparse_proxskip_l1", "proxskip_vr", "gradskip", "nesterov"):
        assert algorithms.get(name).advance_together is None, name
