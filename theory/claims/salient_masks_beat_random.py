"""A mask of salient gradients costs less than a random mask of the same density.

Control: the random mask, on the same problems, from the same start, with as many gradients.

The data have classes that depend on few features, so that a good mask is known. The score |∇f W₀| counts a gradient as
much as the initial model happens to be large there: what that costs is told beside it, by an initial model whose
entries differ in their signs only.
"""

import dataclasses

import numpy as np

from ...algorithms.parts import masks
from ...core.randomness import derived_seed, generator
from ...problems import Softmax
from ..case import Case, Progress
from ..engines.seeds import geometric_mean
from ..verdict import Verdict

METHODS = ("salientgrads",)
OF_ITS_OWN = True
KINDS = ("salient", "signs", "random")
SEEDS = 8
_CLIENTS, _SAMPLES, _FEATURES, _CLASSES, _TRUE, _L2 = 10, 40, 50, 4, 0.15, 0.02
_DENSITY, _ROUNDS = 0.2, 60
#: What the problems are called in verdicts.
LABEL = f"softmax, {_CLASSES} classes, {_FEATURES} features of which few matter"
# A smaller gain is none.
_GAIN = 0.85


def measure(case: Case, progress: Progress) -> Verdict:
    """Compare the excess of the objective over its minimum at the end of both."""
    found = np.empty((SEEDS, len(KINDS), 2))
    for path in range(SEEDS):
        found[path] = [of_mask(planted_case(case, path, _DENSITY), kind) for kind in KINDS]
        progress((path + 1) / SEEDS)
    gaps, hits = found[..., 0], found[..., 1].mean(axis=0)
    ratio, low, high = geometric_mean(gaps[:, 0] / gaps[:, 2])
    of_signs = geometric_mean(gaps[:, 1] / gaps[:, 2])
    verdict = case.verdict(
        "claim",
        "refuted" if low > _GAIN else "confirmed" if high < _GAIN else "inconclusive",
        f"With density {_DENSITY:g} the excess is {ratio:.3g} [{low:.3g}, {high:.3g}] times that of a random mask, and "
        f"{hits[0]:.2g} of the mask are features that matter. Control: of a random mask {hits[2]:.2g} are; with an "
        f"initial model of signs it is {of_signs[0]:.3g} [{of_signs[1]:.3g}, {of_signs[2]:.3g}] times that, and "
        f"{hits[1]:.2g}.",
        ratio,
        _GAIN,
        (low, high),
        sensitivity=max(_GAIN - high, 0.0) / _GAIN,
    )
    return dataclasses.replace(verdict, problem=LABEL)


def planted(seed: int) -> tuple[Softmax, np.ndarray]:
    """Return a problem of C classes, and which coordinates of its model belong to features that matter.

    Examples
    --------
    >>> problem, matters = planted(0)
    >>> problem.d, int(matters.sum())
    (200, 28)
    """
    rng = generator(seed, "few features matter")
    matters = np.zeros(_FEATURES, dtype=bool)
    matters[rng.choice(_FEATURES, int(_TRUE * _FEATURES), replace=False)] = True
    model = 2.0 * rng.standard_normal((_CLASSES, _FEATURES)) * matters
    features = rng.standard_normal((_CLIENTS * _SAMPLES, _FEATURES))
    labels = (features @ model.T + rng.gumbel(size=(len(features), _CLASSES))).argmax(axis=1)
    return Softmax(features, labels, clients=_CLIENTS, l2=_L2), np.tile(matters, _CLASSES)


def planted_case(case: Case, path: int, density: float) -> Case:
    """Return the case on one of these problems."""
    seed = derived_seed(case.seed, "salient masks", path)
    changes = {"density": density, "w": seed}
    return dataclasses.replace(case, problem=planted(seed)[0], changes=changes, seed=seed)


def of_mask(case: Case, kind: str) -> tuple[float, float]:
    """Return the gap after some rounds with a kind of mask, and the share of it that matters in the planted problem."""
    problem, density, state = case.problem, case.params.density, case.initial()
    if kind == "signs":
        x = case.params.c * np.sign(state.x)
        state = case.state(x, masks.salient(problem, x, case.params), state.gamma)
    if kind == "random":
        places = generator(case.seed, "random mask").permutation(problem.d)
        state.mask[:] = places < masks.kept(problem.d, density)
    matters = planted(case.seed)[1]
    share = float(state.mask[matters].sum() / state.mask.sum()) if len(matters) == problem.d else float("nan")
    state = case.advance(state, case.draw(generator(case.seed, "rounds"), _ROUNDS))
    return problem.gap(state.x), share
