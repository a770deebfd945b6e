"""Other places at which to look at a method: problems of other sizes and scales, letters at the ends of their ranges.

What is wrong only with more than four clients, with steps of a thousand, with large gradients or behind a prox that
bends is right wherever nobody looks.
"""

from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from itertools import islice
from typing import Any

import numpy as np

from ..algorithms.parts import letters
from ..core.errors import InputError
from ..core.randomness import generator
from ..problems import Composite, Logistic, Problem, Quadratic
from ..problems.functions.huber import Huber
from ..problems.functions.l1 import L1
from ..problems.logistic import DenseLogisticKernel
from .case import Case

# Ranges from which the sizes of other problems are drawn: clients, and coordinates.
_SIZES = (((5, 9), (4, 7)), ((11, 16), (9, 13)))
# Units of the functions and of the model in which nothing may change.
_SCALES = ((1e6, 1.0), (1e-6, 1.0), (1.0, 1e6))
_SAMPLES = 8
# Iterations of a round that is long, and the probability with which the end of one is rare.
_LONG, _RARE = 3000, 0.02
# What is compressed with where another compressor was named: the first that is of another kind and fits.
_COMPRESSORS = ("TopK(1)", "QSGD(2)", "RandK(1)")
_WEIGHT = 0.1
_FLATTEST = 0.2


def other_places(case: Case) -> Iterator[Case]:
    """Yield the method on other problems of the same kind, and with other letters; drawn by the case's seed.

    The compiled form of the problems is of the type that it has on the case's own, but where a term ψ or h is added.

    Parameters
    ----------
    case : Case
        The letters in which it differs from what is prescribed are kept where they fit.
    """
    small = None
    for problem in _problems(case):
        place = fitting(case, problem)
        if place is not None:
            small = small or place
            yield place
    for changes in _ends(small or case):
        place = fitting(replace(small or case, changes=case.changes | changes), (small or case).problem)
        if place is not None:
            yield place


def fitting(case: Case, problem: Problem) -> Case | None:
    """Return the case on another problem, None if it does not fit; without its own letters if those do not."""
    for changes in (case.changes, {}) if case.changes else ({},):
        place = replace(case, problem=problem, changes=changes)
        try:
            place.check()
            place.initial()
            place.check_rounds()
            place.outcomes()
        except InputError:
            continue
        return place
    return None


def _problems(case: Case) -> Iterator[Problem]:
    rng, problem = generator(case.seed, "places"), case.problem
    for clients, dims in _SIZES:
        n, d = int(rng.integers(*clients, endpoint=True)), int(rng.integers(*dims, endpoint=True))
        other = _like(problem, n, d, rng)
        if other is not None:
            yield other
    if isinstance(problem, Quadratic) and problem.is_smooth:
        unit = Quadratic.random(4, 3, _kappa(problem), case.seed, basis="client")
        for size, model in _SCALES:
            yield Quadratic(size * unit.kernel.A, size * model * unit.kernel.b)
        if case.method.handles_psi:
            yield unit.with_psi(L1(_WEIGHT))
        if case.method.handles_composite:
            K = rng.standard_normal((2, 3))
            yield Composite(unit.with_psi(L1(_WEIGHT)), Huber(_WEIGHT), K / np.linalg.norm(K, 2))


def _kappa(problem: Problem) -> float:
    # Nothing is drawn of one curvature only.
    return max(problem.kappa, 2.0)


def _like(problem: Problem, n: int, d: int, rng: np.random.Generator) -> Problem | None:
    """Return a problem of another size whose compiled form is of the same type; None if psi does not fit."""
    seed = int(rng.integers(2**31))
    try:
        if isinstance(problem, Quadratic):
            unit = Quadratic.random(n, d, _kappa(problem), seed, basis="client")
            # Clients differ in how steep they are: a method may treat them differently for that.
            steepness = np.geomspace(1.0, _FLATTEST, n)[:, None]
            return Quadratic(steepness[:, None] * unit.kernel.A, steepness * unit.kernel.b, problem.psi)
        if isinstance(problem, Logistic):
            features: Any = rng.standard_normal((_SAMPLES * n, d))
            labels = np.where(features[:, 0] + rng.standard_normal(len(features)) > 0.0, 1.0, -1.0)
            labels[:2] = 1.0, -1.0
            if not isinstance(problem.kernel, DenseLogisticKernel):
                # Imported like this SciPy, which has no types, is Any.
                features = import_module("scipy.sparse").csr_array(features * (rng.random(features.shape) < 0.5))
            return Logistic(features, labels, n, kappa=_kappa(problem), psi=problem.psi)
    except InputError:
        return None
    return None


def _ends(case: Case) -> Iterator[dict[str, Any]]:
    """Yield letters at the ends of their ranges."""
    kind = case.method.Params
    for letter in letters.of_kind(kind, letters.Probability):
        yield from ({letter: value} for value in (1.0 / _LONG, _RARE, 1.0))
    for letter in letters.of_kind(kind, letters.LocalSteps):
        yield from ({letter: value} for value in (1, _LONG))
    for letter in letters.of_kind(kind, letters.RefreshProbability):
        yield from ({letter: value} for value in (_RARE, 1.0))
    for letter in letters.of_kind(kind, letters.Cohort):
        yield {letter: max(case.problem.n // 2, 2)} | dict.fromkeys(letters.of_kind(kind, letters.Senders), 2)
    for letter in letters.of_kind(kind, letters.Kept):
        yield from ({letter: value} for value in (1, case.problem.d))
    for letter in letters.compressors_of(kind):
        used = getattr(case.params, letter).partition("(")[0]
        others = ({letter: C} for C in _COMPRESSORS if C.partition("(")[0] != used)
        yield from islice((C for C in others if fitting(replace(case, changes=case.changes | C), case.problem)), 1)
