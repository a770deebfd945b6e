"""The verdict: what an engine of evidence found."""

import math
from dataclasses import dataclass, field
from typing import Any

#: What a verdict may say, worst first.
STATUSES = ("refuted", "inconclusive", "not applicable", "consistent", "confirmed")


@dataclass(frozen=True)
class Verdict:
    """What one kind of evidence says of one promise.

    Attributes
    ----------
    method, evidence : str
        Whose promise, and which engine.
    status : str
        "confirmed" if exact or interval evidence meets the promise, "refuted" with a counterexample that can be run
        again, "consistent" if it could have been refuted and was not, "inconclusive" if the data could not decide,
        "not applicable" if an assumption fails.
    measured, promised, low, high : float
        The number, what it should be, and the interval that the number is known to lie in; NaN where there is none.
    problem : str
        The problem's label.
    params : dict
        The method's parameters.
    seed : int
        The seed of what was drawn.
    sentence : str
        The finding in words.
    seconds : float
        How long it took.
    details : dict
        What the finding rests on, for the store and the plots: traces, points, slopes.
    """

    method: str
    evidence: str
    status: str
    measured: float
    promised: float
    low: float
    high: float
    problem: str
    params: dict[str, Any]
    seed: int
    sentence: str
    seconds: float = 0.0
    details: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def record(self) -> dict[str, Any]:
        """Return what a file keeps of the verdict; numbers that are NaN or infinite become None."""
        numbers = {name: _plain(getattr(self, name)) for name in ("measured", "promised", "low", "high")}
        return {
            "method": self.method,
            "evidence": self.evidence,
            "status": self.status,
            **numbers,
            "problem": self.problem,
            "params": {letter: _plain(value) for letter, value in self.params.items()},
            "seed": self.seed,
            "sentence": self.sentence,
        }


def _plain(value: float | str) -> float | str | None:
    return value if isinstance(value, int | str) or math.isfinite(value) else None


def exit_code(statuses: list[str]) -> int:
    """Return the command's exit code: 1 if something was refuted, 3 if nothing was decided, else 0.

    Examples
    --------
    >>> exit_code(["confirmed", "not applicable"]), exit_code(["consistent", "refuted"]), exit_code(["not applicable"])
    (0, 1, 3)
    """
    if "refuted" in statuses:
        return 1
    if "inconclusive" in statuses or not {"confirmed", "consistent"} & set(statuses):
        return 3
    return 0
