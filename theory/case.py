"""What every engine of evidence is given: a method, its theorem, a problem, parameters and a seed."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from ..algorithms.driver.method import Method
from ..algorithms.driver.method import get as get_method
from ..algorithms.driver.run import Trace, run
from ..core.errors import InputError
from ..core.randomness import generator
from ..problems import Composite, Quadratic
from ..problems.functions.squared_l2 import SquaredL2
from ..problems.problem import Problem
from .theorem import Theorem
from .theorem import get as get_theorem
from .verdict import Verdict

_SLACK = 1.2
# The size of a quadratic on which all outcomes of nearly every method can be listed.
_CLIENTS, _DIM = 4, 3
# Multiplications that one path may cost: about half a minute on one core.
_BUDGET = 3e10

#: Called with the finished share of an engine's work, 0 to 1.
Progress = Callable[[float], None]


@dataclass(frozen=True)
class Case:
    """One method held against its theorem on one problem.

    Attributes
    ----------
    method : Method
        The method.
    theorem : Theorem
        What promises its rate.
    problem : Problem
        Where it is tested.
    changes : dict
        The letters in which the parameters differ from those that the theorem prescribes.
    seed : int
        For everything that is drawn.
    """

    method: Method
    theorem: Theorem
    problem: Problem
    changes: dict[str, Any]
    seed: int

    def __post_init__(self) -> None:
        # What is promised, and towards which point, is for the theorem to say and not for the method.
        promised = replace(self.method, lyapunov=self.theorem.lyapunov, target=self.theorem.target)
        object.__setattr__(self, "method", promised)

    @cached_property
    def params(self) -> Any:
        """The method's parameters, in its own NamedTuple."""
        prescribed = self.theorem.parameters(self.problem, **self.changes)
        if set(prescribed._fields) != set(self.method.Params._fields):
            raise InputError(
                f"the theorem {self.theorem.name} prescribes {', '.join(prescribed._fields)}, but {self.method.name} "
                f"takes {', '.join(self.method.Params._fields)}: name a theorem of that method."
            )
        return self.method.Params(**prescribed._asdict())

    @cached_property
    def rho(self) -> float:
        """The promised factor of one step."""
        if self.theorem.contraction is None:
            raise InputError(f"{self.method.name} has no promised rate to compare with: measure something else of it.")
        return self.theorem.contraction(self.problem, self.params)

    @cached_property
    def noise(self) -> float:
        """What a step adds to the promised V, in its own units."""
        return self.theorem.noise(self.problem, self.params)

    @cached_property
    def floor(self) -> float:
        """Where V settles at most, relative to its start."""
        return self.noise / ((1.0 - self.rho) * (self.start[0] or 1.0))

    @cached_property
    def target(self) -> Any:
        """The point towards which the theorem promises progress."""
        return self.method.target(self.problem, self.params)

    def relative(self) -> "Case | None":
        """Return the case on a small quadratic with the same L and mu; None if none is smaller or has room for them."""
        if not isinstance(self.problem, Quadratic) or (self.problem.n <= _CLIENTS and self.problem.d <= _DIM):
            return None
        return self._fitting(self._small())

    def behind_matrix(self) -> "Case | None":
        r"""Return the case on a small Composite with the same L and mu; None unless the method takes one.

        There h is a multiple of the squared norm and K a random square matrix of norm 1, so that what the theory asks
        of step sizes is what it asks without a matrix.
        """
        if not self.method.handles_composite or not isinstance(self.problem, Quadratic):
            return None
        K = generator(self.seed, "relative", "matrix").standard_normal((_DIM, _DIM))
        return self._fitting(Composite(self._small(), SquaredL2(self.problem.L), K / np.linalg.norm(K, 2)))

    def _small(self) -> Quadratic:
        unit = Quadratic.random(_CLIENTS, _DIM, self.problem.kappa, self.seed, basis="client").kernel
        return Quadratic(self.problem.L * unit.A, unit.b)

    def _fitting(self, problem: Problem) -> "Case | None":
        """Return the case on another problem, None if it is too small for the parameters."""
        relative = replace(self, problem=problem)
        try:
            self.method.initial(problem, relative.params)
            self.method.outcomes(problem, relative.params)
        except InputError:
            return None  # for example more coordinates to keep than there are
        return relative

    def other(self, name: str, problem: Problem | None = None, **changes: Any) -> "Case":
        """Return the case of another method, with the same parameters wherever it has those letters."""
        method = get_method(name)
        shared = {letter: value for letter, value in self.params._asdict().items() if letter in method.Params._fields}
        return Case(method, get_theorem(method.promise), problem or self.problem, shared | changes, self.seed)

    def run(self, rounds: int, **options: Any) -> Trace:
        """Run the method on the problem; the options are those of :func:`rootkappa.algorithms.driver.run.run`."""
        return run(self.method, self.problem, self.params, rounds, self.seed, target=self.target, **options)

    @property
    def step_column(self) -> str:
        """The column of a trace that counts the method's steps."""
        return "round" if self.method.pace(self.params).rounds == 1.0 else "iteration"

    @cached_property
    def start(self) -> tuple[float, float]:
        """The method's first Lyapunov function and the first distance of its model to its target."""
        state = self.method.initial(self.problem, self.params)
        value = self.method.lyapunov(self.problem, self.params, state, self.target)
        return value, float(np.linalg.norm(self.method.estimate(state) - self.target.x))

    def horizon(self, fraction: float) -> int:
        """Return after how many rounds V should be below a fraction of its start, or the budget ends.

        The promise is about expectations, so a fifth is added.
        """
        pace = self.method.pace(self.params)
        rounds = _SLACK * pace.rounds * math.log(fraction) / math.log(self.rho)
        affordable = _BUDGET / self.problem.work(pace.iterations / pace.rounds)
        return max(1, int(min(math.ceil(rounds), affordable)))

    def verdict(
        self,
        evidence: str,
        status: str,
        sentence: str,
        measured: float = float("nan"),
        promised: float = float("nan"),
        interval: tuple[float, float] = (float("nan"), float("nan")),
        details: dict[str, Any] | None = None,
    ) -> Verdict:
        """Return a verdict on this case."""
        try:
            params = self.params._asdict()
        except InputError:
            # Where a method cannot run at all, nothing is prescribed either.
            params = {}
        return Verdict(
            method=self.method.name,
            evidence=evidence,
            status=status,
            measured=measured,
            promised=promised,
            low=interval[0],
            high=interval[1],
            problem=self.problem.label,
            params=params,
            seed=self.seed,
            sentence=sentence,
            details=details or {},
        )
