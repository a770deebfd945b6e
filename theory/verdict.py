"""The verdict: what an engine of evidence found, and the bound that it was held against."""

import math
from dataclasses import dataclass, field
from typing import Any, overload

import numpy as np

from ..core.html import letters, table

#: What a verdict may say, worst first.
STATUSES = ("refuted", "inconclusive", "not applicable", "consistent", "confirmed")
#: In the place of a factor 0, which has no logarithm.
TINY = 5e-324


@dataclass(frozen=True)
class Bound:
    r"""What is promised after t steps of a path, :math:`E[V_t] \le \rho^t V_0 + \sigma^2 (1 - \rho^t)/(1 - \rho)`.

    Attributes
    ----------
    rho : float
        The factor of a step.
    noise : float
        What a step adds, sigma squared.
    start : float
        The first V.

    Examples
    --------
    >>> Bound(rho=0.5, noise=1.0, start=10.0)(2)
    4.0
    """

    rho: float
    noise: float
    start: float

    @overload
    def __call__(self, t: float) -> float: ...
    @overload
    def __call__(self, t: np.ndarray) -> np.ndarray: ...
    def __call__(self, t: float | np.ndarray) -> float | np.ndarray:
        """Return the bound after t steps, a number or an array of them."""
        steps = np.asarray(t, dtype=float)
        value = np.power(self.rho, steps) * self.start
        if self.noise > 0.0:
            value = value + self.noise * self._sum(steps)
        return float(value) if np.ndim(t) == 0 else value

    def _sum(self, steps: np.ndarray) -> np.ndarray:
        """Return 1 + ρ + ... + ρ^(t-1), without cancellation where ρ is close to 1."""
        if self.rho == 1.0:
            return steps
        return -np.expm1(steps * math.log(self.rho or TINY)) / (1.0 - self.rho)

    @property
    def floor(self) -> float:
        """Where V settles at most, relative to its start."""
        return self.noise / ((1.0 - self.rho) * (self.start or 1.0)) if self.noise > 0.0 else 0.0

    def log_from(self, log_value: np.ndarray, steps: np.ndarray) -> np.ndarray:
        """Return the logarithm of the bound so many steps after V had a value; both relative to the start.

        Unlike the bound itself it has a value also where a path has left the floating-point numbers.
        """
        left = steps * math.log(self.rho or TINY)
        with np.errstate(divide="ignore"):
            return np.logaddexp(left + log_value, math.log(self.floor) + np.log(-np.expm1(left)))


