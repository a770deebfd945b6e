"""Invariant evidence: what must hold on every path, whatever the coins say.

Every realisation of a step leaves the fixed point where it is, and the model that is handed out there is the target;
conserved sums stay 0 along drawn paths, and the fast ``advance`` walks the same path as the paper's ``step``, in rounds
as they are prescribed and in rounds of thousands of steps. Each number is an error relative to the size of what it errs
in, so that rounding stays below 1e-9 and a mistake does not.

The exact engine goes by ``outcomes`` and ``pace``, runs go by ``draw``, so here is also tested whether these agree
(:mod:`rootkappa.theory.engines.randomness`): by sampling, so that it refutes what is right with the probability
``alpha`` of the case at most.

What a file declares it declares for every problem. So a method that is not shipped must keep all of it on other
problems and with other letters as well (:mod:`rootkappa.theory.engines.places`), and make the promised progress there
(:mod:`rootkappa.theory.engines.progress`); and a step must be a function of its arguments.
"""

import itertools
import math
from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np

from ...algorithms.driver.objects import ObjectMethod
from ...algorithms.parts import letters
from ...core.randomness import generator
from ..case import Case, Progress
from ..verdict import Verdict
from . import places, progress, randomness
from .randomness import Finding
from .shown import Shown, combination, flat, shown
from .words import lowered

_TOLERANCE = 1e-9
# Where no number differs by more of the largest of its field it is rounding, of which V may make the root.
_ROUNDED = 1e-12
_CONSERVED_ROUNDS = 50
_STEPPED_ROUNDS = 10
# Rounds that are longer than prescribed, how long they are at most, and how many multiplications all of them may cost.
_LONG_ROUNDS, _LONGEST, _LONG_WORK = 3, 3000, 3e8
_MOST_OUTCOMES = 64
_MOST_IN_A_MEAN = 1024
# Rounds of one call, each as short as letters make it.
_MANY_ROUNDS = 2500


def evidence(case: Case, progress: Progress) -> Verdict:
    """Hold the method's identities against its compiled functions."""
    case.check_unsolved()
    findings = [*_fixed_point(case)]
    progress(0.3)
    findings.extend(_conserved(case))
    progress(0.7)
    findings.extend(_advance_is_step(case))
    findings.extend(randomness.findings(_half(case)))
    # An object may be made for one problem, and then is no method for any other.
    if not (case.method.is_shipped or isinstance(case.method, ObjectMethod)) and not _broken(findings):
        findings.extend(_elsewhere(case))
    worst = max(findings, key=lambda finding: np.inf if math.isnan(finding.error) else finding.error)
    broken = _broken(findings)
    if broken:
        sentence = " ".join(finding.broken for finding in broken)
        return case.verdict(
            "invariant", "refuted", sentence, worst.error, 0.0, details=_details(broken), sensitivity=_TOLERANCE
        )
    held = "; ".join(finding.holds for finding in findings if finding.holds)
    sentence = f"{held}: all to {max(worst.error, 1e-16):.0e}."
    return case.verdict(
        "invariant", "confirmed", sentence[0].upper() + sentence[1:], worst.error, 0.0, sensitivity=_TOLERANCE
    )


def _half(case: Case) -> Case:
    """Return the case with half of its probability to err: draws are looked at in two places."""
    return replace(case, alpha=case.alpha / 2)


def _broken(findings: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in findings if not finding.error <= _TOLERANCE]


def _details(broken: Iterable[Finding]) -> dict[str, Any]:
    """Return the numbers of the first of some findings that has some."""
    found = [finding.shown for finding in broken if finding.shown]
    return {"shown": found[0]} if found else {}


