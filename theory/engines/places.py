"""Other problems on which a file's method must keep what it keeps on the given one, and other letters.

A mistake may show beyond small sizes only, or at the ends of a letter's range, or where ψ is not 0. The problems have
the given one's kind, so nearly all of them run the code that is compiled already.
"""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

from ...algorithms.parts import graphs, letters, random_graphs
from ...core.errors import InputError
from ...core.randomness import generator
from ...problems import Composite, Logistic, Personal, Problem, Quadratic, Softmax
from ...problems.functions import L1, Huber
from ...problems.logistic import DenseLogisticKernel
from ...problems.softmax_kernels import DenseSoftmaxKernel
from ..case import Case, NotExact

# The numbers of clients and of coordinates from which sizes are drawn: many clients, many coordinates, both; and as
# many as listed outcomes allow.
_SIZES = (((5, 6), (2, 2)), ((2, 2), (4, 5)), ((11, 12), (2, 3)), ((6, 9), (7, 10)))
# Sizes on which clients that differ are enough: the smallest, and more than anybody lists.
_FURTHER_SIZES = (
    ((1, 1), (3, 4)), ((3, 3), (1, 1)), ((14, 40), (2, 3)), ((3, 4), (14, 40)),
    ((65, 140), (2, 2)), ((2, 2), (65, 140)),
)  # fmt: skip
_CLIENTS, _DIM, _KAPPA = 5, 4, 20.0
_SCALES = (1e-6, 1e6)
# As a matrix it is neither a row nor square, and of rank 1 it is shorter by its factors; so little energy cuts ranks.
_MATRIX, _LITTLE = 12, 0.6
# Samples of a client on logistic and softmax problems.
_SAMPLES = 6
_COMPRESSORS = {
    letters.Unbiased: ("Bernoulli(0.5)", "RandK(1)"),
    letters.Diagonal: ("Bernoulli(0.5)", "RandK(1)"),
    letters.Compressor: ("TopK(1)", "BiasedRandK(1)"),
}
# Letters of which half of what is prescribed is tried: one by one, as those that are prescribed follow from each other.
_HALVED = (
    letters.Factor, letters.Mixing, letters.StepSize, letters.LocalStepSize, letters.ControlStepSize,
    letters.DualStepSize, letters.Momentum, letters.UpToHalf, letters.Convexity, letters.Deviation,
    letters.Regularisation, letters.Decay, letters.Share, letters.Move, letters.Floor, letters.Clip,
    letters.Length, letters.Multiplier, letters.Part, letters.Weight,
)  # fmt: skip
# A number that is 0 does nothing.
_INSTEAD_OF_0 = 0.25
# Up to how many times what is prescribed the theorem's conditions are looked for, how near they are met, and the least
# distance, as a power of the first: where a letter has one value only its neighbours are rounding.
_FAR, _HALVINGS, _NEAR = 64.0, 40, 1e-3
# So badly conditioned that thousands of short rounds, or of steps in one, do not arrive.
_STEEP, _SHORT, _LONG = 1e5, 2.0, 5_000


class Place(NamedTuple):
    """A case on another problem or with other letters, and the words that say which."""

    words: str
    case: Case


