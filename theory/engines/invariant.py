"""Invariant evidence: what must hold on every path, whatever the coins say.

Every realisation of a step leaves the fixed point where it is, conserved sums stay 0 along drawn paths, and the fast
``advance`` walks the same path as the paper's ``step``. Each number is an error relative to the size of what it errs
in, so that rounding stays below 1e-9 and a mistake does not.

The exact engine goes by ``outcomes`` and ``pace``, runs go by ``draw``, so here is also tested whether these agree: by
sampling, with a probability of 1e-4 at most that it refutes what is right.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from ...core.randomness import generator
from ..case import Case, NotExact, Progress
from ..verdict import Verdict

_TOLERANCE = 1e-9
_CONSERVED_ROUNDS = 50
_STEPPED_ROUNDS = 10
_MOST_OUTCOMES = 64
_DRAWN_ROUNDS = 1000
_ALPHA = 1e-4
# Rounds of geometric length scatter by 3 % in the mean of so many.
_PACE_TOLERANCE = 0.15


class Finding(NamedTuple):
    """One identity: its error, what it says when it holds (nothing if another says it too), and when it does not."""

    error: float
    holds: str
    broken: str


def evidence(case: Case, progress: Progress) -> Verdict:
    """Hold the method's identities against its compiled functions."""
    if case.is_solved:
        raise NotExact(f"{case.method.name} starts at its solution here, where nothing moves: take another problem.")
    findings = [*_fixed_point(case)]
    progress(0.3)
    findings.extend(_conserved(case))
    progress(0.7)
    findings.append(_advance_is_step(case))
    findings.extend(_drawn_as_listed(case))
    worst = max(findings, key=lambda finding: np.inf if math.isnan(finding.error) else finding.error)
    broken = [finding for finding in findings if not finding.error <= _TOLERANCE]
    if broken:
        sentence = " ".join(finding.broken for finding in broken)
        return case.verdict("invariant", "refuted", sentence, worst.error, 0.0)
    held = "; ".join(finding.holds for finding in findings if finding.holds)
    sentence = f"{held}: all to {max(worst.error, 1e-16):.0e}."
    return case.verdict("invariant", "confirmed", sentence[0].upper() + sentence[1:], worst.error, 0.0)


def _fixed_point(case: Case) -> Iterator[Finding]:
    # With noise it stays in the mean only, and that is the exact engine's to test.
    if not case.has_fixed_point or case.is_noisy:
        return
    worst, culprit = 0.0, None
    for outcome in _some_outcomes(case):
        state = case.step(case.fixed_point(), outcome)
        with np.errstate(over="ignore", invalid="ignore"):
            moved = _relative(case, state)
        if culprit is None or not moved <= worst:
            worst, culprit = moved, outcome
    yield Finding(
        worst,
        "the fixed point stays under every outcome",
        f"The fixed point does not stay: outcome {culprit} moves it by {worst:.2g} of the start's error.",
    )


def _relative(case: Case, state: Any, *others: Any) -> float:
    """Return the error of a state relative to that of the start or of others, if one is larger, in the root of V."""
    return float(np.sqrt(case.lyapunov(state) / max(case.start[0], *map(case.lyapunov, others), 0.0)))


def _some_outcomes(case: Case) -> Iterable[Any]:
    listed = case.outcomes()
    if listed is not None and len(listed) <= _MOST_OUTCOMES:
        return [outcome for probability, outcome in listed if probability > 0]
    return case.unroll(case.draw(generator(case.seed, "invariant"), _MOST_OUTCOMES))[:_MOST_OUTCOMES]


def _conserved(case: Case) -> Iterator[Finding]:
    draws = case.draw(generator(case.seed, "invariant", "conserved"), _CONSERVED_ROUNDS)
    state = case.advance(case.initial(), draws)
    if not all(np.isfinite(field).all() for field in state):
        yield Finding(np.inf, "", f"It diverges: after {_CONSERVED_ROUNDS} rounds its state is not finite.")
        return
    for name, value in case.invariants(state).items():
        size = max((_size(case, state, position) for position in _fields_behind(case, name)), default=0.0)
        drift = float(np.abs(value).max() / (size or 1.0))
        yield Finding(
            drift,
            f"{name} stays 0",
            f"The {name} leaves 0: after {_CONSERVED_ROUNDS} rounds it is {drift:.2g} of the size of its terms.",
        )


