"""Every claim holds where it is made, and is refuted of a method that only bears the name."""

import dataclasses
import re
import shutil
from pathlib import Path
from types import ModuleType

import pytest

from rootkappa import algorithms, problems, theory
from rootkappa.tests.suited import suited
from rootkappa.theory import claims
from rootkappa.theory.case import NotExact
from rootkappa.theory.claims import (
    Claim,
    averages_lower_the_floor,
    fewer_coordinates_with_regularisation,
    floats_and_dimension,
    pseudo_data_keep_what_is_known,
    pseudo_data_save_rounds,
    representative_servers_pay,
    server_data_save_rounds,
    sparse_solution_is_reached,
    sum_of_control_variates,
    unlike_clients_prune_for_themselves,
)
from rootkappa.theory.verdict import STATUSES

pytestmark = pytest.mark.drawn(8, "name")

SMALL = problems.Quadratic.random(clients=4, dim=6, kappa=30.0, seed=1, basis="client")
# Where the random walk of few bits outgrows the contraction.
LARGER = problems.Quadratic.random(clients=10, dim=20, kappa=100.0)
ABOUT = [(claim, name) for name in algorithms.names() for claim in claims.about(name)]


def named(name: str) -> Claim:
    return next(claim for claim, _ in ABOUT if claim.name == name)


def case(name, disguise=None, problem=SMALL, **changes):
    method = algorithms.get(disguise or name)
    return theory.case(dataclasses.replace(method, name=name), suited(method, problem), **changes)


def judge(claim, a_case):
    shares = []
    verdict, *others = claim.verdicts(a_case, shares.append)
    assert shares == sorted(shares)
    assert all(0 <= share <= 1 for share in shares)
    # Of several parts the worst counts.
    return min(verdict, *others, key=lambda one: STATUSES.index(one.news)) if others else verdict


@pytest.mark.parametrize(("claim", "name"), ABOUT, ids=[f"{claim.name}-{name}" for claim, name in ABOUT])
def test_every_claim_is_found_as_known_with_its_control(claim, name, monkeypatch):
    # Long runs of many seeds decide more; here it is to be seen that the claim can be measured and is not refuted.
    monkeypatch.setattr(floats_and_dimension, "KAPPA", 1000.0)
    monkeypatch.setattr(floats_and_dimension, "_DIMENSIONS", (4, 8, 16))
    monkeypatch.setattr(floats_and_dimension, "_SEEDS", 2)
    monkeypatch.setattr(sparse_solution_is_reached, "_SEEDS", 8)
    monkeypatch.setattr(unlike_clients_prune_for_themselves, "_SEEDS", 2)
    for slow in (
        representative_servers_pay,
        server_data_save_rounds,
        pseudo_data_keep_what_is_known,
        pseudo_data_save_rounds,
    ):
        monkeypatch.setattr(slow, "_PROBLEMS", 3)
    monkeypatch.setattr(pseudo_data_save_rounds, "_TUNING", 1)
    settings = averages_lower_the_floor.SETTINGS
    short = {part: setting._replace(iterations=1000) for part, setting in settings.items() if "digits" not in part}
    monkeypatch.setattr(averages_lower_the_floor, "SETTINGS", short)
    settings = fewer_coordinates_with_regularisation.SETTINGS
    few = {part: settings[part]._replace(seeds=2) for part in ("1 %", "ten times fewer")}
    monkeypatch.setattr(fewer_coordinates_with_regularisation, "SETTINGS", few)
    drifts = claim.name == "compression_at_the_server_drifts"
    a_case = case(name, problem=LARGER if drifts else SMALL)
    verdict = judge(claim, a_case)
    assert verdict.evidence == "claim"
    if not claim.on_quadratics:
        assert claim.of_its_own == (verdict.problem != a_case.problem.label)
    sampled = (
        "floats_and_dimension",
        "floats_and_clients",
        "sparse_solution_is_reached",
        "unlike_clients_prune_for_themselves",
        "representative_servers_pay",
        "server_data_save_rounds",
        "pseudo_data_keep_what_is_known",
        "pseudo_data_save_rounds",
        "fewer_coordinates_with_regularisation",
        "averages_lower_the_floor",
    )
    assert verdict.news in ("confirmed", "inconclusive") if claim.name in sampled else verdict.news == "confirmed"
    assert "ontrol" in verdict.sentence
    assert claim.summary.endswith(".")


