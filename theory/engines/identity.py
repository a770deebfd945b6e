"""Identity evidence: whether a file or an object is the method that it says it is.

It walks beside the shipped method on the same randomness, step by step and round by round, on the given problem and in
other places (:mod:`rootkappa.theory.engines.places`). Two implementations of one recursion differ by rounding only,
which is far below what any mistake makes of them. What they say of their randomness and of their costs is compared too.
A rate may hold of another method as well; that is for the other kinds of evidence to say.
"""

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, pairwise
from typing import Any, NamedTuple

import numpy as np

from ...algorithms.driver.method import Method
from ...algorithms.driver.objects import ObjectMethod
from ...algorithms.parts.rounds import Coin, Draws
from ...core.errors import InputError
from ...core.randomness import generator
from ..case import Case, NotExact, Progress
from ..theorem import promised_by
from ..verdict import Verdict
from .laws import difference
from .places import compiled_anew, places, twin
from .shown import Shown, flat, shown

# Differences below this fraction of the largest number so far are rounding, or below so many roundings where kappa
# makes more of them.
_TOLERANCE = 1e-9
_ROUNDINGS = 16.0
# Rounds in each place, fewer where they would cost more multiplications than this.
_ROUNDS, _WORK = 20, 2e8
_MOST_STEPS = 10_000
# Steps after each of which the two are compared; after these it is at the ends of rounds.
_WATCHED = 100
# Rounds on the given problem, for faults that begin late, and how many are walked between two looks.
_LATER, _CHUNK = 500, 25
# Rounds of each length up to this one are walked from the start, fewer where they would cost more than that work.
_LENGTHS = 100
# What rounding could have grown to is so many times what a relative change of the state of this size has grown to.
_NUDGE, _GROWN = 1e-13, 100.0
_MODEL = "the model"
_COUNTED = ("floats_up", "floats_down", "bits_up", "bits_down", "gradients")


class _Departure(NamedTuple):
    """The first thing in which two methods differ in some place."""

    when: float
    """After how many rounds; infinity where the states never do, -1 where the two cannot be compared."""
    size: float
    """How much, relative to what it is a part of."""
    told: str
    """The end of "This is not the method: "."""
    shown: Shown | None = None
    """Its numbers."""


class _Gap(NamedTuple):
    """What differs between two states, or does not."""

    name: str
    """The field, or the model."""
    size: float
    """By how much, relative to the size of its numbers so far."""
    scale: float
    """That size."""
    theirs: np.ndarray
    mine: np.ndarray
    """In the sign in which the shipped method has it."""
    states: tuple[Any, Any]
    """Both states, the shipped method's first."""
    drawn: Any = None
    """What was drawn up to there."""


class _Fault(NamedTuple):
    """What two methods say differently of what they draw and cost."""

    told: str
    kind: str
    arrays: dict[str, Any]


def evidence(case: Case, progress: Progress) -> Verdict:
    """Hold a method against the shipped one that it says it is, or against each that it may be."""
    likenesses = case.method.likenesses
    if not likenesses:
        raise NotExact("it does not say that it is a shipped method: name one in LIKE.")
    found: dict[str, _Departure] = {}
    for number, shipped in enumerate(likenesses):
        worst, where = 0.0, [case, *_other_places(case, shipped)]
        for position, place in enumerate(where):
            departure = _departure(place, shipped, case.alpha / len(where) / len(likenesses), is_given=position == 0)
            progress((number + (position + 1) / len(where)) / len(likenesses))
            if isinstance(departure, _Departure):
                found[shipped.name] = departure
                break
            worst = max(worst, departure)
        else:
            sentence = (
                f"This is the method {shipped.name}: beside it on the same randomness, here and in "
                f"{_sizes(where[1:])}, states, models and costs are the same to {max(worst, 1e-16):.0e}."
            )
            details = {"places": [_place(one) for one in where]}
            return case.verdict("identity", "confirmed", sentence, worst, 0.0, details=details, sensitivity=_TOLERANCE)
    name = max(found, key=lambda name: found[name].when)
    departure = found[name]
    if departure.when < 0:
        if case.theorem.contraction is not None:
            raise NotExact(departure.told)
        # Nothing else could tell the method from others.
        sentence = f"{departure.told[0].upper()}{departure.told[1:]}"
        return case.verdict("identity", "inconclusive", sentence, promised=0.0)
    others = f", nor {' or '.join(other for other in found if other != name)}" if len(found) > 1 else ""
    sentence = (
        f"This is not the method {name}{others}: {departure.told}. A rate may hold of it all the same; let LIKE name "
        "the method that it is, or be None if it is one of its own."
    )
    details = {"shown": departure.shown} if departure.shown else {}
    return case.verdict("identity", "refuted", sentence, departure.size, 0.0, details=details, sensitivity=_TOLERANCE)


