"""Radii of second moments by iteration, against the dense operator and closed forms."""

import numpy as np
import pytest

from rootkappa import problems, theory
from rootkappa.theory.case import NotExact
from rootkappa.theory.engines import exact, second_moments
from rootkappa.theory.engines.affine import affine_model


@pytest.mark.parametrize(
    ("name", "n", "d", "kappa"),
    [("scaffnew", 3, 4, 1e2), ("scaffnew", 3, 4, 3e3), ("gradskip", 3, 5, 1e3), ("diana", 3, 3, 1e3)],
)
def test_it_is_the_radius_of_the_dense_operator(name, n, d, kappa):
    model = affine_model(theory.case(name, problems.Quadratic.random(n, d, kappa, basis="client")))
    (block,) = model.blocks
    dense = exact._largest(exact._second_moment(block.maps, model.probabilities))
    found = second_moments.radius(block.maps, model.probabilities, block.rounding)
    assert abs(found.value - dense) <= 1e-10 * (1.0 - dense)
    assert abs(found.value - dense) <= found.error <= 1e-6 * (1.0 - dense)


def test_parts_that_do_not_mix_have_the_larger_radius_of_theirs():
    """In a basis of its own nothing is seen of the parts; the eigenmatrix has the rank of one of them."""
    rng, q = np.random.default_rng(0), np.array([0.3, 0.7])
    parts = [0.9 * rng.standard_normal((2, r, r)) / np.sqrt(r) for r in (15, 22)]
    whole = np.zeros((2, 37, 37))
    whole[:, :15, :15], whole[:, 15:, 15:] = parts
    turn = np.linalg.qr(rng.standard_normal((37, 37)))[0]
    found = second_moments.radius(turn @ whole @ turn.T, q)
    apart = max(exact._largest(exact._second_moment(part, q)) for part in parts)
    assert abs(found.value - apart) <= max(found.error, 1e-13) <= 1e-11


def test_how_far_off_it_may_be_covers_what_rounding_does():
    """The same maps in other coordinates, rounded anew."""
    model = affine_model(theory.case("scaffnew", problems.Quadratic.random(3, 3, 1e3, basis="client")))
    (block,) = model.blocks
    rng = np.random.default_rng(1)
    found = [second_moments.radius(block.maps, model.probabilities)]
    for _ in range(3):
        turn = np.linalg.qr(rng.standard_normal(block.maps.shape[1:]))[0]
        found.append(second_moments.radius(turn @ block.maps @ turn.T, model.probabilities))
    values = [each.value for each in found]
    assert np.ptp(values) <= 2.0 * min(each.error for each in found)


def test_maps_that_cannot_be_told_apart_from_1_are_said_to_be_so(monkeypatch):
    case = theory.case("scaffnew", problems.Quadratic.random(3, 3, 20.0, basis="client"))
    monkeypatch.setattr(exact, "_LARGEST_DENSE_OPERATOR", 1)
    assert exact.spectral_radius(case) < 1.0
    monkeypatch.setattr(exact, "radius", lambda *given: second_moments.Radius(0.999, 1e-5))
    with pytest.raises(NotExact, match="too rough beside its distance from 1"):
        exact.spectral_radius(case)


def test_a_leading_matrix_that_is_no_moment_is_not_believed():
    """Two halves that never meet: a matrix of one of them has no part in the other."""
    maps = np.array([[[0.9, 0.0], [1.0, 0.9]], [[0.9, 0.0], [1.0, 0.9]]])
    found = second_moments.radius(np.kron(np.eye(2), maps), np.array([0.5, 0.5]))
    # A double root: the eigenmatrices of both sides are orthogonal, so that rounding moves it by much.
    assert not found.error <= 1e-6
