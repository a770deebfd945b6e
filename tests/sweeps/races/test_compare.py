"""A comparison: costs that NumPy counts too, who is waited for and who is not, and nothing computed twice."""

import json
import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest
from scipy import stats

from rootkappa import algorithms, problems
from rootkappa.algorithms import Clock
from rootkappa.core.errors import InputError
from rootkappa.sweeps import ProblemSpec, Store
from rootkappa.sweeps.races import compare as module
from rootkappa.sweeps.races import trials
from rootkappa.sweeps.races.compare import Entry, compare, grid, interval
from rootkappa.sweeps.races.prices import Target
from rootkappa.sweeps.races.trials import Given, Trial, needed, rests
from rootkappa.theory import get

SPEC = ProblemSpec(clients=4, dim=5, kappa=20.0, problem_seed=3)


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "compare.sqlite") as kept:
        yield kept


def descended(problem, gamma, measure, goal):
    """Return the first round of gradient descent at which a measure is at most a goal, in plain NumPy."""
    x, count = np.zeros(problem.d), 0
    while measure(x) > goal:
        x, count = x - gamma * problem.gradient(x), count + 1
    return count


@pytest.mark.parametrize("records", [300, 4])
def test_the_cost_is_of_whole_rounds_as_numpy_counts_them(store, monkeypatch, records):
    # With four records it takes several runs to find the round.
    monkeypatch.setattr(trials, "_RECORDS", records)
    problem = SPEC.build()
    gamma = get("gradient_descent").parameters(problem).gamma
    (row,) = compare(SPEC, ["gradient_descent"], "gap=1e-3", "up=1,down=0.1", store=store).rows
    rounds = descended(problem, gamma, problem.gap, 1e-3)
    assert rounds > 8  # else there would be nothing to count
    assert row["rounds"] == rounds
    assert row["cost"] == pytest.approx(64 * problem.d * rounds * 1.1, rel=1e-15)
    assert (row["low"], row["high"]) == (row["cost"], row["cost"])  # nothing is random


@pytest.mark.parametrize("kappa", [300.0, 3000.0])
def test_where_not_every_round_is_recorded_it_is_the_first_at_the_target_too(kappa):
    spec = replace(SPEC, kappa=kappa)
    problem = spec.build()
    gamma = get("gradient_descent").parameters(problem).gamma
    found, _ = Trial("gradient_descent", spec, Target("gap", 1e-6), 1e9).compute()
    rounds = descended(problem, gamma, problem.gap, 1e-6)
    assert rounds > 300
    assert (found["rounds"], found["bits_up"]) == (rounds, 64 * problem.d * rounds)
    assert found["reached"] <= 1e-6


def test_a_random_path_is_at_the_target_where_it_is_said_to_be():
    found, _ = Trial("scaffnew", SPEC, Target("gap", 1e-3), 1e9, seed=2).compute()
    problem, rounds = SPEC.build(), int(found["rounds"])
    assert rounds == found["rounds"]
    params = get("scaffnew").parameters(problem)
    trace = algorithms.run("scaffnew", problem, params, rounds, seed=2, record=np.arange(rounds + 1))
    assert np.flatnonzero(trace.column("gap") <= 1e-3).tolist() == [rounds]


def test_distance_and_another_price_are_of_the_same_path(store):
    problem = SPEC.build()
    goal = 1e-2 * float(np.linalg.norm(problem.solution().x))
    (row,) = compare(SPEC, ["gradient_descent"], f"distance={goal!r}", "gradients", store=store).rows
    gamma = get("gradient_descent").parameters(problem).gamma
    assert row["cost"] == descended(problem, gamma, lambda x: np.linalg.norm(x - problem.solution().x), goal)


def test_seconds_are_those_of_the_run(store):
    clock = Clock(speeds="slowness(1,4)")
    found = compare(SPEC, ["gradient_descent"], "gap=1e-3", "seconds", clock=str(clock), store=store)
    (row,) = found.rows
    params = get("gradient_descent").parameters(SPEC.build())
    rounds = int(row["rounds"])
    trace = algorithms.run("gradient_descent", SPEC.build(), params, rounds, record=np.arange(rounds + 1), clock=clock)
    assert row["cost"] == trace.column("seconds")[-1]
    with pytest.raises(InputError, match="which no clock simulates"):
        compare(SPEC, ["gradient_descent"], cost="seconds", store=store)


def test_every_seed_is_a_path_of_its_own_and_the_interval_is_students(store):
    (row,) = compare(SPEC, ["scaffnew"], "gap=1e-3", "rounds", seeds=4, store=store).rows
    alone = [Trial("scaffnew", SPEC, Target("gap", 1e-3), 1e9, seed=seed).compute()[0]["rounds"] for seed in range(4)]
    low, high = stats.t.interval(0.95, 3, np.log(alone).mean(), stats.sem(np.log(alone)))
    assert [row["low"], row["high"]] == pytest.approx(np.exp([low, high]), rel=1e-12)
    assert row["seeds"] == row["walked"] == 4
    assert len(set(alone)) > 1


