"""What every engine of evidence is given: a method, its theorem, a problem, parameters and a seed."""

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

import numpy as np

from ..algorithms.driver.method import Method, find
from ..algorithms.driver.objects import ObjectMethod, found
from ..algorithms.driver.run import run, run_together
from ..algorithms.driver.trace import Trace
from ..algorithms.parts.cost import Cost, Pace
from ..core.errors import InputError
from ..core.randomness import generator
from ..problems import Composite, Personal, Problem, Quadratic
from ..problems.functions.squared_l2 import SquaredL2
from ..problems.problem import checked_problem
from .conventions import check_conventions
from .theorem import Condition, Theorem, promised_by
from .verdict import TINY, Bound, Verdict

_SLACK = 1.2
# The size of a quadratic on which all outcomes of nearly every method can be listed.
_CLIENTS, _DIM = 4, 3
#: Multiplications that one core makes in a second, about; a run's other work is counted in them too.
WORK_A_SECOND = 1e9
#: Multiplications that one path may cost: about half a minute on one core.
BUDGET = 30.0 * WORK_A_SECOND
# What a round and a step of one client cost besides, in multiplications, and a step that is not compiled.
_PER_ROUND, _PER_STEP, _PER_PLAIN_STEP = 300.0, 50.0, 2e4
# What a round costs where any number of them is one jump: a clock has to see each all the same.
_PER_JUMPED = 120.0
# Roundings of the clients' gradients, whose sum at the solution is all that determines it.
_ROUNDINGS = 16.0
# A shift beside which the size of a field is nothing.
_FAR = 1e6
# Constants whose squares, and products with those of others, are floating-point numbers.
_SMALLEST, _LARGEST = 1e-100, 1e100
# Iterations of a round beyond which a few rounds neither fit into memory nor end.
_LONGEST_ROUND = 1e7
# Rounds whose steps are looked at for whether they are all equally long.
_LOOKED_AT = 64

#: The probability with which one verdict that rests on what is drawn may refute what is right.
ALPHA = 1e-4
#: The kinds of evidence with a part that rests on what is drawn.
SAMPLED = ("identity", "invariant", "path")

#: Called with the finished share of an engine's work, 0 to 1.
Progress = Callable[[float], None]


class NotExact(InputError):
    """Evidence cannot be had of this method on this problem; the message says why."""


def case(method: Any, problem: Problem, *, seed: int = 0, **changes: Any) -> "Case":
    """Return a method held against its theorem on a problem: what every engine of evidence takes.

    Parameters
    ----------
    method : str, Path, Method or object
        A name from :func:`rootkappa.algorithms.names`, the path of a Python file, a method, or any object with
        ``start``, ``step`` and ``model``, see :mod:`rootkappa.algorithms.driver.objects`.
    problem : Problem
        Where the promise is tested.
    seed : int
        For everything that is drawn.
    **changes
        Parameters that differ from what the theorem prescribes, for example ``p=0.1``.

    Returns
    -------
    Case

    Raises
    ------
    InputError
        If there is no such method, nothing is promised of it, or an object's states are not what is promised of.

    Examples
    --------
    >>> from rootkappa import problems, theory
    >>> held = theory.case("scaffnew", problems.Quadratic.random(clients=3, dim=2, kappa=10.0), p=0.2)
    >>> held.params, round(held.rho, 9)
    (scaffnew.Params(gamma=1.0, p=0.2), 0.96)
    >>> round(theory.exact.one_step_factor(held), 9)
    0.96
    """
    taken = found(method)
    check_range(checked_problem(problem))
    held = Case(taken, promised_by(taken), problem, changes, seed)
    check_conventions(held)
    return held


def check_range(problem: Problem) -> None:
    """Raise an InputError if the problem's constants leave no room for their products and squares."""
    for name in ("L", "mu"):
        constant = getattr(problem, name)
        if not _SMALLEST <= constant <= _LARGEST:
            raise InputError(
                f"{name} = {constant:.3g} of {problem.label} is out of range: scale the functions to have it between "
                f"{_SMALLEST:g} and {_LARGEST:g}."
            )


