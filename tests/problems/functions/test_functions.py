"""What every function promises: its prox is one, and its name, its documentation and its examples are true."""

import pkgutil
import sys
from importlib import import_module, reload
from inspect import isabstract
from types import ModuleType

import numpy as np
import pytest

from rootkappa.core import discover
from rootkappa.problems import functions
from rootkappa.problems.functions import Function
from rootkappa.testing.prox import check_prox

pytestmark = pytest.mark.drawn(4, "name", "function")

CLASSES = sorted(set(functions.__all__) - {"Function", "examples", "get"})
ORTHOGONAL = [[0.6, 0.8, 0.0], [-0.8, 0.6, 0.0], [0.0, 0.0, 1.0]]
SHAPES_OF_MATRICES = [(3, 5), (5, 2), (1, 4), (4, 1)]


def shape_of(function, d):
    """Return a shape of points, d along each axis."""
    return (d, d) if function.ndim == 2 else (d,)


def at_the_limits():
    """Yield functions whose parameters are as small, as large, as equal or as different as they may be."""
    inf, f = np.inf, functions
    for kind in (f.L1, f.L2, f.LInf, f.L0, f.SquaredL2, f.Hinge, f.LogisticLoss, f.TotalVariation1D):
        yield kind(0.0), 3
        yield kind(1e-300), 3
        yield kind(1e6), 3
    for kind in (f.LInfBall, f.L1Ball, f.L2Ball):
        yield kind(0.0), 3
        yield kind(1e-300), 3
        yield kind(1e6), 3
    for kind in (f.LogBarrier, f.Entropy, f.Huber):
        yield kind(1e-6), 3
        yield kind(1e4), 3
    yield f.Simplex(1e-6), 4
    yield f.Simplex(1e6), 4
    yield f.Box(-inf, inf), 3
    yield f.Box(-inf, 0.5), 3
    yield f.Box(0.25, inf), 3
    yield f.Box(0.5, 0.5), 3
    yield f.Box(0.0, 0.0), 3
    yield f.Box([-inf, 0.0, 1.0, -1.0], [0.0, inf, 1.0, 2.0]), 4
    yield f.Box([[-1.0, 0.0], [-inf, 2.0]], [[1.0, 0.0], [inf, 3.0]]), (2, 2)
    yield f.Box([-inf, 0.0, 0.0], [0.0, inf, 0.0]), 3  # a cone
    yield f.Box(-1.0, [0.0, 1.0, 2.0]), 3
    yield f.ElasticNet(0.0, 2.0), 3
    yield f.ElasticNet(0.5, 0.0), 3
    yield f.ElasticNet(0.0, 0.0), 3
    yield f.KullbackLeibler([1e-6, 1.0, 1e6]), 3
    yield f.GroupL2(0.5, [[3, 0]]), 5  # three coordinates are free
    yield f.GroupL2(0.0, [[0, 1]]), 2
    yield f.GroupL2(1.0, [[0, 1], [2]], weights=[0.0, 2.0]), 4
    yield f.HalfSpace([0.0, 1e-6], -1.0), 2
    yield f.HalfSpace([1.0, -2.0], 0.0), 2
    yield f.Hyperplane([3.0, 0.0], 0.0), 2
    yield f.AffineSet([[1.0, 2.0, 0.0], [2.0, 4.0, 0.0], [0.0, 0.0, 1.0]], [1.0, 2.0, 3.0]), 3  # rank 2
    yield f.AffineSet(np.eye(3), [1.0, 2.0, 3.0]), 3  # one point
    yield f.AffineSet([[1.0, -1.0]], [0.0]), 2
    yield f.SortedL1([1.0, 0.5, 0.0, 0.0]), 4
    yield f.SortedL1([0.5, 0.5, 0.5]), 3
    yield f.SortedL1([0.0, 0.0]), 2
    yield f.OSCAR(0.0, 0.0), 3
    yield f.OSCAR(0.0, 0.5), 3
    yield f.OSCAR(0.5, 0.0), 3
    yield f.FusedLasso(0.0, 0.5), 4
    yield f.FusedLasso(0.5, 0.0), 4
    yield f.FusedLasso(0.0, 0.0), 2
    yield f.L0Ball(1), 3
    yield f.L0Ball(7), 3  # every vector
    yield f.RankBall(7), (3, 2)
    for kind in (f.Nuclear, f.SpectralBall):
        yield kind(0.0), (2, 3)
        yield kind(1e6), (2, 3)


def nested():
    """Yield functions made of functions made of functions."""
    f = functions
    yield f.Scaled(f.Translated(f.L2(1.0), [1.0, -2.0, 0.5]), 0.3), 3
    yield f.MoreauEnvelope(f.Conjugate(f.Simplex(2.0)), 0.5), 3
    yield f.Precomposed(f.L1(0.5), ORTHOGONAL), 3
    yield f.Precomposed(f.TotalVariation1D(0.5), 2.0 * np.array(ORTHOGONAL)), 3
    yield f.SeparableSum([(f.L1(0.5), 2), (f.L2Ball(1.0), 2), (f.SquaredL2(1.0), 1)]), 5
    yield f.SeparableSum([(f.SeparableSum([(f.Simplex(), 2), (f.L0(0.5), 1)]), 3), (f.OSCAR(0.1, 0.2), 2)]), 5
    yield f.PlusSquaredL2(f.FusedLasso(0.25, 0.5), 0.5).conjugate(), 4
    yield f.Translated(f.Nuclear(0.5), np.eye(2, 3)), (2, 3)


