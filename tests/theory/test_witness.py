"""A counterexample is shown by NumPy alone, and is one: what is right has none, nor have arrays that are changed."""

import dataclasses
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from rootkappa import algorithms, problems, theory
from rootkappa.core.errors import InputError
from rootkappa.theory.engines.paired import ratio
from rootkappa.theory.engines.seeds import hearing, mean_interval
from rootkappa.theory.engines.shown import Shown, combination
from rootkappa.theory.theorem import promised_by
from rootkappa.theory.witness import witness, write_witness

ALONE = "import runpy, sys; sys.modules['rootkappa'] = None; runpy.run_path(sys.argv.pop(1), run_name='__main__')"
SCAFFNEW = Path(algorithms.get("scaffnew").module.__file__).read_text(encoding="utf-8")


def shown(script, arrays):
    """Return what the script says in a process that has no Rootkappa."""
    line = [sys.executable, "-I", "-c", ALONE, str(script), str(arrays)]
    return subprocess.run(line, capture_output=True, text=True, check=False)


@pytest.fixture
def wrong(tmp_path):
    """Return a file whose control variates learn half as fast: a right limit, and a wrong rate."""
    file = tmp_path / "mine.py"
    own = SCAFFNEW.replace("from .parts", "from rootkappa.algorithms.parts")
    file.write_text(own.replace("H[i, j] += params.p /", "H[i, j] += 0.02 * params.p /"), encoding="utf-8")
    return str(file)


def quadratic(**options):
    return problems.Quadratic.random(**{"clients": 3, "dim": 2, "kappa": 10.0, **options})


def check_shown(verdict, problem, tmp_path, method=None):
    arrays, script = write_witness(verdict, problem, tmp_path / "w.npz", method)
    assert len(script.read_text(encoding="utf-8").splitlines()) <= 20
    assert "rootkappa" not in script.read_text(encoding="utf-8").partition("import")[2]
    found = shown(script, arrays)
    assert (found.returncode, found.stderr) == (0, "")
    return found.stdout, script, arrays


@pytest.mark.parametrize(
    ("stated", "steps", "low", "high"),
    [
        # A step's factor is 0.9 exactly. Four steps are the first to bring V below 0.7, so after three it is above, and
        # no more than three times the factor.
        ({"rate": "1 - 1.5/kappa"}, 1, 0.9 - 1e-8, 0.9 + 1e-8),
        ({"rounds": "0.9*sqrt(kappa)*log(1/eps)"}, 3, 0.7, 0.9**3),
    ],
)
def test_what_is_stated_and_wrong_is_shown_by_numpy_alone(stated, steps, low, high, tmp_path):
    (verdict,) = theory.verify("scaffnew", quadratic(), **stated)
    output, script, arrays = check_shown(verdict, quadratic(), tmp_path)
    told, number, allowed = re.fullmatch(r"after (.) steps .* V is (.*) of its start, stated (.*)\n", output).groups()
    assert int(told) == steps
    assert low < float(number) < high
    assert float(allowed) == (0.85 if steps == 1 else 0.7)
    # The same script on arrays that state more than is broken says so.
    with np.load(arrays) as kept:
        weaker = {**kept, "allowed": np.array(0.99)}
    np.savez(tmp_path / "weaker.npz", **weaker)
    refused = shown(script, tmp_path / "weaker.npz")
    assert refused.returncode == 1
    assert "this is no violation" in refused.stderr


def test_the_state_is_one_of_the_method_on_the_problem(tmp_path):
    """From the written state the shipped step does what the script says, and the arrays are those of the problem."""
    problem = quadratic()
    (verdict,) = theory.verify("scaffnew", problem, rate="1 - 1.5/kappa")
    arrays = witness(verdict, problem).arrays
    assert np.array_equal(arrays["hessians"], problem.hessians)
    assert (arrays["param_gamma"], arrays["param_p"]) == (1.0, verdict.params["p"])
    case = theory.case("scaffnew", problem)
    X, H = (part.reshape(3, 2) for part in np.split(arrays["state"], 2))
    assert np.abs(H.sum(axis=0)).max() < 1e-9 * np.abs(H).max()
    start = case.lyapunov(case.state(X.copy(), H.copy()))
    mean = sum(q * case.lyapunov(case.step(case.state(X.copy(), H.copy()), w)) for q, w in case.outcomes())
    assert mean / start == pytest.approx(0.9, rel=1e-9)


