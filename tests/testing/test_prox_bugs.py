"""Wrong proximal operators are caught by ``check_prox``, each by a sentence that fits its fault."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import Phase, settings

from rootkappa.problems import functions
from rootkappa.problems.functions import (
    L0,
    L1,
    L2,
    Box,
    Consensus,
    ElasticNet,
    GroupL2,
    Hinge,
    Huber,
    L0Ball,
    L1Ball,
    L2Ball,
    LInf,
    LInfBall,
    LogBarrier,
    Nuclear,
    PositiveSemidefinite,
    Simplex,
    SortedL1,
    SquaredL2,
    TotalVariation1D,
)
from rootkappa.testing import check_prox

pytestmark = pytest.mark.drawn(2, "name")

UNFAITHFUL = "variational inequality|better|not firmly nonexpansive|values are not convex"


class Wrong:
    """A function some of whose attributes are replaced."""

    def __init__(self, right, **changes):
        self.right = right
        self.__dict__.update(changes)

    def __getattr__(self, name):
        return getattr(self.right, name)

    def __repr__(self):
        return f"wrong {self.right!r}"


def raw(right, prox):
    """Return what a foreign library would give: a value and a prox, nothing else."""
    return SimpleNamespace(value=right.value, prox=prox)


def bare(right, prox):
    """Return the same with a prox that keeps the type of its input, whatever NumPy makes of it."""

    def keep_type(x, gamma):
        with np.errstate(all="ignore"):
            return prox(x, gamma).astype(x.dtype, copy=False)

    return raw(right, keep_type)


def soft(x, threshold):
    return np.sign(x) * np.maximum(np.abs(x) - threshold, 0.0)


def sorted_simplex(x, off_by_one=0, wrong_tie=False):
    s = np.sort(x)[::-1]
    levels = (np.cumsum(s) - 1.0) / np.arange(1, x.size + 1)
    kept = np.count_nonzero(s > levels) - off_by_one
    if wrong_tie:
        kept = np.unique(s[:kept]).size
    return np.maximum(x - levels[max(kept, 1) - 1], 0.0)


def changes_input(x, gamma):
    x[...] = soft(x, 0.5 * gamma)
    return x.copy()


def returns_input(x, gamma):
    return x if np.abs(x).max() <= 0.5 else np.clip(x, -0.5, 0.5)


def remembers(step_sizes):
    def prox(x, gamma):
        step_sizes.append(gamma)
        return soft(x, 0.5 * step_sizes[0])

    return prox


def remembers_its_calls(calls):
    def prox(x, gamma):
        calls.append(1)
        return x / (1.0 + 2.0 * gamma) * (1.0 + 1e-12 * len(calls))

    return prox


def writes_before_it_reads(x, gamma, out=None):
    out = np.empty_like(x) if out is None else out
    out[...] = 0.0
    out[...] = soft(x, 0.5 * gamma)
    return out


def forgets_out(x, gamma, out=None):
    return soft(x, 0.5 * gamma)


def naive_norm(x, gamma):
    size = np.sqrt(np.sum(x**2))
    return max(1.0 - 0.5 * gamma / size, 0.0) * x if size != 0.0 else 0.0 * x


def divides_by_zero(x, gamma):
    return np.maximum(np.abs(x) - 0.5 * gamma, 0.0) / np.abs(x) * x


def reads_as_if_contiguous(x, gamma):
    flat = np.lib.stride_tricks.as_strided(x, shape=x.shape, strides=(x.itemsize,))
    return soft(flat, 0.5 * gamma)


def few_iterations(x, gamma, steps=20):
    """Projected gradient on the dual of total variation, stopped early."""
    z = np.zeros(x.size - 1)
    for _ in range(steps):
        p = x + np.append(z, 0.0) - np.append(0.0, z)
        z = np.clip(z + 0.25 * np.diff(p), -0.5 * gamma, 0.5 * gamma)
    return x + np.append(z, 0.0) - np.append(0.0, z)


def huber_by_size_of_the_point(x, gamma):
    return np.where(np.abs(x) <= 0.75, x / (1.0 + gamma), soft(x, 0.75 * gamma))


def thresholds_eigenvalues_of_gram(x, gamma):
    U, s, V = np.linalg.svd(x)
    return (U * np.sqrt(np.maximum(s**2 - 0.5 * gamma, 0.0))) @ V


def largest_first(x, keep):
    order = np.argsort(-np.abs(x), kind="stable")
    p = np.zeros_like(x)
    p[order[keep]] = x[order[keep]]
    return p


def divides_by_gaps(right):
    """Return a prox that goes by differences of singular values, and does nothing where two of them are one."""

    def prox(x, gamma):
        gaps = -np.diff(np.linalg.svd(x, compute_uv=False))
        return right.prox(x, gamma) if (gaps > 1e-12 * np.abs(x).max()).all() else x.copy()

    return prox


def first_nonzero(x, gamma):
    return soft(x, 0.5 * gamma) * np.sign(np.abs(x[np.flatnonzero(x)[0]]))


WEIGHTS = np.linspace(1.0, 0.25, 5)
GROUPS = [[0, 1], [2, 3, 4]]


def unsorted_slope(x, gamma):
    return soft(x, gamma * WEIGHTS)


def slope_without_averages(x, gamma):
    ranks = np.argsort(np.argsort(-np.abs(x), kind="stable"))
    return soft(x, gamma * WEIGHTS[ranks])


def unweighted_groups(x, gamma):
    return GroupL2(0.5, GROUPS, weights=[1.0, 1.0]).prox(x, gamma)


BUGS = {
    "sign of the threshold": (bare(L1(0.5), lambda x, g: np.sign(x) * (np.abs(x) + 0.5 * g)), UNFAITHFUL),
    "threshold without gamma": (bare(L1(0.5), lambda x, g: soft(x, 0.5)), UNFAITHFUL),
    "threshold without lambda": (bare(L1(0.5), lambda x, g: soft(x, g)), UNFAITHFUL),
    "threshold twice too large": (bare(L1(0.5), lambda x, g: soft(x, g)), UNFAITHFUL),
    "threshold squared": (bare(L1(0.5), lambda x, g: soft(x, (0.5 * g) ** 2)), UNFAITHFUL),
    "threshold divided by gamma": (bare(L1(0.5), lambda x, g: soft(x, 0.5 / g)), UNFAITHFUL),
    "size instead of sign": (bare(L1(0.5), lambda x, g: np.maximum(np.abs(x) - 0.5 * g, 0.0)), UNFAITHFUL),
    "positive part only": (bare(L1(0.5), lambda x, g: np.maximum(x - 0.5 * g, 0.0)), UNFAITHFUL),
    "value without lambda": (Wrong(L1(0.5), value=lambda x: np.abs(x).sum()), UNFAITHFUL),
    "value with a tenth too much": (Wrong(L1(0.5), value=lambda x: 0.55 * np.abs(x).sum()), UNFAITHFUL),
    "input changed": (raw(L1(0.5), changes_input), "changes its input"),
    "input returned": (raw(LInfBall(0.5), returns_input), "returns its input"),
    "step size remembered": (bare(L1(0.5), remembers([])), UNFAITHFUL),
    "calls remembered": (bare(SquaredL2(2.0), remembers_its_calls([])), "differs from call to call"),
    "out overwritten before x is read": (raw(L1(0.5), writes_before_it_reads), "with out = x"),
    "out forgotten": (raw(L1(0.5), forgets_out), "does not return what it is given as out"),
    "float32 widened": (raw(L1(0.5), lambda x, g: soft(x.astype(float), 0.5 * g)), "type of float32"),
    "float32 rounded to half": (
        bare(L1(0.5), lambda x, g: soft(x, 0.5 * g).astype(np.float16 if x.itemsize == 4 else float).astype(x.dtype)),
        "float32 and float64|is not finite",
    ),
    "computed in float32": (bare(L1(0.5), lambda x, g: soft(x.astype("f"), np.float32(0.5 * g))), UNFAITHFUL),
    "gaps of the array ignored": (bare(L1(0.5), reads_as_if_contiguous), "an array with gaps"),
    "shape lost": (bare(L1(0.5), lambda x, g: soft(x, 0.5 * g)[None]), "another shape"),
    "a coordinate left out": (bare(L1(0.5), lambda x, g: np.append(soft(x[:-1], 0.5 * g), x[-1])), UNFAITHFUL),
    "0 divided by 0": (bare(L1(0.5), divides_by_zero), "not finite"),
    "squares overflow": (bare(L2(0.5), naive_norm), UNFAITHFUL),
    "one norm for another": (bare(L2(0.5), lambda x, g: soft(x, 0.5 * g)), UNFAITHFUL),
    "squared norm without its half": (bare(SquaredL2(2.0), lambda x, g: x / (1.0 + 4.0 * g)), UNFAITHFUL),
    "order of scaling and threshold": (
        bare(ElasticNet(0.5, 2.0), lambda x, g: soft(x / (1.0 + 2.0 * g), 0.5 * g)), UNFAITHFUL,
    ),
    "Huber cut at delta": (bare(Huber(0.75), huber_by_size_of_the_point), UNFAITHFUL),
    "largest entries clipped at lambda": (bare(LInf(0.5), lambda x, g: np.clip(x, -0.5 * g, 0.5 * g)), UNFAITHFUL),
    "simplex by division": (
        bare(Simplex(), lambda x, g: (np.maximum(x, 0.0) + 1e-9) / (np.maximum(x, 0.0) + 1e-9).sum()), UNFAITHFUL,
    ),
    "simplex with one entry too few": (bare(Simplex(), lambda x, g: sorted_simplex(x, 1)), "outside the domain|ineq"),
    "simplex that counts ties once": (
        bare(Simplex(), lambda x, g: sorted_simplex(x, wrong_tie=True)), "outside the domain",
    ),
    "projection onto the sphere": (
        bare(L2Ball(0.5), lambda x, g: 0.5 * x / np.linalg.norm(x) if x.any() else 0.0 * x), UNFAITHFUL,
    ),
    "L1 ball by scaling": (
        bare(L1Ball(0.5), lambda x, g: x * min(1.0, 0.5 / max(np.abs(x).sum(), 1e-300)) + 0.0), UNFAITHFUL,
    ),
    "projection that depends on gamma": (
        Wrong(Box(-0.25, 0.75), prox=lambda x, g: np.clip(x, -0.25 / max(g, 1.0), 0.75)),
        "inequality|depends on gamma|Moreau",
    ),
    "projection into the interior": (bare(LInfBall(0.5), lambda x, g: np.clip(x, -0.4, 0.4)), UNFAITHFUL),
    "hinge moved past 1": (bare(Hinge(0.5), lambda x, g: np.where(x < 1.0, x + 0.5 * g, x)), UNFAITHFUL),
    "barrier with the other root": (
        bare(LogBarrier(0.5), lambda x, g: (x - np.hypot(x, np.sqrt(2.0 * g))) / 2.0), "outside the domain",
    ),
    "total variation with half its weight": (bare(TotalVariation1D(0.5), TotalVariation1D(0.25).prox), UNFAITHFUL),
    "total variation stopped early": (bare(TotalVariation1D(0.5), few_iterations), UNFAITHFUL),
    "groups without weights": (bare(GroupL2(0.5, GROUPS), unweighted_groups), UNFAITHFUL),
    "weights in the order of x": (bare(SortedL1(WEIGHTS), unsorted_slope), UNFAITHFUL),
    "sorted weights without averages": (bare(SortedL1(WEIGHTS), slope_without_averages), UNFAITHFUL),
    "rows instead of columns averaged": (
        bare(Consensus(5), lambda x, g: np.repeat(x.mean(axis=1)[:, None], x.shape[1], axis=1)), "outside|ineq",
    ),
    "singular values of the square": (bare(Nuclear(0.5), thresholds_eigenvalues_of_gram), UNFAITHFUL),
    "size of eigenvalues": (
        bare(PositiveSemidefinite(), lambda x, g: np.linalg.svd((x + x.T) / 2)[2].T * 1.0 @ np.diag(
            np.linalg.svd((x + x.T) / 2)[1]) @ np.linalg.svd((x + x.T) / 2)[2]), UNFAITHFUL,
    ),
    "equal singular values": (raw(Nuclear(0.5), divides_by_gaps(Nuclear(0.5))), f"{UNFAITHFUL}|float32 and float64"),
    "equal eigenvalues": (
        raw(PositiveSemidefinite(), divides_by_gaps(PositiveSemidefinite())), "outside the domain|ineq",
    ),
    "an index error": (bare(L1(0.5), first_nonzero), r"prox raises IndexError, .* at x = array.*, gamma = "),
    "a list": (raw(L1(0.5), lambda x, g: soft(x, 0.5 * g).tolist()), r"the prox returns \[.* at x = array.*, gamma = "),
    "a value that raises": (
        Wrong(L1(0.5), value=lambda x: 1 // int(np.abs(x).sum() > 0.0)), r"value raises ZeroDivisionError, .* at x = a",
    ),
    "conjugate that ignores gamma": (
        Wrong(L1(0.5), conjugate=lambda: Wrong(LInfBall(0.5), prox=lambda u, g: np.clip(u, -0.5 * g, 0.5 * g))),
        "Moreau",
    ),
    "conjugate with another radius": (Wrong(L1(0.5), conjugate=lambda: LInfBall(0.25)), "Moreau"),
    "conjugate with half its value": (
        Wrong(SquaredL2(2.0), conjugate=lambda: Wrong(SquaredL2(0.5), value=lambda u: 0.125 * np.sum(u**2))),
        "is not <p, u>",
    ),
    "conjugate that is finite everywhere": (
        Wrong(L1(0.5), conjugate=lambda: Wrong(LInfBall(0.5), value=lambda u: -0.1)), "is not <p, u>",
    ),
    "top-k that keeps the smallest": (
        Wrong(L0Ball(2), prox=lambda x, g: largest_first(x, slice(-2, None))), "better than the prox|moves the point",
    ),
    "top-k that keeps one more": (Wrong(L0Ball(2), prox=lambda x, g: largest_first(x, slice(3))), "outside the domain"),
    "top-k that keeps ties": (
        Wrong(L0Ball(2), prox=lambda x, g: np.where(np.abs(x) >= np.sort(np.abs(x))[-2], x, 0.0)), "outside the domain",
    ),
    "hard threshold without its 2": (
        Wrong(L0(0.5), prox=lambda x, g: np.where(np.abs(x) > np.sqrt(0.5 * g), x, 0.0)), "better than the prox",
    ),
    "hard threshold said to be convex": (bare(L0(0.5), L0(0.5).prox), UNFAITHFUL),
    "norm said to be separable": (Wrong(L2(0.5), is_separable=True), "depends on others|no sum"),
    "square said to be homogeneous": (Wrong(SquaredL2(2.0), is_homogeneous=True), "not homogeneous|does not scale"),
    "L1 said to be an indicator": (Wrong(L1(0.5), is_indicator=True), "an indicator has a value|depends on gamma"),
    "L too small": (Wrong(Huber(0.75), L=0.9), "not L-Lipschitz"),
    "mu too large": (Wrong(ElasticNet(0.5, 2.0), mu=2.2), "not mu-strongly convex"),
    "distance that is always 0": (Wrong(L1(0.5), subdifferential_distance=lambda x, u: 0.0), "is too small"),
    "distance without the kink": (
        Wrong(L1(0.5), subdifferential_distance=lambda x, u: np.linalg.norm(u - 0.5 * np.sign(x))), "no subgradient",
    ),
}  # fmt: skip
MATRICES = {
    "equal singular values",
    "equal eigenvalues",
    "rows instead of columns averaged",
    "singular values of the square",
    "size of eigenvalues",
}


@pytest.fixture(autouse=True)
def thorough():
    """Try enough examples for each fault to be met in every run, and leave them as they are drawn."""
    before = settings.get_current_profile_name()
    settings.register_profile("bugs", max_examples=600, database=None, deadline=None, phases=[Phase.generate])
    settings.load_profile("bugs")
    yield
    settings.load_profile(before)


@pytest.mark.parametrize("name", BUGS)
def test_the_bug_is_caught(name):
    function, sentence = BUGS[name]
    with pytest.raises(AssertionError, match=sentence):
        check_prox(function, (5, 5) if name in MATRICES else 5)


RIGHT = sorted({repr(f.right if isinstance(f, Wrong) else f.value.__self__) for f, _ in BUGS.values()})


@pytest.mark.drawn(4, "text")
@pytest.mark.parametrize("text", RIGHT)
def test_there_is_a_right_function_behind_every_bug(text):
    settings.load_profile("quick")
    right = eval(text, {name: getattr(functions, name) for name in dir(functions)} | {"np": np})
    check_prox(right, (5, 5) if right.ndim == 2 else 5)


def test_the_message_can_be_run_again():
    with pytest.raises(AssertionError) as caught:
        check_prox(Wrong(L1(0.5), prox=lambda x, g: soft(x, 0.5)))
    assert "wrong L1(0.5)" in str(caught.value)
    assert "at x = array([" in str(caught.value)
    assert "gamma = " in str(caught.value)