@dataclass(frozen=True, repr=False)
class Verdict:
    """What one kind of evidence says of one promise.

    Attributes
    ----------
    method, evidence : str
        Whose promise, and which engine.
    claim : str
        Of a claim its name, with the part of it behind a colon where it has parts; otherwise empty.
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
    known : str
        What is known: "confirmed" of a theorem, and of a claim unless its file records that it is "refuted".
    sensitivity : float
        The smallest violation that would have been seen here: by what share of itself the promised number, of a rate
        the progress 1 - rho, would have to be stronger to be refuted. NaN where no number is promised.
    alpha : float
        The probability with which it refutes what is right, at most; NaN where it rests on nothing that is drawn.
    changed : tuple of str
        The letters that somebody has set; the theory prescribes all others.
    seconds : float
        How long it took.
    bound : Bound or None
        What is promised of V along a path on the problem; None for a claim, and where nothing is promised.
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
    claim: str = ""
    known: str = "confirmed"
    sensitivity: float = math.nan
    alpha: float = math.nan
    changed: tuple[str, ...] = ()
    seconds: float = 0.0
    bound: Bound | None = field(default=None, repr=False, compare=False)
    details: dict[str, Any] = field(default_factory=dict[str, Any], repr=False, compare=False)

    def __repr__(self) -> str:
        kind = f"{self.evidence} {self.claim}".rstrip()
        return f"<{self.told}: {self.method}, {kind} on {self.problem}: {self.sentence}>"

    def _repr_html_(self) -> str:
        numbers = [(name, f"{getattr(self, name):.6g}") for name in ("measured", "promised", "low", "high")]
        told = [
            ("problem", self.problem),
            ("letters", letters(self.params)),
            ("seed", self.seed),
            ("finding", self.sentence),
        ]
        title = f"{self.method}, {self.claim.replace('_', ' ') or self.evidence}: {self.told}"
        return table(title, [*numbers, *told])

    @property
    def news(self) -> str:
        """The status as it counts for an exit code: "refuted" where it contradicts what is known, not where it agrees.

        Examples
        --------
        >>> found = Verdict("scaffnew", "claim", "refuted", 1.0, 0.0, 1.0, 1.0, "", {}, 0, "No.", known="refuted")
        >>> found.news, found.told
        ('confirmed', 'refuted as known')
        """
        if self.known == "confirmed" or self.status not in ("refuted", "consistent", "confirmed"):
            return self.status
        return "confirmed" if self.status == self.known else "refuted"

    @property
    def told(self) -> str:
        """The status in words, which say of something that is known to be wrong whether it was found to be."""
        if self.news == self.status:
            return self.status
        return f"{self.status} as known" if self.news == "confirmed" else f"{self.status} against what is known"

    @property
    def question(self) -> str:
        """What the verdict is an answer to: the theorem or whatever else was held, at which parameters.

        Examples
        --------
        >>> found = Verdict("scaffnew", "exact", "confirmed", 1.0, 1.0, 1.0, 1.0, "", {"gamma": 1.0, "p": 0.01}, 0, "")
        >>> from dataclasses import replace
        >>> found.question, replace(found, changed=("p",)).question
        ('the theorem at gamma = 1, p = 0.01', 'the theorem at p = 0.01, with gamma = 1 as prescribed')
        >>> replace(found, evidence="claim", claim="it_flies").question
        'the claim "it flies" at gamma = 1, p = 0.01'
        """
        own = {letter: self.params[letter] for letter in self.changed if letter in self.params}
        rest = {letter: value for letter, value in self.params.items() if letter not in own}
        at = f"at {_listed(own or rest)}" if self.params else "with the parameters that the theory prescribes"
        at += f", with {_listed(rest)} as prescribed" if own and rest else ""
        what = {"exact": "the theorem ", "path": "the theorem ", "exponent": "the theorem "}.get(self.evidence, "")
        if self.evidence == "claim":
            what = f'the claim "{self.claim.replace("_", " ")}" ' if self.claim else "claims "
        return what + at

    def record(self) -> dict[str, Any]:
        """Return what a file keeps of the verdict; numbers that are NaN or infinite become None."""
        numbers = {name: _plain(getattr(self, name)) for name in ("measured", "promised", "low", "high")}
        return {
            "method": self.method,
            "evidence": self.evidence,
            "claim": self.claim,
            "status": self.status,
            "known": self.known,
            **numbers,
            "problem": self.problem,
            "params": {letter: _plain(value) for letter, value in self.params.items()},
            "seed": self.seed,
            "question": self.question,
            "sentence": self.sentence,
            "sensitivity": _plain(self.sensitivity),
            "alpha": _plain(self.alpha),
        }


def _listed(letters: dict[str, Any]) -> str:
    values = {letter: f"{value:.4g}" if isinstance(value, float) else f"{value}" for letter, value in letters.items()}
    return ", ".join(f"{letter} = {text}" for letter, text in values.items())


def _plain(value: float | str) -> float | str | None:
    return value if isinstance(value, int | str) or math.isfinite(value) else None


def exit_code(statuses: list[str]) -> int:
    """Return the command's exit code: 1 if something was refuted, 3 if nothing was decided, else 0.

    Of a verdict it takes :attr:`Verdict.news`: what is refuted as known is no news.

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