def test_a_wrong_method_is_shown_exactly_and_along_its_paths(wrong, tmp_path):
    problem = quadratic(kappa=30.0)
    verdicts = theory.verify(wrong, problem, evidence=("exact", "path"))
    assert [verdict.status for verdict in verdicts] == ["refuted", "refuted"]
    for verdict in verdicts:
        check_shown(verdict, problem, tmp_path)


def test_where_no_step_is_affine_the_paths_are_shown(wrong, tmp_path, monkeypatch):
    problem = quadratic(kappa=30.0)
    (verdict,) = theory.verify(wrong, problem, evidence="path")

    monkeypatch.setattr("rootkappa.theory.witness.moments.is_affine", lambda problem: False)
    monkeypatch.delitem(verdict.details, "worst", raising=False)
    output, _, arrays = check_shown(verdict, problem, tmp_path)
    assert "is won with chance 0.0001 at most" in output
    # At the rate that the method keeps the same paths win nothing.
    with np.load(arrays) as kept:
        slower = {**kept, "progress": np.array(1e-9)}
    np.savez(tmp_path / "slower.npz", **slower)
    assert shown(tmp_path / "w.py", tmp_path / "slower.npz").returncode == 1


def test_where_paths_find_a_state_it_is_shown(tmp_path, monkeypatch):
    problem = quadratic()
    monkeypatch.setattr("rootkappa.theory.engines.stated.is_affine", lambda problem: False)
    (verdict,) = theory.verify("scaffnew", problem, rate="1 - 1.1/kappa")
    assert verdict.status == "refuted"

    monkeypatch.setattr("rootkappa.theory.witness.moments.is_affine", lambda problem: False)
    output, *_ = check_shown(verdict, problem, tmp_path)
    assert "a step multiplies V by 0.9" in output


def test_where_gradients_bend_states_are_shown_and_no_affine_map(tmp_path):
    bent = problems.Logistic.load("breast_cancer", clients=4, kappa=20.0)
    (verdict,) = theory.verify("gradient_descent", bent, rate="1 - 4/kappa")
    assert verdict.status == "refuted"
    output, *_ = check_shown(verdict, bent, tmp_path)
    assert "a step multiplies V by 0." in output


def test_where_outcomes_are_too_many_to_list_those_drawn_are_of_the_problem_itself(tmp_path):
    """What the verdict and the script say of the worst state is one number, on the problem that the header names."""
    given = quadratic(clients=10, dim=20)
    (verdict,) = theory.verify("diana", given, rate="1 - 1/kappa")
    output, script, arrays = check_shown(verdict, given, tmp_path)
    told = re.fullmatch(
        r"\d+ steps .* by (.*) on average, with error (.*); over .*\ndrawn it is (.*), .* 0.9\n", output
    )
    mean, error, exact = map(float, told.groups())
    assert exact == pytest.approx(verdict.measured, rel=1e-8)
    # By chance this is wrong with probability 1e-6.
    assert abs(mean - exact) < 5.0 * error
    with np.load(arrays) as kept:
        assert np.array_equal(kept["hessians"], given.hessians)
        weaker = {**kept, "allowed": np.array(exact)}
    assert given.label in script.read_text(encoding="utf-8").splitlines()[0]
    np.savez(tmp_path / "weaker.npz", **weaker)
    assert shown(script, tmp_path / "weaker.npz").returncode == 1


def test_what_is_exact_on_a_smaller_problem_is_shown_there(wrong, tmp_path, monkeypatch):
    """A file with too many outcomes to list is judged on a small quadratic, and the header names that one."""
    monkeypatch.setattr("rootkappa.theory.engines.affine._LARGEST_STATE", 24)
    given = quadratic(clients=5, dim=8, kappa=30.0, basis="client")
    (verdict,) = theory.verify(wrong, given, evidence="exact")
    output, script, arrays = check_shown(verdict, given, tmp_path)
    assert float(output.split(" is ")[1].split()[0]) == pytest.approx(verdict.measured, rel=1e-8)
    assert "refuted on quadratic n=4 d=3." in script.read_text(encoding="utf-8").splitlines()[0]
    with np.load(arrays) as kept:
        assert kept["hessians"].shape == (4, 3, 3)