@pytest.mark.parametrize(
    ("name", "method", "disguise", "changes"),
    [
        ("sum_of_control_variates", "sparse_proxskip", "sparse_proxskip_server", {"k": 2}),
        ("sum_of_control_variates", "sparse_proxskip_server", "sparse_proxskip_server_kept", {"k": 2}),
        ("compression_at_the_server_drifts", "fedcomloc_global", "fedcomloc_com", {}),
        ("floor_of_quantisation", "fedcomloc_com", "fedcomloc_global", {}),
        ("well_conditioned_clients_skip_gradients", "gradskip", "scaffnew", {}),
        ("unlike_clients_prune_for_themselves", "sparse_proxskip", "sparse_proxskip_server", {}),
        ("floor_is_the_servers_bias", "fedclg_c", "fedclg_s", {"eta": 0.1}),
    ],
)
def test_a_claim_about_what_another_method_does_is_refuted(name, method, disguise, changes, monkeypatch):
    monkeypatch.setattr(unlike_clients_prune_for_themselves, "_SEEDS", 2)
    assert judge(named(name), case(method, disguise, **changes)).status == "refuted"


def test_a_claim_about_a_file_is_about_the_method_that_it_is(tmp_path):
    """The naive server is the one of these methods that loses the sum: its copy does too."""
    copy = tmp_path / "copy.py"
    shutil.copy(Path(algorithms.__file__).parent / "sparse_proxskip_server.py", copy)
    identity, *found = theory.verify(copy, SMALL, ("identity", "claim"), k=2)
    assert identity.status == "confirmed"
    assert {verdict.status for verdict in found} == {"confirmed"}
    assert {verdict.method for verdict in found} == {str(copy)}


def test_a_claim_draws_from_the_seed_that_it_is_given(monkeypatch):
    monkeypatch.setattr(floats_and_dimension, "_SEEDS", 2)
    monkeypatch.setattr(floats_and_dimension, "_DIMENSIONS", (4, 8, 16))
    monkeypatch.setattr(floats_and_dimension, "KAPPA", 300.0)
    measured = [
        judge(named("floats_and_dimension"), dataclasses.replace(case("tamuna"), seed=seed)).measured
        for seed in (0, 0, 1)
    ]
    assert measured[0] == measured[1] != measured[2]


def test_step_sizes_of_pseudo_data_are_told_with_whose_they_are_and_how_they_were_found(monkeypatch):
    monkeypatch.setattr(pseudo_data_save_rounds, "_PROBLEMS", 2)
    monkeypatch.setattr(pseudo_data_save_rounds, "_TUNING", 1)
    verdicts = named("pseudo_data_save_rounds").verdicts(case("fedreg"), lambda share: None)
    number = r"[0-9.e+-]+ \[[0-9.e+-]+, [0-9.e+-]+\]"
    size = r"0\.[1-8]/L"
    for verdict, between in zip(
        verdicts,
        (
            rf", and {number} times that of the mixing of models without projections",
            ", in 5 times as many rounds, which compute as many gradients",
            "",
        ),
        strict=True,
    ):
        assert re.match(
            rf"The mean gap of 20 rounds is {number} times that of FedAvg, the control{between}\. The best step sizes "
            rf"on other problems were taken, {size}, and {size} for FedAvg\.",
            verdict.sentence,
        ), verdict.sentence


def test_where_few_bits_do_not_diverge_nothing_is_decided():
    verdict = judge(named("compression_at_the_server_drifts"), case("fedcomloc_global"))
    assert verdict.status == "inconclusive"


