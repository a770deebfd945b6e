"""Solutions come from disk as the same bits, and nothing on the disk can do harm."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from rootkappa.problems import Logistic, Quadratic, Softmax, functions, solution

RNG = np.random.default_rng(0)
FEATURES, LABELS = RNG.standard_normal((8, 3)), np.resize([1.0, -1.0], 8)
BUILD = {
    "quadratic": lambda: Quadratic.random(clients=2, dim=4, kappa=50.0, seed=1),
    "composite": lambda: Quadratic.random(clients=2, dim=4, kappa=50.0, seed=1, psi=functions.L1(0.1)),
    "dense": lambda: Logistic(FEATURES, LABELS, 2, kappa=50.0),
    "sparse": lambda: Logistic(csr_array(FEATURES), LABELS, 2, kappa=50.0),
    "softmax": lambda: Softmax(FEATURES, np.resize([1, 2, 3], 8), 2, kappa=50.0),
}


def refuse(problem):
    raise AssertionError("computed although it is on disk")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Keep every solution, however little time it took, in a folder of the test's own."""
    monkeypatch.setattr(solution, "cache_folder", lambda kind: tmp_path / kind)
    monkeypatch.setattr(solution, "_WORTH_A_FILE_SECONDS", -1.0)
    return tmp_path / "solutions"


def same_bits(first, second):
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("name", BUILD)
def test_the_same_problem_is_solved_once(name, folder, monkeypatch):
    first = BUILD[name]().solution()
    assert len(list(folder.iterdir())) == 1
    for solver in ("_newton", "_proximal_gradient"):
        monkeypatch.setattr(solution, solver, refuse)
    again = BUILD[name]().solution()
    assert same_bits(first, again)
    assert again.x.dtype == again.gradients.dtype == float
    assert isinstance(again.residual, float)


def test_a_problem_solves_itself_once():
    problem = BUILD["quadratic"]()
    assert problem.solution() is problem.solution()


def test_moves_that_are_rounding_end_the_steps(folder, monkeypatch):
    """On this problem the last bits of x go on changing for ever."""
    problem = Quadratic.random(3, 4, 7.399737171370809, seed=808136, psi=functions.L1(0.5))
    steps = []
    gradient = problem.gradient
    monkeypatch.setattr(type(problem), "gradient", lambda self, x: steps.append(x) or gradient(x))
    assert problem.solution().residual <= 1e-14
    assert len(steps) < 1000


def test_a_quick_solution_is_not_worth_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr(solution, "cache_folder", lambda kind: tmp_path / kind)
    monkeypatch.setattr(solution, "_WORTH_A_FILE_SECONDS", 1e9)
    BUILD["quadratic"]().solution()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_was_cut_short_is_computed_again(folder):
    first = BUILD["quadratic"]().solution()
    (file,) = folder.iterdir()
    whole = file.read_bytes()
    for length in (0, 1, 3, 4, 30, len(whole) // 3, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:length])
        assert same_bits(first, BUILD["quadratic"]().solution()), length
        assert file.read_bytes() == whole
    assert len(list(folder.iterdir())) == 1


def test_a_damaged_file_is_computed_again(folder):
    first = BUILD["quadratic"]().solution()
    (file,) = folder.iterdir()
    whole = file.read_bytes()
    for position in range(0, len(whole), 7):
        damaged = bytearray(whole)
        damaged[position] ^= 0x5A
        file.write_bytes(damaged)
        assert same_bits(first, BUILD["quadratic"]().solution()), position
    file.write_bytes(b"not a solution at all")
    assert same_bits(first, BUILD["quadratic"]().solution())


def test_a_folder_that_cannot_be_written_only_costs_time(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setattr(solution, "cache_folder", lambda kind: blocked / kind)
    monkeypatch.setattr(solution, "_WORTH_A_FILE_SECONDS", -1.0)
    first, again = (BUILD["dense"]().solution() for _ in range(2))
    assert same_bits(first, again)
    assert blocked.read_text() == "in the way"


def test_a_disk_that_fills_up_leaves_no_solution_behind(folder, monkeypatch):
    def full(stream, **arrays):
        stream.write(b"half")
        raise OSError(28, "No space left on device")

    first = BUILD["quadratic"]().solution()
    for file in folder.iterdir():
        file.unlink()
    monkeypatch.setattr(solution.np, "savez", full)
    assert same_bits(first, BUILD["quadratic"]().solution())
    assert list(folder.glob("*.npz")) == []


@given(data=st.data())
def test_one_changed_entry_of_a_quadratic_changes_the_key(data):
    hessians, linear = np.tile(3.0 * np.eye(3), (2, 1, 1)), np.ones((2, 3))
    before = Quadratic(hessians, linear).content_key()
    assert Quadratic(hessians.copy(), linear.tolist()).content_key() == before
    i, j, k = (data.draw(st.integers(0, last)) for last in (1, 2, 2))
    change = data.draw(st.sampled_from([1e-15, -1e-15, 1e-3, 1.0]))
    if data.draw(st.booleans()):
        linear[i, j] += change
    else:
        hessians[i, j, k] = hessians[i, k, j] = hessians[i, j, k] + change
    assert Quadratic(hessians, linear).content_key() != before


@given(row=st.integers(0, 7), column=st.integers(0, 2), change=st.sampled_from([1e-14, -1.0, 3.0]))
@pytest.mark.parametrize("form", [np.asarray, csr_array])
def test_one_changed_entry_of_the_data_changes_the_key(form, row, column, change):
    def key(features, labels, **options):
        return Logistic(form(features), labels, **({"clients": 2, "l2": 0.1} | options)).content_key()

    before = key(FEATURES, LABELS)
    assert key(FEATURES.copy(), 3 * LABELS) == before
    features, labels = FEATURES.copy(), LABELS.copy()
    features[row, column] += change
    labels[row] *= -1
    assert key(features, LABELS) != before
    assert key(FEATURES, labels) != before
    assert key(FEATURES, LABELS, l2=0.1 + 1e-16) != before
    assert key(FEATURES, LABELS, clients=3) != before
    assert key(FEATURES, LABELS, partition=[0] * 3 + [1] * 5) != before


class Weighted(functions.Function):
    """A function of a user: a kernel that holds an array, and no repr that tells its values."""

    def __init__(self, weights):
        from typing import NamedTuple

        class WeightedKernel(NamedTuple):
            weights: np.ndarray

        self.kernel = WeightedKernel(weights)

    def value(self, x):
        return float(self.kernel.weights[: len(x)] @ np.abs(x))

    def prox(self, x, gamma):
        return np.sign(x) * np.maximum(np.abs(x) - gamma * self.kernel.weights[: len(x)], 0.0)

    def __repr__(self):
        return "Weighted"


def test_the_nonsmooth_term_changes_the_key():
    terms = [None, functions.L1(0.0), functions.L1(0.1), functions.L1(0.1 + 1e-16)]
    # So long an array is cut in its repr, and the one entry that differs is not shown.
    weights = np.ones(5000)
    terms += [Weighted(weights), Weighted(np.where(np.arange(5000) == 2500, 2.0, weights))]
    keys = {Quadratic.random(clients=2, dim=4, psi=psi).content_key() for psi in terms}
    assert len(keys) == len(terms)


def test_the_kinds_of_problem_have_keys_of_their_own():
    assert len({build().content_key() for build in BUILD.values()}) == len(BUILD)
