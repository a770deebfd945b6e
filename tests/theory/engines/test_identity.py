"""A method that says it is a shipped one is held against it: what departs is refuted, wherever it departs."""

import dataclasses
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from rootkappa import algorithms, problems, theory
from rootkappa.algorithms.parts import Dense
from rootkappa.algorithms.parts.rounds import Draws
from rootkappa.core.errors import InputError
from rootkappa.problems.functions import L1
from rootkappa.tests.plain.versions import VERSIONS
from rootkappa.tests.suited import suited
from rootkappa.theory.engines import identity as identity_engine

METHODS = Path(__file__).parents[3] / "algorithms"
PROBLEM = problems.Quadratic.random(clients=4, dim=3, kappa=30.0, seed=1, basis="client")


class Scaffnew:
    """Scaffnew in NumPy, with its parts apart so that each can be wrong."""

    PROMISE = "scaffnew"

    def start(self, problem, params):
        return {"x": np.zeros((problem.n, problem.d)), "h": np.zeros((problem.n, problem.d))}

    def gradients(self, problem, x):
        return problem.gradients_at(x)

    def mean(self, params, x):
        return x.mean(axis=0)

    def step(self, problem, params, state, coin):
        x, h = state["x"], state["h"]
        x -= params.gamma * (self.gradients(problem, x) - h)
        if coin:
            mean = self.mean(params, x)
            h += params.p / params.gamma * (mean - x)
            x[:] = mean

    def model(self, state):
        return state["x"].mean(axis=0)


class Clipped(Scaffnew):
    def gradients(self, problem, x):
        return np.clip(problem.gradients_at(x), -100.0, 100.0)


class LastClientOut(Scaffnew):
    def mean(self, params, x):
        return x[:-1].mean(axis=0) if len(x) > 4 else x.mean(axis=0)


class OfTenClients(Scaffnew):
    def mean(self, params, x):
        return x[:10].mean(axis=0)


class LastCoordinateStays(Scaffnew):
    def gradients(self, problem, x):
        g = problem.gradients_at(x)
        g[:, 3:] = 0.0
        return g


class RareCommunication(Scaffnew):
    def mean(self, params, x):
        return x.mean(axis=0) if params.p >= 0.05 else 0.9 * x.mean(axis=0)


class Counting(Scaffnew):
    """It is right for two thousand steps."""

    def __init__(self):
        self.steps = 0

    def start(self, problem, params):
        self.steps = 0
        return super().start(problem, params)

    def gradients(self, problem, x):
        self.steps += 1
        return problem.gradients_at(x) * (1.0 if self.steps <= 2000 else 0.9)


class SmallGradients(Scaffnew):
    def gradients(self, problem, x):
        g = problem.gradients_at(x)
        return np.where(np.abs(g) > 1e-9, g, 0.0)


class FromElsewhere(Scaffnew):
    def start(self, problem, params):
        h = np.ones((problem.n, problem.d))
        h[0] -= problem.n
        return {"x": np.zeros((problem.n, problem.d)), "h": h}


class HandsOutNothing(Scaffnew):
    def model(self, state):
        return 0.0 * state["x"][0]


class HandsOutMore(Scaffnew):
    def model(self, state):
        return (state["x"] + state["h"]).mean(axis=0) + 1e-3 * state["h"][0]


class HandsOutTheFirst(Scaffnew):
    """Where a round ends all models are the same."""

    def model(self, state):
        return state["x"][0]


class RightInShortRounds(Scaffnew):
    def start(self, problem, params):
        self.steps = 0
        return super().start(problem, params)

    def step(self, problem, params, state, coin):
        self.steps = 0 if coin else self.steps + 1
        if self.steps <= 2000:
            super().step(problem, params, state, coin)


class ReadsTheSolution(Scaffnew):
    def step(self, problem, params, state, coin):
        if coin:
            solution = problem.solution()
            state["x"][:], state["h"][:] = solution.x, solution.gradients


class Flatters(Scaffnew):
    SENDS = Dense(up=0, down=1)


class FlattersItsGradients(Scaffnew):
    def cost(self, problem, params, draws):
        return algorithms.get("scaffnew").cost(problem, params, draws)._replace(gradients=1)


WRONG = {
    Clipped: "differs by .* gamma = ",
    LastClientOut: "after the first round .* n=[5-9] ",
    OfTenClients: "after the first round .* n=1[1-6] ",
    LastCoordinateStays: "differs by .* d=([4-9]|1[0-3]) ",
    RareCommunication: "after the first round .*p = 0.0",
    Counting: r"after round \d\d\d .* differs by",
    FromElsewhere: "at the start H differs by",
    HandsOutNothing: "the first round the model differs by 0.4",
    HandsOutMore: "the model differs by",
    HandsOutTheFirst: "before the end of the first round the model differs by",
    RightInShortRounds: "differs by",
    ReadsTheSolution: "differs by",
    Flatters: "it counts 0 floats up, and scaffnew 60",
    FlattersItsGradients: "it counts 1 gradients, and scaffnew",
}


def identity(method, problem=PROBLEM):
    return theory.verify(method, problem, evidence="identity")[0]


