"""Clients that weigh as many as their samples, intercepts, standardised features: the models of pooled data."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from rootkappa import theory
from rootkappa.algorithms.parts import pseudo_data
from rootkappa.algorithms.parts.offloading import columns
from rootkappa.core.errors import InputError
from rootkappa.problems import Logistic, Personal, Softmax, inputs, oracles

L2 = 1e-2


@pytest.fixture(scope="module")
def digits():
    """Return handwritten digits with the clinics that wrote them: 37, of 1 to 100 or so."""
    features, labels = load_digits(return_X_y=True)
    sizes = np.round(np.linspace(1.0, 96.0, 37)).astype(int)
    owner = np.repeat(np.arange(37), sizes)
    rows = np.random.default_rng(0).permutation(len(labels))[: len(owner)]
    names = [f"clinic {i:02d}" for i in owner]
    table = pd.DataFrame(features[rows] / 16.0, columns=[f"pixel {k}" for k in range(64)])
    return table.assign(digit=labels[rows], clinic=names)


def pooled(features, labels, intercept):
    """Return the coefficients that another library finds for the mean loss of all samples with the same ridge."""
    model = LogisticRegression(
        C=1.0 / (L2 * len(labels)), fit_intercept=intercept, solver="newton-cholesky", tol=1e-12, max_iter=1000
    )
    return model.fit(features, labels)


@pytest.mark.parametrize("intercept", [False, True])
def test_weights_of_samples_give_the_model_of_the_pooled_data(digits, intercept):
    problem = Logistic.from_frame(
        digits, "digit", "clinic", labels="0,2,4,6,8:1,3,5,7,9", l2=L2, weights="samples", intercept=intercept
    )
    x, model = problem.solution().x, pooled(digits.iloc[:, :64], digits["digit"] % 2, intercept)
    assert problem.n == 37
    assert problem.solution().residual < 1e-12
    assert np.abs(x[:64] - model.coef_[0]).max() < 1e-6
    assert not intercept or abs(x[64] - model.intercept_[0]) < 1e-6
    equal = Logistic.from_frame(
        digits, "digit", "clinic", labels="0,2,4,6,8:1,3,5,7,9", l2=L2, weights="clients", intercept=intercept
    )
    # What is asked for matters: were weights ignored, both would be one model.
    assert np.linalg.norm(equal.solution().x - x) > 0.03 * np.linalg.norm(x)


def test_classes_are_weighed_likewise(digits):
    problem = Softmax.from_frame(digits, "digit", "clinic", l2=L2, weights="samples", intercept=True)
    features, labels = digits.iloc[:, :64].to_numpy(), digits["digit"].to_numpy()
    W, model = problem.blocks.matrix(problem.solution().x), pooled(features, labels, intercept=True)
    assert np.abs(W[:, :64] - model.coef_).max() < 1e-6
    # Another library may leave all intercepts shifted by a number, which changes no probability.
    assert np.abs(W[:, 64] - (model.intercept_ - model.intercept_.mean())).max() < 1e-6
    assert problem.accuracy(problem.solution().x) == problem.accuracy(problem.solution().x, features, labels)


def small(kind=Logistic, **options):
    rng = np.random.default_rng(1)
    labels = np.arange(11) % (2 if kind is Logistic else 3)
    partition = [0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2]
    return kind(rng.standard_normal((11, 3)), labels, clients=3, l2=0.1, partition=partition, **options)


def component(problem, i, j, x):
    g = np.empty(problem.d)
    oracles.component_gradient(problem.kernel, i, j, x, g, oracles.workspace(problem.kernel))
    return g


@pytest.mark.parametrize("kind", [Logistic, Softmax])
@pytest.mark.parametrize(
    "options", [{"weights": "samples"}, {"intercept": True}, {"weights": "samples", "intercept": True}]
)
def test_every_form_of_a_weighted_problem_is_the_same_function(kind, options):
    problem = small(kind, **options)
    x, y = np.random.default_rng(2).standard_normal((2, problem.d))
    gradients = problem.gradients(x)
    g, work, parts = np.empty(problem.d), oracles.workspace(problem.kernel), np.zeros(problem.d)
    for i in range(3):
        # In Python, where only the losses are compiled.
        oracles.gradient(problem.kernel, i, x, g, work)
        assert np.allclose(g, gradients[i], rtol=0, atol=1e-14)
        parts[:] = 0.0
        for j in range(oracles.components(problem.kernel, i)):
            oracles.component_gradient(problem.kernel, i, j, x, g, work)
            parts += g / oracles.components(problem.kernel, i)
            rows = problem.component_L
            assert np.linalg.norm(g - component(problem, i, j, y)) <= rows * np.linalg.norm(x - y) * (1 + 1e-12)
        assert np.allclose(parts, gradients[i], rtol=0, atol=1e-14)
    lowered = oracles.without_ridge(problem.kernel, 0.03)
    oracles.gradient(lowered, 1, x, g, work)
    assert np.allclose(g, gradients[1] - 0.03 * x, rtol=0, atol=1e-14)
    assert np.allclose(problem.precise_gradients(x).astype(float), gradients, rtol=0, atol=1e-14)
    assert np.allclose(problem.gradient(x), gradients.mean(axis=0), rtol=0, atol=1e-14)
    alone = [problem.of_client(i) for i in range(3)]
    assert np.allclose([one.gradient(x) for one in alone], gradients, rtol=0, atol=1e-14)
    assert np.isclose(np.mean([one.value(x) for one in alone]), problem.value(x), rtol=1e-14)
    bregman = problem.value(x) - problem.value(y) - problem.gradient(y) @ (x - y)
    assert np.isclose(problem.bregman(x, y), bregman, rtol=1e-10)
    slope = (problem.gradient(x + 1e-5 * y) - problem.gradient(x - 1e-5 * y)) / 2e-5
    assert np.allclose(problem.hessian(x) @ y, slope, atol=1e-8)
    assert np.allclose(problem.hessian_times(x)(y), slope, atol=1e-8)
    bends = [np.linalg.eigvalsh(one.hessian(np.zeros(problem.d)))[-1] for one in alone]
    assert np.all(np.array(bends) <= problem.L_i * (1 + 1e-12))


def test_equal_clients_run_the_code_that_they_always_ran():
    rng = np.random.default_rng(0)
    features, labels = rng.standard_normal((8, 2)), [0, 1] * 4
    plain, weighed = (Logistic(features, labels, clients=4, l2=0.1, weights=how) for how in (None, "samples"))
    assert plain.content_key() == weighed.content_key()
    assert plain.notice == ""
    assert small().content_key() != small(weights="samples").content_key()


def test_features_are_standardised_over_all_samples_and_so_are_those_held_out():
    problem = small(Softmax, standardise=True, intercept="penalised")
    rows = problem.prepared.apply(np.random.default_rng(1).standard_normal((11, 3)))
    assert np.allclose(rows.mean(axis=0), [0, 0, 0, 1])
    assert np.allclose(rows.std(axis=0), [1, 1, 1, 0])
    assert "intercept=penalised standardised" in problem.label


def test_no_theorem_speaks_of_an_intercept_without_penalty():
    verdicts = theory.verify("gradient_descent", small(intercept=True), evidence=("path",))
    assert [verdict.status for verdict in verdicts] == ["not applicable"]
    assert "the intercept is not penalised" in verdicts[0].sentence
    assert not small(intercept="penalised").unpromised
    with pytest.raises(InputError, match=r"^inner has an intercept without penalty"):
        Personal(small(Softmax, intercept=True), private_features=1)


@pytest.mark.parametrize("weights", [None, "clients", "samples"])
def test_gradients_of_many_clients_are_those_of_each(weights):
    """Of so many they are computed all at once."""
    rng = np.random.default_rng(5)
    owner = np.concatenate([np.arange(300), rng.integers(300, size=200)])
    features, labels = rng.standard_normal((500, 3)), np.where(rng.random(500) < 0.5, 1.0, -1.0)
    problem = Logistic(features, labels, clients=300, l2=L2, partition=owner, weights=weights)
    x, g, work = rng.standard_normal(3), np.empty(3), np.empty(10_000)
    expected = [(oracles.gradient(problem.kernel, i, x, g, work), g.copy())[1] for i in range(300)]
    np.testing.assert_allclose(problem.gradients(x), expected, rtol=0, atol=1e-13)
    np.testing.assert_allclose(problem.gradients(x).mean(axis=0), problem.gradient(x), rtol=0, atol=1e-13)


def test_methods_that_look_into_samples_know_weights_or_say_that_they_do_not():
    problem = small(Softmax, weights="samples")
    assert columns(problem.kernel, problem.d) == 3
    assert inputs.samples(problem.kernel, 1)[0].shape == (6, 3)
    with pytest.raises(InputError, match="weighs samples, or has an intercept without penalty"):
        pseudo_data.check(problem)


def test_who_has_not_chosen_is_told_once(digits):
    with pytest.warns(UserWarning, match=r"^37 clients of 1 to 96 samples count equally.*--weights"):
        Logistic.from_frame(digits, "digit", "clinic", labels="rest:3", l2=L2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Logistic.from_frame(digits, "digit", "clinic", labels="rest:3", l2=L2, weights="clients")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"weights": "rows"}, "unknown weights 'rows'"),
        ({"intercept": "yes"}, "intercept = 'yes' is none"),
        ({"standardise": 1}, "standardise = 1 is neither True nor False"),
    ],
)
def test_wrong_options_are_refused_in_one_sentence(options, sentence):
    with pytest.raises(InputError, match=f"^{sentence}"):
        small(**options)
