"""What is asked of a comparison: a target, a price, and how much work it may take, as a user writes them."""

import math
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from ...core.checks import as_number
from ...core.errors import InputError, shown, unknown
from ...theory.case import WORK_A_SECOND

#: In what a target may be, with the words for it.
MEASURES = {"gap": "F(x) - F*", "distance": "‖x - x*‖", "accuracy": "accuracy on held-out samples"}
#: What may have a price, with the word for one of it.
PRICED = {
    "bits_up": "bit up", "bits_down": "bit down", "floats_up": "number up", "floats_down": "number down",
    "rounds": "round", "iterations": "iteration", "gradients": "gradient", "seconds": "second",
}  # fmt: skip
# What a single word stands for.
_SHORT = {"up": ("bits_up",), "down": ("bits_down",)}
_WHOLE = {"bits": ("bits_up", "bits_down"), "floats": ("floats_up", "floats_down")}
_DURATION = re.compile(r"([0-9.]+(?:e[+-]?[0-9]+)?)\s*(ms|s|m|min|h)", re.IGNORECASE)
_SECONDS = {"ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class Target:
    """Where a method has to arrive.

    Attributes
    ----------
    measure : {"gap", "distance", "accuracy"}
        In F(x) - F*, in the distance to the minimiser, or in the share of held-out samples that are classified right.
    value : float
        How small the first two must become, or how large the third; none is relative to a start.
    share : float
        Of each client's samples that is held out for an accuracy.
    """

    measure: str = "gap"
    value: float = 1e-4
    share: float = 0.25

    @classmethod
    def read(cls, text: "str | Target", share: float = 0.25) -> Self:
        """Return the target that is written so: ``gap=1e-4``, ``distance=0.01`` or ``accuracy=0.95``.

        Raises
        ------
        InputError
            If the measure is unknown, or the number or the share is out of its range.

        Examples
        --------
        >>> Target.read("gap=1e-4")
        Target(measure='gap', value=0.0001, share=0.25)
        """
        if isinstance(text, Target):
            return cls(text.measure, text.value, text.share)
        measure, equals, number = str(text).partition("=")
        if measure not in MEASURES:
            raise unknown("target", measure, MEASURES)
        value, of_all = as_number(number), as_number(share)
        most = 1.0 if measure == "accuracy" else math.inf
        if not (equals and 0.0 < value < math.inf and value <= most):
            end = "above 0 and up to 1, as in accuracy=0.95" if most == 1.0 else f"above 0, as in {measure}=1e-4"
            raise InputError(f"to = {text!r} is no target: give a number {end}.")
        if not 0.0 < of_all < 1.0:
            raise InputError(f"held_out = {shown(share)} is no share of all samples: give a number between 0 and 1.")
        return cls(measure, value, of_all)

    @property
    def told(self) -> str:
        """The target in words.

        Examples
        --------
        >>> Target.read("gap=1e-4").told
        'F(x) - F* <= 0.0001'
        """
        return f"{MEASURES[self.measure]} {'>=' if self.measure == 'accuracy' else '<='} {self.value:g}"


@dataclass(frozen=True)
class Price:
    """What one of each thing costs that a trace counts, of one client that takes part.

    Attributes
    ----------
    of : tuple of (str, float)
        Names of ``PRICED`` and their prices.
    """

    of: tuple[tuple[str, float], ...]

    @classmethod
    def read(cls, text: "str | Price | Mapping[str, float]") -> Self:
        """Return the price that is written so: ``bits``, ``rounds``, ``seconds`` or ``up=1,down=0.1``.

        ``up`` and ``down`` are bits; ``floats_up``, ``rounds``, ``iterations``, ``gradients`` and so on may have prices
        beside them. A word alone costs 1 each, in both directions.

        Raises
        ------
        InputError
            If nothing is priced, a name is unknown or given twice, or a price is not a finite number of at least 0.

        Examples
        --------
        >>> Price.read("up=1,down=0.1").of, Price.read("floats").told
        ((('bits_up', 1.0), ('bits_down', 0.1)), 'numbers up and down')
        """
        if isinstance(text, Price):
            return cls(text.of)
        if isinstance(text, Mapping):
            pairs = [(str(name), number) for name, number in text.items()]
        else:
            pairs = [(name.strip(), number) for name, _, number in (part.partition("=") for part in text.split(","))]
        prices: dict[str, float] = {}
        for name, number in pairs:
            names = _SHORT.get(name) or _WHOLE.get(name) or (name,)
            for one in names:
                if one not in PRICED:
                    raise unknown("what has a price", name, [*PRICED, *_SHORT, *_WHOLE])
                if one in prices:
                    raise InputError(f"cost = {shown(text)} gives {one} a price twice: give it once.")
                prices[one] = 1.0 if number == "" else as_number(number)
                if not 0.0 <= prices[one] < math.inf:
                    raise InputError(f"cost = {shown(text)} holds {number!r}: give prices of at least 0, as in up=1.")
        if not any(prices.values()):
            raise InputError(f"cost = {shown(text)} makes everything free: give something a price above 0.")
        return cls(tuple((name, number) for name, number in prices.items() if number))

    def __str__(self) -> str:
        return ",".join(f"{name}={number:g}" for name, number in self.of)

    @property
    def needs_clock(self) -> bool:
        """Whether seconds have a price."""
        return any(name == "seconds" for name, _ in self.of)

    @property
    def told(self) -> str:
        """The price in words."""
        words, prices = [PRICED[name] for name, _ in self.of], {number for _, number in self.of}
        if prices != {1.0}:
            return " + ".join(f"{number:g} per {word}" for (_, number), word in zip(self.of, words, strict=True))
        kinds = [word.partition(" ")[::2] for word in words]
        if len(kinds) == 2 and kinds[0][0] == kinds[1][0]:
            return f"{kinds[0][0]}s up and down"
        return " + ".join(f"{kind}s{' ' * bool(way)}{way}" for kind, way in kinds)

    def cost(self, counts: Mapping[str, Any]) -> float:
        """Return what some counts cost, NaN if one that has a price is not there."""
        return float(sum(number * as_number(counts.get(name)) for name, number in self.of))


@dataclass
class Budget:
    """How much a command may compute: seconds on this machine, or multiplications, which are the same on each.

    Attributes
    ----------
    seconds : float
        A time; NaN where work is counted instead.
    work : float
        Multiplications.
    """

    seconds: float
    work: float
    text: str
    _start: float = field(default_factory=time.monotonic)
    _spent: float = 0.0

    @classmethod
    def read(cls, text: "str | float | Budget") -> Self:
        """Return the budget that is written so: a time, ``90s``, ``10m`` or ``2h``, or multiplications, ``1e12``.

        Raises
        ------
        InputError
            If the text is neither.

        Examples
        --------
        >>> Budget.read("10m").seconds, Budget.read("1e12").work
        (600.0, 1000000000000.0)
        """
        if isinstance(text, Budget):
            return cls(text.seconds, text.work, text.text)
        found = _DURATION.fullmatch(str(text).strip())
        seconds = as_number(found[1]) * _SECONDS[found[2].lower()] if found else math.nan
        work = seconds * WORK_A_SECOND * cores() if found else as_number(text)
        if not 0.0 < work < math.inf:
            raise InputError(
                f"budget = {shown(text)} is no budget: give a time such as 90s, 10m or 2h, or multiplications as in "
                "1e12."
            )
        return cls(seconds, work, str(text).strip())

    @property
    def told(self) -> str:
        """The budget in words."""
        about = "" if self.seconds == self.seconds else f" multiplications, about {duration(self.work)} here"
        return f"{self.text}{about}"

    def affords(self, work: float) -> bool:
        """Return whether so many more multiplications are within the budget."""
        if self.seconds == self.seconds:
            return time.monotonic() - self._start + work / (WORK_A_SECOND * cores()) <= self.seconds
        return self._spent + work <= self.work

    def spend(self, work: float) -> None:
        """Count work that is going to be done."""
        self._spent += work


def cores() -> int:
    """Return how many cores there are to compute on."""
    return os.cpu_count() or 1


def duration(work: float, lanes: int | None = None) -> str:
    """Return about how long so many multiplications take, in words.

    Parameters
    ----------
    work : float
        Multiplications.
    lanes : int, optional
        On so many cores; by default on all.

    Examples
    --------
    >>> duration(9e10, lanes=1), duration(7.2e12, lanes=1)
    ('90 s', '2 h')
    """
    seconds = work / (WORK_A_SECOND * (lanes or cores()))
    if seconds < 1.0:
        return "a second"
    if seconds < 120.0:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200.0 else f"{seconds / 3600:.3g} h"
