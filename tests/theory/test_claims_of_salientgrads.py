"""Each claim about SalientGrads, of a method in disguise that contradicts what is known."""

import dataclasses

import numpy as np
import pytest

from rootkappa import algorithms, problems, theory
from rootkappa.theory import claims
from rootkappa.theory.claims import masked_models_are_as_good, salient_masks_beat_random

pytestmark = pytest.mark.drawn(4)

METHOD = algorithms.get("salientgrads")
PROBLEM = problems.Quadratic.random(clients=4, dim=6, kappa=30.0, seed=1)


def judged(name, **functions):
    """Return how a claim counts, part by part, of the method with other functions."""
    claim = next(one for one in claims.about("salientgrads") if one.name == name)
    case = dataclasses.replace(theory.case("salientgrads", PROBLEM), method=dataclasses.replace(METHOD, **functions))
    return [verdict.news for verdict in claim.verdicts(case, lambda share: None)]


def of_least_scores(problem, params):
    """Start with a mask of the coordinates that the method leaves out first."""
    x, mask, gamma = METHOD.start(problem, params)
    others = METHOD.start(problem, params._replace(density=max(1.0 - params.density, 0.01))).mask
    return METHOD.State(x, 1.0 - others if params.density < 1.0 else mask, gamma)


def test_a_mask_of_the_smallest_scores_is_worse_than_a_random_one():
    assert judged("salient_masks_beat_random", start=of_least_scores) == ["refuted"]


def test_a_mask_that_holds_nothing_back_would_be_news(monkeypatch):
    monkeypatch.setattr(masked_models_are_as_good, "_DRAWS", 1)

    def advance(kernel, params, state, draws):
        state.mask[:] = 1.0
        METHOD.advance(kernel, params, state, draws)

    assert judged("masked_models_are_as_good", advance=advance) == ["refuted", "refuted", "confirmed"]


def test_a_mask_of_the_smallest_scores_keeps_too_little_at_any_density(monkeypatch):
    monkeypatch.setattr(masked_models_are_as_good, "_DRAWS", 1)
    assert judged("masked_models_are_as_good", start=of_least_scores) == ["confirmed", "confirmed", "refuted"]


def test_scores_of_all_samples_whatever_the_letters_are_as_good_which_would_be_news():
    def of_all_samples(problem, params):
        return METHOD.start(problem, params._replace(b=10**6))

    assert judged("minibatches_score_as_well", start=of_all_samples) == ["refuted"]


def test_the_planted_features_are_those_that_matter():
    problem, matters = salient_masks_beat_random.planted(5)
    weights = np.abs(problem.solution().x)
    assert weights[matters].mean() > 3.0 * weights[~matters].mean()
