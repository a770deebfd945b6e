"""SPATL: what it reduces to, what stays, what is sent, and where it rests."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import algorithms, problems, theory
from rootkappa.algorithms.parts import encoders
from rootkappa.core.errors import InputError
from rootkappa.problems import Personal
from rootkappa.tests.plain.private_models import Spatl

pytestmark = pytest.mark.drawn(4)

METHOD, THEOREM = algorithms.get("spatl"), theory.get("spatl")
SCAFFOLD, FEDAVG = algorithms.get("scaffold_2"), algorithms.get("fedavg")
SEEDS = st.integers(0, 2**32 - 1)
WORDS = {"salience": ("change", "weights"), "mean": ("senders", "zeros"), "control": ("rows", "dense")}


def quadratic(seed=0, dim=6, n=4):
    return problems.Quadratic.random(clients=n, dim=dim, kappa=20.0, seed=seed % 1000, basis="client")


def softmax(seed=0, n=3, classes=3, columns=4):
    rng = np.random.default_rng(seed)
    labels = rng.integers(classes, size=10 * n)
    labels[:classes] = np.arange(classes)
    features = rng.standard_normal((10 * n, columns))
    return problems.Softmax(features, labels, clients=n, kappa=20.0)


def params_of(problem, **letters):
    return THEOREM.parameters(problem, **letters)


def after(problem, rounds, **letters):
    params = params_of(problem, **letters)
    return METHOD.advanced(problem, params, METHOD.start(problem, params), drawn(problem, params, rounds))


def drawn(problem, params, rounds, seed=0):
    return METHOD.draw(np.random.default_rng(seed), problem, params, rounds)


def one_round(problem, params, state):
    """Take a round in place, by the code that takes many: a step of its own would be compiled anew."""
    METHOD.advance(problem.kernel, params, state, drawn(problem, params, 1))


@given(seed=SEEDS, K=st.integers(1, 8), eta=st.floats(0.01, 0.9), words=st.sampled_from(WORDS["salience"]))
def test_with_all_rows_and_no_private_part_it_is_scaffold(seed, K, eta, words):
    problem = quadratic(seed)
    for mean in WORDS["mean"]:
        for control in WORDS["control"]:
            own = after(problem, 9, r=1.0, K=K, eta=eta, salience=words, mean=mean, control=control)
            params = SCAFFOLD.Params(eta=eta, K=K)
            other = SCAFFOLD.start(problem, params)
            SCAFFOLD.advance(problem.kernel, params, other, SCAFFOLD.draw(None, problem, params, 9))
            for one, two in zip((own.x, own.C, own.c), other, strict=True):
                np.testing.assert_allclose(one, two, rtol=0, atol=1e-12 * np.abs(two).max())


@given(seed=SEEDS, K=st.integers(1, 8), eta=st.floats(0.01, 0.9))
def test_without_control_it_is_fedavg(seed, K, eta):
    problem = quadratic(seed)
    own = after(problem, 9, r=1.0, s=0.0, K=K, eta=eta)
    params = FEDAVG.Params(gamma=eta, K=K)
    other = FEDAVG.start(problem, params)
    FEDAVG.advance(problem.kernel, params, other, FEDAVG.draw(None, problem, params, 9))
    np.testing.assert_allclose(own.x, other.x, rtol=0, atol=1e-12 * np.abs(other.x).max())
    assert not own.C.any()
    assert not own.c.any()


@given(seed=SEEDS, r=st.floats(0.01, 1.0), s=st.sampled_from([0.0, 0.01, 1.0]), data=st.data())
def test_it_is_the_plain_recursion_with_features_as_rows(seed, r, s, data):
    problem = softmax(seed)
    problem = data.draw(
        st.sampled_from([problem, Personal(problem, private_features=2), Personal(problem, [0, 5]), quadratic(seed)])
    )
    letters = {word: data.draw(st.sampled_from(values)) for word, values in WORDS.items()}
    letters |= {"r": r, "s": s, "K": 3, "M": data.draw(st.integers(1, problem.n))}
    params = params_of(problem, **letters)
    plain, state = Spatl(), Spatl().start(problem, params)
    for outcome in METHOD.unroll(drawn(problem, params, 4)):
        state = plain.step(problem, params, state, outcome)
    for one, two in zip(after(problem, 4, **letters), state, strict=True):
        np.testing.assert_allclose(one, two, rtol=0, atol=1e-12 * (1.0 + np.abs(two).max(initial=0.0)))


@given(seed=SEEDS, r=st.floats(0.01, 1.0), data=st.data())
def test_an_unsent_row_changes_nothing(seed, r, data):
    """Rows that nobody sends keep the server's part, and a client's control variates off its rows their value."""
    problem = Personal(softmax(seed, columns=6), private_features=1)
    letters = {word: data.draw(st.sampled_from(values)) for word, values in WORDS.items() if word == "salience"}
    before = after(problem, 3, r=r, **letters)
    state = METHOD.State(*(field.copy() for field in before))
    params = params_of(problem, r=r, **letters)
    one_round(problem, params, state)
    many = encoders.kept(5, r)
    for i in range(problem.n):
        changed = (state.C[i] != before.C[i]).reshape(3, 5).any(axis=0)
        assert changed.sum() <= many
    sent = (state.C != before.C).any(axis=0).reshape(3, 5).any(axis=0)
    np.testing.assert_array_equal(state.x.reshape(3, 5)[:, ~sent], before.x.reshape(3, 5)[:, ~sent])


@given(seed=SEEDS, q=st.integers(1, 7), width=st.integers(1, 3))
def test_rows_are_the_largest_in_norm(seed, q, width):
    rng = np.random.default_rng(seed)
    # Whole numbers have ties.
    x = rng.integers(-2, 3, size=7 * width).astype(float)
    marks = np.empty(7)
    encoders.mark_largest(x, q, marks, np.empty(7), np.empty(7))
    norms = (x.reshape(width, 7) ** 2).sum(axis=0)
    np.testing.assert_array_equal(np.flatnonzero(marks), np.sort(np.argsort(-norms, kind="stable")[:q]))


@pytest.mark.parametrize("s", [1.0, 0.3, 0.05])
@pytest.mark.parametrize("r", [0.2, 0.6, 1.0])
@pytest.mark.parametrize("control", WORDS["control"])
def test_with_control_the_personal_solution_is_reached_whatever_is_sent(s, r, control):
    problem = Personal(quadratic(3, dim=10), [2, 7])
    trace = algorithms.run(METHOD, problem, params_of(problem, s=s, r=r, control=control), rounds=6000, record=2)
    assert trace.last("distance") < 1e-10 * trace.column("distance")[0]


@pytest.mark.parametrize(
    "letters", [{"s": 0.0}, {"mean": "zeros"}, {"salience": "weights"}], ids=["no control", "zeros", "weights"]
)
def test_otherwise_there_is_a_floor(letters):
    problem = Personal(quadratic(3, dim=10), [2, 7])
    trace = algorithms.run(METHOD, problem, params_of(problem, r=0.5, **letters), rounds=6000, record=2)
    assert trace.last("distance") > 1e-2 * trace.column("distance")[0]


@given(seed=SEEDS, r=st.floats(0.01, 1.0), s=st.floats(0.01, 1.0), data=st.data())
def test_the_solution_is_a_fixed_point_for_every_scale(seed, r, s, data):
    problem = data.draw(
        st.sampled_from([quadratic(seed), Personal(quadratic(seed), [1]), Personal(softmax(seed), [0])])
    )
    letters = {word: data.draw(st.sampled_from(WORDS[word])) for word in ("salience", "control")}
    params = params_of(problem, r=r, s=s, M=data.draw(st.integers(1, problem.n)), **letters)
    state = METHOD.fixed_point(problem, params, problem.solution())
    moved = METHOD.State(*(field.copy() for field in state))
    one_round(problem, params, moved)
    for one, two in zip(state, moved, strict=True):
        np.testing.assert_allclose(one, two, rtol=0, atol=1e-10 * (1.0 + np.abs(one).max(initial=0.0)))


@pytest.mark.parametrize("s", [0.5, 0.2])
def test_an_error_of_control_shrinks_by_the_scale(s):
    problem = quadratic(5)
    params = params_of(problem, s=s, r=1.0, K=1, eta=1e-9)
    state = METHOD.fixed_point(problem, params, problem.solution())
    there, error = state.C.copy(), np.random.default_rng(0).standard_normal(state.C.shape)
    error -= error.mean(axis=0)
    state.C[...] += error
    one_round(problem, params, state)
    np.testing.assert_allclose(state.C - there, (1.0 - s) * error, atol=1e-6)


def test_what_is_sent_is_counted_in_both_directions():
    problem = Personal(softmax(columns=11), private_features=1)
    shared, row = 30, 3
    counted = {}
    for letters in ({"r": 0.2}, {"r": 0.2, "control": "dense"}, {"r": 0.2, "s": 0.0}, {"r": 1.0}):
        trace = algorithms.run(METHOD, problem, params_of(problem, **letters), rounds=10, record=1)
        names = ("floats_up", "floats_down", "bits_up", "bits_down", "gradients")
        counted[tuple(letters.items())] = [int(trace.last(name)) // 10 for name in names]
    # Two of ten rows are told by two indices of four bits.
    assert list(counted.values()) == [
        [2 * 2 * row, 2 * shared, 64 * 2 * 2 * row + 8, 64 * 2 * shared, 50],
        [2 * row + shared, 2 * shared, 64 * (2 * row + shared) + 8, 64 * 2 * shared, 50],
        [2 * row, shared, 64 * 2 * row + 8, 64 * shared, 50],
        [2 * shared, 2 * shared, 64 * 2 * shared, 64 * 2 * shared, 50],
    ]


def test_private_parts_never_travel():
    """A client's own part depends on other clients' private parts by way of what is shared only."""
    problem = Personal(quadratic(7), [0, 1, 2])
    params = params_of(problem)
    one, two = METHOD.start(problem, params), METHOD.start(problem, params)
    two.B[0] = 5.0
    for state in (one, two):
        one_round(problem, params, state)
    np.testing.assert_array_equal(one.B[1:], two.B[1:])
    assert (one.x != two.x).any()


def test_a_problem_without_a_shared_part_is_refused():
    with pytest.raises(InputError, match="has no shared coordinates, so nothing would be sent: make fewer private"):
        METHOD.check(Personal(quadratic(), "all"))


@pytest.mark.parametrize(("letter", "value"), [("r", 0.0), ("s", 1.1), ("mean", "all"), ("salience", "size")])
def test_letters_out_of_range_are_refused(letter, value):
    with pytest.raises(InputError, match=letter):
        params_of(quadratic(), **{letter: value})
