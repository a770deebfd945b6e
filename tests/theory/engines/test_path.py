import dataclasses

import numpy as np

from rootkappa import problems, theory
from rootkappa.theory.engines import path

SMALL = problems.Quadratic.random(clients=3, dim=4, kappa=30.0, seed=1, basis="client")


def case(name="scaffnew", problem=SMALL, rho=None, seed=0, **changes):
    held = theory.case(name, problem, seed=seed, **changes)
    if rho is None:
        return held
    return dataclasses.replace(held, theorem=dataclasses.replace(held.theorem, contraction=lambda problem, params: rho))


def judge(a_case):
    return path.evidence(a_case, lambda share: None)


def test_true_promises_stand(rated, problem):
    assert judge(case(rated, problem)).status == "consistent"


def test_a_promise_that_is_too_good_is_refuted():
    verdict = judge(case(rho=0.5))
    assert verdict.status == "refuted"
    assert verdict.measured > 1e4
    assert "times what is promised, and a true promise exceeds 10000 with probability 0.0001" in verdict.sentence


def test_a_method_without_randomness_must_not_exceed_its_promise_at_all():
    verdict = judge(case("gradient_descent", rho=0.5))
    assert verdict.status == "refuted"
    assert verdict.promised == 1.0


def test_ville_s_bound_is_kept_by_many_sampled_paths():
    """With the exact one-step factor as promise, at most a tenth of the paths may ever exceed 10."""
    problem = problems.Quadratic.random(clients=3, dim=2, kappa=5.0, seed=1)
    the_case = case(problem=problem, p=0.3)
    exceeded = 0
    for seed in range(200):
        trace = the_case.run(40, seed, record=np.arange(1, 41))
        fallen = np.log(trace.column("lyapunov") / trace.column("lyapunov")[0])
        exceeded += np.max(fallen - trace.column("iteration") * np.log(the_case.rho)) > np.log(10)
    # The bound is 20 of 200; seven standard deviations above it would be 50.
    assert exceeded <= 20


def test_the_arrival_is_told():
    assert "the error fell to" in judge(case()).sentence
    verdict = judge(case("fedavg"))
    bias = np.linalg.norm(case("fedavg").target.x - SMALL.solution().x) / np.linalg.norm(SMALL.solution().x)
    assert f"a point of the method's own, {bias:.2g} |x*| away from the solution x*" in verdict.sentence


def test_the_verdict_can_be_run_again_to_the_bit():
    first, second = judge(case(seed=5)), judge(case(seed=5))
    assert first.record() == second.record()
    assert judge(case(seed=6)).measured != first.measured


def test_rounding_at_the_end_of_a_run_refutes_nothing():
    problem = problems.Quadratic.random(clients=3, dim=4, kappa=1e5, seed=1, basis="client")
    assert judge(case("nesterov", problem)).status == "consistent"
    assert judge(case("scaffnew", problem)).status == "consistent"
