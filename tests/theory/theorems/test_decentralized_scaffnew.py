import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import problems, theory
from rootkappa.algorithms.parts.graphs import WEIGHTS, gossip, names
from rootkappa.theory.engines import exact

pytestmark = pytest.mark.drawn(2)

NETWORKS = {"graph": st.sampled_from(names()), "weights": st.sampled_from(WEIGHTS)}


def held(problem, **changes):
    return theory.case("decentralized_scaffnew", problem, **changes)


def mixed(problem, graph, weights, share, p, gamma):
    t = share / gossip(graph, problem.n, weights).norm
    return held(problem, graph=graph, weights=weights, t=t, p=p, gamma=gamma / problem.L)


@given(share=st.floats(0.05, 1.0), p=st.floats(0.05, 1.0), gamma=st.floats(0.05, 1.95), n=st.integers(2, 5), **NETWORKS)
def test_the_promise_holds_on_every_graph_and_is_attained_on_the_complete_one(share, p, gamma, n, graph, weights):
    for basis in ("common", "client"):
        problem = problems.Quadratic.random(n, 2, 20.0, seed=3, basis=basis)
        chosen = mixed(problem, graph, weights, share, p, gamma)
        assert all(condition.holds for condition in chosen.conditions())
        assert exact.one_step_factor(chosen) <= chosen.rho + 1e-9
        whole = mixed(problem, "complete", "metropolis", 1.0, p, gamma)
        assert exact.one_step_factor(whole) == pytest.approx(whole.rho, abs=1e-9)


def test_a_ring_of_four_diverges_by_the_figure_of_theory_and_is_not_promised_to_converge():
    problem = problems.Quadratic.random(4, 3, 10.0)
    chosen = {"gamma": 0.5, "p": 0.5, "t": 1.0, "graph": "ring", "weights": "metropolis"}
    assert exact.spectral_radius(held(problem, **chosen)) == pytest.approx(1.0496, abs=1e-4)
    verdicts = theory.verify("decentralized_scaffnew", problem, ("exact",), t=1.0, p=0.5, gamma=0.5)
    assert verdicts[0].status == "not applicable"
    assert "t‖I - W‖ <= 1" in verdicts[0].sentence
    assert exact.spectral_radius(held(problem, **chosen | {"t": 0.75})) < 1.0
    assert exact.spectral_radius(held(problem, **chosen | {"weights": "lazy"})) < 1.0


def test_more_mixing_than_allowed_exceeds_the_formula():
    problem = problems.Quadratic.random(4, 2, 10.0)
    chosen = mixed(problem, "ring", "metropolis", 1.3, 0.5, 1.0)
    assert exact.one_step_factor(chosen) > chosen.rho + 1e-3