def places(case: Case, beyond: bool = False) -> Iterator[Place]:
    """Yield the cases beside the given one, those first that are most like it.

    Parameters
    ----------
    case : Case
        Whose letters are kept.
    beyond : bool
        Whether also where the theorem's conditions do not hold.
    """
    for position, (clients, coordinates) in enumerate((*_SIZES, *_FURTHER_SIZES)):
        rng = generator(case.seed, "places", position)
        n, d = int(rng.integers(clients[0], clients[1] + 1)), int(rng.integers(coordinates[0], coordinates[1] + 1))
        for alike in (False, True)[: 2 if position < len(_SIZES) else 1]:
            drawn = _like(case.problem, n, d, position, case.seed, alike=alike)
            yield from _on(
                case, drawn, f"on {n} {'similar ' if alike else ''}clients with {d} coordinates", beyond=beyond
            )
    if letters.of_kind(case.method.Params, letters.Rows):
        matrix = _like(case.problem, _CLIENTS, _MATRIX, "matrix", case.seed)
        energy = [
            letter for letter in letters.of_kind(case.method.Params, letters.Energy) if letter not in case.changes
        ]
        for changes in ({}, *({letter: _LITTLE} for letter in energy)):
            words = f"on a model of {_MATRIX} coordinates as a matrix"
            yield from _on(case, matrix, f"{words} with {_written(changes)}" if changes else words, changes, beyond)
    small = _like(case.problem, _CLIENTS, _DIM, "small", case.seed)
    if isinstance(case.problem, Quadratic) and not case.is_noisy:
        for scale in _SCALES:
            yield from _on(
                case, _scaled(small, scale, 1.0), f"on functions that are multiplied by {scale:g}", beyond=beyond
            )
        far = max(_SCALES)
        words = f"where the functions and the solution are multiplied by {far:g}"
        yield from _on(case, _scaled(small, far, far), words, beyond=beyond)
    for changes in _letters(case, small):
        yield from _on(case, small, f"with {_written(changes)}", changes, beyond)
    for changes in _at_the_edge(case, small):
        yield from _on(case, small, f"with {_written(changes)}, the last that the theorem allows", changes)
    if beyond:
        # What takes two letters to be seen, such as several clients in a round and several steps of the server.
        together = _together(case, small)
        yield from _on(case, small, f"with {_written(together)}", together, beyond)
    long = _of_rounds(case, 1.0 / _LONG, _LONG)
    if long:
        yield from _on(case, _steep_problem(case), f"where κ = {_STEEP:g} with {_written(long)}", long, beyond)


def compiled_anew(case: Case, beyond: bool = False) -> Iterator[Place]:
    """Yield cases whose code has to be compiled: with another compressor, with ψ, with g and h of a Composite.

    The arguments are those of :func:`places`.
    """
    small = _like(case.problem, _CLIENTS, _DIM, "psi", case.seed)
    if small is None:
        return
    if beyond and letters.compressors_of(case.method.Params):
        together = _together(case, small) | dict(_other_compressors(case))
        yield from _on(case, small, f"with {_written(together)}", together, beyond)
    changes = dict(itertools.islice(_other_compressors(case), 1))
    told = "".join(f"with {letter} = {value}" for letter, value in changes.items())
    base = small.base if isinstance(small, Composite) else small
    if isinstance(base, Quadratic) and base.is_smooth and case.method.handles_psi:
        weight = float(np.abs(base.gradient(np.zeros(base.d))).max()) / 5.0
        norm = base.with_psi(L1(weight))
        if not case.method.handles_composite:
            words = f"where ψ = {weight:.2g} ‖x‖₁ {told}".strip()
            yield from _on(case, norm, words, changes)
            alone = _like(base, 1, _DIM, "psi alone", case.seed)
            yield from _on(case, alone.with_psi(norm.psi), f"with 1 client, {words}", changes)
            return
        K, bound = generator(case.seed, "places", "matrix").standard_normal((_DIM - 1, _DIM)), weight / 10.0
        # So flat that dual variables are at their bound: within it h is its own conjugate. One stays within it: at its
        # bound nothing is seen of how it got there, such as a wrong τ.
        K[0] *= bound / (2.0 * np.linalg.norm(K[0]) * np.linalg.norm(base.solution().x))
        both = Composite(norm, Huber(bound), K)
        words = f"where g is a norm and h another function of Kx {told}".strip()
        for place in _on(case, both, words, changes):
            yield place
            # Only here has a dual step size an effect.
            for letter in letters.of_kind(case.method.Params, letters.DualStepSize):
                if letter not in case.changes:
                    half = getattr(place.case.params, letter) / 2.0
                    yield from _on(case, both, f"{words} with {letter} = {_told(half)}", changes | {letter: half})
    elif changes:
        yield from _on(case, small, told, changes)


