"""Sparse models of the clients' own classify better: by a twentieth of the errors at least.

Controls: the one model of FedAvg; the same after a last round of local steps at each client; decentralised FedAvg with
models of the clients' own, which is the method with density 1; and everybody for itself. Each has as many rounds, the
same graphs and local steps, and a step size that is tuned on other problems. Measured are errors on samples that nobody
has seen, as ratios over problems; the method's models are those after training.

Labels of unlike clients depend on few features each, of which most differ from client to client: there a tenth of the
coordinates, grown by gradients, is tried as well as half of them at random. Those of similar clients depend on all
features in nearly the same way, and samples are few. The ridge is the same for all.
"""

import dataclasses
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any, NamedTuple, cast

import numpy as np

from ...algorithms.driver.method import Method
from ...core.randomness import derived_seed, generator
from ...problems import Personal, Softmax
from ...problems.data import load_classes  # pyright: ignore[reportUnknownVariableType]
from ...problems.partitions import dirichlet
from ..case import Case, Progress
from ..engines.paired import ratio
from ..theorem import promised_by
from ..verdict import Verdict

METHODS = ("dispfl",)
OF_ITS_OWN = True
#: What makes the method each of its controls, and which of its models are theirs: 0 as averaged, 1 as trained.
ONE_MODEL = ("one model", {"graph": "complete", "density": 1.0, "alpha": 0.0}, 0)
TUNED = ("one model, fine-tuned", {"graph": "complete", "density": 1.0, "alpha": 0.0}, 1)
DENSE = ("dense models of their own", {"density": 1.0, "alpha": 0.0}, 1)
ALONE = ("everybody for itself", {"graph": "alone", "density": 1.0, "alpha": 0.0}, 1)
CONTROLS = (ONE_MODEL, TUNED, DENSE, ALONE)
#: The method with as few coordinates as there matter where clients are unlike, or fewer.
TENTH: dict[str, Any] = {"density": 0.1, "regrow": "gradient"}
_DENSER = "Half of the coordinates at random are fewer than matter, or others: dense models leave nothing out."
_COMMON = "Where clients are alike nothing beats one dense model of all, which has learnt from everybody's samples."
_ENOUGH = "With as many samples a client learns its own features best without others."
REFUTED = {
    "unlike clients, beside one model, fine-tuned": _DENSER,
    "unlike clients, beside dense models of their own": _DENSER,
    "unlike clients, beside everybody for itself": _ENOUGH,
    "similar clients, beside one model": _COMMON,
    "similar clients, beside one model, fine-tuned": _COMMON,
    "similar clients, beside dense models of their own": _DENSER,
}


class Regime(NamedTuple):
    """How much clients have in common: problems of one kind."""

    words: str
    """Which they are."""
    samples: int
    """Of each client."""
    common: int
    """Features on which all clients' labels depend, in the same way."""
    own: int
    """Features on which a client's labels depend besides, in a way of its own."""
    apart: float
    """How much the ways of the former differ between clients, as a share of their size."""


UNLIKE = Regime("unlike clients", 100, 2, 6, 0.0)
ALIKE = Regime("similar clients", 20, 40, 0, 0.4)
DIGITS = Regime("digits", 0, 0, 0, 0.0)
_CLIENTS, _FEATURES, _CLASSES, _UNSEEN, _SIZE, _L2 = 10, 40, 5, 400, 1.2, 0.02
_CONCENTRATION, _KAPPA, _HELD = 0.3, 300.0, 0.25
ROUNDS = 60
_STEPS, _TUNING, _PROBLEMS, _SPLITS = (0.25, 0.5, 1.0), 2, 8, 3
# A smaller gain is none.
_GAIN = 0.95


class Unseen(NamedTuple):
    """A problem of private models, and what nobody has seen."""

    problem: Personal
    features: Sequence[np.ndarray]
    """Samples like those of each client, shape (M_i, features)."""
    labels: Sequence[np.ndarray]
    """Their classes, shape (M_i,)."""

    def error(self, models: np.ndarray) -> float:
        """Return which share is told wrong by models of the clients' own, shape (n, d): the mean of the clients'."""
        inner = cast("Softmax", self.problem.inner)
        told = zip(models, self.features, self.labels, strict=True)
        return 1.0 - float(np.mean([inner.accuracy(x, rows, labels) for x, rows, labels in told]))


@lru_cache(maxsize=32)
def of_regime(regime: Regime, seed: int) -> Unseen:
    """Return a problem of a regime.

    Examples
    --------
    >>> drawn = of_regime(UNLIKE, 0)
    >>> drawn.problem.n, drawn.problem.inner.d, drawn.features[0].shape
    (10, 200, (400, 40))
    """
    return _digits(seed) if regime == DIGITS else _planted(regime, seed)


def _planted(regime: Regime, seed: int) -> Unseen:
    rng = generator(seed, "features of their own")
    common = np.zeros((_CLASSES, _FEATURES))
    common[:, : regime.common] = _SIZE * rng.standard_normal((_CLASSES, regime.common))
    rows: list[np.ndarray] = []
    labels: list[np.ndarray] = []
    for _ in range(_CLIENTS):
        model = common * 1.0
        model[:, : regime.common] += regime.apart * rng.standard_normal((_CLASSES, regime.common))
        own = regime.common + rng.choice(_FEATURES - regime.common, regime.own, replace=False)
        model[:, own] = _SIZE * rng.standard_normal((_CLASSES, regime.own))
        rows.append(rng.standard_normal((regime.samples + _UNSEEN, _FEATURES)))
        labels.append((rows[-1] @ model.T + rng.gumbel(size=(len(rows[-1]), _CLASSES))).argmax(axis=1))
    return _apart(rows, labels, [regime.samples] * _CLIENTS, {"l2": _L2})