@pytest.mark.parametrize("count", [2, 3, 12])
def test_an_interval_is_students_on_the_logarithms(count):
    logs = np.sin(np.arange(count))
    ends = np.exp(stats.t.interval(0.95, count - 1, logs.mean(), stats.sem(logs)))
    assert interval(np.exp(logs)) == pytest.approx((np.exp(logs.mean()), *ends), rel=1e-12)


class Fall(NamedTuple):
    """A trace of a measure that falls like a power."""

    rate: float

    def column(self, name):
        rounds = np.arange(201.0)
        return rounds if name == "round" else np.exp(-self.rate * rounds)


@pytest.mark.parametrize("rate", [1e-3, 0.01, 0.1])
def test_what_is_needed_at_a_pace_is_exact_for_a_power(rate):
    assert needed(Fall(rate), 1e-9) == pytest.approx(math.log(1e9) / rate, rel=1e-9)
    assert needed(Fall(-rate), 1e-9) == math.inf


def test_only_what_hardly_falls_rests():
    rounds = np.unique(np.geomspace(1, 10**4, 300).round())
    assert rests(rounds, 0.1 + np.exp(-rounds))
    assert rests(rounds, 0.1 + 0.01 * np.sin(rounds))
    assert not rests(rounds, 1 / rounds)
    assert not rests(rounds, np.exp(-rounds / 10**4))
    assert not rests(rounds[:9], np.ones(9))  # too few to say so


# A race of methods whose paths are known: in which round each would arrive, and where it ends.
PACES = {"scaffnew": 300.0, "nesterov": 900.0, "gradient_descent": 2e5, "diana": 1e9}


@pytest.fixture
def raced(monkeypatch):
    """Return a list of all paths that are computed, of methods with the paces above and 1e6 multiplications a round."""
    walked = []

    def compute(self):
        walked.append((self.method, dict(self.changes), round(self.work / 1e6), self.seed))
        if self.method == "clg_sgd":
            return {"status": "unfit", "told": "it needs a server"}, None
        if self.method == "fedavg":
            return {"status": "rests", "reached": 0.1, "rounds": 9.0, "params": "{}", "is_random": False}, None
        p = dict(self.changes).get("p", 0.2)
        pace = PACES[self.method] * (1.0 + abs(math.log(p / 0.1)) if self.method == "scaffnew" else 1.0)
        given = self.work / 1e6
        counts = {"rounds": min(given, pace), "bits_up": min(given, pace), "bits_down": 0.0}
        status = "arrived" if given >= pace else "short"
        about = {"status": status, "params": "{}", "is_random": self.method == "scaffnew", "walked": int(given)}
        return {**about, **counts, "reached": 0.5, "needed": pace}, None

    monkeypatch.setattr(module.Trial, "compute", compute)
    return walked


ALL = [*PACES, "fedavg", "clg_sgd"]


def test_who_cannot_win_is_not_waited_for_and_every_row_says_why(raced, store):
    found = compare(SPEC, ALL, store=store, seeds=2)
    rows = {row["method"]: row for row in found.rows}
    assert [row["method"] for row in found.arrived] == ["scaffnew", "nesterov"]
    assert {name: rows[name]["status"] for name in ALL[2:]} == {
        "gradient_descent": "slow", "diana": "slow", "fedavg": "rests", "clg_sgd": "unfit",
    }  # fmt: skip
    assert all(row["reason"] for row in found.rows if row["status"] != "arrived")
    assert "times the cheapest" in rows["diana"]["reason"]
    # Nobody climbs for what would cost a hundred times as much.
    assert [work for method, _, work, _ in raced if method in ("gradient_descent", "diana")] == [250, 250]
    assert not found.is_open


def test_a_patient_user_gets_more_numbers(raced, store):
    found = compare(SPEC, ALL, store=store, within=1e4, budget="1e13")
    assert "gradient_descent" in {row["method"] for row in found.arrived}


def test_a_budget_ends_it_and_a_larger_one_goes_on(raced, store):
    found = compare(SPEC, ["gradient_descent"], store=store, budget="1e9")
    assert [(row["status"], found.is_open) for row in found.rows] == [("budget", True)]
    assert "the budget ended" in found.rows[0]["reason"]
    before = len(raced)
    assert before == sum(work * 1e6 <= 1e9 for _, _, work, _ in raced)
    again = compare(SPEC, ["gradient_descent"], store=store, budget="1e13")
    assert again.rows[0]["status"] == "arrived"
    assert raced[before:] == [one for one in raced[before:] if one not in raced[:before]]