def _whole(rounds: float) -> float:
    return math.ceil(rounds) if math.isfinite(rounds) else rounds


@dataclass(frozen=True)
class Case:
    """One method held against its theorem on one problem.

    The functions of the method and of the theorem are reached through here only, with the problem and the parameters
    filled in.

    Attributes
    ----------
    method : Method
        The method.
    theorem : Theorem
        What promises its rate, and says in which V and towards which point.
    problem : Problem
        Where it is tested.
    changes : dict
        The letters in which the parameters differ from those that the theorem prescribes.
    seed : int
        For everything that is drawn.
    alpha : float
        The probability with which a verdict that rests on what is drawn may refute what is right.
    budget : float
        Multiplications that one path may cost, see :attr:`round_work`; a core makes about ``WORK_A_SECOND`` of them.
    """

    method: Method
    theorem: Theorem
    problem: Problem
    changes: dict[str, Any]
    seed: int
    alpha: float = ALPHA
    budget: float = BUDGET

    # What is promised.

    @cached_property
    def params(self) -> Any:
        """The method's parameters, in its own NamedTuple."""
        prescribed = self.theorem.parameters(self.problem, **self.changes)
        if set(prescribed._fields) != set(self.method.Params._fields):
            raise InputError(
                f"the theorem {self.theorem.name} prescribes {', '.join(prescribed._fields)}, but {self.method.name} "
                f"takes {', '.join(self.method.Params._fields)}: name a theorem of that method."
            )
        return self.method.letters(prescribed)

    def conditions(self) -> tuple[Condition, ...]:
        """Return the theorem's assumptions, held against the problem and the parameters."""
        return self.theorem.admissible(self.problem, self.params)

    @cached_property
    def rho(self) -> float:
        """The promised factor of one step."""
        factor, length = self._promised_factor, self._units_of_a_step
        return factor if length == 1.0 else factor**length

    @cached_property
    def noise(self) -> float:
        """What a step adds to the promised V, in its own units."""
        noise = self.theorem.noise(self.problem, self.params)
        if noise == 0.0 or self._units_of_a_step == 1.0:
            return noise
        # The noise of the first unit has contracted in all that follow.
        return Bound(self._promised_factor, noise, 0.0)(self._units_of_a_step)

    @property
    def is_noisy(self) -> bool:
        """Whether the promise is one up to noise."""
        return self.theorem.noise(self.problem, self.params) > 0.0

    @cached_property
    def bound(self) -> Bound:
        """The promised V after any number of steps."""
        return Bound(self.rho, self.noise, self.start[0])

    @property
    def _promised_factor(self) -> float:
        """The factor of the theorem's own unit."""
        if self.theorem.contraction is None:
            raise InputError(f"{self.method.name} has no promised rate to compare with: measure something else of it.")
        return self.theorem.contraction(self.problem, self.params)

    @cached_property
    def _units_of_a_step(self) -> float:
        """How many of the theorem's units a step is."""
        name, pace = self.method.name, self.pace
        if self.theorem.unit == "round":
            if pace.rounds != 1.0:
                raise NotExact(
                    f"{self.theorem.name} promises a rate a round, but a step of {name} ends a round with probability "
                    f"{pace.rounds:.4g}: state the rate of an iteration."
                )
            return 1.0
        if pace.iterations != 1.0:
            # A power of the factor is no promise for steps of random length: the mean of powers is larger.
            draws = self.draw(generator(self.seed, "length of a step"), _LOOKED_AT)
            for position in range(_LOOKED_AT):
                one = draws[position : position + 1]
                if self.cost(one).iterations != pace.iterations * len(self.unroll(one)):
                    raise NotExact(
                        f"{self.theorem.name} promises a rate an iteration, but a step of {name} is not always "
                        f"{pace.iterations:.4g} iterations: state the rate of a round."
                    )
        return pace.iterations

    @cached_property
    def target(self) -> Any:
        """The point towards which the theorem promises progress."""
        return self.theorem.target(self.problem, self.params)

    def lyapunov(self, state: Any) -> float:
        """Return the theorem's V, the number in which progress is measured."""
        return self.theorem.lyapunov(self.problem, self.params, state, self.target)

    @cached_property
    def start(self) -> tuple[float, float]:
        """The first V and the first distance of the model to its target."""
        state = self.initial()
        with np.errstate(over="ignore", invalid="ignore"):
            value = float(self.lyapunov(state))
            distance = float(np.linalg.norm(self.model(state) - self.target.x))
        if not (math.isfinite(value) and math.isfinite(distance)):
            raise InputError(
                f"V of {self.theorem.name} is {value} at the start of {self.method.name} on {self.problem.label}: "
                "scale the functions so that the squares of their gradients and solution are floating-point numbers."
            )
        return value, distance

    @cached_property
    def weights(self) -> tuple[float, ...]:
        """By how much V grows with the square of the first number of each field of a state; 0 where V ignores it."""
        # At the fixed point V is 0, so that whatever it becomes is the field's own.
        place = self.fixed_point if self.has_fixed_point else self.initial
        weights: list[float] = []
        for position, field in enumerate(place()):
            # So far away nothing but the field is seen, in whatever units it is.
            far = _FAR * (float(np.abs(field).max(initial=0.0)) or 1.0)

            def value(shift: float, position: int = position) -> float:
                moved = place()
                moved[position].flat[0] += shift
                return self.lyapunov(moved)

            weight = (value(far) + value(-far) - 2.0 * value(0.0)) / (2.0 * far**2) if field.size else 0.0
            weights.append(max(weight, 0.0))
        return tuple(weights)

    @cached_property
    def is_solved(self) -> bool:
        """Whether the method starts at its target, as far as rounding lets the target be known."""
        unknown = _ROUNDINGS * np.finfo(float).eps * float(np.linalg.norm(self.target.gradients)) / self.problem.mu
        start = self.initial()
        model, farthest = self.model(start), 0.0
        for position in range(len(start)):
            moved = self.initial()
            moved[position][...] += unknown
            if np.any(self.model(moved) != model):
                farthest = max(farthest, self.lyapunov(moved))
        return self.start[0] <= farthest / 2 or self.start[0] == 0.0

    def check_unsolved(self) -> None:
        """Raise a NotExact if the method starts at its target."""
        if self.is_solved:
            raise NotExact(
                f"{self.method.name} starts at its solution here, where nothing moves: take another problem or start."
            )

    # What the method does.

    def check(self) -> None:
        """Raise an InputError if the method cannot run on the problem."""
        self.method.check(self.problem)

    def check_rounds(self) -> None:
        """Raise an InputError if rounds are so long that not even a few could be computed."""
        pace = self.pace
        if not pace.iterations <= _LONGEST_ROUND * pace.rounds:
            letters = ", ".join(f"{letter} = {value}" for letter, value in self.params._asdict().items())
            raise InputError(
                f"a round of {self.method.name} with {letters} is more than {_LONGEST_ROUND:g} iterations long: give "
                "letters with shorter rounds."
            )

    @property
    def pace(self) -> Pace:
        """What one step stands for, in expectation."""
        return self.method.pace(self.params)

    def initial(self) -> Any:
        """Return a new state, the method's start."""
        return self.method.start(self.problem, self.params)

    def state(self, *fields: np.ndarray) -> Any:
        """Return the state of these arrays."""
        return self._State(*fields)

    @cached_property
    def _State(self) -> Any:
        # An object's states are known when it has started.
        state: Any = self.initial()
        return state.__class__

    def model(self, state: Any) -> np.ndarray:
        """Return the model that the method would hand out, shape (d,)."""
        return self.method.model(state)

    @property
    def has_fixed_point(self) -> bool:
        """Whether the method has a state that every realisation leaves unchanged."""
        return self.method.fixed_point is not None

    def fixed_point(self) -> Any:
        """Return that state, None if there is none."""
        return self.method.fixed_point and self.method.fixed_point(self.problem, self.params, self.target)

    def invariants(self, state: Any) -> dict[str, np.ndarray]:
        """Return named arrays that stay 0 along every path."""
        return self.method.invariants(self.problem, self.params, state)

    def outcomes(self) -> Any:
        """Return every realisation of the randomness of one step with its probability, None if there are too many."""
        return self.method.outcomes(self.problem, self.params)

    def draw(self, rng: np.random.Generator, rounds: int) -> Any:
        """Return the randomness of that many rounds."""
        return self.method.draw(rng, self.problem, self.params, rounds)

    def unroll(self, draws: Any) -> Any:
        """Return the outcomes of all steps of drawn rounds."""
        return self.method.unroll(draws)

    def step(self, state: Any, outcome: Any) -> Any:
        """Return the state after one step; a compiled step changes the given one in place."""
        return self.method.stepped(self.problem, self.params, state, outcome)

    def advance(self, state: Any, draws: Any) -> Any:
        """Return the state after all drawn rounds, likewise."""
        return self.method.advanced(self.problem, self.params, state, draws)

    def cost(self, draws: Any) -> Cost:
        """Return what drawn rounds cost."""
        return self.method.cost(self.problem, self.params, draws)

    def affine(self) -> Any:
        """Return parameters with which a step on a quadratic is an affine map, None if there are none."""
        return self.method.affine(self.problem, self.params)

    def run(self, rounds: int, seed: int | None = None, **options: Any) -> Trace:
        """Run the method on the problem and measure it in V; the options are those of :func:`rootkappa.algorithms.run`.

        Parameters
        ----------
        rounds : int
            How many communication rounds.
        seed : int, optional
            Of the path; by default that of the case.
        **options
            For example ``record`` and ``until``.
        """
        measured = {"lyapunov": self.theorem.lyapunov, "target": self.target}
        seed = self.seed if seed is None else seed
        return run(self.method, self.problem, self.params, rounds, seed, **measured, **options)

    def run_together(self, rounds: int, seeds: Sequence[int], **options: Any) -> list[Trace]:
        """Return what :meth:`run` does for each seed, to the bit, several at a time where that is faster."""
        measured = {"lyapunov": self.theorem.lyapunov, "target": self.target}
        return run_together(self.method, self.problem, self.params, rounds, seeds, **measured, **options)

    # Paths beside the promise.

    @property
    def step_column(self) -> str:
        """The column of a trace that counts the method's steps, or what all steps have equally many of."""
        return "round" if self.pace.rounds == 1.0 else "iteration"

    def steps(self, trace: Trace) -> np.ndarray:
        """Return how many steps had been made at each recorded round."""
        count = trace.column(self.step_column)
        return count if self.step_column == "round" else count / self.pace.iterations

    def promise(self, trace: Trace) -> np.ndarray:
        """Return the promised V at each recorded round, relative to its start."""
        return self.bound(self.steps(trace)) / (self.bound.start or 1.0)

    def frame(self, trace: Trace) -> Any:
        """Return the trace as a pandas table with a column ``promise``: the promised V in each row, as a fraction."""
        # Pandas has no types.
        return cast("Any", trace).frame().assign(promise=self.promise(trace))

    @property
    def round_work(self) -> float:
        """About how many multiplications a round takes at all clients, what goes on besides included."""
        pace = self.pace
        if self.method.jumps(self.method.oracles(self.problem)):
            return _PER_JUMPED
        steps = pace.iterations / pace.rounds
        beside = _PER_ROUND + steps * (_PER_PLAIN_STEP if isinstance(self.method, ObjectMethod) else _PER_STEP)
        return self.problem.work(steps) + self.problem.n * beside

    def horizon(self, fraction: float) -> int:
        """Return after how many rounds V should be below a fraction of its start, or the budget ends.

        The promise is about expectations, so a fifth is added.
        """
        affordable = self.budget / self.round_work
        return max(1, int(min(_whole(self.promised_rounds(fraction)), affordable)))

    def promised_rounds(self, fraction: float) -> float:
        """Return after how many rounds V should be below a fraction of its start, infinite if the promise is none."""
        if self.rho == 1.0:
            return math.inf
        return _SLACK * self.pace.rounds * math.log(fraction) / math.log(self.rho or TINY)

    # Cases beside this one.

    def relative(self) -> "Case | None":
        """Return the case on a small quadratic with the same L and mu; None if none is smaller or has room for them."""
        if not isinstance(self.problem, Quadratic) or (self.problem.n <= _CLIENTS and self.problem.d <= _DIM):
            return None
        return self.on_small_quadratic()

    def on_small_quadratic(self) -> "Case | None":
        """Return the case on a small quadratic whatever the problem is; None if it has no room for the parameters."""
        return self._fitting(self._small_suited())

    def behind_matrix(self) -> "Case | None":
        r"""Return the case on a small Composite with the same L and mu; None unless the method takes one.

        There h is a multiple of the squared norm and K a random square matrix of norm 1, so that what the theory asks
        of step sizes is what it asks without a matrix.
        """
        if not self.method.handles_composite or not isinstance(self.problem, Quadratic):
            return None
        K = generator(self.seed, "relative", "matrix").standard_normal((_DIM, _DIM))
        return self._fitting(Composite(self._small(), SquaredL2(self.problem.L), K / np.linalg.norm(K, 2)))

    def _small_suited(self) -> Problem:
        """Return the small quadratic, with private coordinates if the problem has some."""
        if not isinstance(self.problem, Personal):
            return self._small()
        # As many of them as it takes to have both kinds where the problem has both.
        share = len(self.problem.private) / self.problem.inner.d
        count = int(np.clip(round(share * _DIM), share > 0.0, _DIM - (share < 1.0)))
        return Personal(self._small(), np.arange(_DIM - count, _DIM))

    def _small(self) -> Quadratic:
        # Nothing is drawn of one curvature only; the next float above it stands for it.
        kappa = max(self.problem.kappa, math.nextafter(1.0, 2.0))
        unit = Quadratic.random(_CLIENTS, _DIM, kappa, self.seed, basis="client").kernel
        # A server that has a function of its own shares the first client's.
        server = (self.problem.L * unit.A[0], unit.b[0]) if self.problem.server else None
        return Quadratic(self.problem.L * unit.A, unit.b, server=server)

    def _fitting(self, problem: Problem) -> "Case | None":
        """Return the case on another problem, None if it is too small for the parameters."""
        relative = replace(self, problem=problem)
        try:
            relative.check()
            relative.initial()
            relative.outcomes()
        except InputError:
            return None  # for example more coordinates to keep than there are
        return relative

    def other(self, name: str, problem: Problem | None = None, **changes: Any) -> "Case":
        """Return the case of another method, with the same parameters wherever it has those letters."""
        method = find(name)
        shared = {letter: value for letter, value in self.params._asdict().items() if letter in method.Params._fields}
        return Case(
            method, promised_by(method), problem or self.problem, shared | changes, self.seed, self.alpha, self.budget
        )

    def verdict(
        self,
        evidence: str,
        status: str,
        sentence: str,
        measured: float = float("nan"),
        promised: float = float("nan"),
        interval: tuple[float, float] = (float("nan"), float("nan")),
        details: dict[str, Any] | None = None,
        sensitivity: float = float("nan"),
        part: str = "",
    ) -> Verdict:
        """Return a verdict on this case; ``part`` says which of its parts a claim that has some is about."""
        params: dict[str, Any] = {}
        # Where a method cannot run at all, nothing is prescribed either.
        with suppress(InputError):
            params = self.params._asdict()
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
            claim=part,
            sensitivity=sensitivity,
            alpha=self.alpha if evidence in SAMPLED and status != "not applicable" else math.nan,
            changed=tuple(self.changes),
            bound=None if evidence == "claim" or status == "not applicable" else self._stated_bound(),
            details=details or {},
        )

    def _stated_bound(self) -> Bound | None:
        """Return the bound, None if nothing is promised of a step."""
        try:
            return self.bound if self.theorem.contraction else None
        except NotExact:
            return None
