"""What is chosen is a model that classifies, and scientists of data can take it with them."""

import numpy as np
import pytest

import rootkappa
from rootkappa import problems
from rootkappa.core.errors import InputError
from rootkappa.sweeps.choose import Chosen, choose, recommendation
from rootkappa.sweeps.compare import Comparison


def data(classes):
    rng = np.random.default_rng(5)
    features = rng.standard_normal((80, 4))
    return features, (features @ rng.standard_normal((4, classes))).argmax(axis=1)


@pytest.fixture(scope="module")
def chosen():
    features, labels = data(2)
    problem = problems.Logistic(features, labels, clients=4, kappa=20.0)
    return choose(problem, "gap=1e-9", "rounds", methods=["nesterov", "scaffnew"], seeds=2)


def test_the_model_is_the_minimiser_as_scikit_learn_finds_it(chosen):
    from sklearn.linear_model import LogisticRegression

    features, labels = data(2)
    l2 = chosen.problem.l2
    theirs = LogisticRegression(C=1 / (l2 * len(labels)), fit_intercept=False, tol=1e-10, max_iter=10**4)
    theirs.fit(features, labels)
    assert chosen.problem.gap(chosen.model) <= 1e-9
    assert chosen.model == pytest.approx(theirs.coef_[0], rel=1e-3)
    ours = chosen.to_sklearn()
    assert pytest.approx(theirs.C) == ours.C
    assert ours.predict_proba(features) == pytest.approx(theirs.predict_proba(features), abs=1e-3)
    assert np.array_equal(ours.predict(features), theirs.predict(features))
    assert np.array_equal(chosen.predict(features), ours.predict(features))
    assert chosen.predict(features[0]).shape == (1,)


def test_the_sentence_says_what_it_costs_and_how_sure_that_is(chosen):
    best, other = chosen.table.iloc[0], chosen.table.iloc[1]
    assert chosen.sentence.startswith(f"Take {best['method']} with gamma = ")
    assert f"{best['cost']:.3g}" in chosen.sentence
    assert ("do not tell it apart" in chosen.sentence) == (not best["high"] < other["low"])
    assert chosen.params._fields[0] == "gamma"


def test_what_was_done_to_features_is_undone_in_the_coefficients():
    """Words as labels, an intercept without penalty, and features of unlike scales, at clients of unequal size."""
    from sklearn.linear_model import LogisticRegression

    features, labels = data(2)
    features = 7.0 + features * np.array([1.0, 10.0, 0.1, 3.0])
    words, owner = np.where(labels == 1, "sick", "well"), np.repeat([0, 1, 2], [5, 15, 60])
    problem = problems.Logistic(
        features, words, clients=3, l2=0.02, partition=owner, weights="samples", intercept=True, standardise=True
    )
    fitted = Chosen("nesterov", None, {}, problem.solution().x, "", None, problem)
    standard = (features - features.mean(axis=0)) / features.std(axis=0)
    theirs = LogisticRegression(C=1 / (0.02 * len(words)), tol=1e-12, max_iter=10**4).fit(standard, words)
    ours = fitted.to_sklearn()
    assert ours.predict_proba(features) == pytest.approx(theirs.predict_proba(standard), abs=1e-6)
    assert np.array_equal(ours.predict(features), theirs.predict(standard))
    assert np.array_equal(fitted.predict(features), theirs.predict(standard))


@pytest.mark.parametrize("classes", [2, 3])
def test_of_several_classes(classes):
    features, labels = data(classes)
    problem = problems.Softmax(features, labels + 4, clients=4, kappa=20.0)
    best = problem.solution().x
    fitted = Chosen("nesterov", None, {}, best, "", None, problem)
    assert np.mean(fitted.predict(features) == labels + 4) == problem.accuracy(best)
    ours = fitted.to_sklearn()
    assert np.array_equal(ours.predict(features), fitted.predict(features))
    logits = features @ problem.blocks.matrix(best).T
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert ours.predict_proba(features) == pytest.approx(shares, abs=1e-12)


def test_what_has_no_labels_or_other_features(chosen):
    quadratic = problems.Quadratic.random(clients=3, dim=2, kappa=5.0)
    with pytest.raises(InputError, match="has no labels to predict: take the coordinates of model"):
        Chosen("nesterov", None, {}, np.zeros(2), "", None, quadratic).predict(np.ones((1, 2)))
    with pytest.raises(InputError, match="features has 3 columns, but the model is of 4"):
        chosen.predict(np.ones((1, 3)))


def test_where_nobody_arrives_the_sentence_says_who_is_nearest():
    row = {"method": "fedavg", "status": "rests", "reason": "It rests."}
    with pytest.raises(InputError, match=r"the nearest is fedavg \(It rests.\): give a target that is less sharp"):
        recommendation(Comparison([row], "a problem", "a target", "bits", [], 0))


def test_the_root_offers_it():
    assert rootkappa.choose is choose
