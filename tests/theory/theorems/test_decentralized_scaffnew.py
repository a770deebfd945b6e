import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import algorithms, problems, theory
from rootkappa.algorithms.parts.graphs import WEIGHTS, gossip, names
from rootkappa.theory.engines import exact

METHOD, THEOREM = algorithms.get("decentralized_scaffnew"), theory.get("decentralized_scaffnew")
NETWORKS = {"graph": st.sampled_from(names()), "weights": st.sampled_from(WEIGHTS)}


def params(problem, graph, weights, share, p, gamma):
    t = share / gossip(graph, problem.n, weights).norm
    return THEOREM.parameters(problem, graph=graph, weights=weights, t=t, p=p, gamma=gamma / problem.L)


@given(share=st.floats(0.05, 1.0), p=st.floats(0.05, 1.0), gamma=st.floats(0.05, 1.95), n=st.integers(2, 5), **NETWORKS)
def test_the_promise_holds_on_every_graph_and_is_attained_on_the_complete_one(share, p, gamma, n, graph, weights):
    for basis in ("common", "client"):
        problem = problems.Quadratic.random(n, 2, 20.0, seed=3, basis=basis)
        chosen = params(problem, graph, weights, share, p, gamma)
        assert all(condition.holds for condition in THEOREM.admissible(problem, chosen))
        assert exact.one_step_factor(METHOD, THEOREM, problem, chosen) <= THEOREM.contraction(problem, chosen) + 1e-9
        whole = params(problem, "complete", "metropolis", 1.0, p, gamma)
        factor = exact.one_step_factor(METHOD, THEOREM, problem, whole)
        assert factor == pytest.approx(THEOREM.contraction(problem, whole), abs=1e-9)


def test_a_ring_of_four_diverges_by_the_figure_of_theory_and_is_not_promised_to_converge():
    problem = problems.Quadratic.random(4, 3, 10.0)
    chosen = METHOD.Params(gamma=0.5, p=0.5, t=1.0, graph="ring", weights="metropolis")
    assert exact.spectral_radius(METHOD, problem, chosen) == pytest.approx(1.0496, abs=1e-4)
    verdicts = theory.verify("decentralized_scaffnew", problem, ("exact",), t=1.0, p=0.5, gamma=0.5)
    assert verdicts[0].status == "not applicable"
    assert "t‖I - W‖ <= 1" in verdicts[0].sentence
    assert exact.spectral_radius(METHOD, problem, chosen._replace(t=0.75)) < 1.0
    assert exact.spectral_radius(METHOD, problem, chosen._replace(weights="lazy")) < 1.0


def test_more_mixing_than_allowed_exceeds_the_formula():
    problem = problems.Quadratic.random(4, 2, 10.0)
    chosen = params(problem, "ring", "metropolis", 1.3, 0.5, 1.0)
    assert exact.one_step_factor(METHOD, THEOREM, problem, chosen) > THEOREM.contraction(problem, chosen) + 1e-3
