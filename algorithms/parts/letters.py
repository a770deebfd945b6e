"""The letters of methods: the type of each says what values it may have, ``gamma: letters.StepSize``."""

import math
from collections.abc import Callable, Iterable
from functools import cache
from typing import Annotated, Any, NamedTuple, get_args, get_type_hints

import numpy as np

from ...core.errors import InputError, shown, unknown
from .. import compressors
from ..compressors.bernoulli import Bernoulli
from ..compressors.identity import Identity
from ..compressors.rand_k import RandK
from . import graphs, random_graphs, speeds


class Range(NamedTuple):
    """What a number may be: the second part of an Annotated type."""

    holds: Callable[[Any], bool]
    """Whether a finite number is in the range."""
    allowed: str
    """The range in words, as the end of "give ..."."""


class Names(NamedTuple):
    """What a text may be."""

    known: Callable[[], Iterable[str]]
    """Return the names that are allowed."""


class Written(NamedTuple):
    """A text that stands for a compressor, such as ``"RandK(2)"``."""

    holds: Callable[[compressors.Compressor], bool]
    """Whether the compressor may be used."""
    allowed: str
    """Those that may be used in words, as the end of "give ..."."""


class Text(NamedTuple):
    """Another text that stands for something."""

    read: Callable[[Any], str]
    """Return it as it is written, or raise an InputError."""


def _above_zero(value: float) -> bool:
    return value > 0


def _step(value: float) -> bool:
    # Products and squares of step sizes, and of their inverses, are floating-point numbers.
    return 1e-100 <= value <= 1e100


def _at_least_zero(value: float) -> bool:
    return value >= 0


def _at_least_one(value: int) -> bool:
    return value >= 1


def _probability(value: float) -> bool:
    return 0 < value <= 1


