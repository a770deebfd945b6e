import builtins
import dataclasses
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rootkappa import algorithms, problems, theory
from rootkappa.problems import InputError, functions
from rootkappa.tests.suited import suited
from rootkappa.theory import claims
from rootkappa.theory.engines import exact
from rootkappa.theory.verify import ERROR_RATE, elsewhere, level

pytestmark = pytest.mark.drawn(8, "rated", "name")

SMALL = problems.Quadratic.random(clients=3, dim=4, kappa=30.0, seed=1, basis="client")


def test_every_shipped_promise_stands_on_a_quadratic(rated):
    verdicts = theory.verify(rated, suited(rated, SMALL), evidence=("invariant", "exact", "path"))
    is_measured = algorithms.get(rated).fixed_point is not None
    exactly = "confirmed" if is_measured else "not applicable"
    assert [verdict.status for verdict in verdicts] == ["confirmed", exactly, "consistent"]
    assert theory.exit_code([verdict.status for verdict in verdicts]) == 0


def test_one_kind_of_evidence_may_be_given_by_its_name():
    (verdict,) = theory.verify("gradient_descent", SMALL, evidence="invariant")
    assert verdict.evidence == "invariant"
    for wrong in ("exactly", ("exact", 3), 3, ["x"], [["exact"]]):
        with pytest.raises(InputError, match=r"^unknown evidence .*: .*Known are "):
            theory.verify("gradient_descent", SMALL, evidence=wrong)


def test_one_problem_and_one_accuracy_are_lists_of_one():
    stated = {"rounds": "2*kappa*log(1/eps)"}
    (alone,) = theory.verify_stated("gradient_descent", SMALL, **stated, epsilons=0.1)
    (listed,) = theory.verify_stated("gradient_descent", [SMALL], **stated, epsilons=["0.1"])
    assert alone.measured == listed.measured
    assert theory.exact.rounds_to(theory.case("gradient_descent", SMALL), 0.1) == theory.exact.rounds_to(
        theory.case("gradient_descent", SMALL), [0.1]
    )
    for where, accuracies, told in (
        ([], 0.1, "problems = "),
        (SMALL, (), "epsilons = "),
        (SMALL, "a", "epsilon = 'a'"),
    ):
        with pytest.raises(InputError, match=told):
            theory.verify_stated("gradient_descent", where, **stated, epsilons=accuracies)


def test_whoever_wants_verdicts_hears_of_them_after_each_kind():
    heard = []
    kinds = ("invariant", "exact")
    found = theory.verify("gradient_descent", SMALL, kinds, finished=lambda verdicts: heard.append(len(verdicts)))
    assert (heard, len(found)) == ([1, 2], 2)


@pytest.mark.parametrize("name", algorithms.names())
def test_control_variates_that_stay_rounding_errors_refute_nothing(name):
    alike = problems.Quadratic.random(clients=5, dim=4, kappa=30.0, seed=1, heterogeneity=0.0)
    assert theory.verify(name, suited(name, alike), evidence=("invariant",))[0].status == "confirmed"


def test_every_kind_of_problem_gets_its_evidence(problem):
    verdicts = theory.verify("scaffnew", problem)
    kinds = [verdict.evidence for verdict in verdicts]
    quadratic = isinstance(problem, problems.Quadratic)
    assert kinds == (["invariant", "exact", "path", "exponent"] if quadratic else ["invariant", "path"])
    assert all(verdict.status in ("confirmed", "consistent") for verdict in verdicts)


def test_the_record_is_plain_json_with_the_promised_fields():
    records = [verdict.record() for verdict in theory.verify("scaffnew", SMALL, evidence=("invariant", "exact"))]
    text = json.dumps(records, allow_nan=False)
    assert list(json.loads(text)[0]) == [
        "method", "evidence", "claim", "status", "known", "measured", "promised", "low", "high", "problem", "params",
        "seed", "question", "sentence", "sensitivity", "alpha",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "changes", "condition"),
    [
        ("scaffnew", {"gamma": 2.5}, "0 < γ < 2/L"),
        ("gradient_descent", {"gamma": 2.0}, "0 < γ < 2/L"),
        ("nesterov", {"gamma": 1.1}, "0 < γ <= 1/L"),
        ("nesterov", {"beta": 0.1}, "β = "),
        ("fedavg", {"gamma": 3.0}, "0 < γ < 2/L"),
        ("scaffold_2", {"eta": 0.5}, "0 < η <= 1/(81 K L)"),
    ],
)
def test_outside_the_theorem_nothing_is_judged_and_the_condition_is_named(name, changes, condition):
    verdicts = theory.verify(name, SMALL, **changes)
    assert {verdict.status for verdict in verdicts} == {"not applicable"}
    assert all(condition in verdict.sentence for verdict in verdicts)
    assert theory.exit_code([verdict.status for verdict in verdicts]) == 3


