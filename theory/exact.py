r"""Exact evidence on quadratics: no sampling, and no second implementation of any method.

With its randomness fixed, a step on a quadratic is an affine map of the state. The shipped compiled ``step`` is probed
with basis vectors under every outcome w, which gives matrices :math:`A_w` with probabilities :math:`q_w`. Then

* the one-step factor is the largest eigenvalue of :math:`\sum_w q_w A_w^\top P A_w` relative to P, where
  :math:`V(z) = (z - z^*)^\top P (z - z^*)` is the theorem's Lyapunov function, probed as well;
* the asymptotic rate is the spectral radius of the second-moment operator
  :math:`S \mapsto \sum_w q_w A_w S A_w^\top`;
* the largest :math:`E[V_t] / V_0` over all starts is an eigenvalue of that operator's adjoint, applied t times to P,
  so the number of steps to a given accuracy is found by squaring it.

All of it lives on the subspace where the method's invariants are 0. In the eigenbasis of the mean Hessian the maps
often fall into small blocks, which are found from the zeros of the matrices and treated one by one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..algorithms.method import Method
from ..problems import Quadratic
from ..problems.errors import InputError
from ..problems.problem import Problem
from .case import Case, Progress
from .theorem import Theorem
from .verdict import Verdict

# More than this, and the dense matrices no longer fit or take minutes.
_LARGEST_STATE = 2000
_MOST_OUTCOMES = 4096
_LARGEST_SECOND_MOMENT = 40
_LARGEST_DENSE_OPERATOR = 30
# Entries below this fraction of the largest count as the zeros that separate blocks.
_ZERO = 1e-12
_MOST_DOUBLINGS = 60
# An error that has grown this much is not coming back.
_DIVERGED = 1e100
# How far above the promise a factor may come out by rounding alone.
_ROUNDING = 1e-9


class NotExact(InputError):
    """The exact engine cannot treat this method on this problem; the message says why."""


class Times(NamedTuple):
    """Expected effort until the expected Lyapunov function has fallen to a given fraction, from the worst start."""

    rounds: float
    iterations: float


@dataclass(frozen=True)
class _Block:
    """A subspace that every outcome maps to itself, in coordinates where V is the squared norm."""

    maps: np.ndarray
    """The matrices of all outcomes, shape (outcomes, r, r)."""
    trial: np.ndarray
    """A generic admissible error in the same coordinates, shape (r,)."""


@dataclass(frozen=True)
class _Model:
    probabilities: np.ndarray
    blocks: list[_Block]


def evidence(case: Case, progress: Progress) -> Verdict:
    """Hold the exact one-step factor against the promised one."""
    model = _model(case.method, case.theorem.lyapunov, case.problem, case.params)
    progress(0.5)
    factor = max(_factor(block, model.probabilities) for block in model.blocks)
    interval = (factor - _ROUNDING, factor + _ROUNDING)
    status = "confirmed" if factor <= case.rho + _ROUNDING else "refuted"
    compared = {
        (True, True): "just as promised",
        (True, False): f"below the promised {case.rho:.6g}",
        (False, False): f"more than the promised {case.rho:.6g}",
    }[status == "confirmed", abs(factor - case.rho) <= _ROUNDING]
    sentence = f"From its worst state a step multiplies V by {factor:.6g} on average, {compared}"
    # The sentence can do without the asymptotic rate where it takes minutes.
    if all(block.maps.shape[1] <= _LARGEST_DENSE_OPERATOR for block in model.blocks):
        sentence += f"; at last by {max(_radius(block, model.probabilities) for block in model.blocks):.6g}"
    return case.verdict("exact", status, sentence + ".", factor, case.rho, interval)


def one_step_factor(method: Method, theorem: Theorem, problem: Problem, params: Any) -> float:
    r"""Return the smallest :math:`\rho` with :math:`E[V(z^+)] \le \rho V(z)` for all states z.

    Parameters
    ----------
    method : Method
        Its compiled ``step`` is probed.
    theorem : Theorem
        For its Lyapunov function V.
    problem : Quadratic
        Without a nonsmooth term.
    params : NamedTuple
        The method's parameters.

    Raises
    ------
    NotExact
        If the problem is no quadratic, the randomness cannot be listed, or the state is too large.

    Examples
    --------
    >>> from rootkappa import algorithms, problems, theory
    >>> problem = problems.Quadratic.random(clients=3, dim=2, kappa=10.0)
    >>> scaffnew, theorem = algorithms.get("scaffnew"), theory.get("scaffnew")
    >>> params = theorem.parameters(problem, p=0.2)
    >>> round(one_step_factor(scaffnew, theorem, problem, params), 9)
    0.96
    """
    model = _model(method, theorem.lyapunov, problem, params)
    return max(_factor(block, model.probabilities) for block in model.blocks)


def spectral_radius(method: Method, problem: Problem, params: Any) -> float:
    """Return the factor by which the expected squared error falls in a step at last.

    Parameters and errors are those of :func:`one_step_factor`; the method's own Lyapunov function only sets the
    coordinates, which do not matter here.
    """
    model = _model(method, method.lyapunov, problem, params)
    return max(_radius(block, model.probabilities) for block in model.blocks)


def time_to_accuracy(method: Method, theorem: Theorem, problem: Problem, params: Any, epsilon: float = 1e-6) -> Times:
    r"""Return the expected rounds and iterations until :math:`E[V_t] \le \epsilon V_0` for every start.

    Infinite if the method does not get there. The other parameters and errors are those of :func:`one_step_factor`.
    """
    if not 0 < epsilon < 1:
        raise InputError(f"epsilon = {epsilon!r} is no relative accuracy: give a number between 0 and 1.")
    model = _model(method, theorem.lyapunov, problem, params)
    steps = _first_below(model, epsilon)
    pace = method.pace(params)
    return Times(steps * pace.rounds, steps * pace.iterations)


def _model(method: Method, lyapunov: Any, problem: Problem, params: Any) -> _Model:
    if not (isinstance(problem, Quadratic) and problem.is_smooth):
        raise NotExact(f"{problem.label} is no quadratic without a nonsmooth term: take path evidence.")
    outcomes = method.outcomes(problem, params)
    if outcomes is None or len(outcomes) > _MOST_OUTCOMES:
        raise NotExact(f"{method.name} has too many outcomes a step to list: take path evidence or fewer clients.")
    probe = _Probe(method, problem, params)
    if probe.size > _LARGEST_STATE:
        raise NotExact(
            f"the state of {method.name} has {probe.size} numbers, more than {_LARGEST_STATE}: "
            "take fewer clients or coordinates."
        )
    total = sum(probability for probability, _ in outcomes)
    if not abs(total - 1.0) <= _ROUNDING:
        raise NotExact(f"the outcomes of {method.name} have probabilities that add up to {total:.6g}: list them all.")
    maps = np.stack([probe.matrix(outcome) for _, outcome in outcomes])
    if not np.isfinite(maps).all():
        raise NotExact(f"{method.name} returns numbers that are not finite: take smaller step sizes.")
    constraints = probe.constraints()
    blocks, trial = [], probe.trial.copy()
    for members in _components(np.abs(maps).max(axis=0)):
        free = _null_space(constraints[:, members])
        if free.shape[1] == 0:
            trial[members] = 0.0
            continue
        own = maps[:, members][:, :, members]
        if np.abs(constraints[:, members] @ own @ free).max(initial=0.0) > 1e-9 * max(np.abs(own).max(), 1.0):
            raise NotExact(f"a step of {method.name} does not keep its invariants at 0: take invariant evidence.")
        trial[members] = free @ free.T @ trial[members]
        form = probe.quadratic_form(lyapunov, members)
        blocks.append(_whitened(own, form, free, trial[members]))
    expected = probe.value(lyapunov, trial)
    if abs(sum(block.trial @ block.trial for block in blocks) - expected) > 1e-8 * abs(expected):
        raise NotExact("the Lyapunov function couples errors that the method keeps apart: take path evidence.")
    return _Model(np.array([probability for probability, _ in outcomes]), blocks)


class _Probe:
    """The step as a map of flat vectors: errors towards the fixed point, in the eigenbasis of the mean Hessian."""

    def __init__(self, method: Method, problem: Quadratic, params: Any) -> None:
        self.method, self.problem, self.params = method, problem, params
        self.target = method.target(problem, params)
        self.fixed = method.fixed_point(problem, params, self.target)
        self.basis = np.linalg.eigh(problem.kernel.A.mean(axis=0))[1]
        self.size = sum(field.size for field in self.fixed)
        # A vector without symmetries: what holds for it by accident does not hold at all.
        self.trial = np.cos(np.arange(1.0, self.size + 1.0))

    def _flat(self, fields: Sequence[np.ndarray]) -> np.ndarray:
        return np.concatenate([(field @ self.basis).ravel() for field in fields])

    def state(self, error: np.ndarray, origin: Sequence[np.ndarray] | None = None) -> Any:
        """Return the state with this error, or with these deviations from another origin."""
        fields, position = [], 0
        for field in self.fixed if origin is None else origin:
            part = error[position : position + field.size].reshape(field.shape)
            fields.append(field + part @ self.basis.T)
            position += field.size
        return self.method.State(*fields)

    def _step(self, error: np.ndarray, outcome: Any) -> np.ndarray:
        # Probing around 0 and not around the solution keeps the rounding of large entries out of the matrices.
        state = self.state(error, [np.zeros_like(field) for field in self.fixed])
        self.method.step(self.problem.kernel, self.params, state, outcome)
        return self._flat(state)

    def matrix(self, outcome: Any) -> np.ndarray:
        """Return the linear part of the step under one outcome, after a check that the step is affine."""
        offset = self._step(np.zeros(self.size), outcome)
        columns = [self._step(unit, outcome) - offset for unit in np.eye(self.size)]
        matrix = np.column_stack(columns)
        found, expected = self._step(self.trial, outcome), matrix @ self.trial + offset
        if np.abs(found - expected).max() > 1e-9 * max(np.abs(expected).max(), 1.0):
            raise NotExact(f"a step of {self.method.name} is not an affine map of its state: take path evidence.")
        state, fixed = self.state(np.zeros(self.size)), self._flat(self.fixed)
        self.method.step(self.problem.kernel, self.params, state, outcome)
        if np.abs(self._flat(state) - fixed).max() > 1e-9 * max(np.abs(fixed).max(), 1.0):
            raise NotExact(f"a step of {self.method.name} moves its fixed point: take invariant evidence.")
        return matrix

    def constraints(self) -> np.ndarray:
        """Return the method's invariants as rows of a matrix that is 0 on every admissible error."""

        def values(error: np.ndarray) -> np.ndarray:
            found = self.method.invariants(self.problem, self.params, self.state(error))
            return np.concatenate([np.zeros(0), *(np.ravel(value) for value in found.values())])

        at_zero = values(np.zeros(self.size))
        if at_zero.size == 0:
            return np.zeros((0, self.size))
        return np.column_stack([values(unit) - at_zero for unit in np.eye(self.size)])

    def value(self, lyapunov: Any, error: np.ndarray) -> float:
        return lyapunov(self.problem, self.params, self.state(error), self.target)

    def quadratic_form(self, lyapunov: Any, members: np.ndarray) -> np.ndarray:
        """Return V as a matrix on some coordinates, by polarisation."""
        units = np.eye(self.size)[members]
        single = np.array([self.value(lyapunov, unit) for unit in units])
        form = np.diag(single)
        for j in range(len(members)):
            for k in range(j):
                both = self.value(lyapunov, units[j] + units[k])
                form[j, k] = form[k, j] = (both - single[j] - single[k]) / 2
        return form