def _fields_behind(case: Case, name: str) -> Iterator[int]:
    """Yield the positions of the fields on which an invariant depends."""
    trial = [np.cos(np.arange(1.0, field.size + 1.0)).reshape(field.shape) for field in case.initial()]

    def value(fields: list[np.ndarray]) -> np.ndarray:
        return case.invariants(case.state(*fields))[name]

    full = value(trial)
    for position in range(len(trial)):
        without = [np.zeros_like(part) if index == position else part for index, part in enumerate(trial)]
        if np.any(value(without) != full):
            yield position


def _size(case: Case, state: Any, position: int) -> float:
    """Return the size of a field, or of the error in it that would make up all of the start's V if that is larger.

    Where clients are alike a field may be nothing but rounding, and its own size no measure of anything.
    """
    weight = case.weights[position]
    natural = np.sqrt(case.start[0] / weight) if weight > 0 else 0.0
    return max(float(np.abs(state[position]).max()), float(natural))


def _advance_is_step(case: Case) -> Finding:
    draws = case.draw(generator(case.seed, "invariant", "step"), _STEPPED_ROUNDS)
    fast, slow = case.advance(case.initial(), draws), case.initial()
    for outcome in case.unroll(draws):
        slow = case.step(slow, outcome)
    error = _apart(case, fast, slow)
    return Finding(
        error,
        "advance is step after step",
        f"The functions advance and step part: after {_STEPPED_ROUNDS} rounds of the same randomness their states "
        f"differ by {error:.2g}.",
    )


def _apart(case: Case, fast: Any, slow: Any) -> float:
    """Return how far two states are apart, in units of the start's error or else of the fields' own size."""
    with np.errstate(over="ignore", invalid="ignore"):
        if not case.has_fixed_point:
            sizes = [_size(case, slow, position) or 1.0 for position in range(len(slow))]
            return max(float(np.abs(a - b).max() / size) for a, b, size in zip(fast, slow, sizes, strict=True))
        # The difference as an error around the fixed point: V knows how much each field weighs.
        differences = zip(case.fixed_point(), fast, slow, strict=True)
        return _relative(case, case.state(*(at + a - b for at, a, b in differences)), fast, slow)


def _drawn_as_listed(case: Case) -> Iterator[Finding]:
    draws = case.draw(generator(case.seed, "invariant", "draws"), _DRAWN_ROUNDS)
    steps = np.asarray(case.unroll(draws))
    pace, spent = case.pace, case.cost(draws)
    for axis, count in {"rounds": _DRAWN_ROUNDS, "iterations": spent.iterations}.items():
        told, found = getattr(pace, axis), count / len(steps)
        error = abs(found / told - 1.0)
        yield Finding(
            error if error > _PACE_TOLERANCE else 0.0,
            "",
            f"The functions pace and draw part: a step is {found:.3g} {axis} as drawn, and {told:.3g} as told.",
        )
    listed = case.outcomes()
    if listed is None:
        return
    shown = {}

    def key(outcome: Any) -> bytes:
        entry = np.asarray(outcome, dtype=steps.dtype)
        shown[entry.tobytes()] = entry.tolist()
        return entry.tobytes()

    drawn = Counter(map(key, steps))
    expected = {key(outcome): float(probability) for probability, outcome in listed}
    gaps = {value: abs(drawn.get(value, 0) / len(steps) - expected.get(value, 0.0)) for value in {*drawn, *expected}}
    value = max(gaps, key=lambda value: gaps[value])
    frequency = drawn.get(value, 0) / len(steps)
    yield Finding(
        gaps[value] if _log_evidence(drawn, expected) > -math.log(_ALPHA) else 0.0,
        "draw, outcomes and pace agree",
        f"The functions draw and outcomes part: outcome {shown[value]} has the frequency {frequency:.3g} "
        f"as drawn, and the probability {expected.get(value, 0.0):.3g} as listed.",
    )


def _log_evidence(drawn: dict[Any, int], expected: dict[Any, float]) -> float:
    """Return the logarithm of a test martingale against the probabilities: a Dirichlet mixture's likelihood ratio."""
    if any(expected.get(value, 0.0) <= 0.0 for value in drawn):
        return math.inf
    mixture = math.lgamma(len(expected) / 2) - math.lgamma(sum(drawn.values()) + len(expected) / 2)
    mixture += sum(math.lgamma(drawn.get(value, 0) + 0.5) - math.lgamma(0.5) for value in expected)
    return mixture - sum(count * math.log(expected[value]) for value, count in drawn.items())