def _digits(seed: int) -> Unseen:
    features, labels = _loaded()
    owner = dirichlet(labels, _CLIENTS, _CONCENTRATION, seed)
    rng = generator(seed, "digits that nobody has seen")
    own = [rng.permutation(np.flatnonzero(owner == i)) for i in range(_CLIENTS)]
    seen = [len(places) - max(1, int(_HELD * len(places))) for places in own]
    return _apart([features[places] for places in own], [labels[places] for places in own], seen, {"kappa": _KAPPA})


@cache
def _loaded() -> tuple[np.ndarray, np.ndarray]:
    features, labels = cast("tuple[np.ndarray, np.ndarray]", load_classes("digits", standardised=False))
    return np.column_stack([features / np.abs(features).max(), np.ones(len(labels))]), labels.astype(int)


def _apart(rows: list[np.ndarray], labels: list[np.ndarray], seen: list[int], scale: dict[str, Any]) -> Unseen:
    """Return the problem of each client's first samples; the others nobody sees."""
    first = [np.concatenate([one[:m] for one, m in zip(all_of, seen, strict=True)]) for all_of in (rows, labels)]
    inner = Softmax(*first, clients=len(rows), partition=np.repeat(np.arange(len(rows)), seen), **scale)
    later = [[one[m:] for one, m in zip(all_of, seen, strict=True)] for all_of in (rows, labels)]
    return Unseen(Personal(inner, private="all"), *later)


def place(method: Method, unseen: Unseen, seed: int, step: float, changes: dict[str, Any]) -> Case:
    """Return the case on a problem, with a step size in units of 1/L; masks move until the last round."""
    letters = {"eta": step / unseen.problem.L, "T": ROUNDS, "w": seed, **changes}
    return Case(method, promised_by(method), unseen.problem, letters, seed)


def path(
    case: Case, regime: Regime, seed: int, step: float, changes: dict[str, Any], every: int = ROUNDS
) -> np.ndarray:
    """Return the errors of the models as averaged and as trained, after every so many rounds, shape (times, 2)."""
    return _path(case.method, regime, seed, step, tuple(changes.items()), every)


# The same wherever the claim is asked for: the given problem has no part in it.
@lru_cache(maxsize=1024)
def _path(method: Method, regime: Regime, seed: int, step: float, changes: Any, every: int) -> np.ndarray:
    unseen = of_regime(regime, seed)
    own = place(method, unseen, seed, step, dict(changes))
    state, draws = own.initial(), own.draw(generator(seed, "hearing"), ROUNDS)
    errors: list[tuple[float, float]] = []
    for r in range(0, ROUNDS, every):
        state = own.advance(state, draws[r : r + every])
        errors.append((unseen.error(state.z), unseen.error(state.x)))
    return np.array(errors)


def tuned(case: Case, regime: Regime, changes: dict[str, Any], which: int) -> float:
    """Return the step size, in units of 1/L, with the smallest mean error on problems of its own."""
    count = 1 if regime == DIGITS else _TUNING
    seeds = [derived_seed(case.seed, "private models", "tuning", place) for place in range(count)]
    scores = [np.mean([path(case, regime, seed, step, changes)[-1, which] for seed in seeds]) for step in _STEPS]
    return _STEPS[int(np.argmin(scores))]


def told(case: Case, regime: Regime, changes: dict[str, Any], which: int, every: int = ROUNDS) -> np.ndarray:
    """Return the errors on the problems of which is told, shape (problems, times, 2), with the tuned step size."""
    step = tuned(case, regime, changes, which)
    count = _SPLITS if regime == DIGITS else _PROBLEMS
    seeds = [derived_seed(case.seed, "private models", "told", place) for place in range(count)]
    return np.array([path(case, regime, seed, step, changes, every) for seed in seeds])


def measure(case: Case, progress: Progress) -> list[Verdict]:
    """Compare errors with those of each control, in each regime."""
    verdicts: list[Verdict] = []
    ways: tuple[tuple[Regime, str, dict[str, Any]], ...] = (
        (UNLIKE, "", {}),
        (UNLIKE, ", a tenth by gradients", TENTH),
        (ALIKE, "", {}),
    )
    for position, (regime, how, letters) in enumerate(ways):
        own = told(case, regime, letters, 1)[:, -1]
        density = dataclasses.replace(case, changes=letters).params.density
        for place, (words, changes, which) in enumerate(CONTROLS):
            other = told(case, regime, changes, which)[:, -1, which]
            part = f"{regime.words}{how}, beside {words}"
            verdicts.append(dataclasses.replace(_verdict(case, part, density, own, other), problem=label(regime)))
            progress((position + (place + 1) / len(CONTROLS)) / len(ways))
    return verdicts


def _verdict(case: Case, part: str, density: float, own: np.ndarray, other: np.ndarray) -> Verdict:
    found = ratio(own[:, 1], other)
    averaged, after = own.mean(axis=0)
    sentence = (
        f"With density {density:g} the error is {after:.3f} after training, {averaged:.3f} as averaged, and "
        f"{other.mean():.3f} of the control: {found} times as large."
    )
    status = "confirmed" if found.high < _GAIN else "refuted" if found.low > _GAIN else "inconclusive"
    seen, ends = max(_GAIN - found.high, 0.0) / _GAIN, (found.low, found.high)
    return case.verdict("claim", status, sentence, found.mean, _GAIN, ends, part=part, sensitivity=seen)


def label(regime: Regime) -> str:
    """Return what the problems of a regime are."""
    return f"softmax regression, n={_CLIENTS}, {regime.words}"