StepSize = Annotated[float, Range(_step, "a step size between 1e-100 and 1e100")]
DualStepSize = Annotated[float, Range(_step, "a dual step size between 1e-100 and 1e100")]
LocalStepSize = Annotated[float, Range(_step, "a local step size between 1e-100 and 1e100")]
ControlStepSize = Annotated[float, Range(_step, "a step size of control variates between 1e-100 and 1e100")]
Factor = Annotated[float, Range(_above_zero, "a finite factor above 0")]
Mixing = Annotated[float, Range(_above_zero, "a finite mixing above 0")]
Convexity = Annotated[float, Range(_above_zero, "a finite strong convexity above 0")]
Deviation = Annotated[float, Range(_at_least_zero, "a finite standard deviation, at least 0")]
Regularisation = Annotated[float, Range(_at_least_zero, "a finite regularisation, at least 0")]
Probability = Annotated[float, Range(_probability, "a probability of communication in (0, 1]")]
RefreshProbability = Annotated[float, Range(_probability, "a probability of a new reference point in (0, 1]")]
Momentum = Annotated[float, Range(lambda value: 0 <= value < 1, "a momentum in [0, 1)")]
Batch = Annotated[int, Range(_at_least_one, "an integer number of components in a minibatch, at least 1")]
Decay = Annotated[float, Range(lambda value: 0 < value <= 1, "a factor a round of what shrinks, in (0, 1]")]
Weight = Annotated[float, Range(_at_least_zero, "a finite weight, at least 0")]
Part = Annotated[float, Range(lambda value: 0 <= value < 1, "a part in [0, 1)")]
Trained = Annotated[str, Names(lambda: ("features", "model"))]
Tiers = Annotated[int, Range(_at_least_one, "an integer number of tiers, at least 1")]
Credits = Annotated[int, Range(_at_least_zero, "an integer number of rounds of each tier, or 0 for no end of them")]
Interval = Annotated[int, Range(_at_least_zero, "an integer number of rounds between two changes, or 0 for none")]
Share = Annotated[float, Range(lambda value: 0 <= value <= 1, "a share in [0, 1]")]
Density = Annotated[float, Range(lambda value: 0 < value <= 1, "a share of coordinates that are kept, in (0, 1]")]
Energy = Annotated[float, Range(_probability, "a share of squares of singular values that is kept, in (0, 1]")]
Rows = Annotated[int, Range(_at_least_one, "an integer number of rows of the model as a matrix, at least 1")]
Draw = Annotated[int, Range(_at_least_zero, "an integer that names a draw, at least 0")]
Minibatches = Annotated[int, Range(_at_least_one, "an integer number of minibatches, at least 1")]
Clip = Annotated[float, Range(lambda value: 0 <= value <= 1e100, "a norm from 0, for none, to 1e100")]
Power = Annotated[int, Range(lambda value: value in (1, 2), "a power of a norm, 1 or 2")]
Floor = Annotated[float, Range(_step, "a floor of what a step is divided by between 1e-100 and 1e100")]
UpToHalf = Annotated[float, Range(lambda value: 0 < value <= 0.5, "a weight in (0, 1/2]")]
LocalSteps = Annotated[int, Range(_at_least_one, "an integer number of local steps, at least 1")]
Period = Annotated[int, Range(_at_least_one, "an integer number of steps between two averages, at least 1")]
EdgeRounds = Annotated[int, Range(_at_least_one, "an integer number of averages of an edge in a round, at least 1")]
Edges = Annotated[int, Range(_at_least_one, "an integer number of edge servers, at least 1")]
EdgeFeatures = Annotated[int, Range(_at_least_zero, "an integer number of features at the edge, at least 0")]
Length = Annotated[float, Range(_step, "a length to which a vector is clipped between 1e-100 and 1e100")]
Multiplier = Annotated[float, Range(_at_least_zero, "a finite noise in units of what it hides, at least 0")]
ServerSteps = Annotated[int, Range(_at_least_zero, "an integer number of steps of the server, at least 0")]
SoftLabels = Annotated[float, Range(lambda value: 0 <= value <= 1, "a weight of soft labels in [0, 1]")]
Move = Annotated[float, Range(lambda value: abs(value) <= 1e100, "a move of an input, -1e100 to 1e100")]
Blocks = Annotated[int, Range(_at_least_one, "an integer number of blocks, at least 1")]
Lazies = Annotated[int, Range(_at_least_zero, "an integer number of lazy clients, at least 0")]
Budget = Annotated[float, Range(_step, "a whole time between 1e-100 and 1e100")]
Time = Annotated[float, Range(_step, "a time between 1e-100 and 1e100")]
Wait = Annotated[float, Range(lambda value: 0 <= value <= 1e100, "a time from 0 to 1e100")]
Cohort = Annotated[int, Range(_at_least_one, "an integer number of clients in a cohort, at least 1")]
Senders = Annotated[int, Range(_at_least_one, "an integer number of clients that send a coordinate, at least 1")]
Kept = Annotated[int, Range(_at_least_one, "an integer number of coordinates that are kept, at least 1")]
Compressor = Annotated[
    str, Written(lambda C: C.clients == 1, "one that each client can apply by itself, for example 'RandK(2)'")
]
Unbiased = Annotated[
    str,
    Written(
        lambda C: C.is_unbiased and C.clients == 1,
        "an unbiased one, E C(x) = x, that each client can apply by itself, for example 'RandK(2)'",
    ),
]
Diagonal = Annotated[
    str,
    Written(
        lambda R: R.is_unbiased and isinstance(R, Bernoulli | RandK | Identity),
        "one that commutes with the mean of the clients' vectors: 'Bernoulli(p)', 'RandK(k)' or 'Identity()'",
    ),
]
Salience = Annotated[str, Names(lambda: ("change", "weights"))]
Means = Annotated[str, Names(lambda: ("senders", "zeros"))]
Controls = Annotated[str, Names(lambda: ("rows", "dense"))]
Speeds = Annotated[str, Text(speeds.written)]
Capacities = Annotated[str, Text(speeds.written_capacities)]
#: Losses whose gradients say what matters: the one that is minimised, and minus the logit of each sample's class.
SCORES = ("ce", "nll_logits")
Score = Annotated[str, Names(lambda: SCORES)]
#: What a server makes of the same number of several clients.
AGGREGATES = ("mean", "max")
Aggregate = Annotated[str, Names(lambda: AGGREGATES)]
Graph = Annotated[str, Names(graphs.names)]
RandomGraph = Annotated[str, Names(random_graphs.names)]
Degree = Annotated[int, Range(_at_least_one, "an integer number of neighbours, at least 1")]
MovedShare = Annotated[float, Range(lambda value: 0 <= value <= 1, "a share of a mask that moves, in [0, 1]")]
Horizon = Annotated[int, Range(_at_least_one, "an integer number of rounds until something rests, at least 1")]
Regrowth = Annotated[str, Names(lambda: ("gradient", "random"))]
Counted = Annotated[str, Names(lambda: ("new", "trained"))]
Weights = Annotated[str, Names(lambda: graphs.WEIGHTS)]


@cache
def _kinds(params: type) -> dict[str, Any]:
    return get_type_hints(params, include_extras=True)


