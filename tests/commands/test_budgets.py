"""What long paths take is told before they are walked, and a budget ends them where it says."""

import shlex
from dataclasses import replace

import pytest

from rootkappa import problems, theory
from rootkappa.commands.budgets import of_a_path
from rootkappa.core.errors import InputError
from rootkappa.theory.case import BUDGET
from rootkappa.theory.engines.path import ACCURACY, forecast

LINE = shlex.split("verify gradient_descent --problem quadratic --clients 3 --dim 3 --kappa 1e4 --evidence path")


def test_a_path_that_is_cut_is_told_before_and_is_cut_there(command):
    found = command(*LINE, "--budget", "4e6")
    assert found.code == 0, found
    told, _, verdict = found.output.partition("\n")
    assert told.startswith("gradient_descent on quadratic n=3 d=3 kappa=10000")
    assert told.endswith("--budget gives them more.")
    case = theory.case("gradient_descent", problems.Quadratic.random(clients=3, dim=3, kappa=1e4))
    rounds = int(2e6 / case.round_work)  # half of it for each of two paths
    assert f"Its paths end after {2e6 / case.round_work:.3g} rounds" in told
    assert f"in {rounds} rounds, where the budget ended" in " ".join(verdict.split())


def test_what_is_quick_is_walked_without_a_word(command):
    assert "--budget" not in command(*LINE[:-4], "--kappa", "100", "--evidence", "path").output
    assert "--budget" not in command(*LINE, "--evidence", "exact").output


def test_a_forecast_is_what_a_path_takes_by_its_promise():
    problem = problems.Quadratic.random(clients=3, dim=2, kappa=100.0)
    case = theory.case("gradient_descent", problem)
    ahead = forecast(case)
    assert ahead.rounds == case.promised_rounds(ACCURACY**2)
    assert case.horizon(ACCURACY**2) == pytest.approx(ahead.rounds, abs=1)
    assert not ahead.is_cut
    short = replace(case, budget=ahead.work / 2)
    assert forecast(short).is_cut
    assert short.horizon(ACCURACY**2) == pytest.approx(ahead.rounds / 2, abs=1)


def test_a_budget_is_shared_by_all_paths():
    assert of_a_path(None, 3) == BUDGET
    assert of_a_path("1e12", 5) == 1e11
    with pytest.raises(InputError, match="is no budget"):
        of_a_path("soon", 1)
    with pytest.raises(InputError, match="budget = 0 is no number of multiplications"):
        theory.verify("scaffnew", problems.Quadratic.random(clients=3, dim=2, kappa=5.0), ("path",), budget=0)