def _components(pattern: np.ndarray) -> list[np.ndarray]:
    """Return the index sets of the blocks into which a matrix falls."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    links = csr_array(pattern > _ZERO * pattern.max())
    count, labels = connected_components(links, directed=False)
    return [np.flatnonzero(labels == label) for label in range(count)]


def _null_space(constraints: np.ndarray) -> np.ndarray:
    """Return an orthonormal basis of the vectors that all rows send to 0, as columns."""
    if constraints.shape[0] == 0:
        return np.eye(constraints.shape[1])
    _, sizes, rows = np.linalg.svd(constraints)
    rank = int((sizes > 1e-9 * max(sizes.max(initial=0.0), 1e-300)).sum())
    return rows[rank:].T


def _whitened(maps: np.ndarray, form: np.ndarray, free: np.ndarray, trial: np.ndarray) -> _Block:
    """Restrict to the free subspace, in coordinates y where V = |y|²."""
    eigenvalues, vectors = np.linalg.eigh(free.T @ form @ free)
    if eigenvalues[0] <= 1e-12 * eigenvalues[-1]:
        raise NotExact("the Lyapunov function is not positive on some errors: it cannot measure progress.")
    root = np.sqrt(eigenvalues)
    to_white = (vectors * root).T @ free.T
    from_white = free @ (vectors / root)
    return _Block(np.stack([to_white @ A @ from_white for A in maps]), to_white @ trial)


def _factor(block: _Block, probabilities: np.ndarray) -> float:
    expected = np.einsum("w,wki,wkj->ij", probabilities, block.maps, block.maps)
    return float(np.linalg.eigvalsh(expected)[-1])


def _radius(block: _Block, probabilities: np.ndarray) -> float:
    r = block.maps.shape[1]
    if len(probabilities) == 1:
        return float(np.abs(np.linalg.eigvals(block.maps[0])).max() ** 2)
    if r <= _LARGEST_DENSE_OPERATOR:
        return float(np.abs(np.linalg.eigvals(_second_moment(block.maps, probabilities))).max())
    from scipy.sparse.linalg import LinearOperator, eigs

    def apply(flat: np.ndarray) -> np.ndarray:
        S = flat.reshape(r, r)
        return np.einsum("w,wij->ij", probabilities, block.maps @ S @ block.maps.transpose(0, 2, 1)).ravel()

    operator: Any = LinearOperator((r * r, r * r), matvec=apply, dtype=float)  # pyright: ignore[reportCallIssue]
    return float(np.abs(eigs(operator, k=1, v0=np.eye(r).ravel(), return_eigenvectors=False))[0])


def _second_moment(maps: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return S -> sum_w q_w A_w S A_w' as a matrix on the upper triangles of symmetric matrices."""
    r = maps.shape[1]
    rows, columns = np.triu_indices(r)
    # An off-diagonal entry of the triangle stands for both of its mirror images.
    twice = np.where(rows == columns, 0.5, 1.0)
    operator = np.zeros((len(rows), len(rows)))
    for q, A in zip(probabilities, maps, strict=True):
        direct = A[rows][:, rows] * A[columns][:, columns]
        crossed = A[rows][:, columns] * A[columns][:, rows]
        operator += q * twice * (direct + crossed)
    return operator


