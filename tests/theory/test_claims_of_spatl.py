"""Each claim about SPATL, of a method in disguise that contradicts what is known."""

import dataclasses

import numpy as np
import pytest

from rootkappa import algorithms, problems, theory
from rootkappa.algorithms.parts.agents import Bandit
from rootkappa.theory import claims
from rootkappa.theory.claims import bandit_finds_the_share, private_predictors_fit_unlike_clients
from rootkappa.theory.claims import pruned_rows_save_uplink as planted

pytestmark = pytest.mark.drawn(4)

METHOD = algorithms.get("spatl")
PROBLEM = problems.Personal(problems.Quadratic.random(clients=3, dim=4, kappa=10.0, seed=1), [3])


def judged(name, **functions):
    """Return how each part of a claim counts, of the method with other functions."""
    claim = next(one for one in claims.about("spatl") if one.name == name)
    case = dataclasses.replace(theory.case("spatl", PROBLEM), method=dataclasses.replace(METHOD, **functions))
    return {verdict.claim.partition(": ")[2]: verdict.news for verdict in claim.verdicts(case, lambda share: None)}


def costing(**shares):
    """Return a ``cost`` of which some fields are multiplied."""

    def cost(problem, params, draws):
        told = METHOD.cost(problem, params, draws)
        return told._replace(**{field: int(share(params) * getattr(told, field)) for field, share in shares.items()})

    return cost


def test_a_method_that_sends_all_rows_saves_nothing():
    def whole(problem, params, draws):
        return METHOD.cost(problem, params._replace(r=1.0), draws)

    found = judged("pruned_rows_save_uplink", cost=whole)
    known = {"up and down, beside FedAvg", "86 % less up with a fifth of the rows"}
    assert found == {part: "confirmed" if part in known else "refuted" for part in found}
    assert len(found) == 8


def test_a_server_that_sends_nothing_would_be_news():
    free = costing(bits_down=lambda params: 1.0 if params.r == 1.0 else 0.0, bits_up=lambda params: min(params.r, 0.5))
    found = judged("pruned_rows_save_uplink", cost=free)
    assert found["up and down, beside FedAvg"] == "refuted"
    assert found["86 % less up with a fifth of the rows"] == "refuted"


def test_without_control_there_is_a_floor():
    def only_scaffold(kernel, params, state, draws):
        METHOD.advance(kernel, params._replace(s=float(params.r == 1.0)), state, draws)

    assert judged("control_removes_the_floor", advance=only_scaffold)["senders"] == "refuted"


def test_without_a_floor_the_control_shows_nothing():
    def always(kernel, params, state, draws):
        METHOD.advance(kernel, params._replace(s=1.0), state, draws)

    assert judged("control_removes_the_floor", advance=always)["senders"] == "inconclusive"


def test_choices_that_do_no_harm_would_be_news():
    def harmless(kernel, params, state, draws):
        letters = {"mean": "senders", "salience": "change", "s": float(params.s > 0.0)}
        METHOD.advance(kernel, params._replace(**letters), state, draws)

    found = judged("control_removes_the_floor", advance=harmless)
    assert found.pop("senders") == "confirmed"
    assert set(found.values()) == {"refuted"}


def test_a_bandit_for_whom_all_costs_the_same_saves_nothing():
    dear = costing(bits_up=lambda params: 1.0 if params.r == 1.0 else 10.0 / params.r)
    found = judged("bandit_finds_the_share", cost=dear)
    assert found["beside FedAvg"] == "refuted"


def test_a_bandit_that_beats_the_small_shares_would_be_news():
    # The claim knows the best share: here another is.
    dear = costing(bits_up=lambda params: 1.0 if params.r > 0.2 else 60.0)
    assert judged("bandit_finds_the_share", cost=dear)["beside the best share"] == "refuted"


def test_one_model_would_be_news_where_few_samples_are_enough(monkeypatch):
    def always(*arguments):
        return 0.1, 0.2, 0.3

    monkeypatch.setattr(private_predictors_fit_unlike_clients, "errors", always)
    assert list(judged("private_predictors_fit_unlike_clients").values()) == ["refuted", *["confirmed"] * 3]


def test_a_method_that_learns_nothing_classifies_worse(monkeypatch):
    monkeypatch.setattr(private_predictors_fit_unlike_clients, "_SEEDS", 2)
    found = judged("private_predictors_fit_unlike_clients", advance=lambda *arguments: None)
    assert found["beside one model, 120 samples"] == "refuted"
    assert found["beside each client alone, 120 samples"] == "refuted"


def test_labels_follow_the_planted_weights():
    problem, truth = planted.drawn(3, 60)
    features, owner, labels = truth.labelled(np.random.default_rng(0), 300)
    logits = features[:, :30] @ truth.shared + np.einsum("jk,jkc->jc", features[:, 30:], truth.private[owner])
    assert np.mean(logits.argmax(axis=1) == labels) > 0.6
    assert np.bincount(owner).tolist() == [300] * 10
    assert len(problem.shared) == 150


def agent(arms, epsilon, gains, rounds=200):
    """Return how often each arm is chosen where each gains what it gains."""
    bandit, counts = Bandit(arms, epsilon, np.random.default_rng(0)), dict.fromkeys(arms, 0)
    for t in range(rounds):
        arm = bandit.choose()
        counts[arm] += 1
        bandit.learn(arm, gains[arm] * 0.97**t, arm)
    return counts


@pytest.mark.parametrize("best", [0.1, 0.5, 1.0])
def test_the_bandit_finds_what_gains_most_for_a_bit_also_while_gains_fall(best):
    gains = {arm: arm * (5.0 if arm == best else 1.0) for arm in (0.1, 0.5, 1.0)}
    counts = agent((0.1, 0.5, 1.0), 0.1, gains)
    assert counts[best] > 150
    assert min(counts.values()) >= 1


def test_the_bandit_draws_as_often_as_epsilon_says():
    # Of 2000 rounds 0.3 are drawn and 2/3 of these are others: a deviation of 6 sd errs once in 10^9.
    counts = agent((0.1, 0.5, 1.0), 0.3, {0.1: 0.5, 0.5: 0.5, 1.0: 0.5}, 2000)
    assert abs(2000 - counts[0.1] - 400) < 6 * np.sqrt(2000 * 0.2 * 0.8) + 3


def test_a_path_of_the_agent_counts_each_rounds_rows_and_its_loss():
    case = planted.on_planted(theory.case("spatl", PROBLEM), 5)
    path = bandit_finds_the_share.of_agent(case, 12, 0.0)
    spent = [
        METHOD.cost(case.problem, case.params._replace(r=share), case.draw(np.random.default_rng(0), 1)).bits_up
        for share in path.shares
    ]
    np.testing.assert_array_equal(np.diff(path.bits), np.array(spent) + 64)
    assert path.shares[:5].tolist() == [1.0, 0.7, 0.4, 0.2, 0.1]
    assert len(path.gaps) == 13