def _elsewhere(case: Case) -> Iterator[Finding]:
    """Yield what is found on other problems and with other letters, up to the first place where something breaks."""
    yield from progress.findings(case)
    yield from _is_a_function(case)
    yield from _asks_for_the_solution(case)
    count = 0
    for words, other in itertools.chain(places.places(case), places.compiled_anew(case)):
        found = [*_fixed_point(other), *_conserved(other), *_in_prescribed_rounds(other), *progress.findings(other)]
        if count == 0:
            # Where clients differ and all outcomes can be listed, what is drawn is seen best.
            found.extend(randomness.findings(_half(other)))
        broken = _broken(found)
        if broken:
            told = "; ".join(lowered(finding.broken).removesuffix(".") for finding in broken)
            error = max(finding.error for finding in broken)
            yield Finding(error, "", f"{words[0].upper()}{words[1:]}: {told}.", _details(broken).get("shown"))
            return
        count += 1
        yield Finding(max((finding.error for finding in found), default=0.0), "", "")
    steep = places.steep(case)
    if steep is not None:
        error, parted = _parted(steep, steep, _MANY_ROUNDS)
        yield Finding(
            error,
            "",
            f"The functions advance and step part in many rounds: after {_MANY_ROUNDS} short ones their states differ "
            f"by {error:.2g}.",
            parted,
        )
    if count:
        yield Finding(0.0, f"the same in {count} other cases", "")


def _is_a_function(case: Case) -> Iterator[Finding]:
    """Yield whether a step goes elsewhere once the method has started on another problem of the same size."""
    twin = places.twin(case)
    if twin is None:
        return
    state = case.initial()
    outcome = case.unroll(case.draw(generator(case.seed, "invariant", "twin"), 1))[-1]

    def stepped() -> Any:
        return case.step(case.state(*(field.copy() for field in state)), outcome)

    before = stepped()
    twin.initial()
    after = stepped()
    error = _apart(case, before, after)
    yield Finding(
        error,
        "",
        f"A step depends on what was started before: after a start on another problem it goes {error:.2g} elsewhere "
        "from the same state, so let it compute from its arguments only.",
        _two(case, error, after, before, state, outcome),
    )


class _Asked(Exception):
    """Somebody has asked for the solution."""


def _asks_for_the_solution(case: Case) -> Iterator[Finding]:
    """Yield whether the start, or what is drawn, is made of the solution, which no method knows."""
    problem = copy(case.problem)

    def solution() -> Any:
        raise _Asked

    vars(problem)["solution"] = solution
    vars(problem).pop("_solution", None)
    made = {
        "start": lambda: case.method.start(problem, case.params),
        "draw": lambda: case.method.draw(generator(case.seed, "invariant", "asked"), problem, case.params, 1),
        "outcomes": lambda: case.method.outcomes(problem, case.params),
    }
    for name, make in made.items():
        asked = 0.0
        try:
            make()
        except _Asked:
            asked = 1.0
        yield Finding(asked, "", f"The function {name} asks for the solution, which no method knows.")


def _fixed_point(case: Case) -> Iterator[Finding]:
    if not case.has_fixed_point:
        return
    if case.is_noisy:
        yield from _mean_of_the_noise(case)
        return
    worst, culprit = 0.0, None
    for outcome in _some_outcomes(case):
        state = case.step(case.fixed_point(), outcome)
        with np.errstate(over="ignore", invalid="ignore"):
            moved = _own_difference(state, case.fixed_point())
            moved = moved if moved <= _ROUNDED else _relative(case, state)
        if culprit is None or not moved <= worst:
            worst, culprit = moved, outcome
    fixed = case.fixed_point()
    yield Finding(
        worst,
        "the fixed point stays under every outcome",
        f"The fixed point does not stay: outcome {culprit} moves it by {worst:.2g} of the start's error.",
        _two(case, worst, case.step(case.fixed_point(), culprit), fixed, fixed, culprit),
    )
    size = max(case.start[1], float(np.linalg.norm(case.target.x)))
    model = case.model(case.fixed_point())
    away = float(np.linalg.norm(model - case.target.x)) / (size or 1.0)
    yield Finding(
        away,
        "",
        f"The model that is handed out at the fixed point is {away:.2g} |x*| away from where the theorem says.",
        shown("states", case, mine=model, theirs=case.target.x, size=np.full(len(model), size or 1.0)),
    )