class _Worst:
    """The largest E V_t / V_0 of one block, from powers of a matrix."""

    def __init__(self, block: _Block, probabilities: np.ndarray) -> None:
        self.r = block.maps.shape[1]
        self.is_deterministic = len(probabilities) == 1
        if self.is_deterministic:
            self.powers, self.state = [block.maps[0]], np.eye(self.r)
            return
        if self.r > _LARGEST_SECOND_MOMENT:
            raise NotExact(
                f"the errors of {self.r} coordinates are coupled, more than {_LARGEST_SECOND_MOMENT}: "
                "take a common basis, fewer clients or fewer coordinates."
            )
        self.triangle = np.triu_indices(self.r)
        adjoint = np.ascontiguousarray(block.maps.transpose(0, 2, 1))
        self.powers, self.state = [_second_moment(adjoint, probabilities)], np.eye(self.r)[self.triangle]

    def value(self, state: np.ndarray) -> float:
        if not np.abs(state).max(initial=0.0) < _DIVERGED:
            return math.inf
        if self.is_deterministic:
            return float(np.linalg.norm(state, 2) ** 2)
        form = np.zeros((self.r, self.r))
        form[self.triangle] = state
        return float(np.linalg.eigvalsh(form, UPLO="U")[-1])

    def double(self) -> None:
        self.powers.append(self.powers[-1] @ self.powers[-1])


def _first_below(model: _Model, epsilon: float) -> float:
    """Return the first t with E V_t <= epsilon V_0: double the power until it is there, then go back by halves."""
    parts = [_Worst(block, model.probabilities) for block in model.blocks]

    def worst(power: int) -> tuple[float, list[np.ndarray]]:
        states = [part.powers[power] @ part.state for part in parts]
        return max(part.value(state) for part, state in zip(parts, states, strict=True)), states

    power = 0
    while not (reached := worst(power)[0]) <= epsilon:
        if power == _MOST_DOUBLINGS or not math.isfinite(reached):
            return math.inf
        for part in parts:
            part.double()
        power += 1
    steps = 0
    for bit in range(power, -1, -1):
        reached, states = worst(bit)
        if reached > epsilon:
            steps += 2**bit
            for part, state in zip(parts, states, strict=True):
                part.state = state
    return float(steps + 1)