def test_another_implementation_is_the_method():
    verdict = identity(Scaffnew())
    assert verdict.status == "confirmed"
    # Rounding, and kappa is up to 1e5 there.
    assert verdict.measured < 1e5 * np.finfo(float).eps < verdict.sensitivity


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.__name__)
def test_a_departure_is_found_and_told(wrong):
    verdict = identity(wrong())
    assert verdict.status == "refuted"
    assert verdict.sentence.startswith("This is not the method scaffnew: ")
    assert re.search(WRONG[wrong], verdict.sentence), verdict.sentence


@pytest.mark.drawn(16, "name")
@pytest.mark.parametrize("name", algorithms.names())
def test_a_copy_of_a_shipped_method_is_that_method(name, tmp_path):
    copy = tmp_path / "copy.py"
    shutil.copy(METHODS / f"{name}.py", copy)
    found = theory.verify(copy, suited(name, PROBLEM), evidence=("identity", "invariant"))
    assert [verdict.status for verdict in found] == ["confirmed", "confirmed"]
    assert f"This is the method {name}: " in found[0].sentence


def test_by_default_it_is_held_against_what_it_names():
    kinds = [verdict.evidence for verdict in theory.verify(Scaffnew(), PROBLEM)]
    assert kinds[0] == "identity"
    assert "identity" not in [verdict.evidence for verdict in theory.verify("scaffnew", PROBLEM, evidence="invariant")]


class OfItsOwn(Clipped):
    LIKE = None


class LikeNobody(Scaffnew):
    LIKE = "scafnew"


def wrong_where(name, holds):
    """Return a plain version of a shipped method whose step size is a little smaller on some problems or letters."""

    class Wrong(VERSIONS[name]):
        def step(self, problem, params, state, outcome):
            taken = params._replace(gamma=0.99 * params.gamma) if holds(problem, params) else params
            return super().step(problem, taken, state, outcome)

    return Wrong()


@pytest.mark.drawn(2, "name")
@pytest.mark.parametrize(
    ("name", "holds"),
    [
        ("scaffnew", lambda problem, params: problem.n == 1),
        ("scaffnew", lambda problem, params: problem.n == 3),
        ("scaffnew", lambda problem, params: problem.n > 13),
        ("scaffnew", lambda problem, params: problem.d == 1),
        ("scaffnew", lambda problem, params: problem.d > 13),
        ("scaffnew", lambda problem, params: np.abs(problem.gradients(np.zeros(problem.d))).max() > 1e10),
        ("proxskip", lambda problem, params: problem.n == 1 and not problem.is_smooth),
        ("fedavg", lambda problem, params: params.K == 3),
        ("fedavg", lambda problem, params: params.K > 10),
        ("tamuna", lambda problem, params: 2 < params.s < problem.n),
        ("decentralized_scaffnew", lambda problem, params: params.graph == "grid"),
        ("decentralized_scaffnew", lambda problem, params: params.graph == "complete"),
        ("sparse_proxskip", lambda problem, params: 1 < params.k < problem.d - 1),
    ],
)
def test_what_is_wrong_in_some_places_only_is_found_there(name, holds):
    verdict = identity(wrong_where(name, holds))
    assert verdict.status == "refuted", verdict.sentence


def test_one_length_of_rounds_that_is_wrong_is_found():
    """Of rounds of 33 steps there are three in a thousand."""
    case = theory.case("scaffnew", problems.Quadratic.random(clients=4, dim=3, kappa=100.0))

    def advance(kernel, params, state, draws):
        lengths = draws.lengths - (draws.lengths == 33)
        case.method.advance(kernel, params, state, Draws(lengths, draws.ends, draws.steps))

    own = dataclasses.replace(case, method=dataclasses.replace(case.method, advance=advance))
    found = identity_engine._departure(own, case.method, 1e-4, is_given=True)
    assert "at the end of 33 steps" in found.told


def late(name, rounds):
    """Return a plain version of a shipped method whose steps are a little shorter after so many rounds."""

    class Late(VERSIONS[name]):
        def start(self, problem, params):
            self.rounds = 0
            return super().start(problem, params)

        def step(self, problem, params, state, outcome):
            self.rounds += 1
            taken = params._replace(alpha=0.9 * params.alpha) if self.rounds > rounds else params
            return super().step(problem, taken, state, outcome)

    return Late()


def test_a_fault_that_begins_late_is_found_here():
    """No rate is proved of it that it could miss, and in other places there are fewer rounds."""
    assert identity(late("fedlalr", 10**9)).status == "confirmed"
    verdict = identity(late("fedlalr", 30))
    assert verdict.status == "refuted", verdict.sentence


def test_where_rounding_decides_nothing_is_found():
    """Which sign a sum has that should be 0 is decided by rounding, and by the order of its terms."""

    def drifting(order):
        case = theory.case("scaffnew", PROBLEM, p=0.5)

        def advance(kernel, params, state, draws):
            case.method.advance(kernel, params, state, draws)
            state.X[:] *= 1.0 + 1e-3 * np.sign(np.cumsum(state.H[::order], axis=0)[-1])

        return dataclasses.replace(case, method=dataclasses.replace(case.method, advance=advance))

    own, theirs = drifting(-1), drifting(1)
    assert all(gap.size < 1e-9 for _, gap in identity_engine._later(own, theirs))
    assert max(gap.size for _, gap in identity_engine._later(own, theory.case("scaffnew", PROBLEM, p=0.5))) > 1e-9


