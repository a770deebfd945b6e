"""What is wrong is refused by one sentence that names the argument and the value."""

import re

import numpy as np
import pytest

from rootkappa.core.errors import shown
from rootkappa.problems import InputError, functions

pytestmark = pytest.mark.drawn(4, "name")

CLASSES = sorted(set(functions.__all__) - {"Function", "examples", "get"})
EXAMPLES = functions.examples(2)
NO_NUMBERS = [np.nan, np.inf, -np.inf, None, "much", 1j, [1.0, 2.0], True, 10**400, np.timedelta64(1, "s")]
NO_WEIGHTS = [-1.0, -1e-300, *NO_NUMBERS]
NO_POSITIVE = [0.0, *NO_WEIGHTS]
NO_COUNTS = [0, -1, 1.0, 1.5, True, None, "2", [1]]
F = functions
L1 = functions.L1(1.0)
# Vectors of two numbers that are none.
NO_VECTORS = [
    np.array([1.0, 1j]),
    np.array([1.0, 1j], dtype=object),
    [10**400, 1],
    [1.0, np.ma.masked],
    np.ma.array([1.0, 2.0], mask=[False, True]),
    np.array([1, 2], dtype="m8[s]"),
    np.array(["NaT", "2001"], dtype="M8[Y]"),
    np.array([None, 1.0]),
    np.zeros(2, dtype=[("a", float)]),
    [[1.0], [1.0, 2.0]],
    "x",
    {},
    {1.0},
]