def test_a_control_with_a_high_floor_refutes_nothing():
    problem = problems.Quadratic.random(clients=10, dim=20, kappa=1e8)
    verdict = judge(named("compression_at_the_server_drifts"), case("fedcomloc_global", problem=problem))
    assert verdict.status == "inconclusive"


def test_where_nothing_is_pruned_nothing_is_claimed():
    for name in ("sum_of_control_variates", "naive_pruning_rests_anywhere"):
        verdicts = theory.verify("sparse_proxskip_server", SMALL, ("claim",), k=6)
        assert {verdict.status for verdict in verdicts} == {"not applicable"}, name
        assert all("nothing is pruned" in verdict.sentence.lower() for verdict in verdicts)


@pytest.mark.parametrize("kappa", [1.0001, 1e3, 1e6])
def test_cohorts_are_told_apart_at_any_condition_number(kappa):
    problem = problems.Quadratic.random(clients=4, dim=3, kappa=kappa, basis="client")
    assert judge(named("cohorts_of_any_size"), case("tamuna", problem=problem)).status == "confirmed"


@pytest.mark.parametrize("name", ["sparse_proxskip", "sparse_proxskip_server", "sparse_proxskip_server_kept"])
def test_the_sum_of_equal_clients_is_kept_up_to_their_gradients_rounding(name):
    problem = problems.Quadratic.random(kappa=100.0, heterogeneity=0.0)
    assert judge(named("sum_of_control_variates"), case(name, problem=problem)).status == "confirmed"


@pytest.mark.parametrize(("lam", "status"), [(0.0, "not applicable"), (1e-6, "inconclusive"), (0.1, "confirmed")])
def test_thresholds_too_small_to_reach_zero_refute_nothing(lam, status):
    (verdict,) = theory.verify("sparse_proxskip_server_soft", SMALL, ("claim",), lam=lam)
    assert verdict.status == status


def test_a_server_that_does_not_threshold_is_refuted():
    soft = case("sparse_proxskip_server_soft")
    scaffnew = algorithms.get("scaffnew")

    def advance(kernel, params, state, draws):
        scaffnew.advance(kernel, scaffnew.Params(params.gamma, params.p), state, draws)

    method = dataclasses.replace(soft.method, advance=advance)
    verdict = judge(named("soft_thresholding_at_the_server"), dataclasses.replace(soft, method=method))
    assert verdict.status == "refuted"


def test_pruning_keeps_the_largest_and_the_first_of_equals():
    assert sum_of_control_variates.pruned(SMALL.solution().x * 0.0 + 1.0, 2).tolist() == [1.0, 1.0, 0.0, 0.0, 0.0, 0.0]


def test_senders_that_would_not_fit_a_small_relative_need_none():
    (verdict,) = theory.verify("tamuna", LARGER, ("exact",), s=5)
    assert verdict.status == "confirmed"
    assert verdict.measured == pytest.approx(verdict.promised, abs=1e-9)
    assert "as here there is too much to list" not in verdict.sentence


def stated(measure, refuted):
    """A claim about Scaffnew that is measured like this."""
    return Claim("it_flies", "It flies.", ("scaffnew",), True, measure, refuted)


def finding(status):
    return lambda case, progress: case.verdict("claim", status, f"It is {status}.", 1.0, 0.0)