def _sizes(others: list[Case]) -> str:
    """Return how many other places there are, and of which sizes."""
    n, d = ({getattr(place.problem, size) for place in others} for size in "nd")
    spans = [f"{min(sizes)} to {max(sizes)}" if len(sizes) > 1 else f"{min(sizes)}" for sizes in (n, d) if sizes]
    return f"{len(others)} other places" + (f" with {spans[0]} clients and {spans[1]} coordinates" if spans else "")


def _place(case: Case) -> str:
    return f"{case.problem.label} with {_written(case.params)}"


def _other_places(case: Case, shipped: Method) -> Iterator[Case]:
    """Yield the cases beside this one in which the shipped method runs, and this one says that it does.

    For an object that was made for one problem, or for its size, they are on that problem.
    """
    theirs = replace(case, method=shipped, theorem=promised_by(shipped))
    elsewhere = _takes_any_problem(case)
    for _, place in chain(places(theirs, beyond=True), compiled_anew(theirs, beyond=True) if elsewhere else ()):
        if elsewhere or place.changes != case.changes:
            own = replace(case, problem=place.problem if elsewhere else case.problem, changes=place.changes)
            if _fits(own):
                yield own


def _fits(case: Case) -> bool:
    try:
        case.check()
        if isinstance(case.method, ObjectMethod):
            # Its space may be of one size; a file is one for every problem that its check allows.
            case.step(case.initial(), case.unroll(case.draw(generator(case.seed, "form"), 1))[-1])
    except InputError:
        return False
    return True


def _takes_any_problem(case: Case) -> bool:
    other = twin(case)
    if not isinstance(case.method, ObjectMethod) or other is None:
        return True
    outcome = case.unroll(case.draw(generator(case.seed, "form"), 1))[-1]
    here = case.step(case.initial(), outcome)
    try:
        there = replace(other, changes=case.params._asdict()).step(case.initial(), outcome)
    except InputError:
        return False
    return not all(np.array_equal(*pair) for pair in zip(here, there, strict=True))


def _departure(own: Case, shipped: Method, alpha: float, is_given: bool) -> _Departure | float:
    """Return in what a method differs from the shipped one in one place, or by how much they agree.

    With the probability ``alpha`` at most two are told apart that draw in different ways by one law. On the given
    problem more rounds are walked.
    """
    if {*own.params._fields} != {*shipped.Params._fields}:
        letters = f"letters {', '.join(own.params._fields)}, and {shipped.name} has {', '.join(shipped.Params._fields)}"
        return _Departure(-1, np.inf, f"it has {letters}, so that the two cannot be compared: give it the same.")
    theirs = own.other(shipped.name)
    drawn = theirs.draw(generator(own.seed, "identity"), _rounds(theirs))
    same_draws = _is_alike(own.draw(generator(own.seed, "identity"), len(drawn)), drawn)
    if not same_draws and not _same_outcomes(own, theirs):
        told = (
            f"it draws something else than {theirs.method.name}, so that the two cannot be run on the same randomness: "
            "draw what that draws, by the same RANDOM."
        )
        return _Departure(-1, np.inf, told)
    place = f"on {_place(own)}"
    worst = 0.0
    further = (_of_each_length(own, theirs), _later(own, theirs)) if is_given and same_draws else ()
    for when, gap in chain(_differences(own, theirs, drawn, same_draws), *further):
        if not gap.size <= _tolerance(own):
            told = f"{_told(when)} {gap.name} differs by {gap.size:.2g} of its size, {place}"
            return _Departure(when, gap.size, told, _parted(own, when, gap))
        worst = max(worst, gap.size)
    for fault in (
        _listed_law(own, theirs),
        _drawn_law(own, theirs, alpha) if same_draws else None,
        _pace(own, theirs),
        _cheaper(own, theirs, drawn) if same_draws else None,
        _cheaper_opening(own, theirs),
        _cheaper_in_fact(own, theirs, drawn) if same_draws else None,
    ):
        if fault:
            return _Departure(np.inf, 1.0, f"{fault.told}, {place}", shown(fault.kind, own, **fault.arrays))
    return worst


