"""Whether somebody's implementation is the method: beside the shipped one, round by round, on the same randomness."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from ..algorithms.driver.method import Method
from ..algorithms.driver.objects import array_of, called, fields_of, found, model_of, name_of
from ..algorithms.parts.letters import override
from ..algorithms.parts.rounds import Coin, Draws
from ..core.checks import checked_count
from ..core.errors import InputError
from ..core.randomness import generator
from ..problems import Problem, Quadratic
from ..theory import promised_by
from .mistakes import MISTAKES, Round

# Rounds after the first difference in which a mistake must go on to look like theirs.
_LOOK_AHEAD = 5
# Beside the largest number that occurs anywhere a smaller one is rounding.
_SMALL = 1e-3
# With γ = 1/L and L = 1 a factor γ that is missing would not be missed.
_SHRUNK = 0.9
# The methods whose rounds the mistakes are made in.
_FAMILY = ("scaffnew", "proxskip")
# The tolerance of float64, and the one beyond which nothing is compared.
_EXACT, _COARSE = 1e-9, 0.1


@dataclass(frozen=True)
class Agreement:
    """An implementation and the shipped method did the same.

    Attributes
    ----------
    like : str
        The shipped method.
    rounds : int
        How many rounds they were compared for.
    compared : tuple of str
        What was compared: the model, and every array of the shipped state that theirs has too.
    turned : tuple of str
        The arrays that theirs has with the other sign.
    difference, tolerance : float
        The largest difference, relative to the largest number up to there, and the one that was allowed.
    """

    like: str
    rounds: int
    compared: tuple[str, ...]
    turned: tuple[str, ...]
    difference: float
    tolerance: float


def check_implementation(
    theirs: Any,
    like: Any = "scaffnew",
    problem: Problem | None = None,
    rounds: int = 50,
    seed: int = 0,
    params: Any = None,
    lengths: int | None = None,
    **changes: Any,
) -> Agreement:
    r"""Run an implementation beside the shipped method on the same randomness and compare them after every round.

    Compared are the model and every array of the shipped state that theirs has too, by name or by shape. An array may
    have the other sign throughout, such as control variates c = -h, and states may be in any form that
    :mod:`rootkappa.algorithms.driver.objects` describes: NumPy arrays, tensors, lists of a vector for each client.

    A difference counts from :math:`16\, \varepsilon \max\{\kappa, 100\}` on, relative to the largest number up to
    there, where ε is the rounding of theirs: a recursion that contracts remembers the rounding of about κ steps. For
    float32 and κ up to 100 that is 2e-4; for float64 it is 1e-9 at least.

    Parameters
    ----------
    theirs : object
        It has ``start(problem, params)`` and ``model(state)``; and ``step(problem, params, state, outcome)`` for one
        step, or ``round(problem, params, state, length)`` for a round of so many local steps and the communication
        after them. What a method draws besides is part of the outcome, or follows the length: ``w``, for example. The
        state is changed in place or returned. Gradients are ``problem.gradients_at(X)``, each client's at its own row.
    like : str
        The shipped method.
    problem : Problem, optional
        Where to compare; by default a small quadratic whose clients differ.
    rounds : int
        For how many rounds.
    seed : int
        For everything that is drawn.
    params : NamedTuple, optional
        The method's parameters; by default what its theorem prescribes, with a γ that is a tenth smaller, so that no
        factor is 1 by accident.
    lengths : int, optional
        Let every round have that many steps instead of a random number; the shipped method does the same.
    **changes
        Single parameters, for example ``p=0.1``.

    Returns
    -------
    Agreement
        What was compared and how close it was.

    Raises
    ------
    AssertionError
        If they part. The message names the first round in which they do, what differs and by how much, and the known
        mistake that does the same, if there is one.
    InputError
        If theirs lacks a function, raises an error, or rounds so coarsely that no mistake could be told from it.

    Examples
    --------
    >>> import numpy as np
    >>> class NumPyScaffnew:
    ...     def start(self, problem, params):
    ...         return {"x": np.zeros((problem.n, problem.d)), "c": np.zeros((problem.n, problem.d))}
    ...
    ...     def round(self, problem, params, state, length):
    ...         x, c = state["x"], state["c"]
    ...         for _ in range(length):
    ...             x -= params.gamma * (problem.gradients_at(x) + c)
    ...         c -= params.p / params.gamma * (x.mean(axis=0) - x)
    ...         x[:] = x.mean(axis=0)
    ...
    ...     def model(self, state):
    ...         return state["x"].mean(axis=0)
    >>> agreement = check_implementation(NumPyScaffnew(), like="scaffnew", rounds=20)
    >>> agreement.compared, agreement.turned
    (('model', 'X', 'H'), ('H',))
    """
    shipped = found(like)
    problem = _default_problem() if problem is None else problem
    shipped.check(problem)
    params = _parameters(shipped, problem, params, changes)
    draws = _draws(shipped, problem, params, checked_count("rounds", rounds) + _LOOK_AHEAD, seed, lengths)
    other = _Theirs(theirs, shipped, problem, params)
    walk, seen = other.walk(draws), []
    comparison = _Comparison(other.candidates(), problem)
    tolerance = 0.0
    for number, expected in enumerate(islice(_walk_of(shipped, problem, params, draws), rounds + 1)):
        seen.append(next(walk))
        tolerance = max(tolerance, _tolerance(other.name, seen[-1].eps, problem.kappa))
        parting = comparison.parting(expected, seen[-1], tolerance)
        if parting is not None:
            seen += _going_on(walk)
            known = _recognised(shipped, problem, params, draws, other.candidates(), seen, tolerance) if number else []
            where = f"in round {number} of {rounds}" if number else "at the start"
            raise AssertionError(
                f"{other.name} parts from {shipped.name} {where}: {other.named(parting.quantity)} differs by "
                f"{parting.size:.3g}, {parting.relative:.2g} of the largest number in it so far, where {tolerance:.1g} "
                f"may be rounding.{_likely(known, parting, problem.kappa)} Seed {seed}, {_written(params)}, "
                f"{problem.label}."
            )
    return Agreement(
        shipped.name,
        rounds,
        ("model", *comparison.alive),
        comparison.turned,
        comparison.worst,
        tolerance,
    )


class _Seen(NamedTuple):
    """What is compared after a round."""

    model: np.ndarray
    """The model that is handed out."""
    arrays: dict[Any, np.ndarray]
    """The arrays of the state by name."""
    eps: float = float(np.finfo(float).eps)
    """The relative rounding of the numbers."""


class _Parting(NamedTuple):
    """A difference that is no rounding."""

    quantity: str
    """The model or an array of the shipped state."""
    size: float
    """The largest difference of two numbers."""
    relative: float
    """The same, relative to the largest number up to there."""


#: Which arrays may stand for a field of the shipped state, and with which sign.
_Candidates = dict[str, list[tuple[Any, float]]]


class _Theirs:
    """An implementation that is looked at after every round."""

    def __init__(self, thing: Any, shipped: Method, problem: Problem, params: Any) -> None:
        self._thing, self.name = thing, name_of(thing)
        self._shipped, self._problem, self._params = shipped, problem, params
        has = [name for name in ("start", "step", "round", "model") if callable(getattr(thing, name, None))]
        if not {"start", "model"} <= {*has} or not {"step", "round"} & {*has}:
            raise InputError(
                f"{self.name} cannot be run, it has {', '.join(has) or 'no function of a method'}: give an object with "
                "start(problem, params), model(state), and step(problem, params, state, outcome) or "
                "round(problem, params, state, length)."
            )
        self._by_steps = "step" in has

    def candidates(self) -> _Candidates:
        """Return which of their arrays may be which of ours: the one of that name, or else all of that shape."""
        arrays = self._seen(self._called("start")).arrays
        fields = self._shipped.start(self._problem, self._params)._asdict()
        keys = {
            field: [key for key in arrays if str(key).lower() == field.lower() and arrays[key].shape == value.shape]
            for field, value in fields.items()
        }
        for shape in {value.shape for value in fields.values()}:
            named = [key for found in keys.values() for key in found]
            rest = [key for key in arrays if arrays[key].shape == shape and key not in named]
            # Where they have fewer arrays than there are fields, it is the first fields that they have.
            for field in [field for field in fields if fields[field].shape == shape and not keys[field]][: len(rest)]:
                keys[field] = rest
        return {field: [(key, sign) for key in found for sign in (1.0, -1.0)] for field, found in keys.items() if found}

    def named(self, quantity: str) -> str:
        """Return what a quantity is called in a sentence, with their name for it."""
        if quantity == "model":
            return "the model"
        keys = {key for key, _ in self.candidates()[quantity]}
        own = str(keys.pop()) if len(keys) == 1 else quantity
        return quantity if own.lower() == quantity.lower() else f"{quantity}, in theirs {own},"

    def walk(self, draws: Any) -> Iterator[_Seen]:
        """Yield what is seen at the start and after every round."""
        state = self._called("start")
        yield self._seen(state)
        for position in range(len(draws)):
            one = draws[position : position + 1]
            for arguments in self._outcomes(one) if self._by_steps else [self._round(one)]:
                returned = self._called("step" if self._by_steps else "round", state, *arguments)
                state = state if returned is None else returned
            yield self._seen(state)

    def _outcomes(self, draws: Any) -> Iterable[tuple[Any]]:
        return ((outcome,) for outcome in self._shipped.unroll(draws))

    def _round(self, draws: Any) -> tuple[Any, ...]:
        if not isinstance(draws, Draws) or self._shipped.random is None:
            raise InputError(
                f"a round of {self._shipped.name} is drawn in a way of its own: let {self.name} have step."
            )
        parts = self._shipped.random.parts
        drawn = (draws.steps[part.name] if part.in_every_step else draws.ends[part.name][0] for part in parts)
        return int(draws.lengths[0]), *drawn

    def _called(self, function: str, *arguments: Any) -> Any:
        return called(self._thing, self.name, function, self._problem, self._params, *arguments)

    def _seen(self, state: Any) -> _Seen:
        arrays = {key: array_of(value) for key, value in fields_of(state).items()}
        handed_out = called(self._thing, self.name, "model", state)
        eps = max(_eps(array) for array in (array_of(handed_out), *arrays.values()))
        model = model_of(handed_out, self.name, self._problem.d)
        return _Seen(model, {key: array.astype(float) for key, array in arrays.items()}, eps)


def _eps(array: np.ndarray) -> float:
    return max(float(np.finfo(array.dtype if array.dtype.kind == "f" else float).eps), _Seen._field_defaults["eps"])


def _tolerance(name: str, eps: float, kappa: float) -> float:
    tolerance = max(_EXACT, 16.0 * eps * max(kappa, 100.0))
    if tolerance > _COARSE:
        raise InputError(
            f"{name} rounds by {eps:.1g}, and with kappa = {kappa:g} no mistake could be told from that: compare in "
            "float64, or on a problem with a smaller kappa."
        )
    return tolerance


class _Comparison:
    """Two walks that are compared round by round, up to which array is which and its sign."""

    def __init__(self, candidates: _Candidates, problem: Problem) -> None:
        self.alive, self.worst = dict(candidates), 0.0
        self._scales: dict[str, float] = {}
        self._largest = float(np.abs(problem.gradients(np.zeros(problem.d))).max()) or 1.0

    @property
    def turned(self) -> tuple[str, ...]:
        """The fields that have the other sign in the second walk."""
        return tuple(field for field, alive in self.alive.items() if all(sign < 0 for _, sign in alive))

    def parting(self, expected: _Seen, actual: _Seen, tolerance: float) -> _Parting | None:
        """Return the first thing in which the walks part now, None if there is none."""
        ours = {"model": expected.model} | {field: expected.arrays[field] for field in self.alive}
        for quantity, value in ours.items():
            self._scales[quantity] = max(self._scales.get(quantity, 0.0), float(np.abs(value).max()))
        self._largest = max(self._largest, *self._scales.values())
        for quantity, value in ours.items():
            scale = max(self._scales[quantity], _SMALL * self._largest)
            sizes = {
                one: _apart(value, other)
                for one, other in (
                    [(None, actual.model)]
                    if quantity == "model"
                    else [(one, one[1] * actual.arrays[one[0]]) for one in self.alive[quantity]]
                )
            }
            least = min(sizes.values())
            if not least <= tolerance * scale:
                return _Parting(quantity, least, least / scale)
            self.worst = max(self.worst, least / scale)
            if quantity != "model":
                self.alive[quantity] = [one for one, size in sizes.items() if one and size <= tolerance * scale]
        return None


def _apart(a: np.ndarray, b: np.ndarray) -> float:
    with np.errstate(over="ignore", invalid="ignore"):
        size = float(np.abs(a - b).max()) if a.shape == b.shape else np.inf
    return size if np.isfinite(size) else np.inf


def _walk_of(shipped: Method, problem: Problem, params: Any, draws: Any) -> Iterator[_Seen]:
    state = shipped.start(problem, params)
    for position in range(len(draws) + 1):
        yield _Seen(shipped.model(state).copy(), {field: value.copy() for field, value in state._asdict().items()})
        state = shipped.advanced(problem, params, state, draws[position : position + 1])


def _going_on(walk: Iterator[_Seen]) -> Iterator[_Seen]:
    """Yield the next few rounds of a walk, as long as its numbers are some."""
    try:
        for seen in islice(walk, _LOOK_AHEAD):
            if not all(np.isfinite(array).all() for array in (seen.model, *seen.arrays.values())):
                return
            yield seen
    except InputError:
        return


def _recognised(
    shipped: Method,
    problem: Problem,
    params: Any,
    draws: Any,
    candidates: _Candidates,
    seen: list[_Seen],
    tolerance: float,
) -> list[str]:
    """Return the known mistakes that walk as theirs does, also in the rounds after the one in which they part."""
    if shipped.name not in _FAMILY or not problem.is_smooth:
        return []

    same, turned = [], []
    for name, mistake in MISTAKES.items():
        comparison = _Comparison(candidates, problem)
        walk = _walk_with(mistake, shipped.start(problem, params), problem, params, draws)
        if all(comparison.parting(*pair, tolerance) is None for pair in zip(walk, seen, strict=False)):
            (turned if comparison.turned else same).append(name)
    # A sign that is wrong in one place is another sign that is wrong in the other place.
    return same or turned


def _walk_with(mistake: Round, start: Any, problem: Problem, params: Any, draws: Draws) -> Iterator[_Seen]:
    X, H = start
    for length in (0, *draws.lengths):
        if length:
            with np.errstate(over="ignore", invalid="ignore"):
                X, H = mistake(problem, params, X, H, int(length))
        yield _Seen(X.mean(axis=0), {"X": X, "H": H})


def _likely(known: list[str], parting: _Parting, kappa: float) -> str:
    if known:
        return f" That is like {', or '.join(known)}."
    if parting.relative <= 16.0 * float(np.finfo(np.float32).eps) * max(kappa, 100.0):
        return " So little may come from float32 somewhere inside; states in float32 are given its tolerance."
    return ""


def _written(params: Any) -> str:
    return ", ".join(
        f"{letter} = {value if isinstance(value, str) else format(value, '.6g')}"
        for letter, value in params._asdict().items()
    )


def _default_problem() -> Problem:
    unit = Quadratic.random(clients=4, dim=3, kappa=30.0, basis="client")
    return Quadratic(2.5 * unit.hessians, unit.kernel.b)


def _parameters(shipped: Method, problem: Problem, params: Any, changes: dict[str, Any]) -> Any:
    if params is not None:
        return override(shipped.letters(params), changes, shipped.name)
    params = shipped.letters(promised_by(shipped).parameters(problem, **changes))
    if "gamma" in changes or "gamma" not in params._fields:
        return params
    return params._replace(gamma=_SHRUNK * params.gamma)


def _draws(shipped: Method, problem: Problem, params: Any, rounds: int, seed: int, lengths: int | None) -> Any:
    rng = generator(seed, "implementation")
    draws = shipped.draw(rng, problem, params, rounds)
    if lengths is None:
        return draws
    count, random = checked_count("lengths", lengths), shipped.random
    if not isinstance(random, Coin):
        raise InputError(f"lengths = {lengths!r}, but a round of {shipped.name} ends with no coin: leave lengths out.")
    steps = {part.name: part.draw(rng, problem, params, count * rounds) for part in random.parts if part.in_every_step}
    return Draws(np.full(rounds, count), draws.ends, steps)