def test_a_large_state_is_one_of_the_problem_itself(tmp_path, monkeypatch):
    monkeypatch.setattr("rootkappa.theory.witness.moments._LARGEST", 10)
    (verdict,) = theory.verify("scaffnew", quadratic(), rate="1 - 1.5/kappa")
    output, _, arrays = check_shown(verdict, quadratic(), tmp_path)
    assert float(re.fullmatch(r"a step multiplies V by (.*) on average, .*\n", output)[1]) == pytest.approx(
        0.9, rel=1e-8
    )
    with np.load(arrays) as kept:
        assert np.array_equal(kept["hessians"], quadratic().hessians)
        _, H = (part.reshape(3, 2) for part in np.split(kept["state"], 2))
    assert np.abs(H.sum(axis=0)).max() < 1e-9 * np.abs(H).max()


def test_only_an_earlier_counterexample_is_overwritten(tmp_path):
    (verdict,) = theory.verify("scaffnew", quadratic(), rate="1 - 1.5/kappa")
    for _ in range(2):
        write_witness(verdict, quadratic(), tmp_path / "w.npz")
    mine = tmp_path / "mine.py"
    mine.write_text("import numpy as np\n", encoding="utf-8")
    np.savez(tmp_path / "data.npz", x=np.zeros(3))
    (tmp_path / "empty.npz").touch()
    for name, kept in (("mine.npz", "mine.py"), ("mine.py", "mine.py"), ("data.npz",) * 2, ("empty.npz",) * 2):
        with pytest.raises(InputError, match=f"would overwrite .*{kept}, which is no witness"):
            write_witness(verdict, quadratic(), tmp_path / name)
    assert mine.read_text(encoding="utf-8") == "import numpy as np\n"


def test_what_is_right_has_no_counterexample():
    (verdict,) = theory.verify("scaffnew", quadratic(), rate="1 - 1/kappa")
    with pytest.raises(InputError, match="a verdict that is confirmed has no counterexample"):
        witness(verdict, quadratic())


def check_no_longer(tmp_path, arrays, **changed):
    """Assert that the same script does not show a violation of arrays that are changed."""
    with np.load(arrays) as kept:
        weaker = {**kept, **{name: np.asarray(change(kept)) for name, change in changed.items()}}
    script = compile((tmp_path / "w.py").read_text(encoding="utf-8"), "w.py", "exec")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["w.py", str(arrays)])
        patch.setattr(np, "load", lambda file: weaker)
        with pytest.raises(SystemExit, match=r"^this is no violation$"):
            exec(script, {})


class Scaffnew:
    """Scaffnew in NumPy, whose communication can be wrong; nothing is compiled for it."""

    PROMISE = "scaffnew"

    def start(self, problem, params):
        return {name: np.zeros((problem.n, problem.d)) for name in "XH"}

    def step(self, problem, params, state, coin):
        X, H = state["X"], state["H"]
        X -= params.gamma * (problem.gradients_at(X) - H)
        if coin:
            self.communicate(params, X, H)

    def communicate(self, params, X, H):
        mean = X.mean(axis=0)
        H += params.p / params.gamma * (mean - X)
        X[:] = mean

    def invariants(self, problem, params, state):
        return {"sum of H": state["H"].sum(axis=0)}

    def model(self, state):
        return state["X"].mean(axis=0)


class OneOut(Scaffnew):
    def communicate(self, params, X, H):
        before = H[0].copy()
        super().communicate(params, X, H)
        H[0] = before


class Shifted(Scaffnew):
    def communicate(self, params, X, H):
        super().communicate(params, X, H)
        H += 0.1


class Blown(Scaffnew):
    def communicate(self, params, X, H):
        super().communicate(params, X, H)
        H *= 1e40


def refuted(method, kind, problem=None):
    (verdict,) = theory.verify(method, problem or quadratic(), kind)
    assert verdict.status == "refuted"
    return verdict


def test_a_sum_that_leaves_0_has_a_state_an_outcome_and_the_sum(tmp_path):
    verdict = refuted(OneOut(), "invariant")
    output, _, arrays = check_shown(verdict, quadratic(), tmp_path, OneOut())
    with np.load(arrays) as kept:
        found = dict(kept)
    # X and H of three clients with two coordinates: the sum of H is 0 before a coin of 1, and not after it.
    expected = np.concatenate([np.zeros((2, 6)), np.tile(np.eye(2), 3)], axis=1)
    assert np.array_equal(found["mine"], expected)
    before, after = (found[name][6:].reshape(3, 2).sum(axis=0) for name in ("state", "after"))
    assert np.abs(before).max() < 1e-12
    assert found["outcome"] == 1
    told = float(re.search(r"a step later, (.*)\n", output)[1])
    assert told == pytest.approx(after[np.abs(after).argmax()] / found["size"], rel=1e-2)
    check_no_longer(tmp_path, arrays, after=lambda kept: kept["state"])