def _parted(own: Case, when: float, gap: _Gap) -> Shown:
    """Return what differs, both states, and what was drawn up to there."""
    return shown(
        "parted",
        own,
        mine=np.ravel(gap.mine),
        theirs=np.ravel(gap.theirs),
        size=gap.scale,
        field=gap.name,
        rounds=when,
        state_mine=flat(gap.states[1]),
        state_theirs=flat(gap.states[0]),
        outcomes=None if gap.drawn is None else own.unroll(gap.drawn),
    )


def _told(rounds: float) -> str:
    """Return after how many rounds it is; within a round there is a half."""
    if rounds == 0:
        return "at the start"
    number = math.ceil(rounds)
    which = f"round {number}" if number > 1 else "the first round"
    return f"after {which}" if rounds == number else f"before the end of {which}"


def _tolerance(case: Case) -> float:
    return max(_TOLERANCE, _ROUNDINGS * float(np.finfo(float).eps) * max(case.problem.kappa, 100.0))


def _rounds(case: Case, most: int = _ROUNDS) -> int:
    steps = case.pace.iterations / case.pace.rounds
    affordable = min(_WORK / (case.problem.work(steps) + case.problem.n), _MOST_STEPS / steps)
    return int(min(max(affordable, 2), most))


def _written(params: Any) -> str:
    return ", ".join(
        f"{letter} = {value if isinstance(value, str) else format(value, '.4g')}"
        for letter, value in params._asdict().items()
    )


def _is_alike(own: Any, theirs: Any) -> bool:
    """Return whether what two methods draw is of one form, so that one may be given the other's."""
    if isinstance(own, Draws) and isinstance(theirs, Draws):
        pairs = [(getattr(own, name), getattr(theirs, name)) for name in ("ends", "steps")]
        return all(
            a.keys() == b.keys() and all(_is_alike(a[name], b[name]) for name in a if len(a[name]) and len(b[name]))
            for a, b in pairs
        )
    return _form(own) == _form(theirs) is not None


def _form(drawn: Any) -> Any:
    """Return the type and the shape of what is drawn once, None if it is no array."""
    return (drawn.dtype, drawn.shape[1:]) if hasattr(drawn, "dtype") else None


def _same_outcomes(own: Case, theirs: Case) -> bool:
    """Return whether the outcomes of single steps are of one form."""
    forms = [case.unroll(case.draw(generator(own.seed, "form"), 1)) for case in (own, theirs)]
    return _is_alike(*map(np.asarray, forms))


def _differences(own: Case, theirs: Case, drawn: Any, same_draws: bool) -> Iterator[tuple[float, _Gap]]:
    """Yield the differences after every round: when, of what, and how large relative to the numbers so far.

    Within a round, after half of one more, the first steps are compared.
    """
    expected, stepped = theirs.initial(), own.initial()
    walked = own.initial() if same_draws else None
    comparison = _Comparison(theirs)
    yield from ((0, gap) for gap in comparison.differences(expected, own, stepped))
    watched = 0
    for position in range(len(drawn)):
        one = drawn[position : position + 1]
        within = theirs.state(*(field.copy() for field in expected))
        with np.errstate(over="ignore", invalid="ignore"):
            expected = theirs.advance(expected, one)
            outcomes = theirs.unroll(one)
            for outcome in outcomes[:-1]:
                stepped = own.step(stepped, outcome)
                if watched < _WATCHED:
                    within = theirs.step(within, outcome)
                    found = comparison.differences(within, own, stepped)
                    yield from ((position + 0.5, gap._replace(drawn=drawn[: position + 1])) for gap in found)
                    watched += 1
            stepped = own.step(stepped, outcomes[-1])
            if walked is not None:
                walked = own.advance(walked, one)
        if not all(np.isfinite(field).all() for field in expected):
            return  # both go where nothing can be compared
        for state in (stepped, walked):
            if state is not None:
                for gap in comparison.differences(expected, own, state):
                    yield position + 1, gap._replace(drawn=drawn[: position + 1])