def test_where_it_was_looked_is_told():
    verdict = identity(Scaffnew())
    assert re.search(r"in \d+ other places with 1 to \d+ clients and 1 to \d+ coordinates", verdict.sentence)
    assert any("p = 0.00333" in place for place in verdict.details["places"])


def test_draws_are_held_against_the_shipped_ones_in_every_place(tmp_path):
    """Rounds that are longer than 50 steps hardly happen with the prescribed p, and make nearly all with p = 1/300."""
    copy = tmp_path / "copy.py"
    short = """

def draw(problem, params, rounds, rng):
    drawn = RANDOM.draw(problem, params, rounds, rng)
    return type(drawn)(np.minimum(drawn.lengths, 50), drawn.ends, drawn.steps)
"""
    text = (
        (METHODS / "scaffnew.py").read_text(encoding="utf-8").replace("from typing", "import numpy as np\nfrom typing")
    )
    copy.write_text(text + short, encoding="utf-8")
    verdict = identity(copy)
    assert verdict.status == "refuted", verdict.sentence
    assert "the length of a round" in verdict.sentence


def test_identity_needs_no_condition_of_the_theorem(tmp_path):
    copy = tmp_path / "copy.py"
    shutil.copy(METHODS / "sparse_proxskip_l1.py", copy)
    problem = PROBLEM.with_psi(L1(0.1))
    assert {verdict.status for verdict in theory.verify("sparse_proxskip_l1", problem)} == {"not applicable"}
    assert identity(copy, problem).status == "confirmed"


def test_a_method_of_its_own_is_not_held_against_others():
    assert identity(OfItsOwn()).status == "not applicable"
    with pytest.raises(InputError, match="LIKE of LikeNobody 'scafnew': did you mean 'scaffnew'"):
        identity(LikeNobody())


class OfOneProblem(Scaffnew):
    """It has its data from elsewhere, and asks no problem for them."""

    def gradients(self, problem, x):
        return PROBLEM.gradients_at(x)


class OfOneProblemAndWrong(OfOneProblem):
    def mean(self, params, x):
        return x.mean(axis=0) * (1.0 if params.p > 0.01 else 0.9)


class InOtherUnits(Scaffnew):
    """Its control variates are in units of 1/γ, and so is its V."""

    def step(self, problem, params, state, coin):
        x, h = state["x"], state["h"]
        x -= params.gamma * self.gradients(problem, x) - h
        if coin:
            mean = self.mean(params, x)
            h += params.p * (mean - x)
            x[:] = mean

    def fixed_point(self, problem, params, target):
        return {"x": np.tile(target.x, (problem.n, 1)), "h": params.gamma * target.gradients}

    def lyapunov(self, problem, params, state, target):
        errors = state["x"] - target.x, (state["h"] - params.gamma * target.gradients) / params.p
        return sum(np.sum(error**2) for error in errors)


class InOtherUnitsAndWrong(InOtherUnits):
    def mean(self, params, x):
        return 0.999 * x.mean(axis=0)


def test_a_state_may_be_written_in_other_units_with_a_v_of_its_own():
    assert identity(InOtherUnits()).status == "confirmed"
    assert "the model differs by" in identity(InOtherUnitsAndWrong()).sentence


def test_an_object_that_was_made_for_one_problem_is_held_against_it_there():
    assert identity(OfOneProblem()).status == "confirmed"
    wrong = identity(OfOneProblemAndWrong())
    assert wrong.status == "refuted"
    assert PROBLEM.label in wrong.sentence


def test_a_file_that_raises_elsewhere_is_told_so(tmp_path):
    copy = tmp_path / "copy.py"
    text = (METHODS / "scaffnew.py").read_text(encoding="utf-8")
    few = (
        "\n\ndef start(problem, params):\n    assert problem.n <= 4\n    return skipped_rounds.start(problem, params)\n"
    )
    copy.write_text(
        text.replace("from .parts", "from .parts import skipped_rounds\nfrom .parts", 1) + few, encoding="utf-8"
    )
    with pytest.raises(InputError, match=r"raised AssertionError: .*mend the file and try again"):
        theory.verify(copy, PROBLEM, evidence="identity")


def test_claims_about_an_object_are_measured_on_the_method_that_it_is(monkeypatch):
    """In Python they would take minutes."""

    def measure(case, progress):
        return case.verdict("claim", "confirmed", f"It was {case.method.name} that ran.")

    claim = theory.claims.Claim("any", "Any.", ("scaffnew",), False, measure)
    monkeypatch.setattr(theory.claims, "about", lambda method, problem: (claim,))
    _, told = theory.verify(Scaffnew(), PROBLEM, evidence=("identity", "claim"))
    assert told.method == "Scaffnew"
    assert told.sentence == "Of scaffnew, which it was found to be: it was scaffnew that ran."