def test_a_fixed_point_that_moves_is_shown_beside_where_it_goes(tmp_path):
    verdict = refuted(Shifted(), "invariant")
    _, _, arrays = check_shown(verdict, quadratic(), tmp_path, Shifted())
    with np.load(arrays) as kept:
        assert np.allclose(kept["mine"] - kept["theirs"], np.repeat([0.0, 0.1], 6))
    check_no_longer(tmp_path, arrays, mine=lambda kept: kept["theirs"])


def test_what_diverges_is_shown_up_to_where_it_does(tmp_path):
    # Without the sum that leaves 0.
    method = Blown()
    verdict = dataclasses.replace(refuted(method, "invariant"))
    kinds = {verdict.details["shown"].kind}
    assert kinds <= {"growth", "states"}
    check_shown(verdict, quadratic(), tmp_path, method)


def test_what_is_drawn_and_not_listed_so_is_counted(tmp_path):
    """The script wins what the engine wins: both are the likelihood ratio of a Dirichlet mixture."""
    own = algorithms.get("scaffnew")
    method = dataclasses.replace(own, outcomes=lambda problem, params: [(1 - 0.8 * params.p, 0), (0.8 * params.p, 1)])
    output, _, arrays = check_shown(refuted(method, "invariant"), quadratic(), tmp_path, method)
    with np.load(arrays) as kept:
        (counts,), listed = kept["counts"], kept["promised"]
    assert listed == pytest.approx([1 - 0.8 * 0.1**0.5, 0.8 * 0.1**0.5])
    # The mixture of two frequencies by Jeffreys' prior as an integral over their angle.
    share = np.sin((np.arange(200_000) + 0.5) * np.pi / 400_000) ** 2
    logs = counts[1] * np.log(share / listed[1]) + counts[0] * np.log((1 - share) / listed[0])
    won = float(re.search(r"would win exp\((.*?)\)", output)[1])
    assert won == pytest.approx(logs.max() + np.log(np.exp(logs - logs.max()).mean()), rel=1e-3)
    check_no_longer(tmp_path, arrays, promised=lambda kept: kept["counts"][0] / kept["counts"].sum())


def test_draws_that_ignore_their_generator_are_shown(tmp_path):
    own = algorithms.get("scaffnew")
    method = dataclasses.replace(own, draw=lambda rng, *given: own.draw(np.random.default_rng(0), *given))
    output, _, arrays = check_shown(refuted(method, "invariant"), quadratic(), tmp_path, method)
    assert output == "from two seeds is drawn the same\n"
    check_no_longer(tmp_path, arrays, again=lambda kept: 1 - kept["mine"])