def _of_each_length(own: Case, theirs: Case) -> Iterator[tuple[float, _Gap]]:
    """Yield the differences after one round of each length, where rounds differ in it: some are hardly ever drawn."""
    if not isinstance(theirs.method.random, Coin) or isinstance(own.method, ObjectMethod):
        return  # an object takes its rounds step by step
    most = max(min(_LENGTHS, int((2.0 * _WORK / (theirs.problem.work(1.0) + theirs.problem.n)) ** 0.5)), 1)
    drawn = theirs.draw(generator(own.seed, "identity", "lengths"), most)
    while drawn.iterations < most:
        drawn = theirs.draw(generator(own.seed, "identity", "lengths"), 2 * len(drawn))
    comparison = _Comparison(theirs)
    for k in range(1, most + 1):
        ends = {name: values[k - 1 : k] for name, values in drawn.ends.items()}
        steps = {name: values[:k] for name, values in drawn.steps.items()}
        one = Draws(np.array([k]), ends, steps)
        with np.errstate(over="ignore", invalid="ignore"):
            expected, walked = theirs.advance(theirs.initial(), one), own.advance(own.initial(), one)
        if not all(np.isfinite(field).all() for field in expected):
            return
        found = comparison.differences(expected, own, walked)
        yield from ((1, gap._replace(name=f"{gap.name} at the end of {k} steps", drawn=one)) for gap in found)


def _later(own: Case, theirs: Case) -> Iterator[tuple[float, _Gap]]:
    """Yield the differences along a longer path, up to where rounding would decide how the shipped method goes on."""
    rng = generator(own.seed, "identity", "later")
    drawn = theirs.draw(rng, _rounds(theirs, _LATER))
    expected, walked = theirs.initial(), own.initial()
    first = theirs.initial()
    comparison, by_rounding = _Comparison(theirs), _Comparison(theirs)
    nudged = None
    # A path is nudged as soon as anything has changed.
    looks = [0, 1, *range(_CHUNK, len(drawn), _CHUNK), len(drawn)]
    for begin, end in pairwise(dict.fromkeys(looks)):
        chunk = drawn[begin:end]
        with np.errstate(over="ignore", invalid="ignore"):
            expected, walked = theirs.advance(expected, chunk), own.advance(walked, chunk)
            nudged = theirs.advance(nudged, chunk) if nudged is not None else _nudged(theirs, expected, first, rng)
        if not all(np.isfinite(field).all() for field in expected):
            return
        grown = max(gap.size for gap in by_rounding.differences(expected, theirs, nudged))
        if not _GROWN * grown <= _tolerance(own):
            return
        yield from ((end, gap._replace(drawn=drawn[:end])) for gap in comparison.differences(expected, own, walked))


def _nudged(case: Case, state: Any, first: Any, rng: np.random.Generator) -> Any:
    """Return a state beside another, where that has changed since the first one: what never changes is no number."""
    fields = zip(state, first, strict=True)
    return case.state(
        *(field * (1.0 + _NUDGE * rng.choice((-1.0, 1.0), field.shape) * (field != start)) for field, start in fields)
    )


class _Comparison:
    """What differs between a shipped method and another, relative to the sizes of the former's numbers so far.

    A field may have the other sign throughout: then that is how the other writes it.
    """

    def __init__(self, theirs: Case) -> None:
        first, distance = theirs.start
        fields = theirs.initial()._fields
        natural = (np.sqrt(first / weight) if weight > 0.0 else 0.0 for weight in theirs.weights)
        self._theirs = theirs
        self._sizes = dict(zip(fields, natural, strict=True)) | {_MODEL: distance}
        self._signs: dict[str, tuple[float, ...]] = dict.fromkeys(fields, (1.0, -1.0)) | {_MODEL: (1.0,)}

    def differences(self, expected: Any, own: Case, state: Any) -> Iterator[_Gap]:
        """Yield the differences between two states, in what both of them have."""
        pairs = {_MODEL: (self._theirs.model(expected), own.model(state))}
        # Under a V of its own a state may be written in another way.
        fields: dict[str, Any] = state._asdict() if own.theorem.lyapunov == self._theirs.theorem.lyapunov else {}
        pairs |= {
            name: (field, fields[name])
            for name, field in expected._asdict().items()
            if name in fields and fields[name].shape == field.shape
        }
        for name, (theirs, ours) in pairs.items():
            self._sizes[name] = max(self._sizes[name], float(np.abs(theirs).max(initial=0.0)))
            with np.errstate(over="ignore", invalid="ignore"):
                apart = {sign: float(np.abs(theirs - sign * ours).max(initial=0.0)) for sign in self._signs[name]}
            least = min(apart.values())
            if not np.isfinite(least):
                yield _Gap(name, np.inf, self._sizes[name], theirs, ours, (expected, state))
                return
            scale = self._sizes[name] or 1.0
            # Where there is nothing but rounding so far, both are possible.
            limit = max(least, _tolerance(own) * scale)
            self._signs[name] = tuple(sign for sign, size in apart.items() if size <= limit)
            sign = min(apart, key=lambda sign: apart[sign])
            yield _Gap(name, least / scale, scale, theirs, sign * ours, (expected, state))