def test_a_nonsmooth_term_is_for_methods_with_a_prox():
    problem = problems.Quadratic.random(clients=3, dim=4, kappa=30.0, psi=functions.L1(0.1))
    assert {verdict.status for verdict in theory.verify("scaffnew", problem)} == {"not applicable"}
    verdicts = {verdict.evidence: verdict for verdict in theory.verify("proxskip", problem)}
    assert verdicts["invariant"].status == "confirmed"
    assert verdicts["path"].status == "consistent"
    assert verdicts["exact"].status == "not applicable"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ({"method": "scafnew"}, "did you mean 'scaffnew'"),
        ({"evidence": ("exat",)}, "did you mean 'exact'"),
        ({"p": 0.0}, "p = 0.0 is out of range"),
        ({"q": 0.5}, "unknown parameter of scaffnew 'q'"),
        ({"p": math.nan}, "p = nan is out of range"),
        ({"error_rate": 0.0}, "error_rate = 0.0 is no probability"),
        ({"error_rate": "often"}, "error_rate = 'often' is no probability"),
    ],
)
def test_bad_input_is_one_sentence(call, words):
    with pytest.raises(InputError, match=words):
        theory.verify(**({"method": "scaffnew", "problem": SMALL} | call))


@pytest.mark.parametrize(("methods", "problems"), [(1, 1), (1, 5), (34, 2), (100, 50)])
def test_all_verdicts_together_err_as_rarely_as_told(methods, problems):
    """Three of each method on each problem may rest on what is drawn: invariants, also behind a matrix, and paths."""
    each = level(methods, problems)
    assert each <= 1e-4
    assert 3 * methods * problems * each <= ERROR_RATE * (1 + 1e-12)


def test_a_verdict_that_rests_on_draws_has_the_level_that_it_was_given():
    verdicts = theory.verify("scaffnew", SMALL, ("invariant", "exact", "path"), error_rate=1e-7)
    levels = {verdict.evidence: verdict.alpha for verdict in verdicts}
    assert levels["invariant"] == levels["path"] == 1e-7
    assert math.isnan(levels["exact"])
    (usual,) = theory.verify("scaffnew", SMALL, ("path",))
    assert usual.alpha == 1e-4


def test_progress_names_the_evidence_and_ends_at_1():
    seen = []
    theory.verify(
        "scaffnew", SMALL, evidence=("exact", "path"), progress=lambda kind, share: seen.append((kind, share))
    )
    assert [kind for kind, share in seen if share == 1.0][-1] == "path"
    assert all(0 <= share <= 1 for _, share in seen)


RAISES = """
import builtins
from rootkappa.algorithms import scaffnew
from rootkappa.algorithms.scaffnew import *

class Params(scaffnew.Params):
    pass

def {hook}(*arguments):
    raise {error}
"""
# Those that take more than a text cannot be raised by their names alone, and an interrupt may be anybody's.
_OF_TEXT = [
    name
    for name, kind in vars(builtins).items()
    if isinstance(kind, type)
    and issubclass(kind, BaseException)
    and not issubclass(kind, UnicodeError | BaseExceptionGroup | KeyboardInterrupt)
]


