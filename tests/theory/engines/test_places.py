"""The problems and letters on which a file's method is tried besides the given ones."""

import dataclasses
from typing import get_type_hints

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from rootkappa import algorithms, problems, theory
from rootkappa.problems.functions import L1
from rootkappa.tests.suited import suited
from rootkappa.theory.engines import places, progress

QUADRATIC = problems.Quadratic.random(clients=4, dim=3, kappa=30.0, seed=1, basis="client")


def of(name, problem=QUADRATIC, seed=0, beyond=False, **changes):
    return list(places.places(theory.case(name, suited(name, problem), seed=seed, **changes), beyond))


@given(seed=st.integers(0, 2**128 - 1))
@settings(max_examples=2)
def test_there_are_more_clients_and_more_coordinates(seed):
    sizes = [(place.case.problem.n, place.case.problem.d) for place in of("scaffnew", seed=seed)]
    assert max(n for n, _ in sizes) > 10
    assert max(d for _, d in sizes) >= 7
    assert any(n > 4 and d <= 2 for n, d in sizes)
    assert any(n <= 2 and d > 3 for n, d in sizes)
    assert (3, 1) in sizes
    assert min(n for n, _ in sizes) == 1
    assert max(n for n, _ in sizes) > 64
    assert max(d for _, d in sizes) > 64


def with_theorem(**changes):
    """Return a case of Scaffnew with a theorem of which something else is said."""
    held = theory.case("scaffnew", QUADRATIC)
    return dataclasses.replace(held, theorem=dataclasses.replace(held.theorem, **changes))


def at_the_edge(case):
    """Return where conditions just hold, and whether a step makes the promised progress there."""
    found = [place for place in places.places(case) if "the last that the theorem allows" in place.words]
    return {place.words: any(one.error for one in progress.findings(place.case)) for place in found}


def test_a_step_size_that_the_theorem_should_not_allow_is_tried():
    def admissible(problem, params):
        return (theory.Condition("γ <= 2/L", params.gamma <= 2.0 / problem.L, ""),)

    wrong = with_theorem(
        admissible=admissible,
        contraction=lambda problem, params: 1.0 - min(params.gamma * problem.mu, params.p**2),
    )
    assert at_the_edge(wrong) == {"with gamma = 1.17647, the last that the theorem allows": True}


def test_a_probability_that_the_theorem_should_not_allow_is_tried():
    def admissible(problem, params):
        return (
            theory.Condition("γ <= 1/L", params.gamma <= 1.0 / problem.L, ""),
            theory.Condition("p >= 1/(2√κ)", params.p >= 0.5 / problem.kappa**0.5, ""),
        )

    wrong = with_theorem(admissible=admissible, contraction=lambda problem, params: 1.0 - params.gamma * problem.mu)
    assert at_the_edge(wrong) == {"with p = 0.0645497, the last that the theorem allows": True}


def test_at_the_edge_of_a_right_theorem_steps_make_progress():
    assert at_the_edge(theory.case("gradskip", QUADRATIC)) == {
        "with gamma = 1.17647, the last that the theorem allows": False
    }


@pytest.mark.parametrize("form", [np.asarray, csr_array])
def test_beside_softmax_there_is_softmax(form):
    features = np.random.default_rng(0).standard_normal((30, 4))
    problem = problems.Softmax(form(features), np.arange(30) % 3, clients=4, kappa=30.0)
    found = [place.case.problem for place in of("scaffnew", problem)]
    assert {type(one.kernel) for one in found} == {type(problem.kernel)}
    assert max(one.d for one in found) >= 7
    assert places.twin(theory.case("scaffnew", problem)).problem.blocks[:2] == (3, 4)


def test_there_are_clients_that_are_alike_and_others_that_are_not():
    L_i = [place.case.problem.L_i for place in of("gradskip") if place.case.problem.d > 1]
    spread = [sizes.max() / sizes.min() for sizes in L_i]
    assert min(spread) == pytest.approx(1.0)
    assert max(spread) == pytest.approx(3.0)
    assert all(place.case.problem.L != 1.0 for place in of("gradskip"))