# The class, how a value becomes its argument, the argument's name, and what it must not be.
WRONG = [
    *[(kind, kind, "lam", NO_WEIGHTS) for kind in (F.L1, F.L2, F.LInf, F.L0, F.SquaredL2, F.Hinge, F.LogisticLoss)],
    *[(kind, kind, "lam", NO_WEIGHTS) for kind in (F.TotalVariation1D, F.Nuclear)],
    *[(kind, kind, "radius", NO_WEIGHTS) for kind in (F.L1Ball, F.L2Ball, F.LInfBall, F.SpectralBall)],
    *[(kind, kind, "lam", NO_POSITIVE) for kind in (F.Entropy, F.LogBarrier)],
    (F.Huber, F.Huber, "delta", NO_POSITIVE),
    (F.Simplex, F.Simplex, "total", NO_POSITIVE),
    *[(kind, lambda v, k=kind: k(v, 1.0), first, NO_WEIGHTS)
      for kind, first in ((F.ElasticNet, "l1"), (F.FusedLasso, "l1"), (F.OSCAR, "l1"))],
    *[(kind, lambda v, k=kind: k(1.0, v), second, NO_WEIGHTS)
      for kind, second in ((F.ElasticNet, "l2"), (F.FusedLasso, "tv"), (F.OSCAR, "l2"))],
    (F.Consensus, F.Consensus, "clients", NO_COUNTS),
    (F.L0Ball, F.L0Ball, "k", NO_COUNTS),
    (F.RankBall, F.RankBall, "rank", NO_COUNTS),
    (F.Box, lambda v: F.Box(v, 1.0), "low", [np.nan, np.inf, 2.0, None, "much", 1j, [1.0, 2.0], [[1.0], [1.0, 2.0]]]),
    (F.Box, lambda v: F.Box(0.0, v), "high", [np.nan, -np.inf, -1.0, None, "much", 1j, [-1.0, 2.0]]),
    (F.Box, lambda v: F.Box([0.0, 0.0], v), "high", [[1.0, 2.0, 3.0]]),
    *[(kind, lambda v, k=kind: k(v, 1.0), "a", [[0.0, 0.0], [np.nan, 1.0], [np.inf, 1.0], [], 1.0, [[1.0]], None, "x",
                                                [1j]])
      for kind in (F.HalfSpace, F.Hyperplane)],
    *[(kind, lambda v, k=kind: k([1.0, 2.0], v), "b", NO_NUMBERS) for kind in (F.HalfSpace, F.Hyperplane)],
    (F.AffineSet, lambda v: F.AffineSet(v, [1.0]), "A",
     [[[0.0, 0.0]], [[np.nan, 1.0]], [[np.inf, 1.0]], [], [1.0], [[]], None, "x", [[1.0], [1.0]], [[1j, 1.0]]]),
    (F.AffineSet, lambda v: F.AffineSet([[1.0, 0.0]], v), "b", [[np.nan], [np.inf], [1.0, 2.0], 1.0, None, "x", [1j]]),
    (F.KullbackLeibler, F.KullbackLeibler, "q", [[0.0], [-1.0], [1.0, np.nan], [np.inf], [], 1.0, [[1.0]], None, "x"]),
    (F.SortedL1, F.SortedL1, "weights", [[1.0, 2.0], [1.0, -1.0], [np.nan], [np.inf, 1.0], [], 1.0, [[1.0]], None,
                                         [1.0, np.nan], [1j]]),
    (F.GroupL2, lambda v: F.GroupL2(v, [[0]]), "lam", NO_WEIGHTS),
    (F.GroupL2, lambda v: F.GroupL2(1.0, v), "groups", [[], [[]], [[0, 1], [1]], [[0, 0]], [[-1]], [[0.0]], [["a"]],
                                                        [0], None, 3, [[True, False]], [[[0]]], [[2**70]],
                                                        [np.ma.array([0, 1], mask=[False, True])]]),
    (F.GroupL2, lambda v: F.GroupL2(1.0, [[0], [1]], v), "weights", [[1.0], [1.0, -1.0], [1.0, np.nan], [1.0, np.inf],
                                                                     1.0, "x", [1j, 1.0]]),
    (F.GroupL2, lambda v: F.GroupL2(v, [[0], [1]], [1e10, 1.0]), "lam", [1e300]),
    (F.Scaled, lambda v: F.Scaled(L1, v), "scale", NO_POSITIVE),
    (F.MoreauEnvelope, lambda v: F.MoreauEnvelope(L1, v), "delta", NO_POSITIVE),
    (F.PlusSquaredL2, lambda v: F.PlusSquaredL2(L1, v), "lam", NO_WEIGHTS),
    (F.Translated, lambda v: F.Translated(L1, v), "shift", [[np.nan], [np.inf, 1.0], [], None, "x", [1j]]),
    (F.Translated, lambda v: F.Translated(F.Simplex(), v), "shift", [1.0, [[1.0]]]),
    (F.Precomposed, lambda v: F.Precomposed(L1, v), "A", [[[1.0, 1.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 2.0]], [[0.0]],
                                                          [[np.nan]], [[np.inf]], [1.0], 1.0, [[]], None, "x",
                                                          [[1.0], [1.0]], [[1j]]]),
    (F.Precomposed, lambda v: F.Precomposed(F.KullbackLeibler([1.0, 2.0]), v), "A", [[[1.0, 0.0]], np.eye(3)]),
    (F.Precomposed, lambda v: F.Precomposed(F.Nuclear(1.0), v), "A", [np.eye(2)]),
    *[(kind, make, argument, NO_VECTORS) for kind, make, argument in (
        (F.Box, lambda v: F.Box(v, [3.0, 3.0]), "low"), (F.Box, lambda v: F.Box([0.0, 0.0], v), "high"),
        (F.HalfSpace, lambda v: F.HalfSpace(v, 1.0), "a"), (F.Hyperplane, lambda v: F.Hyperplane(v, 1.0), "a"),
        (F.AffineSet, lambda v: F.AffineSet([v], [1.0]), "A"), (F.AffineSet, lambda v: F.AffineSet(np.eye(2), v), "b"),
        (F.KullbackLeibler, F.KullbackLeibler, "q"), (F.SortedL1, F.SortedL1, "weights"),
        (F.GroupL2, lambda v: F.GroupL2(1.0, [[0], [1]], v), "weights"),
        (F.Translated, lambda v: F.Translated(L1, v), "shift"),
        (F.Precomposed, lambda v: F.Precomposed(L1, [v]), "A"))],
    (F.SeparableSum, F.SeparableSum, "parts", [[], None, 3, [L1], [(1, L1)], [(L1,)], [(L1, 1, 2)], [("x", 1)], "ab"]),
    (F.SeparableSum, lambda v: F.SeparableSum([(L1, v)]), "size", NO_COUNTS),
    (F.SeparableSum, lambda v: F.SeparableSum([(F.KullbackLeibler([1.0, 2.0]), v)]), "block", [1, 3]),
    (F.SeparableSum, lambda v: F.SeparableSum([(F.Nuclear(1.0), v)]), "block", [1]),
    *[(kind, make, "inner", [None, 3.0, "x", F.L1])
      for kind, make in ((F.Scaled, lambda v: F.Scaled(v, 1.0)), (F.Translated, lambda v: F.Translated(v, [1.0])),
                         (F.PlusSquaredL2, lambda v: F.PlusSquaredL2(v, 1.0)), (F.Conjugate, F.Conjugate),
                         (F.MoreauEnvelope, lambda v: F.MoreauEnvelope(v, 1.0)),
                         (F.Precomposed, lambda v: F.Precomposed(v, [[1.0]])))],
]  # fmt: skip
NO_ARGUMENTS = {"Zero", "Nonnegative", "PositiveSemidefinite", "SecondOrderCone"}
CASES = [(make, argument, value) for _, make, argument, values in WRONG for value in values]
NAMES = [f"{kind.__name__} {argument}={shown(value)[:40]}" for kind, _, argument, values in WRONG for value in values]