@pytest.mark.parametrize("hook", ["start", "draw", "model", "check"])
@pytest.mark.parametrize("error", _OF_TEXT)
def test_whatever_a_file_raises_is_blamed_on_it_and_is_no_verdict(error, hook, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(RAISES.format(hook=hook, error=f"{error}('told')"), encoding="utf-8")
    with pytest.raises(InputError) as raised:
        theory.verify(path, SMALL, ("invariant", "path"))
    assert "mine.py" in str(raised.value)
    assert "\n" not in str(raised.value)


class PlainScaffnew:
    """Scaffnew in NumPy that says by itself which evidence can be had of it."""

    PROMISE = "scaffnew"
    LIKE = None

    def start(self, problem, params):
        return {"x": np.zeros((problem.n, problem.d)), "h": np.zeros((problem.n, problem.d))}

    def gradients(self, problem, x):
        return problem.gradients_at(x)

    def step(self, problem, params, state, coin):
        x, h = state["x"], state["h"]
        x -= params.gamma * (self.gradients(problem, x) - h)
        if coin:
            h += params.p / params.gamma * (x.mean(axis=0) - x)
            x[:] = x.mean(axis=0)

    def model(self, state):
        return state["x"].mean(axis=0)


class DeniesToBeAffine(PlainScaffnew):
    def affine(self, problem, params):
        return None


class BendsFarAway(PlainScaffnew):
    def gradients(self, problem, x):
        return np.clip(problem.gradients_at(x), -1e4, 1e4)


class BendsNearby(PlainScaffnew):
    def gradients(self, problem, x):
        g = problem.gradients_at(x)
        return g + 1e-7 * np.tanh(1e6 * x)


class ListsNothing(PlainScaffnew):
    def outcomes(self, problem, params):
        return None


class ListsNothingButIsKnown(ListsNothing):
    LIKE = "scaffnew"


class ReadsTheSolution(PlainScaffnew):
    LIKE = "scaffnew"

    def step(self, problem, params, state, coin):
        if coin:
            state["x"][:], state["h"][:] = problem.solution().x, problem.solution().gradients


class LeavesTheSolution(PlainScaffnew):
    """One of its fields has no numbers, as a part that nobody has."""

    def start(self, problem, params):
        return super().start(problem, params) | {"none": np.zeros((problem.n, 0))}

    def fixed_point(self, problem, params, target):
        return {"x": np.tile(target.x, (problem.n, 1)), "h": target.gradients, "none": np.zeros((problem.n, 0))}

    def step(self, problem, params, state, coin):
        super().step(problem, params, state, coin)
        state["x"] += 1.0

    def lyapunov(self, problem, params, state, target):
        X, H = np.sum((state["x"] - target.x) ** 2), np.sum((state["h"] - target.gradients) ** 2)
        return X + (params.gamma / params.p) ** 2 * H


def test_a_field_without_numbers_is_in_nobodys_way():
    (verdict,) = theory.verify(LeavesTheSolution(), SMALL, "invariant")
    assert verdict.status == "refuted"
    assert "The fixed point does not stay" in verdict.sentence


class LosesItsModels(PlainScaffnew):
    LIKE = "scaffnew"

    def step(self, problem, params, state, coin):
        if coin:
            state["x"][:] = math.inf


def test_what_is_no_number_is_refuted_without_a_warning_of_numpy():
    found = {verdict.evidence: verdict for verdict in theory.verify(LosesItsModels(), problems.Quadratic.random())}
    assert found["invariant"].status == found["path"].status == "refuted"
    assert "warning" not in "".join(verdict.sentence for verdict in found.values()).lower()
    assert "is not an affine map" in found["exact"].sentence


def test_that_a_step_is_not_affine_is_no_word_of_the_method():
    assert theory.verify(DeniesToBeAffine(), SMALL, "exact")[0].status == "confirmed"


@pytest.mark.parametrize("method", [BendsFarAway, BendsNearby, ListsNothing])
def test_who_keeps_exact_evidence_away_has_an_open_promise(method):
    (verdict,) = theory.verify(method(), SMALL, "exact")
    assert verdict.status == "inconclusive"
    assert verdict.sentence.endswith("Without exact evidence the promise is open.")
    assert theory.exit_code([verdict.status]) == 3


def test_who_is_found_to_be_a_shipped_method_needs_no_list():
    verdicts = theory.verify(ListsNothingButIsKnown(), SMALL, ("identity", "exact"))
    assert [verdict.status for verdict in verdicts] == ["confirmed", "not applicable"]


def test_better_than_a_tight_promise_is_another_method():
    verdict = theory.verify(ReadsTheSolution(), SMALL, "exact")[0]
    assert verdict.status == "refuted"
    assert "better than can be" in verdict.sentence


@pytest.mark.parametrize("name", ["scaffnew", "scaffold_2", "sproxskip_additive"])
@settings(max_examples=5)
@given(more=st.floats(0.0, 0.5), less=st.floats(0.01, 0.9))
def test_a_promise_beyond_the_sensitivity_is_refuted_and_one_below_is_not(name, more, less):
    case = theory.case(name, problems.Quadratic.random(clients=2, dim=2, kappa=30.0, basis="client"))
    sensitivity = exact.evidence(case, lambda share: None).sensitivity
    assert sensitivity >= 0.0

    def strengthened(by):
        stated = case.theorem
        if case.noise > 0.0:
            return dataclasses.replace(
                case, theorem=dataclasses.replace(stated, noise=lambda *_: (1 - by) * case.noise)
            )
        rate = 1.0 - (1.0 + by) * (1.0 - case.rho)
        return dataclasses.replace(case, theorem=dataclasses.replace(stated, contraction=lambda *_: rate))

    beyond = sensitivity + (more + 1e-6) * (1.0 - sensitivity if case.noise > 0.0 else 1.0)
    assert exact.evidence(strengthened(beyond), lambda share: None).status == "refuted"
    assert exact.evidence(strengthened(less * sensitivity), lambda share: None).status != "refuted"


def test_claims_are_measured_of_what_is_found_to_be_the_method_they_are_about(monkeypatch):
    class Gradskip(PlainScaffnew):
        PROMISE = LIKE = "gradskip"

        def step(self, problem, params, state, outcome):
            super().step(problem, params, state, outcome["coin"])

    asked = []
    measure = lambda case, progress: asked.append(case) or case.verdict("claim", "confirmed", "It is so.")  # noqa: E731
    about = claims.about("gradskip")
    monkeypatch.setattr(claims, "_discovered", lambda: [dataclasses.replace(one, measure=measure) for one in about])
    found = {verdict.evidence: verdict.status for verdict in theory.verify(Gradskip(), SMALL, ("identity", "claim"))}
    assert found == {"identity": "refuted", "claim": "not applicable"}
    assert not asked
    assert theory.verify("gradskip", SMALL, "claim")[0].status == "confirmed"
    assert len(asked) == len(about)


def test_of_several_problems_a_claim_is_measured_once_that_has_problems_of_its_own(monkeypatch):
    def claim(name, **kinds):
        measure = lambda case, progress: case.verdict("claim", "confirmed", "It is so.")  # noqa: E731
        return claims.Claim(name, "It is so.", ("scaffnew",), False, measure, **kinds)

    own, here = claim("own", of_its_own=True), claim("here")
    monkeypatch.setattr(claims, "_discovered", lambda: [own, here])
    asked = ("invariant", "claim")
    assert elsewhere("scaffnew", SMALL, asked) == ("invariant", "claim here")
    found = {kind: theory.verify("scaffnew", SMALL, kind) for kind in ("claim", "claim here")}
    assert {kind: [verdict.claim for verdict in verdicts] for kind, verdicts in found.items()} == {
        "claim": ["own", "here"],
        "claim here": ["here"],
    }
    assert {verdict.evidence for verdicts in found.values() for verdict in verdicts} == {"claim"}
    monkeypatch.setattr(claims, "_discovered", lambda: [own])
    assert elsewhere("scaffnew", SMALL, asked) == ("invariant",)
    (verdict,) = theory.verify("scaffnew", SMALL, "claim here")
    assert (verdict.status, verdict.sentence) == ("not applicable", "There is no claim about scaffnew here.")
    monkeypatch.setattr(claims, "_discovered", lambda: [here])
    assert elsewhere("scaffnew", SMALL, asked) == asked


def test_a_claim_that_cannot_be_measured_of_a_file_keeps_nothing_else_from_being_told(monkeypatch):
    class Known(PlainScaffnew):
        LIKE = "scaffnew"

    def measure(case, progress):
        raise InputError("a slope needs finite numbers.")

    endless = dataclasses.replace(claims.about("gradskip")[0], methods=("scaffnew",), measure=measure)
    monkeypatch.setattr(claims, "_discovered", lambda: [endless])
    found = theory.verify(Known(), SMALL, ("identity", "claim"))
    assert [verdict.status for verdict in found] == ["confirmed", "not applicable"]
    assert found[1].sentence == "A slope needs finite numbers."
    with pytest.raises(InputError):
        theory.verify("scaffnew", SMALL, "claim")


def test_a_verdict_is_told_shortly_and_escaped_in_a_notebook():
    found = theory.Verdict("<b>", "exact", "refuted", 1.0, 0.5, 1.0, 1.0, "a & b", {"p": 1 / 3}, 0, "It is 1 > 0.5.")
    assert repr(found) == "<refuted: <b>, exact on a & b: It is 1 > 0.5.>"
    shown = found._repr_html_()
    assert all(text in shown for text in ("&lt;b&gt;", "a &amp; b", "1 &gt; 0.5", "p = 0.333333"))
    assert "<b>," not in shown