@pytest.mark.parametrize(
    ("name", "letter", "values"),
    [
        ("scaffnew", "p", {2e-4, 1.0 / 300.0, 1.0}),
        ("fedlin", "K", {1, 3, 20, 5_000}),
        ("tamuna", "s", {3, 5}),
        ("tamuna", "c", {4, 5}),
        ("sparse_proxskip", "k", {2, 4}),
        ("decentralized_scaffnew", "weights", {"lazy"}),
        ("decentralized_scaffnew", "graph", {"star", "grid", "complete", "expander", "erdos_renyi"}),
    ],
)
def test_letters_go_to_the_ends_of_their_ranges(name, letter, values):
    found = [place.case.changes[letter] for place in of(name) if letter in place.case.changes]
    assert values <= set(found)


@pytest.mark.parametrize("name", algorithms.names())
def test_every_number_takes_another_value_than_the_prescribed_one(name):
    """So that no method passes that has it from elsewhere, such as from other letters as the theorem has."""
    tried = {letter for place in of(name, beyond=True) for letter in place.case.changes}
    assert {letter for letter, kind in get_type_hints(algorithms.get(name).Params).items() if kind is not str} <= tried


def test_letters_that_are_given_stay():
    assert {place.case.changes.get("p") for place in of("scaffnew", p=0.3)} == {0.3}


def test_no_place_breaks_what_the_theorem_asks():
    for name in ("scaffnew", "diana", "tamuna", "locodl", "adiana"):
        assert all(condition.holds for place in of(name) for condition in place.case.conditions())


@pytest.mark.parametrize(
    ("name", "held"),
    [
        ("diana", lambda case: case.params.C == "Bernoulli(0.5)"),
        ("ef21", lambda case: case.params.C == "BiasedRandK(1)"),
        ("proxskip", lambda case: isinstance(case.problem.psi, L1)),
        ("randprox", lambda case: isinstance(case.problem.psi, L1) and type(case.problem.h) is not L1),
        ("randprox_fl", lambda case: isinstance(case.problem.psi, L1) and case.params.R == "RandK(1)"),
    ],
)
def test_compressors_and_functions_that_are_not_prescribed(name, held):
    found = [place.case for place in places.compiled_anew(theory.case(name, QUADRATIC))]
    assert found
    assert all(map(held, found))


@pytest.mark.parametrize("seed", range(4))  # drawn ones would now and then be all within
def test_some_dual_variables_are_at_their_bound_and_others_within(seed):
    """At its bound nothing is seen of how a dual variable got there, and within it not that h is not its conjugate."""
    full, half = places.compiled_anew(theory.case("randprox", QUADRATIC, seed=seed))
    assert half.case.params.tau == full.case.params.tau / 2.0
    share = np.abs(full.case.problem.solution().u) / full.case.problem.h.delta
    assert share.max() == pytest.approx(1.0)
    assert 0.0 < share.min() < 0.9


def test_data_are_dense_or_sparse_as_the_given_ones(dense_and_sparse):
    for problem in dense_and_sparse:
        kinds = {type(place.case.problem.kernel) for place in of("scaffnew", problem)}
        assert kinds == {type(problem.kernel)}


def test_a_theorem_with_conditions_of_its_own_is_not_taken_elsewhere():
    """Where an own theorem says for which problems it is, it is asked of no other."""
    case = theory.case("scaffnew", QUADRATIC)
    few = theory.theorem.Condition("n <= 4", False, "n = 5")

    def admissible(problem, params):
        return (few,) if problem.n > 4 else ()

    case = dataclasses.replace(case, theorem=dataclasses.replace(case.theorem, admissible=admissible))
    assert max(place.case.problem.n for place in places.places(case)) <= 4


def test_a_steep_place_is_not_left_in_thousands_of_rounds():
    case = places.steep(theory.case("gradient_descent", QUADRATIC))
    state = case.advance(case.initial(), case.draw(np.random.default_rng(0), 2500))
    assert case.lyapunov(state) > 1e-3 * case.start[0]
    assert places.steep(theory.case("scaffnew", QUADRATIC)).params.p == 1.0
    assert places.steep(theory.case("randprox", QUADRATIC)) is None