def test_nothing_is_computed_twice_also_after_an_interruption(raced, store, monkeypatch):
    whole = module.Trial.compute

    def interrupted(self):
        if self.method == "nesterov" and self.work > 3e8:
            raise KeyboardInterrupt
        return whole(self)

    monkeypatch.setattr(module.Trial, "compute", interrupted)
    with pytest.raises(KeyboardInterrupt):
        compare(SPEC, ALL, store=store, tune=True)
    monkeypatch.setattr(module.Trial, "compute", whole)
    found = compare(SPEC, ALL, store=store, tune=True)
    assert len(raced) == len({repr(one) for one in raced})
    count = len(raced)
    again = compare(SPEC, ALL, store=store, tune=True)
    assert again.computed == 0
    assert len(raced) == count
    assert json.dumps(again.rows) == json.dumps(found.rows)


def test_letters_are_tuned_on_other_seeds_than_those_that_are_reported(raced, store):
    found = compare(SPEC, ["scaffnew"], store=store, letters={"p": [0.05, 0.1, 0.4]}, seeds=3)
    tuned = next(row for row in found.rows if row["how"] == "tuned")
    assert tuned["changes"] == {"p": 0.1}  # where the pace above is largest
    assert found.rows[0] is tuned
    assert tuned["edge"] == ""  # there was more on both sides
    reported = {seed for _, changes, _, seed in raced if changes in ({}, {"p": 0.1}) and seed < 1000}
    assert reported == {0, 1, 2}
    assert {seed for _, changes, _, seed in raced if changes.get("p") in (0.05, 0.4)}.isdisjoint(reported)


def test_a_best_value_at_the_end_of_its_grid_is_told(raced, store):
    found = compare(SPEC, ["scaffnew"], store=store, letters={"p": [0.1, 0.4]})
    assert found.rows[0]["changes"] == {"p": 0.1}
    assert found.rows[0]["reason"] == "p is at the end of its grid, and another may be better."


def test_a_grid_is_around_what_is_prescribed_and_keeps_to_the_theorem():
    tried = [dict(changes) for changes in grid(SPEC, Entry("scaffnew", (), "prescribed"), {}, True, Target())]
    prescribed = get("scaffnew").parameters(SPEC.build()).p
    assert sorted(one.get("p", prescribed) / prescribed for one in tried) == pytest.approx(
        [1 / 16, 0.25, 0.5, 1.0, 2.0, 4.0]
    )
    locodl = [dict(changes) for changes in grid(SPEC, Entry("locodl", (), "prescribed"), {}, True, Target())]
    assert {one.get("C") for one in locodl} >= {"Natural()", "Identity()"}
    assert not any("TopK" in one.get("C", "") for one in locodl)  # which is biased
    assert grid(SPEC, Entry("gradient_descent", (), "prescribed"), {}, True, Target()) == []


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"to": "gap=1e9"}, "is where x = 0 is already"),
        ({"letters": {"q": [1]}}, "unknown letter"),
        ({"within": 0.5}, "within"),
        ({"seeds": 10**4}, "too many paths"),
        ({"methods": []}, "names no method: give at least one"),
        ({"methods": ["scafnew"]}, "did you mean 'scaffnew'"),
        ({"to": "accuracy=0.9"}, "has none to hold out"),
    ],
)
def test_what_cannot_be_compared(store, given, told):
    with pytest.raises(InputError, match=told):
        compare(SPEC, **({"methods": ["scaffnew"]} | given), store=store)


def unequal_digits():
    """Return odd against even digits at 37 clients of very unequal sizes."""
    from rootkappa.problems.data import load_classes

    features, digits = load_classes("digits")
    sizes = np.geomspace(1, 240, 37)
    owner = np.searchsorted(np.cumsum(sizes / sizes.sum()), np.random.default_rng(0).random(len(digits)))
    owner = np.concatenate([np.arange(37), np.minimum(owner, 36)[37:]])
    return problems.Logistic(features, digits % 2, clients=37, l2=1e-3, partition=owner)


@pytest.mark.nightly
def test_every_method_has_a_number_or_a_reason(store):
    found = compare(Given(unequal_digits()), None, "gap=1e-4", "up=1,down=0.1", store=store, budget="4e11")
    assert {row["method"] for row in found.rows} == {*algorithms.names()}
    for row in found.rows:
        assert row["reason"] or (row["status"] == "arrived" and row["cost"] > 0), row
    assert len(found.arrived) >= 3
    assert "failed" not in {row["status"] for row in found.rows}


def test_some_methods_on_unequal_clients(store):
    problem = unequal_digits()
    sizes = np.diff(problem._start)
    assert (sizes.min(), sizes.max() > 100) == (1, True)
    methods = ["scaffnew", "nesterov", "clg_sgd", "dispfl"]
    found = compare(Given(problem), methods, "gap=1e-3", "up=1,down=0.1", store=store, seeds=1)
    assert {row["method"]: row["status"] for row in found.rows} == {
        "scaffnew": "arrived", "nesterov": "arrived", "clg_sgd": "unfit", "dispfl": "unfit",
    }  # fmt: skip
    told = {row["method"]: row["reason"] for row in found.rows}
    assert "needs a server with data of its own" in told["clg_sgd"]
    assert "clients have models of their own" in told["dispfl"].lower()