@pytest.mark.parametrize(
    ("status", "refuted", "told", "code"),
    [
        ("confirmed", {}, "confirmed", 0),
        ("refuted", {}, "refuted", 1),
        ("inconclusive", {}, "inconclusive", 3),
        ("refuted", {"": "It has no wings."}, "refuted as known", 0),
        ("confirmed", {"": "It has no wings."}, "confirmed against what is known", 1),
        ("inconclusive", {"": "It has no wings."}, "inconclusive", 3),
        ("not applicable", {"": "It has no wings."}, "not applicable", 3),
    ],
)
def test_only_what_differs_from_what_is_known_is_news(status, refuted, told, code, monkeypatch):
    monkeypatch.setattr(claims, "_discovered", lambda: (stated(finding(status), refuted),))
    (verdict,) = theory.verify("scaffnew", SMALL, "claim")
    assert (verdict.status, verdict.told) == (status, told)
    assert theory.exit_code([verdict.news]) == code
    record = verdict.record()
    assert (record["claim"], record["status"]) == ("it_flies", status)
    assert record["known"] == ("refuted" if refuted else "confirmed")
    is_decided = status in ("confirmed", "refuted")
    assert ("It has no wings." in verdict.sentence) == (is_decided and bool(refuted))
    assert ("news" in verdict.sentence) == (code == 1)


def test_a_claim_in_parts_is_a_row_for_each(monkeypatch):
    def measure(case, progress):
        yield case.verdict("claim", "confirmed", "With one step it is so.", part="1 local step")
        yield case.verdict("claim", "refuted", "With three it is not.", part="3 local steps")

    monkeypatch.setattr(claims, "_discovered", lambda: (stated(measure, {"3 local steps": "Clients drift."}),))
    found = theory.verify("scaffnew", SMALL, ("invariant", "claim"))
    assert [verdict.claim for verdict in found] == ["", "it_flies: 1 local step", "it_flies: 3 local steps"]
    assert [verdict.told for verdict in found] == ["confirmed", "confirmed", "refuted as known"]
    assert theory.exit_code([verdict.news for verdict in found]) == 0


def test_a_claim_keeps_its_name_where_it_cannot_be_measured(monkeypatch):
    def measure(case, progress):
        raise NotExact("there is no air.")

    monkeypatch.setattr(claims, "_discovered", lambda: (stated(measure, {"": "It has no wings."}),))
    (verdict,) = theory.verify("scaffnew", SMALL, "claim")
    assert (verdict.claim, verdict.told, verdict.sentence) == ("it_flies", "not applicable", "There is no air.")
    (verdict,) = theory.verify("scaffnew", SMALL, "claim", gamma=3.0)
    assert (verdict.claim, verdict.told) == ("it_flies", "not applicable")


@pytest.mark.parametrize(("why", "refuted"), [(None, {}), ("So.", {"": "So."}), ({"far": "So."}, {"far": "So."})])
def test_a_module_says_why_its_claim_does_not_hold(why, refuted):
    module = ModuleType("it_flies", "It flies.\n\nControl: a stone.")
    vars(module).update(METHODS=("scaffnew",), measure=finding("refuted"), **({} if why is None else {"REFUTED": why}))
    claim = Claim.from_module(module, "it_flies")
    assert (claim.summary, dict(claim.refuted)) == ("It flies.", refuted)


def test_where_all_clients_take_part_a_servers_bias_says_nothing():
    verdict = judge(named("floor_is_the_servers_bias"), case("fedclg_c", M=4))
    assert verdict.status == "inconclusive"


@pytest.mark.parametrize(
    ("elsewhere", "there", "told"),
    [
        (False, None, "It flew."),
        (True, None, "Not on the given problem but on problems of its own sizes: It flew."),
        (False, "birds, n=2", "Not on the given problem but on birds, n=2: It flew."),
    ],
)
def test_a_claim_says_first_that_it_was_measured_on_another_problem(elsewhere, there, told, monkeypatch):
    def measure(case, progress):
        verdict = case.verdict("claim", "confirmed", "It flew.")
        return verdict if there is None else dataclasses.replace(verdict, problem=there)

    claim = claims.Claim("it_flies", "It flies.", ("scaffnew",), True, measure, elsewhere=elsewhere)
    monkeypatch.setattr(claims, "_discovered", lambda: (claim,))
    (found,) = theory.verify("scaffnew", SMALL, evidence="claim")
    assert found.sentence == told
    assert found.question.startswith('the claim "it flies" at gamma = ')
