"""Samples that are held out are seen by no client, and no client is left without any."""

import numpy as np
import pytest

from rootkappa import problems
from rootkappa.core.errors import InputError
from rootkappa.problems.held_out import held_out


def drawn(classes):
    rng = np.random.default_rng(3)
    features = rng.standard_normal((50, 3))
    return features, rng.integers(classes, size=50), np.concatenate([[0], np.repeat([1, 2], [9, 40])])


@pytest.mark.parametrize(("kind", "classes"), [(problems.Logistic, 2), (problems.Softmax, 3)])
def test_every_sample_is_seen_or_held_out(kind, classes):
    features, labels, owner = drawn(classes)
    problem = kind(features, labels, clients=3, l2=0.1, partition=owner, server=0.2)
    kept, rows, y = split = held_out(problem, 0.25, seed=1)
    assert (kept.n, kept.l2, kept.server) == (3, 0.1, problem.server)
    assert np.diff(kept._start).tolist() == [1, 7, 30]
    together = np.vstack([kept._samples, rows])
    assert sorted(map(tuple, together)) == sorted(map(tuple, problem._samples))
    x = np.random.default_rng(4).standard_normal(problem.d)
    if kind is problems.Softmax:
        right = (rows @ x.reshape(3, 3).T).argmax(axis=1) == y
    else:  # kept times its label, a sample is right where it is positive
        right = np.sign((rows * y[:, None]) @ x) == y
    assert split.accuracy(x) == np.mean(right)
    assert not np.array_equal(held_out(problem, 0.25, seed=2).rows, rows)
    assert np.array_equal(held_out(problem, 0.25, seed=1).rows, rows)


def test_the_rest_is_a_problem_of_its_own():
    features, labels, owner = drawn(2)
    problem = problems.Logistic(features, labels, clients=3, l2=0.1, partition=owner)
    problem.solution()
    kept, rows, _ = held_out(problem)
    assert np.linalg.norm(kept.gradient(kept.solution().x)) < 1e-10
    assert kept.gap(problem.solution().x) > 0.0
    assert "without 12 held out" in kept.label
    assert len(rows) == 12


def test_what_has_nothing_to_hold_out():
    features, labels, _ = drawn(2)
    with pytest.raises(InputError, match="has none to hold out: take a gap or a distance"):
        held_out(problems.Quadratic.random(clients=3, dim=2, kappa=5.0))
    with pytest.raises(InputError, match=r"held_out = 0.1 leaves out no sample"):
        held_out(problems.Logistic(features, labels, clients=25, l2=0.1), 0.1)