def _other_compressors(case: Case) -> Iterator[tuple[str, str]]:
    """Yield for each letter that names a compressor one of another class than the prescribed one."""
    for of, candidates in _COMPRESSORS.items():
        for letter in letters.of_kind(case.method.Params, of):
            if letter not in case.changes:
                taken = getattr(case.params, letter).partition("(")[0]
                yield letter, next(one for one in candidates if one.partition("(")[0] != taken)


def _together(case: Case, problem: Any) -> dict[str, Any]:
    """Return all letters with other values at once; rounds are as long as they are."""
    found: dict[str, Any] = {}
    for changes in _letters(case, problem):
        found = changes | found
    kept = letters.of_kind(case.method.Params, letters.Probability)
    return {letter: value for letter, value in found.items() if letter not in kept}


def _at_the_edge(case: Case, problem: Problem | None) -> Iterator[dict[str, Any]]:
    """Yield the letters, one at a time, at which the theorem's conditions just hold, where they are not prescribed."""
    if problem is None:
        return
    here = replace(case, problem=problem)
    kinds = (letters.Probability, *_HALVED)
    for letter in dict.fromkeys(itertools.chain.from_iterable(letters.of_kind(case.method.Params, of) for of in kinds)):
        if letter in case.changes or not _is_allowed(here, letter, 1.0):
            continue
        for far in (_FAR, 1.0 / _FAR):
            inside, outside = 0.0, 1.0
            for _ in range(_HALVINGS):
                middle = (inside + outside) / 2.0
                inside, outside = (middle, outside) if _is_allowed(here, letter, far**middle) else (inside, middle)
            # Where the conditions hold that far, or where the letter's own range ends, there is no edge of theirs.
            if _NEAR < inside < 1.0 and _is_allowed(here, letter, far**outside) is False:
                yield {letter: far**inside * getattr(here.params, letter)}


def _is_allowed(case: Case, letter: str, times: float) -> bool | None:
    """Return whether the theorem allows so many times what is prescribed for a letter, None if it is out of range."""
    try:
        other = replace(case, changes=case.changes | {letter: times * getattr(case.params, letter)})
        other.check()
        return all(condition.holds for condition in other.conditions())
    except (InputError, NotExact, ValueError, ArithmeticError):
        return None


def steep(case: Case) -> Case | None:
    """Return the case with short rounds on a badly conditioned problem, where thousands of them do not arrive."""
    found = next((place.case for place in _on(case, _steep_problem(case), "", _of_rounds(case, 1.0, 1))), None)
    # A round may still be long, as under a compressor that sends rarely.
    return found if found is not None and found.pace.iterations <= _SHORT * found.pace.rounds else None


def _steep_problem(case: Case) -> Any:
    return _like(case.problem, 3, 3, "steep", case.seed, _STEEP, alike=True)


def _of_rounds(case: Case, p: float, K: int) -> dict[str, Any]:
    """Return the letters that say how long rounds are, with these values."""
    kind = case.method.Params
    changes: dict[str, Any] = dict.fromkeys(letters.of_kind(kind, letters.Probability), p)
    changes |= dict.fromkeys(letters.of_kind(kind, letters.LocalSteps), K)
    return {letter: value for letter, value in changes.items() if letter not in case.changes}


def twin(case: Case) -> Case | None:
    """Return the case on another problem of the same kind and size."""
    problem = _like(case.problem, case.problem.n, case.problem.d, "twin", case.seed)
    return next((place.case for place in _on(case, problem, "")), None)


def _written(changes: dict[str, Any]) -> str:
    """Return letters and their values in words."""
    return ", ".join(f"{letter} = {_told(value)}" for letter, value in changes.items())