def _mean_of_the_noise(case: Case) -> Iterator[Finding]:
    """With noise the fixed point stays in the mean only, which needs a list of all outcomes."""
    listed = case.outcomes()
    if listed is None or len(listed) > _MOST_IN_A_MEAN:
        return
    fixed = case.fixed_point()
    mean = [np.zeros_like(field) for field in fixed]
    farthest = fixed
    for probability, outcome in listed:
        stepped = case.step(case.fixed_point(), outcome)
        farthest = max(farthest, stepped, key=case.lyapunov)
        for part, field in zip(mean, stepped, strict=True):
            part += probability * field
    moved = _relative(case, case.state(*mean), farthest)
    yield Finding(
        moved,
        "the fixed point stays in the mean of all outcomes",
        f"The noise has a mean: over all outcomes the fixed point moves by {moved:.2g} of the start's error.",
        _two(case, moved, case.state(*mean), fixed, fixed),
    )


def _relative(case: Case, state: Any, *others: Any) -> float:
    """Return the error of a state relative to that of the start or of others, if one is larger, in the root of V."""
    return float(np.sqrt(case.lyapunov(state) / max(case.start[0], *map(case.lyapunov, others), 0.0)))


def _own_difference(state: Any, other: Any) -> float:
    """Return the largest difference between two states, relative to the largest number of the field in which it is."""
    worst = 0.0
    for a, b in zip(state, other, strict=True):
        with np.errstate(over="ignore", invalid="ignore"):
            apart = float(np.abs(a - b).max(initial=0.0))
        size = float(np.abs(b).max(initial=0.0))
        relative = apart and (apart / size if size else math.inf)
        if math.isnan(relative):
            return relative
        worst = max(worst, relative)
    return worst


def _some_outcomes(case: Case) -> Iterable[Any]:
    listed = case.outcomes()
    if listed is not None and len(listed) <= _MOST_OUTCOMES:
        return [outcome for probability, outcome in listed if probability > 0]
    return case.unroll(case.draw(generator(case.seed, "invariant"), _MOST_OUTCOMES))[:_MOST_OUTCOMES]


def _conserved(case: Case) -> Iterator[Finding]:
    for name, value in case.invariants(case.initial()).items():
        yield Finding(
            float(np.abs(value).max(initial=0.0)) / (_size_behind(case, case.initial(), name) or 1.0),
            "",
            f"The {name} is not 0 at the start: it is {np.abs(value).max(initial=0.0):.2g}.",
            _left(case, name, None),
        )
    draws = case.draw(generator(case.seed, "invariant", "conserved"), _CONSERVED_ROUNDS)
    state = case.advance(case.initial(), draws)
    if not all(np.isfinite(field).all() for field in state):
        told = f"It diverges: after {_CONSERVED_ROUNDS} rounds its state is not finite."
        yield Finding(np.inf, "", told, _growing(case, draws))
        return
    for name, value in case.invariants(state).items():
        size = _size_behind(case, state, name)
        drift = float(np.abs(value).max(initial=0.0) / (size or 1.0))
        yield Finding(
            drift,
            f"{name} stays 0",
            f"The {name} leaves 0: after {_CONSERVED_ROUNDS} rounds it is {drift:.2g} of the size of its terms.",
            _left(case, name, draws) if not drift <= _TOLERANCE else None,
        )


def _left(case: Case, name: str, draws: Any) -> Shown | None:
    """Return the state of a path from which a step first leaves what an invariant keeps at 0, and where it leads.

    Without draws that is the start, and nothing leads there.
    """

    def amount(state: Any) -> float:
        size = _size_behind(case, state, name)
        return float(np.abs(case.invariants(state)[name]).max(initial=0.0)) / (size or 1.0)

    before, after, outcome = case.initial(), case.initial(), None
    for outcome in case.unroll(draws) if draws is not None else ():
        before = _copied(case, after)
        after = case.step(after, outcome)
        if not amount(after) <= _TOLERANCE:
            break
    found = combination(case, name)
    if amount(after) <= _TOLERANCE or found is None:
        return None
    # Where clients are alike the terms may be nothing but rounding.
    size = _size_behind(case, after, name) or 1.0
    C, c = found
    return shown("combination", case, mine=C, c=c, state=flat(before), after=flat(after), size=size, outcome=outcome)


def _copied(case: Case, state: Any) -> Any:
    return case.state(*(field.copy() for field in state))