def test_every_class_with_arguments_is_tried():
    assert {kind.__name__ for kind, *_ in WRONG} | NO_ARGUMENTS == set(CLASSES)


@pytest.mark.parametrize(("make", "argument", "value"), CASES, ids=NAMES)
def test_a_wrong_parameter_is_refused_by_name(make, argument, value):
    with pytest.raises(InputError) as refused:
        make(value)
    message = str(refused.value)
    assert re.search(rf"\b{argument}\b", message)
    assert is_one_sentence(message)


@pytest.mark.parametrize(
    ("make", "argument", "value"),
    [case for case in CASES if np.isscalar(case[2]) or case[2] is None],
    ids=[name for name, case in zip(NAMES, CASES, strict=True) if np.isscalar(case[2]) or case[2] is None],
)
def test_a_wrong_number_is_repeated(make, argument, value):
    with pytest.raises(InputError) as refused:
        make(value)
    # An array of a wrong kind is told by what it is not.
    assert (
        shown(value) in str(refused.value)
        or "no array of numbers" in str(refused.value)
        or "shape" in str(refused.value)
        or "is complex" in str(refused.value)
        or "dates or durations" in str(refused.value)
        or "integer beyond" in str(refused.value)
    )


def is_one_sentence(message):
    """Say what is wrong, a colon, what to do, one full stop, on one line."""
    return "\n" not in message and ": " in message and message.endswith(".") and ". " not in message


@pytest.mark.parametrize(
    "gamma",
    [0, 0.0, -1.0, np.nan, np.inf, -np.inf, None, "x", True, 1j, [1.0], np.ones(2), 10**400, np.timedelta64(1)],
    ids=lambda gamma: shown(gamma)[:20],
)
@pytest.mark.parametrize("name", CLASSES)
def test_a_wrong_step_size_is_refused(name, gamma):
    function = EXAMPLES[name]
    with pytest.raises(InputError, match=r"^gamma = ") as refused:
        function.prox(np.ones((2, 2) if function.ndim == 2 else 2), gamma)
    assert is_one_sentence(str(refused.value))


@pytest.mark.parametrize("gamma", [1, np.float32(0.5), np.float64(0.5), np.int64(2), np.array(0.5)])
def test_any_kind_of_number_is_a_step_size(gamma):
    x = np.array([3.0, -0.5])
    assert np.array_equal(L1.prox(x, gamma), L1.prox(x, float(gamma)))


WRONG_ARRAYS = {
    "complex": np.ones(2, dtype=complex),
    "bool": np.ones(2, dtype=bool),
    "object": np.array([1.0, None]),
    "numbers as objects": np.array([1, 2], dtype=object),
    "text": np.array(["1.0", "2.0"]),
    "a word": "ab",
    "half": np.ones(2, dtype=np.float16),
    "times": np.ones(2, dtype="timedelta64[s]"),
    "nothing": None,
    "a set": {1.0},
    "ragged": [[1.0], [1.0, 2.0]],
    "record": np.zeros(2, dtype=[("a", float)]),
    "masked": np.ma.array([1.0, 2.0], mask=[True, False]),
    "huge": np.array([10**400, 1]),
    "dates": np.array(["NaT", "2001"], dtype="M8[Y]"),
}
if np.dtype(np.longdouble).itemsize > 8:
    WRONG_ARRAYS["longdouble"] = np.ones(2, dtype=np.longdouble)


@pytest.mark.parametrize("kind", WRONG_ARRAYS)
@pytest.mark.parametrize("name", CLASSES)
def test_what_is_no_array_of_real_numbers_is_refused(name, kind):
    function, wrong = EXAMPLES[name], WRONG_ARRAYS[kind]
    if isinstance(wrong, np.ndarray) and function.ndim == 2:
        wrong = np.ma.stack((wrong, wrong)) if kind == "masked" else np.stack((wrong, wrong))
    uses = [lambda: function.value(wrong), lambda: function.in_domain(wrong), lambda: function.prox(wrong, 1.0)]
    if function.is_convex:
        fine = np.ones((2, 2) if function.ndim == 2 else 2)
        uses += [lambda: function.subdifferential_distance(wrong, fine)]
    for use in uses:
        with pytest.raises(InputError, match=r"^x (is no array|has )") as refused:
            use()
        assert is_one_sentence(str(refused.value))