LIMITS, NESTED = list(at_the_limits()), list(nested())


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("d", [1, 5, pytest.param(2, marks=pytest.mark.nightly)])
def test_the_prox_is_what_its_definition_says(d, name):
    function = functions.examples(d)[name]
    check_prox(function, shape_of(function, d))


@pytest.mark.parametrize("shape", SHAPES_OF_MATRICES)
@pytest.mark.parametrize("name", ["Nuclear", "SpectralBall", "RankBall", "Consensus", "L1", "LInf", "OSCAR"])
def test_the_prox_is_what_its_definition_says_for_matrices(name, shape):
    check_prox(functions.examples(shape[0])[name], shape)


@pytest.mark.parametrize(("function", "shape"), LIMITS, ids=lambda value: str(value)[:60])
def test_parameters_may_be_at_their_limits(function, shape):
    check_prox(function, shape)


@pytest.mark.parametrize(("function", "shape"), NESTED, ids=lambda value: str(value)[:60])
def test_functions_of_functions_nest(function, shape):
    check_prox(function, shape)


def test_a_nested_function_whose_result_is_tiny_beside_its_parts_is_still_in_its_domain():
    """A sum that is only rounding beside the shift must not count as outside, nor overflow."""
    function = functions.Translated(functions.Simplex(), [1.0, 1e-310])
    for x in (np.array([1.0, 5e-324]), np.array([1.0, 0.0])):
        assert function.in_domain(function.prox(x, 1.0))
    moved = functions.Translated(functions.L1(0.5), [0.0, 1.0])
    assert moved.value(np.array([5e-324, 1.0])) == 0.0


@pytest.mark.parametrize("name", CLASSES)
def test_every_class_is_documented_with_an_example(name):
    kind = getattr(functions, name)
    documentation = kind.__dict__["__doc__"]
    assert "Examples\n" in documentation
    assert ">>> " in documentation


def test_every_class_is_listed_and_no_part_of_one():
    in_files = set()
    for entry in pkgutil.iter_modules(functions.__path__):
        for name, thing in vars(import_module(f"{functions.__name__}.{entry.name}")).items():
            if isinstance(thing, type) and issubclass(thing, Function) and thing is not Function:
                assert getattr(functions, name, thing) is thing
                in_files.add(name)
    assert {"L1", "Zero"} < set(CLASSES) < in_files
    # What is left out is a part of some.
    for name in in_files - set(CLASSES):
        assert any(name in (base.__name__ for base in getattr(functions, other).__mro__) for other in CLASSES)
    for name in CLASSES:
        assert not isabstract(getattr(functions, name))
        assert type(functions.examples(2)[name]) is getattr(functions, name)
    assert sorted(functions.__all__) == functions.__all__


def look_again():
    discover.discover.cache_clear()
    discover.discover_classes.cache_clear()
    reload(functions)


def test_a_new_file_is_found(monkeypatch):
    module = ModuleType(f"{functions.__name__}.brand_new")
    module.BrandNew = type("BrandNew", (functions.Zero,), {})
    listed = pkgutil.iter_modules
    with monkeypatch.context() as changed:
        changed.setitem(sys.modules, module.__name__, module)
        changed.setattr(
            pkgutil, "iter_modules", lambda path: [*listed(path), pkgutil.ModuleInfo(None, "brand_new", False)]
        )
        try:
            look_again()
            assert "BrandNew" in functions.__all__
            assert type(functions.examples(1)["BrandNew"]) is functions.BrandNew
        finally:
            changed.undo()
            look_again()
    assert set(functions.__all__) == {*CLASSES, "Function", "examples", "get"}


ALL = [function for d in (1, 2, 3) for function in functions.examples(d).values()]
ALL += [function for function, _ in (*LIMITS, *NESTED)]


@pytest.mark.parametrize("function", ALL, ids=lambda function: str(function)[:60])
def test_what_it_calls_itself_makes_it_again(function):
    names = {name: getattr(functions, name) for name in CLASSES}
    made = eval(repr(function), {"np": np, **names})
    assert type(made) is type(function)
    assert repr(made) == repr(function)
    assert same(made.kernel, function.kernel)


def same(one, other):
    """Return whether two kernels are of one type with the same numbers."""
    if type(one) is not type(other):
        return False
    if hasattr(one, "_fields"):
        return all(same(*pair) for pair in zip(one, other, strict=True))
    return np.array_equal(one, other)


@pytest.mark.parametrize("name", CLASSES)
def test_the_predicates_are_bools_and_the_constants_numbers(name):
    for function in (*functions.examples(1).values(), *functions.examples(4).values()):
        for predicate in ("is_convex", "is_separable", "is_indicator", "is_homogeneous", "is_support", "is_smooth"):
            assert type(getattr(function, predicate)) is bool
        assert 0.0 <= function.mu <= function.L
        assert function.is_smooth == (np.inf > function.L)
        assert function.is_support == (function.is_convex and function.is_homogeneous)
