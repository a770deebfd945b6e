"""Simulated seconds: a clock that turns what a round costs into time, where clients differ in speed.

A round is synchronous, so it lasts as long as its slowest client. Client i, with speed v_i, needs ::

    gradients * compute / v_i  +  exchanges * latency  +  bits_up / up  +  bits_down / down

and only those who take part are waited for. What is counted is what a method declares: see :class:`Cost`. The server
computes in no time, and links do not share their bandwidth.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from typing import Any, Self

import numpy as np

from ...core.checks import checked_number
from ...core.errors import InputError, shown, unknown
from ...core.randomness import generator
from ...problems.problem import Problem
from . import speeds
from .components import sizes
from .cost import NOTHING, Cost, Sends
from .rounds import Randomness

# Decimal, so that 5us is the number 5e-6 to the bit.
_SECONDS = {"min": Decimal(60), "s": Decimal(1), "ms": Decimal("1e-3"), "us": Decimal("1e-6")}
_BITS = {"Gbit": Decimal("1e9"), "Mbit": Decimal("1e6"), "kbit": Decimal("1e3"), "bit": Decimal(1)}
_UNITS = {"compute": _SECONDS, "latency": _SECONDS, "up": _BITS, "down": _BITS}
_QUANTITY = re.compile(rf"({speeds.NUMBER})\s*([A-Za-zµ]*)(?:/s)?")


@dataclass(frozen=True)
class Clock:
    """How long clients compute and send.

    Parameters
    ----------
    compute : float or str
        Seconds of a whole local gradient at a client of speed 1, or with a unit, "1ms"; the gradient of one of m
        components takes an m-th of it.
    up, down : float or str
        Bits in a second from and to a client, or with a unit, "10Mbit".
    latency : float or str
        Seconds that an exchange takes besides, however short it is.
    speeds : float, sequence of float or str
        The clients' speeds, above 0: one for all, one for each, or how they are drawn: "uniform(a,b)";
        "loguniform(a,b)", uniform in the logarithm; or "slowness(a,b)", of which 1/speed is uniform.
    seed : int
        Of the speeds. Those of a client do not depend on how many others there are.

    Raises
    ------
    InputError
        If a number is out of its range, a unit is unknown, or speeds are none.

    Examples
    --------
    >>> clock = Clock.read("compute=1ms up=1Mbit down=10Mbit latency=50ms speeds=1,0.1")
    >>> # The second client's five gradients of 10 ms, a latency of 50 ms, 1 ms up and 0.1 ms down.
    >>> clock.seconds(2, [5], [1000], [1000]).round(6).tolist()
    [0.1011]
    """

    compute: float | str = 1e-3
    up: float | str = 1e6
    down: float | str = 1e7
    latency: float | str = 0.05
    speeds: float | Sequence[float] | str = "uniform(0.1,1)"
    seed: int = 0

    def __post_init__(self) -> None:
        for name, units in _UNITS.items():
            least: dict[str, Any] = {"above": 0.0} if units is _BITS else {"at_least": 0.0}
            kind = f"a number of {'bits in a second' if units is _BITS else 'seconds'}"
            value = checked_number(f"{name} of the clock", _quantity(name, getattr(self, name), units), kind, **least)
            object.__setattr__(self, name, value)
        object.__setattr__(self, "speeds", speeds.written(self.speeds))
        generator(self.seed, "speeds")

    @classmethod
    def read(cls, text: "str | Clock") -> Self:
        """Return the clock that is written so: words such as ``compute=1ms``, of which each may be left out.

        Raises
        ------
        InputError
            If a word names no part of a clock, or its value cannot be used.

        Examples
        --------
        >>> Clock.read("latency=20ms") == Clock(latency=0.02)
        True
        """
        if isinstance(text, Clock):
            return cls(**asdict(text))
        if not isinstance(text, str):
            raise InputError(f"clock = {shown(text)} is no clock: give a Clock, or a text such as {str(cls())!r}.")
        known = [field.name for field in fields(cls)]
        given: dict[str, Any] = {}
        # Spaces may stand around what is no letter, and before a unit.
        close = re.sub(r"([\d.])\s+(?=[A-Za-zµ/]+(\s|$))", r"\1", re.sub(r"\s*([(,=])\s*|\s+(?=\))", r"\1", text))
        for word in close.split():
            name, _, value = word.partition("=")
            if not value:
                raise InputError(f"clock = {text!r} holds {word!r}: write each part as in {str(cls())!r}.")
            if name not in known:
                raise unknown("part of a clock", name, known)
            if name in given:
                raise InputError(f"clock = {text!r} gives {name} twice: give it once.")
            given[name] = value
        if "seed" in given:
            if not given["seed"].isdecimal():
                raise InputError(f"seed = {given['seed']!r} of the clock is no seed: give an integer of at least 0.")
            given["seed"] = int(given["seed"])
        return cls(**given)

    def __str__(self) -> str:
        """Return the text from which :meth:`read` makes the same clock.

        Examples
        --------
        >>> print(Clock(up=2.5e6))
        compute=1ms up=2.5Mbit down=10Mbit latency=50ms speeds=uniform(0.1,1)
        """
        words = [f"{name}={_with_unit(getattr(self, name), units)}" for name, units in _UNITS.items()]
        order = [words[0], *words[2:], words[1]]
        return " ".join([*order, f"speeds={self.speeds}", *([f"seed={self.seed}"] if self.seed else [])])

    def speeds_of(self, n: int) -> np.ndarray:
        """Return the clients' speeds, shape (n,).

        Raises
        ------
        InputError
            If they are listed, and there are not n of them.

        Examples
        --------
        >>> Clock(speeds=[1.0, 0.5]).speeds_of(2).tolist()
        [1.0, 0.5]
        """
        return speeds.of_clients(str(self.speeds), n, self.seed)

    def seconds(
        self, n: int, gradients: Any, bits_up: Any, bits_down: Any, exchanges: float = 1.0, cohorts: Any = None
    ) -> np.ndarray:
        """Return how long each of some rounds takes, shape (rounds,).

        Parameters
        ----------
        n : int
            How many clients there are.
        gradients, bits_up, bits_down : array_like, shape (rounds,) or (rounds, n)
            What each client computes, sends and receives in each round.
        exchanges : float
            How often in a round they wait for each other.
        cohorts : array_like of int, shape (rounds, c), optional
            Who takes part in each; by default all.
        """
        compute, up, down, latency = (float(getattr(self, name)) for name in ("compute", "up", "down", "latency"))
        work, sent, received = (_of_clients(values) for values in (gradients, bits_up, bits_down))
        times = work * compute / self.speeds_of(n) + exchanges * latency + sent / up + received / down
        if cohorts is not None:
            times = np.take_along_axis(times, np.asarray(cohorts), axis=1)
        return times.max(axis=1)


def _of_clients(values: Any) -> np.ndarray:
    array = np.asarray(values, dtype=float)
    return array[:, None] if array.ndim == 1 else array


def _quantity(name: str, value: Any, units: dict[str, Decimal]) -> Any:
    """Return what a text with a unit says, in seconds or bits a second; what is no text is left to be checked."""
    if not isinstance(value, str):
        return value
    found = _QUANTITY.fullmatch(value.strip())
    unit = found[2].replace("µ", "u") if found else ""
    if found is None or unit not in ("", *units):
        raise InputError(
            f"{name} = {value!r} of the clock is no {'rate' if units is _BITS else 'duration'}: give a number with one "
            f"of the units {', '.join(units)}, as in {'1Mbit' if units is _BITS else '50ms'}."
        )
    return float(Decimal(found[1]) * units.get(unit, Decimal(1)))


def _with_unit(value: Any, units: dict[str, Decimal]) -> str:
    """Return the shortest text for a quantity that is read as the same number."""
    exact = Decimal(repr(value))
    texts = [f"{float(exact / scale):.{digits}g}{unit}" for unit, scale in units.items() for digits in (6, 17)]
    same = [text for text in texts if _quantity("", text, units) == value]
    return min(same, key=len, default=repr(value))


def usual_seconds(
    random: Randomness | None,
    cost: Callable[[Problem, Any, Any], Cost],
    sends: Sends | None = None,
    gradients: Callable[[Problem, Any, Any], int] | None = None,
) -> Callable[[Problem, Any, Any, Clock], np.ndarray]:
    """Return the ``seconds(problem, params, draws, clock)`` of a method whose clients all do what it declares.

    Parameters
    ----------
    random : Randomness or None
        The method's ``RANDOM``: where cohorts are drawn, they are waited for and nobody else.
    cost : callable
        What it costs; asked for each round where there is no ``sends``.
    sends : Sends, optional
        The method's ``SENDS``, the same in each round.
    gradients : callable, optional
        The method's ``gradients`` beside ``sends``; by default one an iteration.
    """
    parts = random.parts if random else ()
    of_components = any(part.takes_components() for part in parts)

    def seconds(problem: Problem, params: Any, draws: Any, clock: Clock) -> np.ndarray:
        rounds = [draws[r : r + 1] for r in range(len(draws))] if sends is None or gradients else []
        if sends is None:
            costs = [cost(problem, params, one) for one in rounds]
            work, up, down = ([getattr(each, name) for each in costs] for name in ("gradients", "bits_up", "bits_down"))
        else:
            each = sends.cost(problem, params, 1, 0, 0)
            work, up, down = draws.lengths, [each.bits_up], [each.bits_down]
        if sends and gradients:
            work = [gradients(problem, params, one) for one in rounds]
        whole = sizes(problem).mean() if of_components else 1.0
        exchanges = sends.exchanges if sends else 1
        exchanges = getattr(params, exchanges) if isinstance(exchanges, str) else exchanges
        told = (part.cohorts(draws.ends[part.name]) for part in parts if not part.in_every_step)
        cohorts = next((cohort for cohort in told if cohort is not None), None)
        return clock.seconds(problem.n, np.array(work) / whole, up, down, exchanges, cohorts)

    return seconds


def before_rounds(problem: Problem, spent: Cost, clock: Clock) -> float:
    """Return how long all clients need for what is sent and computed once, before the first round."""
    if spent == NOTHING:
        return 0.0
    return float(clock.seconds(problem.n, [spent.gradients], [spent.bits_up], [spent.bits_down])[0])