@pytest.mark.parametrize("form", [lambda x: x.view(np.matrix), np.ma.array])
def test_an_array_of_a_subclass_is_as_good_as_a_plain_one(form):
    x, out = np.array([[3.0, -0.5], [0.0, -2.0]]), form(np.empty((2, 2)))
    expected = L1.prox(x, 1.0)
    assert type(L1.prox(form(x), 1.0)) is np.ndarray
    assert np.array_equal(L1.prox(form(x), 1.0), expected)
    assert L1.value(form(x)) == L1.value(x)
    assert L1.prox(x, 1.0, out=out) is out
    assert np.array_equal(out, expected)


@pytest.mark.parametrize("shape", [(0,), (0, 2), (2, 0), (0, 0)])
@pytest.mark.parametrize("name", CLASSES)
def test_an_empty_array_is_refused(name, shape):
    for use in (EXAMPLES[name].value, EXAMPLES[name].in_domain, lambda x: EXAMPLES[name].prox(x, 1.0)):
        with pytest.raises(InputError, match=r"^x has shape") as refused:
            use(np.zeros(shape))
        assert is_one_sentence(str(refused.value))


@pytest.mark.parametrize("name", CLASSES)
def test_an_array_of_another_shape_is_refused_or_taken(name):
    """A function that says that it takes vectors takes no matrix, and the reverse."""
    function = EXAMPLES[name]
    wrong = {None: [], 1: [(2, 2), (), (1, 2, 1)], 2: [(2,), (), (2, 2, 2)]}[function.ndim]
    for shape in wrong:
        for use in (function.value, lambda x: function.prox(x, 1.0), function.in_domain):
            with pytest.raises(InputError, match=r"^x has shape") as refused:
                use(np.ones(shape))
            assert is_one_sentence(str(refused.value))
    if function.ndim is None:
        for shape in ((), (3,), (2, 2), (2, 1, 3)):
            x = np.linspace(0.1, 2.0, int(np.prod(shape))).reshape(shape)
            p = function.prox(x, 0.5)
            assert p.shape == shape
            assert np.array_equal(p.ravel(), function.prox(x.ravel(), 0.5))
            assert function.value(p) == function.value(p.ravel()) < np.inf


TAKES_ONE_SHAPE = {
    "AffineSet": ((3,), functions.AffineSet([[1.0, 0.0]], [1.0])),
    "Box": ((3,), functions.Box([0.0, 0.0], 1.0)),
    "Box of a matrix": ((2,), functions.Box(np.zeros((2, 2)), 1.0)),
    "Consensus": ((3, 2), functions.Consensus(2)),
    "GroupL2": ((1,), functions.GroupL2(1.0, [[0, 1]])),
    "HalfSpace": ((3,), functions.HalfSpace([1.0, 2.0], 1.0)),
    "Hyperplane": ((1,), functions.Hyperplane([1.0, 2.0], 1.0)),
    "KullbackLeibler": ((3,), functions.KullbackLeibler([1.0, 2.0])),
    "PositiveSemidefinite": ((2, 3), functions.PositiveSemidefinite()),
    "Precomposed": ((3,), functions.Precomposed(L1, np.eye(2))),
    "SeparableSum": ((3,), functions.SeparableSum([(L1, 2)])),
    "SortedL1": ((3,), functions.SortedL1([1.0, 0.5])),
    "Translated": ((3,), functions.Translated(L1, [1.0, 2.0])),
    "one of them inside": ((3,), functions.Scaled(functions.Conjugate(functions.SortedL1([1.0, 0.5])), 2.0)),
}


@pytest.mark.parametrize("name", TAKES_ONE_SHAPE)
def test_an_array_of_another_length_is_refused(name):
    shape, function = TAKES_ONE_SHAPE[name]
    for use in (function.value, function.in_domain, lambda x: function.prox(x, 1.0)):
        with pytest.raises(InputError, match=r"^x has ") as refused:
            use(np.ones(shape))
        assert is_one_sentence(str(refused.value))


def test_a_point_and_a_slope_of_different_shapes_are_refused():
    with pytest.raises(InputError, match=r"^u has shape \(3,\), but x has shape \(2,\): give arrays of one shape\.$"):
        L1.subdifferential_distance(np.ones(2), np.ones(3))
