r"""Exact evidence on quadratics: no sampling, and no second implementation of any method.

With its randomness fixed, a step on a quadratic is an affine map of the state. The shipped compiled ``step`` is probed
with basis vectors under every outcome w, which gives matrices :math:`A_w` with probabilities :math:`q_w`. Then

* the one-step factor is the largest eigenvalue of :math:`\sum_w q_w A_w^\top P A_w` relative to P, where
  :math:`V(z) = (z - z^*)^\top P (z - z^*)` is the theorem's Lyapunov function, probed as well;
* the asymptotic rate is the spectral radius of the second-moment operator
  :math:`S \mapsto \sum_w q_w A_w S A_w^\top`;
* the largest :math:`E[V_t] / V_0` over all starts is an eigenvalue of that operator's adjoint, applied t times to P,
  so the number of steps to a given accuracy is found by squaring it.

The matrices come in blocks from :mod:`rootkappa.theory.engines.affine`; where there are too many outcomes to list, the
mean for the one-step factor is from :mod:`rootkappa.theory.engines.moments`.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from typing import NamedTuple

import numpy as np

from ...core.blas import one_blas_thread
from ...core.checks import as_list, as_number
from ...core.errors import InputError, shown
from ..case import Case, Progress
from ..verdict import Verdict
from .affine import Block, Model, Moved, TooLarge, affine_case, affine_model
from .moments import Form, forms
from .words import lowered, said_of_bound, said_of_factor, said_of_relative

# Beyond these sizes of a block the dense operators on its second moments take minutes.
_LARGEST_SECOND_MOMENT = 40
_LARGEST_DENSE_OPERATOR = 30
_MOST_DOUBLINGS = 60
# Entries of two blocks of which one will do.
_SAME = 1e-14
# An error that has grown this much is not coming back.
_DIVERGED = 1e100
# Of the promised progress, what counts as nothing; and what rounding may make of it for a verdict to stand.
_SLACK = 1e-9
_LEGIBLE = 1e-3


class Times(NamedTuple):
    """Expected effort until the expected Lyapunov function has fallen to a given fraction, from the worst start."""

    rounds: float
    iterations: float


def evidence(case: Case, progress: Progress) -> Verdict:
    """Hold the exact one-step factor against the promised one, on a small relative where the problem is too large."""
    try:
        return judged(case, progress)
    except TooLarge:
        relative = case.relative()
        if relative is None:
            raise
        verdict = judged(relative, progress)
        return replace(verdict, sentence=f"{said_of_relative(relative)}: {lowered(verdict.sentence)}")


def judged(case: Case, progress: Progress) -> Verdict:
    """Hold the exact one-step factor against the promised one, on the problem itself."""
    if case.noise > 0.0:
        return _judged_noise(case, progress)
    worst = affine_case(case)
    parts, model = forms(worst)
    progress(0.5)
    factor, rounding = _factor_of(parts)
    status, compared = _compared(factor, case.rho, rounding)
    if status == "confirmed" and _is_too_good(worst, factor, rounding):
        status, compared = "refuted", f"better than can be: the promised {said_of_factor(case.rho)} is attained"
    bound = said_of_bound(case.params, worst.params)
    step = f"a step with {bound}, which is never worse," if bound else "a step"
    sentence = f"From its worst state {step} multiplies V by {said_of_factor(factor)} on average, {compared}"
    # The sentence can do without the asymptotic rate where it takes minutes.
    if (
        model
        and status != "inconclusive"
        and all(block.maps.shape[1] <= _LARGEST_DENSE_OPERATOR for block in model.blocks)
    ):
        radius = max(_radius(block, model.probabilities) for block in _different(model.blocks))
        sentence += f"; at last by {said_of_factor(radius)}"
    interval = (factor - rounding, factor + rounding)
    # The progress 1 - rho from which on the promise would be refuted, beside the promised one.
    seen = (1.0 - factor + rounding) / (1.0 - _SLACK) / (1.0 - case.rho) - 1.0
    return case.verdict("exact", status, sentence + ".", factor, case.rho, interval, sensitivity=max(seen, 0.0))


def _is_too_good(case: Case, factor: float, rounding: float) -> bool:
    """Return whether a method makes more progress than the one that it says it is, whose promise is tight.

    One of its own that makes the same promise may be better.
    """
    shipped = next(iter(case.method.likenesses), None)
    if shipped is None or not case.theorem.tight or shipped.promise != case.method.promise:
        return False
    attained, blurred = _factor_of(forms(case.other(shipped.name))[0])
    return factor < attained - rounding - blurred - _SLACK * (1.0 - attained)


def _compared(factor: float, rho: float, rounding: float) -> tuple[str, str]:
    """Return the status of a factor that may be off by so much, and what to say of it.

    What is promised is progress, 1 - rho. Near 1 it is all that counts, and has few digits.
    """
    slack = rounding + _SLACK * (1.0 - rho)
    if factor > rho + slack:
        return "refuted", f"more than the promised {said_of_factor(rho)}"
    if rounding > _LEGIBLE * (1.0 - rho) and not factor < rho - slack:
        return "inconclusive", (
            f"which cannot be told from the promised {said_of_factor(rho)}, as rounding may have moved it by "
            f"{rounding:.1g}: take a smaller kappa"
        )
    if factor >= rho - slack:
        return "confirmed", "just as promised"
    return "confirmed", f"below the promised {said_of_factor(rho)}"


def _judged_noise(case: Case, progress: Progress) -> Verdict:
    try:
        needed, rounding = _noise_of(case)
    except Moved:
        sentence = "A step moves the fixed point also in the mean: its noise is no noise, but a bias."
        return case.verdict("exact", "refuted", sentence, math.inf, case.noise)
    progress(1.0)
    slack = rounding + _SLACK * case.noise
    sentence = (
        f"For every state E V⁺ - ρV is {needed:.6g} at most, where the theorem allows {case.noise:.6g}, "
        f"with ρ = {said_of_factor(case.rho)}"
    )
    status = "confirmed" if needed <= case.noise + slack else "refuted"
    if status == "confirmed" and needed > case.noise - slack and rounding > _LEGIBLE * case.noise:
        status = "inconclusive"
        sentence += f"; rounding may have moved it by {rounding:.1g}: take more noise or a smaller problem"
    # How much less noise could be promised without being refuted.
    seen = max(1.0 - (needed - rounding) / (1.0 + _SLACK) / case.noise, 0.0)
    interval = (needed - rounding, needed + rounding)
    return case.verdict("exact", status, sentence + ".", needed, case.noise, interval, sensitivity=seen)


@one_blas_thread()
def one_step_noise(case: Case) -> float:
    r"""Return the smallest :math:`\sigma^2` with :math:`E[V(z^+)] \le \rho V(z) + \sigma^2` for all states z.

    Here :math:`\rho` is what the theorem promises of a step. Infinite if there is none. Errors are those of
    :func:`one_step_factor`, but the step may move the fixed point as long as it does not in the mean.
    """
    return _noise_of(case)[0]


def _noise_of(case: Case) -> tuple[float, float]:
    """Return the noise, and how far rounding may have moved it."""
    rho, needed, rounding = case.rho, 0.0, 0.0
    for part in forms(case, noisy=True)[0]:
        # E V+ - rho V is the quadratic y'(M - rho)y + 2v'y + s, and its maximum stands in closed form.
        M, v, spread = part.M, part.v, part.s
        room, vectors = np.linalg.eigh(rho * np.eye(len(v)) - M)
        slack = part.rounding + _SLACK * (1.0 - rho)
        if room[0] < -slack:
            return math.inf, 0.0
        along = (vectors.T @ v) ** 2
        tight = room <= slack
        # By rounding the mean of what moves the error is not quite 0.
        moved = part.offset_rounding + _SLACK * math.sqrt(spread)
        if along[tight].max(initial=0.0) > moved**2:
            return math.inf, 0.0
        needed += float(spread + np.sum(along[~tight] / room[~tight]))
        rounding += part.offset_rounding * (2.0 * math.sqrt(spread) + part.offset_rounding)
    return needed, rounding


@one_blas_thread()
def one_step_factor(case: Case) -> float:
    r"""Return the smallest :math:`\rho` with :math:`E[V(z^+)] \le \rho V(z)` for all states z.

    Parameters
    ----------
    case : Case
        The compiled ``step`` of its method is probed on a quadratic without a nonsmooth term; V is the theorem's.

    Raises
    ------
    NotExact
        If the problem is no quadratic, the randomness cannot be listed, or the state is too large.

    Examples
    --------
    >>> from rootkappa import problems, theory
    >>> problem = problems.Quadratic.random(clients=3, dim=2, kappa=10.0)
    >>> round(one_step_factor(theory.case("scaffnew", problem, p=0.2)), 9)
    0.96
    """
    return _factor_of(forms(case)[0])[0]


@one_blas_thread()
def spectral_radius(case: Case) -> float:
    """Return the factor by which the expected squared error falls in a step at last.

    Errors are those of :func:`one_step_factor`; V only sets the coordinates, which do not matter here.

    Examples
    --------
    >>> from rootkappa import problems, theory
    >>> problem = problems.Quadratic.random(clients=3, dim=2, kappa=10.0)
    >>> round(spectral_radius(theory.case("gradient_descent", problem)), 9)
    0.81
    """
    model = affine_model(case)
    return max(_radius(block, model.probabilities) for block in model.blocks)


@one_blas_thread()
def time_to_accuracy(case: Case, epsilon: float = 1e-6) -> Times:
    r"""Return the expected rounds and iterations until :math:`E[V_t] \le \epsilon V_0` for every start.

    Infinite if the method does not get there. Errors are those of :func:`one_step_factor`.

    Examples
    --------
    >>> from rootkappa import problems, theory
    >>> problem = problems.Quadratic.random(clients=3, dim=2, kappa=10.0)
    >>> time_to_accuracy(theory.case("gradient_descent", problem), 1e-6)
    Times(rounds=66.0, iterations=66.0)
    """
    if not 0 < as_number(epsilon) < 1:
        raise InputError(f"epsilon = {shown(epsilon)} is no relative accuracy: give a number between 0 and 1.")
    (steps,) = _first_below(affine_model(case), [epsilon])
    return Times(steps * case.pace.rounds, steps * case.pace.iterations)


@one_blas_thread()
def rounds_to(case: Case, epsilons: float | Sequence[float]) -> list[float]:
    r"""Return the expected rounds to each of some accuracies, see :func:`time_to_accuracy`: the step is probed once.

    Examples
    --------
    >>> from rootkappa import problems, theory
    >>> problem = problems.Quadratic.random(clients=3, dim=2, kappa=10.0)
    >>> rounds_to(theory.case("gradient_descent", problem), [1e-2, 1e-6])
    [22.0, 66.0]
    """
    return [steps * case.pace.rounds for steps in _first_below(affine_model(case), as_list(epsilons))]


def _factor_of(parts: Sequence[Form]) -> tuple[float, float]:
    """Return the largest factor of all parts, and how far rounding may have moved it."""
    factors = [part.factor for part in parts]
    errors = [2.0 * math.sqrt(max(f, 1.0)) * part.rounding for f, part in zip(factors, parts, strict=True)]
    return max(factors), max(errors)


def _radius(block: Block, probabilities: np.ndarray) -> float:
    r = block.maps.shape[1]
    if len(probabilities) == 1:
        return _largest(block.maps[0]) ** 2
    if r <= _LARGEST_DENSE_OPERATOR:
        return _largest(_second_moment(block.maps, probabilities))
    # Imported like this SciPy, which has no types, is Any.
    linalg = import_module("scipy.sparse.linalg")

    def apply(flat: np.ndarray) -> np.ndarray:
        S = flat.reshape(r, r)
        return np.tensordot(probabilities, block.maps @ S @ block.maps.transpose(0, 2, 1), 1).ravel()

    operator = linalg.LinearOperator((r * r, r * r), matvec=apply, dtype=float)
    found: np.ndarray = linalg.eigs(operator, k=1, v0=np.eye(r).ravel(), return_eigenvectors=False)
    return float(np.abs(found)[0])


def _largest(matrix: np.ndarray) -> float:
    """Return the largest absolute value of an eigenvalue."""
    return float(np.abs(np.linalg.eigvals(matrix)).max())


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


def _different(blocks: Sequence[Block]) -> list[Block]:
    """Return the blocks without those that are another one up to rounding, as what apart from their mean clients do."""
    found: list[Block] = []
    for block in blocks:
        same = (each for each in found if each.maps.shape == block.maps.shape)
        if not any(np.abs(each.maps - block.maps).max() <= _SAME for each in same):
            found.append(block)
    return found


class _Worst:
    """The largest E V_t / V_0 of one block, from powers of a matrix."""

    def __init__(self, block: Block, probabilities: np.ndarray) -> None:
        self.r = block.maps.shape[1]
        self.is_deterministic = len(probabilities) == 1
        if self.is_deterministic:
            self.powers, self.state = [block.maps[0]], np.eye(self.r)
            return
        if self.r > _LARGEST_SECOND_MOMENT:
            raise TooLarge(
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
        if self.r == 1:
            return float(state[0])
        form = np.zeros((self.r, self.r))
        form[self.triangle] = state
        return float(np.linalg.eigvalsh(form, UPLO="U")[-1])

    def double(self) -> None:
        self.powers.append(self.powers[-1] @ self.powers[-1])


def _first_below(model: Model, epsilons: Sequence[float]) -> list[float]:
    """Return the first t with E V_t <= epsilon V_0: double the power until it is there, then go back by halves."""
    parts = [_Worst(block, model.probabilities) for block in _different(model.blocks)]
    starts = [part.state for part in parts]
    ahead: list[float] = []

    def worst(power: int) -> tuple[float, list[np.ndarray]]:
        states = [part.powers[power] @ part.state for part in parts]
        return max(part.value(state) for part, state in zip(parts, states, strict=True)), states

    def steps_to(epsilon: float) -> float:
        for part, start in zip(parts, starts, strict=True):
            part.state = start
        power = 0
        while True:
            # Powers serve all accuracies.
            if power == len(ahead):
                if power:
                    for part in parts:
                        part.double()
                ahead.append(worst(power)[0])
            if ahead[power] <= epsilon:
                break
            if power == _MOST_DOUBLINGS or not math.isfinite(ahead[power]):
                return math.inf
            power += 1
        steps = 0
        for bit in range(power, -1, -1):
            reached, states = worst(bit)
            if reached > epsilon:
                steps += 2**bit
                for part, state in zip(parts, states, strict=True):
                    part.state = state
        return float(steps + 1)

    return [steps_to(epsilon) for epsilon in epsilons]