def with_cost(**changes):
    own = algorithms.get("scaffnew")

    def cost(problem, params, draws):
        told = own.cost(problem, params, draws)
        return told._replace(**{name: change(getattr(told, name)) for name, change in changes.items()})

    return dataclasses.replace(own, cost=cost)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"floats_up": lambda count: count // 2}, r"client \d, rounds 1 to 1: 6 numbers .* are 6 floats; declared 3\n"),
        ({"bits_down": lambda count: count // 16}, r"client \d, .*: 6 numbers at least, .* 48 bits; declared 24\n"),
        # As many in each round as it has steps.
        ({"gradients": lambda count: count // 3}, r"new gradients .*\nin the mean 9, declared 3\n"),
    ],
)
def test_what_is_sent_or_computed_beyond_what_is_declared_is_counted_again(changes, told, tmp_path):
    method = with_cost(**changes)
    verdict = refuted(method, "cost")
    output, _, arrays = check_shown(verdict, quadratic(), tmp_path, method)
    assert re.fullmatch(told, output)
    check_no_longer(tmp_path, arrays, declared=lambda kept: 100 * kept["declared"])


def test_places_of_numbers_are_counted_again(tmp_path):
    own = algorithms.get("diana")

    def cost(problem, params, draws):
        told = own.cost(problem, params, draws)
        return told._replace(bits_up=64 * told.floats_up)

    method = dataclasses.replace(own, cost=cost)
    output, _, arrays = check_shown(refuted(method, "cost"), quadratic(), tmp_path, method)
    # Two of six coordinates can stand in 15 places.
    assert output == "one of 15 different things takes 3.91 bits; declared for it 0\n"
    check_no_longer(tmp_path, arrays, declared=lambda kept: 4.0)


def test_where_two_methods_part_both_states_are_shown(tmp_path):
    verdict = refuted(OneOut(), "identity")
    output, _, arrays = check_shown(verdict, quadratic(), tmp_path, OneOut())
    assert re.match(r"H, after 1 rounds of the same randomness: number \d ", output)
    with np.load(arrays) as kept:
        found = dict(kept)
    # Of the reference the state is Scaffnew's after the same coins, and the other's has the same models.
    method, state = Scaffnew(), Scaffnew().start(quadratic(), None)
    params = SimpleNamespace(gamma=found["param_gamma"], p=found["param_p"])
    for coin in found["outcomes"]:
        method.step(quadratic(), params, state, coin)
    assert np.allclose(found["state_theirs"], np.concatenate([state["X"].ravel(), state["H"].ravel()]))
    assert np.allclose(found["state_mine"][:6], found["state_theirs"][:6])
    assert not np.allclose(found["state_mine"], found["state_theirs"])
    check_no_longer(tmp_path, arrays, mine=lambda kept: kept["theirs"])


@pytest.mark.parametrize("rho", [0.9, 0.5])
def test_a_promise_with_noise_has_the_state_that_is_furthest_above(rho, tmp_path, monkeypatch):
    """Of too little noise the worst state is near the centre, and of too fast a rate it is far away.

    A step is x⁺ = x* + 0.9 (x - x*) ± 1 in each coordinate, so that E V⁺ is 0.81 V + 2.
    """
    gd, centre = algorithms.get("gradient_descent"), quadratic().solution().x

    def step(kernel, params, state, outcome):
        state.x[:] = centre + 0.9 * (state.x - centre) + outcome

    method = dataclasses.replace(gd, step=step, outcomes=lambda problem, params: [(0.5, -1.0), (0.5, 1.0)])
    theorem = dataclasses.replace(promised_by(gd), contraction=lambda *at: rho, noise=lambda *at: 0.5, unit="iteration")
    for module in ("verify", "witness.arrays"):
        monkeypatch.setattr(sys.modules[f"rootkappa.theory.{module}"], "promised_by", lambda taken: theorem)
    output, _, arrays = check_shown(refuted(method, "exact"), quadratic(), tmp_path, method)
    told = re.fullmatch(r"from V = (.*) a step leaves (.*) V \+ (.*), stated 0.5\n", output).groups()
    V, factor, more = map(float, told)
    assert factor == rho
    assert more == pytest.approx(2.0 + (0.81 - rho) * V, rel=1e-5)
    assert V < 1e-6 if rho == 0.9 else V > 1.0
    check_no_longer(tmp_path, arrays, noise=lambda kept: 1.01 * more)


@pytest.mark.parametrize("height", [3.0, 1.0])
def test_paths_that_stay_above_their_noise_are_bet_on(height, tmp_path):
    """V settles at ``height`` times what noise allows; nothing is won where that is once."""
    rng, steps = np.random.default_rng(0), 20.0 * np.arange(200)
    bound = theory.Bound(rho=0.9, noise=0.1, start=1.0)
    traces = []
    for _ in range(2):
        V = height * rng.gamma(4.0, 0.25, len(steps))
        columns = {"round": steps, "iteration": steps, "lyapunov": V}
        traces.append(SimpleNamespace(column=columns.__getitem__))
    case = theory.case("fedavg", quadratic())
    verdict = case.verdict("path", "refuted", "V stays high.", 1.0, 1.0, details={"traces": traces})
    verdict = dataclasses.replace(verdict, bound=bound)
    if height == 1.0:
        with pytest.raises(InputError, match="refute it by more than a short script shows"):
            witness(verdict, quadratic())
        return
    output, _, arrays = check_shown(verdict, quadratic(), tmp_path)
    assert re.fullmatch(r"won .*; at the rate 10000 is won with chance 0.0001 at most\n", output)
    check_no_longer(tmp_path, arrays, V=lambda kept: kept["V"] / 3.0)


def test_a_claim_has_the_numbers_of_its_seeds(tmp_path):
    case = theory.case("scaffnew", quadratic())
    own, other = np.array([2.0, 3.0, 4.0, 4.5]), np.array([1.0, 1.2, 2.1, 2.0])
    with hearing() as samples:
        found = ratio(own, other)
    verdict = case.verdict("claim", found.below_one, "It is larger.", found.mean, 1.0, (found.low, found.high))
    verdict = dataclasses.replace(verdict, claim="it_is_smaller", details={"samples": samples})
    output, _, arrays = check_shown(verdict, quadratic(), tmp_path)
    with np.load(arrays) as kept:
        assert np.array_equal(kept["sides"], [own, other])
    assert output == f"over 4 seeds the mean is in [{found.low:.4g}, {found.high:.4g}], claimed 1\n"
    check_no_longer(tmp_path, arrays, promised=lambda kept: 2.0)


def test_a_claim_of_one_row_of_numbers_is_shown_and_one_of_none_says_why(tmp_path):
    case = theory.case("scaffnew", quadratic())
    with hearing() as samples:
        mean, low, high = mean_interval(np.array([1.0, 2.0, 3.0, 4.0]))
    verdict = case.verdict("claim", "refuted", "It is larger.", mean, -1.0, (low, high), details={"samples": samples})
    check_shown(verdict, quadratic(), tmp_path)
    for other in (dataclasses.replace(verdict, low=0.0), dataclasses.replace(verdict, promised=mean)):
        with pytest.raises(InputError, match="its sentence tells both sides"):
            witness(other, quadratic())


def test_a_verdict_from_a_file_is_found_again(tmp_path):
    verdict = dataclasses.replace(refuted(OneOut(), "invariant"), details={})
    check_shown(verdict, quadratic(), tmp_path, OneOut())


def test_what_has_no_numbers_says_so():
    case = theory.case("scaffnew", quadratic())
    told = case.verdict("invariant", "refuted", "It asks for the solution.", details={"other": 1})
    with pytest.raises(InputError, match="has no counterexample in numbers"):
        witness(told, quadratic())


def test_a_combination_is_what_an_invariant_says():
    case = theory.case("scaffnew", quadratic())
    own = dataclasses.replace(
        case.method,
        invariants=lambda problem, params, state: {"sum": state.H.sum(axis=0) - 2.0, "size": np.sum(state.X**2)},
    )
    held = dataclasses.replace(case, method=own)
    C, c = combination(held, "sum")
    assert np.array_equal(C, np.concatenate([np.zeros((2, 6)), np.tile(np.eye(2), 3)], axis=1))
    assert np.array_equal(c, [-2.0, -2.0])
    assert combination(held, "size") is None


def test_draws_of_two_laws_are_counted_against_each_other(tmp_path):
    """What the script wins is a ratio of integrals over the shares of two classes, by Jeffreys' prior."""
    case, counts = theory.case("scaffnew", quadratic()), np.array([[30, 70], [60, 40]])
    kept = Shown("laws", case.problem, case.params, {"counts": counts, "limit": np.array(50.0)})
    verdict = case.verdict("identity", "refuted", "It draws otherwise.", details={"shown": kept})
    output, _, arrays = check_shown(verdict, quadratic(), tmp_path)
    share = np.sin((np.arange(200_000) + 0.5) * np.pi / 400_000) ** 2
    mixed = [np.log(np.mean(share**one * (1 - share) ** two)) for one, two in counts.tolist()]
    pooled = counts.sum(axis=0)
    won = sum(mixed) - pooled @ np.log(pooled / pooled.sum())
    assert float(re.search(r"would win exp\((.*?)\)", output)[1]) == pytest.approx(won, rel=1e-3)
    check_no_longer(tmp_path, arrays, counts=lambda kept: np.array([[45, 55], [44, 56]]))


def test_numbers_that_go_through_averages_are_counted_without_multiples(tmp_path):
    case = theory.case("scaffnew", quadratic())
    rows = {"which": np.repeat([0, 1, 2], 2), "averaged": np.array([1.0, 2.0, 2.0, 4.0, 1.0, 0.5])}
    kept = Shown("averaged", case.problem, case.params, {**rows, "client": np.array(0), "declared": np.array(2)})
    verdict = case.verdict("cost", "refuted", "It sends more.", details={"shown": kept})
    output, _, arrays = check_shown(verdict, quadratic(), tmp_path)
    assert output == "4 numbers go into averages; declared 2 floats up\n"
    check_no_longer(tmp_path, arrays, declared=lambda kept: 4)