def _told(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _on(
    case: Case, problem: Problem | None, words: str, changes: dict[str, Any] | None = None, beyond: bool = False
) -> Iterator[Place]:
    """Yield the case on a problem, unless the method, its letters or, if not ``beyond``, its theorem do not fit it."""
    # Of a shipped theorem it is known that its fixed point is one with ψ as well, where no rate is proved.
    is_known = case.method.promise is not None and problem is not None and not problem.is_smooth
    if problem is None:
        return
    try:
        other = replace(case, problem=problem, changes=case.changes | (changes or {}))
        other.check()
        holds = beyond or is_known or all(condition.holds for condition in other.conditions())
        if other.is_solved or not holds:
            return
        other.outcomes()
    except (InputError, ValueError, IndexError, ZeroDivisionError):
        return  # for example letters that were given for another size
    yield Place(words, other)


def _like(
    problem: Problem, n: int, d: int, name: int | str, seed: int, kappa: float = _KAPPA, alike: bool = False
) -> Any:
    """Return a drawn problem of the same kind with other sizes, None if nothing is known of the kind.

    Promises are tight where clients are alike, and mistakes about what differs show where they are not.
    """
    rng = generator(seed, "places", "problem", name)
    try:
        if isinstance(problem, Quadratic):
            basis = "common" if alike else "client"
            # None with L = 1, where a step size could be left out.
            scales = 1.7 / np.geomspace(1.0, 1.0 if alike else 3.0, n)
            if d == 1:
                # One coordinate has one eigenvalue, so it is the clients who make kappa.
                hessians, b = 1.7 / np.geomspace(1.0, kappa, n)[:, None, None], rng.standard_normal((n, 1))
            else:
                drawn = Quadratic.random(n, d, kappa, int(rng.integers(2**32)), basis=basis).kernel
                hessians, b = scales[:, None, None] * drawn.A, drawn.b
            server = (1.2 * hessians[0], b[0]) if problem.server else None
            return Quadratic(hessians, b, problem.psi, server)
        if isinstance(problem, Logistic):
            features = rng.standard_normal((_SAMPLES * n, d))
            labels = np.where(features[:, 0] + rng.standard_normal(len(features)) > 0.0, 1.0, -1.0)
            labels[:2] = 1.0, -1.0
            rows, share = _stored_like(problem, features), 0.5 if problem.server else None
            return Logistic(rows, labels, clients=n, kappa=kappa, psi=problem.psi, server=share)
        if isinstance(problem, Softmax):
            # As many classes as the problem has if d coordinates can be theirs, else as few as can; one is no problem.
            classes = next((C for C in (problem.blocks.rows, *range(2, d + 1)) if d % C == 0), None)
            if classes is None:
                return None
            features = rng.standard_normal((max(_SAMPLES * n, 2 * classes), d // classes))
            logits = features @ rng.standard_normal((d // classes, classes))
            labels = (logits + rng.standard_normal(logits.shape)).argmax(axis=1)
            labels[:classes] = np.arange(classes)
            rows, share = _stored_like(problem, features), 0.5 if problem.server else None
            return Softmax(rows, labels, clients=n, kappa=kappa, psi=problem.psi, server=share)
        if isinstance(problem, Personal):
            return _personal_like(problem, _like(problem.inner, n, d, name, seed, kappa, alike))
        if isinstance(problem, Composite) and problem.base.is_smooth and isinstance(problem.base, Quadratic):
            return Composite.random(n, d, kappa, int(rng.integers(2**32)), h=problem.h)
    except InputError:
        return None
    return None


def _personal_like(problem: Personal, inner: Any) -> Personal | None:
    """Return a drawn problem with as large a share of what is private, which is what makes it of that kind."""
    if inner is None:
        return None
    if not isinstance(inner, Softmax):
        d: int = inner.d
        return Personal(inner, np.arange(d - _as_many(problem, d), d))
    return Personal(inner, private_features=_as_many(problem, inner.blocks.columns))


def _as_many(problem: Personal, size: int) -> int:
    """Return the same share of a size, where neither part is empty that is not so on the problem, if both can be."""
    share = len(problem.private) / problem.inner.d
    least, most = min(int(share > 0.0), size), size - int(share < 1.0)
    return int(np.clip(round(share * size), min(least, most), most)) if size > 1 else round(share)


def _stored_like(problem: Logistic | Softmax, features: np.ndarray) -> Any:
    """Return features dense or sparse, as those of the problem are, so that the same code runs."""
    own = getattr(problem.kernel, "own", problem.kernel)
    dense = isinstance(own, DenseLogisticKernel | DenseSoftmaxKernel)
    return features if dense else import_module("scipy.sparse").csr_array(features)


def _scaled(problem: Any, scale: float, solution: float) -> Problem:
    own = problem.server.kernel if problem.server else None
    server = (scale * own.A[0], scale * solution * own.b[0]) if own else None
    return Quadratic(scale * problem.kernel.A, scale * solution * problem.kernel.b, problem.psi, server)


def _letters(case: Case, problem: Any) -> Iterator[dict[str, Any]]:
    """Yield letters at the ends of their ranges and in between, one at a time, for a problem; the usual ones first."""
    if problem is None:
        return
    try:
        prescribed = replace(case, problem=problem).params._asdict()
    except (InputError, NotExact):
        return
    kind = case.method.Params
    # A model of a client, not all of them together.
    d = problem.inner.d if isinstance(problem, Personal) else problem.d
    candidates: list[tuple[Any, Any]] = [
        (letters.Probability, (1.0 / 300.0, 1.0)),
        (letters.LocalSteps, (3, 1, 20)),
        (letters.Period, (3,)),
        (letters.EdgeRounds, (3, 1)),
        (letters.Edges, (1, (problem.n + 1) // 2, problem.n)),
        (letters.EdgeFeatures, (1, 0)),
        (letters.ServerSteps, (3, 0)),
        (letters.SoftLabels, (1.0,)),
        (letters.Minibatches, (3,)),
        (letters.Power, (2,)),
        (letters.Score, letters.SCORES[1:]),
        (letters.Aggregate, letters.AGGREGATES),
        (letters.Batch, (2,)),
        (letters.Density, (0.5, 1.0)),
        (letters.Energy, (0.6, 1.0)),
        (letters.Draw, (1,)),
        (letters.RefreshProbability, (1.0 / 50.0,)),
        (letters.Senders, ((problem.n + 1) // 2, problem.n)),
        (letters.Blocks, (12, 1, 50)),
        (letters.Lazies, (2, 1)),
        (letters.Budget, (400.0,)),
        (letters.Time, (2.0,)),
        (letters.Wait, (1.0,)),
        (letters.Rows, (problem.d, 1)),
        (letters.Tiers, (2, 1)),
        (letters.Trained, ("model",)),
        (letters.Capacities, ("uniform(0.3,1)",)),
        (letters.Credits, (2,)),
        (letters.Interval, (2, 1)),
        (letters.Cohort, (problem.n - 1, problem.n, 1)),
        (letters.Kept, (d // 2, d)),
        (letters.Salience, ("weights",)),
        (letters.Means, ("zeros",)),
        (letters.Controls, ("dense",)),
        (letters.Weights, graphs.WEIGHTS),
        (letters.Graph, graphs.names()),
        (letters.RandomGraph, random_graphs.names()),
        (letters.Degree, (1,)),
        (letters.MovedShare, (0.0, 1.0)),
        (letters.Horizon, (2,)),
        (letters.Regrowth, ("gradient", "random")),
        (letters.Counted, ("new", "trained")),
    ]
    for of, values in candidates:
        for letter in letters.of_kind(kind, of):
            yield from ({letter: value} for value in values if letter not in case.changes)
    for of in _HALVED:
        for letter in letters.of_kind(kind, of):
            if letter not in case.changes:
                yield {letter: prescribed[letter] / 2.0 or _INSTEAD_OF_0}