def _drawn_law(own: Case, theirs: Case, alpha: float) -> _Fault | None:
    """Return in what the draws differ, where they do not follow one law."""
    found = difference(own, theirs, alpha)
    return found and _Fault(found.told, "laws", {"counts": found.counts, "limit": found.limit})


def _listed_law(own: Case, theirs: Case) -> _Fault | None:
    """Return in what the listed outcomes differ."""
    ours, expected = (_listing(case) for case in (own, theirs))
    if ours is None or expected is None:
        return None
    gaps = {key: abs(ours.get(key, 0.0) - expected.get(key, 0.0)) for key in {*ours, *expected}}
    if max(gaps.values()) <= _TOLERANCE:
        return None
    key = max(gaps, key=lambda key: gaps[key])
    return _numbers(
        f"an outcome that it lists with the probability {ours.get(key, 0.0):.3g} has {expected.get(key, 0.0):.3g} in "
        f"{theirs.method.name}",
        ours.get(key, 0.0),
        expected.get(key, 0.0),
    )


def _listing(case: Case) -> dict[bytes, float] | None:
    listed = case.outcomes()
    if listed is None:
        return None
    found: dict[bytes, float] = {}
    for probability, outcome in listed:
        key = np.asarray(outcome).tobytes()
        found[key] = found.get(key, 0.0) + float(probability)
    return found


def _numbers(told: str, mine: float, theirs: float) -> _Fault:
    return _Fault(told, "numbers", {"mine": mine, "theirs": theirs, "tolerance": _TOLERANCE})


def _pace(own: Case, theirs: Case) -> _Fault | None:
    """Return in what differs how much a step stands for."""
    for axis, told in own.pace._asdict().items():
        expected = getattr(theirs.pace, axis)
        if abs(told - expected) > _TOLERANCE * expected:
            said = f"it says that a step is {told:.3g} {axis}, and in {theirs.method.name} it is {expected:.3g}"
            return _numbers(said, told, expected)
    return None


def _cheaper(own: Case, theirs: Case, drawn: Any) -> _Fault | None:
    """Return what it counts too little of."""
    return _less(own.cost(drawn), theirs.cost(drawn), f"for {len(drawn)} rounds", theirs.method.name)


def _cheaper_opening(own: Case, theirs: Case) -> _Fault | None:
    """Return what it counts too little of before the first round; an object need not say what that costs."""
    if isinstance(own.method, ObjectMethod):
        return None
    told, expected = (one.method.opening(one.problem, one.params) for one in (own, theirs))
    return _less(told, expected, "before the first round", theirs.method.name)


def _cheaper_in_fact(own: Case, theirs: Case, drawn: Any) -> _Fault | None:
    """Return what it says too little of where how much is sent shows only then; an object need not say it."""
    if isinstance(own.method, ObjectMethod):
        return None
    state, cost = theirs.advance(theirs.initial(), drawn), theirs.cost(drawn)
    # Both states have the same fields by now, or they would differ.
    told, expected = (one.method.spent(one.problem, one.params, state, cost) for one in (own, theirs))
    return _less(told, expected, f"in {len(drawn)} rounds", theirs.method.name)


def _less(own: Any, expected: Any, when: str, name: str) -> _Fault | None:
    for axis in _COUNTED:
        count, least = getattr(own, axis), getattr(expected, axis)
        if count < least * (1.0 - _TOLERANCE):
            told = f"{when} it counts {count:.6g} {axis.replace('_', ' ')}, and {name} {least:.6g}"
            return _numbers(told, count, least)
    return None