def _growing(case: Case, draws: Any) -> Shown:
    """Return the largest number of a state after each round up to the first after which one is not finite."""
    state, largest = case.initial(), list[float]()
    for position in range(len(draws)):
        largest.append(max(float(np.abs(field).max(initial=0.0)) for field in state))
        state = case.advance(state, draws[position : position + 1])
        if not all(np.isfinite(field).all() for field in state):
            break
    return shown("growth", case, mine=largest, after=flat(state))


def _two(case: Case, error: float, mine: Any, theirs: Any, start: Any = None, outcome: Any = None) -> Shown | None:
    """Return two states that should be the same, with the size beside which each number is nothing or is much.

    None if they are the same.
    """
    if error <= _TOLERANCE:
        return None
    sizes = [np.full(field.size, _size(case, theirs, place) or 1.0) for place, field in enumerate(theirs)]
    state = None if start is None else flat(start)
    size = np.concatenate(sizes)
    return shown("states", case, mine=flat(mine), theirs=flat(theirs), size=size, state=state, outcome=outcome)


def _size_behind(case: Case, state: Any, name: str) -> float:
    return max((_size(case, state, position) for position in _fields_behind(case, name)), default=0.0)


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
    return max(float(np.abs(state[position]).max(initial=0.0)), float(natural))


def _advance_is_step(case: Case) -> Iterator[Finding]:
    yield from _in_prescribed_rounds(case)
    yield from _in_long_rounds(case)


def _in_prescribed_rounds(case: Case) -> Iterator[Finding]:
    error, parted = _parted(case, case, _STEPPED_ROUNDS)
    yield Finding(
        error,
        "advance is step after step",
        f"The functions advance and step part: after {_STEPPED_ROUNDS} rounds of the same randomness their states "
        f"differ by {error:.2g}.",
        parted,
    )


def _in_long_rounds(case: Case) -> Iterator[Finding]:
    longer = _with_long_rounds(case)
    if longer is not None:
        error, parted = _parted(longer, case, _LONG_ROUNDS)
        steps = longer.pace.iterations / longer.pace.rounds
        yield Finding(
            error,
            "",
            f"The functions advance and step part in long rounds: after {_LONG_ROUNDS} of about {steps:.0f} steps "
            f"their states differ by {error:.2g}.",
            parted,
        )


def _with_long_rounds(case: Case) -> Case | None:
    """Return the case with letters that make rounds long, None if it has none or they are long already."""
    affordable = _LONG_WORK / (case.problem.work(1.0) + case.problem.n) / _LONG_ROUNDS
    length = int(min(_LONGEST, affordable))
    kind = case.method.Params
    changes = dict.fromkeys(letters.of_kind(kind, letters.Probability), 1.0 / length)
    changes |= dict.fromkeys(letters.of_kind(kind, letters.LocalSteps), length)
    if not changes or length <= case.pace.iterations / case.pace.rounds:
        return None
    return replace(case, changes=case.changes | changes)


def _parted(case: Case, measured: Case, rounds: int) -> tuple[float, Shown | None]:
    """Return how far advance and step are apart after some rounds of the same randomness, in the V of another case.

    Where that is far it returns both states too.
    """
    draws = case.draw(generator(case.seed, "invariant", "step"), rounds)
    fast, slow = case.advance(case.initial(), draws), case.initial()
    for outcome in case.unroll(draws):
        slow = case.step(slow, outcome)
    error = _apart(measured, fast, slow)
    parted = _two(measured, error, fast, slow)
    return error, parted and parted._replace(params=case.params)


def _apart(case: Case, fast: Any, slow: Any) -> float:
    """Return how far two states are apart, in units of the start's error or else of the fields' own size."""
    with np.errstate(over="ignore", invalid="ignore"):
        if not case.has_fixed_point:
            sizes = [_size(case, slow, position) or 1.0 for position in range(len(slow))]
            fields = zip(fast, slow, sizes, strict=True)
            return max(float(np.abs(a - b).max(initial=0.0) / size) for a, b, size in fields)
        own = _own_difference(fast, slow)
        if own <= _ROUNDED:
            # A V that is written as a difference, as F(x) - F(x*), is no measure of what is so small.
            return own
        # The difference as an error around the fixed point: V knows how much each field weighs.
        differences = zip(case.fixed_point(), fast, slow, strict=True)
        return _relative(case, case.state(*(at + a - b for at, a, b in differences)), fast, slow)