def checked_letter(params: type, letter: str, value: Any) -> Any:
    """Return the value of a letter, as the type that the letters' class gives it, if that allows it.

    A letter of a bare ``float`` or ``int`` may be any finite number of that type.

    Parameters
    ----------
    params : type
        The NamedTuple of a method's letters.
    letter : str
        One of its fields.
    value
        What is asked for.

    Raises
    ------
    InputError
        If the letter is unknown, or the value outside its range.

    Examples
    --------
    >>> from rootkappa import algorithms
    >>> checked_letter(algorithms.get("scaffnew").Params, "p", 0.1)
    0.1
    """
    kinds = _kinds(params)
    if letter not in kinds:
        raise unknown("parameter", letter, kinds)
    kind, *rules = get_args(kinds[letter]) or (kinds[letter],)
    rule = rules[0] if rules else Range(lambda value: True, "a finite number")
    if isinstance(rule, Written):
        try:
            written = compressors.get(str(value))
        except InputError as error:
            raise InputError(f"{letter} = {shown(value)} cannot be used: {error}") from None
        if not rule.holds(written):
            raise InputError(f"{letter} = {value!r} is no compressor for this method: give {rule.allowed}.")
    elif isinstance(rule, Names):
        if value not in rule.known():
            raise unknown(letter, str(value), rule.known())
    elif isinstance(rule, Text):
        return rule.read(value)
    elif isinstance(rule, Range) and kind in (float, int):
        numbers = int | np.integer if kind is int else int | float | np.integer | np.floating
        # To NumPy a duration is an integer.
        is_other = isinstance(value, bool | np.timedelta64)
        if is_other or not isinstance(value, numbers) or not _is_finite(value) or not rule.holds(kind(value)):
            raise InputError(f"{letter} = {shown(value)} is out of range: give {rule.allowed}.")
        # The whole number 1 is the step size 1.0: compiled code tells them apart.
        return kind(value)
    return value


def allowed(params: type) -> dict[str, str]:
    """Return for each letter in words what it may be.

    Parameters
    ----------
    params : type
        The NamedTuple of a method's letters.

    Examples
    --------
    >>> from rootkappa import algorithms
    >>> allowed(algorithms.get("scaffnew").Params)["p"], allowed(algorithms.get("fedcomloc_com").Params)["C"][:12]
    ('a probability of communication in (0, 1]', 'a compressor')
    """
    return {letter: _allowed(kind) for letter, kind in _kinds(params).items()}


def _allowed(kind: Any) -> str:
    rule = next(iter(get_args(kind)[1:]), None)
    if isinstance(rule, Written):
        return f"a compressor: {rule.allowed}"
    if isinstance(rule, Names):
        return f"one of {', '.join(rule.known())}"
    if isinstance(rule, Text):
        return "a text"
    return rule.allowed if isinstance(rule, Range) else "a finite number"


def _is_finite(value: Any) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond all floats
        return False


def checked(params: Any) -> Any:
    """Return a method's letters if each is in its range, whatever a theorem asks beyond that.

    Parameters
    ----------
    params : NamedTuple
        The parameters of some method.

    Raises
    ------
    InputError
        If a letter is outside its range.
    """
    kind = type(params)
    return kind(**{letter: checked_letter(kind, letter, value) for letter, value in params._asdict().items()})


def override(params: Any, changes: dict[str, Any], method: str) -> Any:
    """Return the parameters with some letters replaced; a letter that the method does not have is an error.

    Examples
    --------
    >>> from rootkappa import algorithms
    >>> override(algorithms.get("gradient_descent").Params(gamma=1.0), {"gamma": 0.5}, "gradient_descent")
    gradient_descent.Params(gamma=0.5)
    """
    for letter in changes:
        if letter not in params._fields:
            raise unknown(f"parameter of {method}", letter, params._fields)
    return checked(params._replace(**changes))


@cache
def of_kind(params: type, kind: Any) -> tuple[str, ...]:
    """Return the letters of one of the types above.

    Examples
    --------
    >>> from rootkappa import algorithms
    >>> of_kind(algorithms.get("proxskip_vr").Params, Probability)
    ('p',)
    """
    return tuple(letter for letter, own in _kinds(params).items() if own == kind)


@cache
def compressors_of(params: type) -> tuple[str, ...]:
    """Return the letters that name a compressor.

    Examples
    --------
    >>> from rootkappa import algorithms
    >>> compressors_of(algorithms.get("diana").Params)
    ('C',)
    """
    return tuple(
        letter for letter, kind in _kinds(params).items() if any(isinstance(rule, Written) for rule in get_args(kind))
    )
