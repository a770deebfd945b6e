"""What is chosen is a model that classifies, and scientists of data can take it with them."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import rootkappa
from rootkappa import problems
from rootkappa.core.errors import InputError
from rootkappa.sweeps.races.choose import Chosen, choose, recommendation
from rootkappa.sweeps.races.compare import Comparison


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


def table(classes=2):
    features, labels = data(classes)
    frame = pd.DataFrame(features, columns=["age", "weight", "height", "dose"])
    return frame, frame.assign(answer=np.array(["yes", "no", "perhaps"])[labels])


def test_columns_of_a_table_are_taken_by_their_names():
    frame, with_labels = table()
    problem = problems.Logistic.from_frame(with_labels, "answer", clients=4, kappa=20.0)
    fitted = Chosen("nesterov", None, {}, problem.solution().x, "", None, problem)
    assert fitted.feature_names_in_.tolist() == ["age", "weight", "height", "dose"]
    expected = fitted.predict(frame.to_numpy())
    assert set(expected) == {"yes", "no"}
    assert np.array_equal(fitted.predict(frame), expected)
    assert np.array_equal(fitted.predict(frame[["dose", "age", "height", "weight"]]), expected)
    ours = fitted.to_sklearn()
    assert ours.feature_names_in_.tolist() == frame.columns.tolist()
    assert np.array_equal(ours.predict(frame), expected)
    with pytest.raises(ValueError, match="feature names"):
        ours.predict(frame[["dose", "age", "height", "weight"]])


def nameless():
    problem = problems.Logistic(*data(2), clients=4, kappa=20.0)
    return Chosen("nesterov", None, {}, np.ones(4), "", None, problem)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda frame: frame.drop(columns="dose"), "^features has no column 'dose', but the model is of age, weight"),
        (lambda frame: frame.rename(columns={"dose": "x"}), "^features has no column 'dose'"),
        (lambda frame: frame.assign(answer="no"), "^features has the column 'answer', but the model is of age"),
        (lambda frame: frame.assign(age=np.nan), "^features has no number in row 1 of its column 'age'"),
        (lambda frame: frame.assign(age=np.inf), "^features has inf in row 1 of its column 'age'"),
        (lambda frame: frame.to_numpy() * np.nan, "^features holds entries that are NaN or infinite"),
        (lambda frame: [np.inf, 1.0, 1.0, 1.0], "^features holds entries that are NaN or infinite"),
        (lambda frame: [[1.0], [1.0, 2.0]], "^features is no array of numbers"),
        (lambda frame: sparse.csr_array(frame.assign(age=np.inf).to_numpy()), "^features holds entries that are NaN"),
    ],
)
def test_other_columns_and_what_is_not_finite_are_refused(change, told):
    frame, with_labels = table()
    problem = problems.Logistic.from_frame(with_labels, "answer", clients=4, kappa=20.0)
    with pytest.raises(InputError, match=told):
        Chosen("nesterov", None, {}, np.ones(4), "", None, problem).predict(change(frame))


def test_without_names_columns_count():
    frame, _ = table()
    fitted = nameless()
    assert fitted.feature_names_in_.shape == (0,)
    assert np.array_equal(fitted.predict(frame), fitted.predict(frame.to_numpy()))
    assert not hasattr(fitted.to_sklearn(), "feature_names_in_")


@pytest.mark.parametrize(
    ("kind", "groups"),
    [("Logistic", "yes:no"), ("Logistic", "no:yes"), ("Softmax", "yes:no"), ("Softmax", "yes:perhaps:no"),
     ("Logistic", "yes,no:perhaps"), ("Softmax", "rest:no")],
)  # fmt: skip
def test_groups_of_labels_keep_what_they_are_called(kind, groups):
    frame, with_labels = table(3)
    parts = groups.split(":")
    group_of = {word: part for part in parts for word in part.split(",")}
    truth = with_labels["answer"].map(lambda word: group_of.get(word, "rest" if "rest" in parts else None))
    problem = getattr(problems, kind).from_frame(with_labels, "answer", labels=groups, clients=4, kappa=200.0)
    assert problem.classes.tolist() == parts
    fitted = Chosen("nesterov", None, {}, problem.solution().x, "", None, problem)
    known = truth.notna()
    predicted, ours = fitted.predict(frame[known]), fitted.to_sklearn()
    # By chance at most half would be right.
    assert np.mean(predicted == truth[known]) > 0.75
    assert ours.classes_.tolist() == sorted(parts)
    assert np.array_equal(ours.predict(frame[known]), predicted)
    if kind == "Softmax":
        assert problem.accuracy(fitted.model, frame[known].to_numpy(), truth[known].to_list()) == np.mean(
            predicted == truth[known]
        )


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
