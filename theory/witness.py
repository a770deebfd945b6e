"""The counterexample of a refuted verdict as files: arrays, and a NumPy script that shows the violation without us.

What is refuted in expectation on a quadratic has a state, and a step as affine maps in the paper's own coordinates, one
for each outcome; the script sums up what they make of V. What paths refute has the paths, and the script bets on them.
An exponent has the points of its line.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from ..algorithms.driver.objects import found
from ..core.errors import InputError
from ..core.files import check_writable, is_special, write_whole
from ..core.randomness import generator
from ..core.streams import printable
from ..problems import Problem, Quadratic
from .case import Case, NotExact
from .engines.affine import TooLarge, affine_case, is_affine, listed_outcomes
from .engines.bets import FRACTIONS, capital
from .engines.constants import without_constants
from .engines.moments import forms
from .theorem import promised_by
from .verdict import Verdict

# The numbers of a state, and the multiplications that its second moments may cost.
_LARGEST, _BUDGET = 600, 2e11
# How far V may be from a sum of weighted squares, and beyond what is rounding a violation is.
_SQUARES, _CLEAR, _SHARP = 1e-9, 1e-12, 1e-6
# Steps that are drawn at first, the numbers that all states after them may have, and the standard errors, which a
# violation has to be beyond: what is none comes out as one with probability 1e-5 at most.
_FEW, _ENTRIES, _ERRORS = 100, 4e6, 5.0
# Of a line of a script.
_LONGEST = 300

# What every script begins with, and names that the arrays of one have.
_HEAD = ' NumPy only."""\nimport sys\nimport numpy as np\n\nw = np.load(sys.argv[1])\n'
_NAMES = ({"state", "weights", "allowed"}, {"V", "progress", "fractions", "limit"}, {"kappa", "rounds", "promised"})

_MOMENTS = '''"""{title} NumPy only."""
import sys
import numpy as np

w = np.load(sys.argv[1])
maps, offsets, q = w["maps"], w["offsets"], w["probabilities"]  # a step: z -> maps[k] z + offsets[k] with chance q[k]
error = w["state"] - w["fixed"]  # of the fields {fields}, one behind the other
assert np.allclose(maps @ w["fixed"] + offsets, w["fixed"]), "a step moves the fixed point"
weights = w["weights"]  # V = sum of weights * error^2
S = np.outer(error, error)
for _ in range(int(w["steps"])):
    S = sum(p * A @ S @ A.T for p, A in zip(q, maps))
ratio = weights @ np.diag(S) / (weights @ error**2)
print(f"after {{w['steps']}} steps the expected V is {{ratio:.9g}} of its start, stated {{w['allowed']:.9g}}")
sys.exit(0 if ratio > w["allowed"] else "this is no violation")
'''

_PATHS = '''"""{title} NumPy only."""
import sys
import numpy as np

w = np.load(sys.argv[1])
logs = np.log(w["V"]) - w["steps"] * np.log1p(-w["progress"])  # V_t / rho^t; a row a path, a column a recorded round
many, mean = len(logs), lambda rows: np.logaddexp.reduce(rows, axis=0) - np.log(len(rows))
whole, ratios = mean(logs - logs[:, :1]), np.diff(logs, axis=1)
bets = w["fractions"][:, None]  # of the capital, on each path in turn: V beside what the round before promises of it
won = mean(np.logaddexp(np.log1p(-bets), np.log(bets) + ratios.T.ravel()).cumsum(axis=1))[many - 1 :: many]
evidence = np.logaddexp(whole[1:], won).max() - np.log(2) if many > 1 else max(whole.max(), ratios.max())
print(f"won {{np.exp(evidence):.6g}}; at the rate {{w['limit']:.9g}} is won with chance {{w['alpha']:g}} at most")
sys.exit(0 if evidence > np.log(w["limit"]) else "this is no violation")
'''

_STEP = '''"""{title} NumPy only."""
import sys
import numpy as np

w = np.load(sys.argv[1])
weights, fixed = w["weights"], w["fixed"]  # V = sum of weights * (z - fixed)^2 of the fields {fields}
before = weights @ (w["state"] - fixed) ** 2
after = w["probabilities"] @ ((w["after"] - fixed) ** 2 @ weights)  # each row is the state after one outcome of a step
print(f"a step multiplies V by {{after / before:.9g}} on average, stated {{w['allowed']:.9g}}")
sys.exit(0 if after > w["allowed"] * before else "this is no violation")
'''

_DRAWN = '''"""{title} NumPy only."""
import sys
import numpy as np

w = np.load(sys.argv[1])
weights, fixed = w["weights"], w["fixed"]  # V = sum of weights * (z - fixed)^2 of the fields {fields}
before = weights @ (w["state"] - fixed) ** 2
factors = (w["after"] - fixed) ** 2 @ weights / before  # each row is the state after a step that was drawn by itself
mean, error = factors.mean(), factors.std(ddof=1) / len(factors) ** 0.5
print(f"{{len(factors)}} steps multiply V by {{mean:.9g}} on average, with error {{error:.1g}}; over all that can be")
print(f"drawn it is {{w['exact']:.9g}}, stated {{w['allowed']:.9g}}")
sys.exit(0 if mean - {errors:g} * error > w["allowed"] else "this is no violation")
'''

_SLOPE = '''"""{title} NumPy only."""
import sys
import numpy as np

w = np.load(sys.argv[1])
slope = np.polyfit(np.log(w["kappa"]), np.log(w["rounds"]), 1)[0]
print(f"rounds grow like kappa^{{slope:.4f}}, promised {{w['promised']:g}}")
sys.exit(0 if slope > w["promised"] else "this is no violation")
'''


@dataclass(frozen=True)
class Witness:
    """A counterexample.

    Attributes
    ----------
    arrays : dict of str to ndarray
        What is saved: problem, parameters, state and outcomes, or paths.
    script : str
        A Python file of at most 20 lines that takes the path of the arrays; it ends with code 0 if it shows the
        violation.
    """

    arrays: dict[str, Any]
    script: str


def witness(verdict: Verdict, problems: Problem | Sequence[Problem], method: Any = None) -> Witness:
    """Return the counterexample of a refuted verdict.

    Parameters
    ----------
    verdict : Verdict
        Which says "refuted".
    problems : Problem or sequence of Problem
        Where it was found.
    method : str, Path, Method or object, optional
        By default the one that the verdict names.

    Raises
    ------
    InputError
        If it says something else, or its evidence has no counterexample in numbers.

    Examples
    --------
    >>> from rootkappa import problems, theory
    >>> problem = problems.Quadratic.random(clients=2, dim=2, kappa=10.0)
    >>> (verdict,) = theory.verify("scaffnew", problem, rate="1 - 2/kappa")
    >>> found = witness(verdict, problem)
    >>> int(found.arrays["steps"]), len(found.script.splitlines()) <= 20
    (1, True)
    """
    if verdict.status != "refuted":
        raise InputError(f"a verdict that is {verdict.status} has no counterexample: give a refuted one.")
    taken = verdict.method if method is None else method
    given = [problems] if isinstance(problems, Problem) else [*problems]
    if verdict.evidence == "exponent" and verdict.details.get("points"):
        return _slope(verdict)
    if verdict.evidence == "rounds":
        return _of_rounds(verdict, given, taken)
    if verdict.evidence in ("exact", "rate", "path") and math.isfinite(verdict.promised):
        return _of_steps(_case(taken, given[0], verdict, verdict.params), verdict)
    raise NotExact(f"{verdict.evidence} evidence has no counterexample in numbers: its sentence says what is wrong.")


def write_witness(
    verdict: Verdict, problems: Problem | Sequence[Problem], path: str | Path, method: Any = None
) -> list[Path]:
    """Write the counterexample of a refuted verdict: ``path`` with the arrays, and a script beside it.

    Parameters
    ----------
    verdict, problems, method
        As of :func:`witness`.
    path : str or Path
        The file of the arrays, ending in ".npz"; the script has the same name and ends in ".py".

    Returns
    -------
    list of Path
        Both files.

    Raises
    ------
    InputError
        As of :func:`witness`, or if a file cannot be written.
    """
    told = witness(verdict, problems, method)
    target, script = places(path)
    buffer = BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **told.arrays)
    write_whole(target, buffer.getvalue())
    write_whole(script, told.script.encode())
    return [target, script]


def places(path: str | Path) -> tuple[Path, Path]:
    """Return the files of a counterexample, arrays and script.

    Raises
    ------
    InputError
        If one of them cannot be written, or is there and no witness.

    Examples
    --------
    >>> [file.name for file in places("w.npz")]
    ['w.npz', 'w.py']
    """
    base = Path(path)
    if not base.name or base.name == ".." or is_special(base):
        raise InputError(f"witness = {str(path)!r} is no name of a file: give one such as witness.npz.")
    files = base.with_suffix(".npz"), base.with_suffix(".py")
    for file in files:
        check_writable(file)
        if file.exists() and not _is_ours(file):
            raise InputError(f"witness = {str(path)!r} would overwrite {file}, which is no witness: give another name.")
    return files


def _is_ours(file: Path) -> bool:
    """Return whether a file is an earlier script or its arrays."""
    if file.suffix == ".py":
        return _HEAD.encode() in file.read_bytes()
    try:
        with np.load(file) as kept:
            return any(names <= set(kept.files) for names in _NAMES)
    except (OSError, EOFError, ValueError, TypeError, AttributeError, BadZipFile):
        return False


def _of_steps(case: Case, verdict: Verdict) -> Witness:
    """Return the shortest counterexample to a factor that there is."""
    relative = case.relative() if verdict.problem != case.problem.label else None
    if relative is not None:
        # What is exact may be from a smaller problem, which the verdict names then.
        return _moments(relative, verdict, _allowed(verdict), 1)
    ways = [lambda: _moments(case, verdict, _allowed(verdict), 1), lambda: _worst(verdict, case)]
    if verdict.details.get("worst") is not None:
        ways.append(lambda: _step(verdict, case, _flat(verdict.details["worst"].state)))
    if verdict.details.get("traces"):
        ways.append(lambda: _paths(verdict, case))
    reasons: list[NotExact] = []
    for way in ways:
        try:
            return way()
        except NotExact as reason:
            reasons.append(reason)
    raise reasons[-1] if verdict.details.get("traces") else reasons[0]


def _case(method: Any, problem: Problem, verdict: Verdict, changes: dict[str, Any]) -> Case:
    taken = found(method)
    return Case(taken, promised_by(taken), problem, dict(changes), verdict.seed)


def _allowed(verdict: Verdict) -> float:
    """Return the factor of a step that is promised or stated; that of a path stands in its bound."""
    return verdict.bound.rho if verdict.bound is not None else verdict.promised


def _of_rounds(verdict: Verdict, problems: Sequence[Problem], method: Any) -> Witness:
    broken = [point for point in verdict.details["stated"] if point["status"] == "refuted"]
    worst = max(broken, key=lambda point: point["ratio"])
    problem = next(problem for problem in problems if problem.kappa == worst["kappa"])
    changes = {letter: verdict.params[letter] for letter in verdict.changed if letter in verdict.params}
    case = _case(method, problem, verdict, changes)
    steps = max(math.floor(worst["stated"] / case.pace.rounds * (1.0 + 1e-12)), 0)
    return _moments(case, verdict, worst["epsilon"], steps)


def _title(verdict: Verdict) -> str:
    lines = (f"{verdict.method} {verdict.question} is refuted on {verdict.problem}.", verdict.sentence)
    told = (printable(" ".join(line.split())).replace("\\", "/").replace('"', "'") for line in lines)
    return "\n".join(line[:_LONGEST] for line in told)


def _about(problem: Problem, params: Any) -> dict[str, Any]:
    """Return a problem and parameters as arrays."""
    solution = problem.solution()
    arrays: dict[str, Any] = {f"param_{letter}": np.array(value) for letter, value in params._asdict().items()}
    arrays |= {"x_star": solution.x, "gradients_star": solution.gradients}
    if isinstance(problem, Quadratic):
        arrays |= {"hessians": problem.hessians, "linear": problem.kernel.b}
    return arrays


def _moments(case: Case, verdict: Verdict, allowed: float, steps: int) -> Witness:
    """Return a state from which the expected V after some steps is above what is allowed of it."""
    maps, offsets, q, fixed = _affine_maps(case)
    size = len(fixed)
    if 2.0 * max(steps, 1) * len(q) * size**3 > _BUDGET:
        raise NotExact(f"the moments of {steps} steps of a state of {size} numbers take too long: take fewer clients.")
    weights = _weights(case)
    form = np.diag(weights)
    for _ in range(steps):
        form = sum((p * A.T @ form @ A for p, A in zip(q, maps, strict=True)), np.zeros_like(form))
    free = _admissible(case)
    # In the coordinates where V is the squared norm the worst error is an eigenvector.
    values, vectors = np.linalg.eigh(free.T @ (weights[:, None] * free))
    root = free @ (vectors / np.sqrt(values))
    factors, errors = np.linalg.eigh(root.T @ form @ root)
    if not factors[-1] > allowed * (1.0 + _CLEAR):
        raise NotExact(
            f"from the worst state V is {factors[-1]:.9g} of its start, and not above {allowed:.9g}: what refutes "
            "this is something else."
        )
    state = fixed + root @ errors[:, -1]
    arrays = _about(case.problem, case.params) | {
        "maps": maps,
        "offsets": offsets,
        "probabilities": q,
        "fixed": fixed,
        "state": state,
        "weights": weights,
        "steps": np.array(steps),
        "allowed": np.array(allowed),
    }
    return Witness(arrays, _MOMENTS.format(title=_title(verdict), fields=_named(case)))


def _fields(case: Case) -> list[tuple[str, np.ndarray]]:
    state = case.fixed_point()
    return list(zip(getattr(state, "_fields", map(str, range(len(state)))), state, strict=True))


def _named(case: Case) -> str:
    return ", ".join(f"{name} {field.shape}" for name, field in _fields(case))


def _flat(state: Iterable[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.ravel(field) for field in state])


def _state(case: Case, flat: np.ndarray) -> Any:
    fields: list[np.ndarray] = []
    position = 0
    for _, field in _fields(case):
        fields.append(flat[position : position + field.size].reshape(field.shape).copy())
        position += field.size
    return case.state(*fields)


def _affine_maps(case: Case) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return what each outcome does to a flat state, z -> A z + b, with its probability, and the fixed point."""
    _check_affine(case)
    outcomes = listed_outcomes(case)
    fixed = _flat(case.fixed_point())
    if len(fixed) > _LARGEST:
        raise TooLarge(f"a state of {len(fixed)} numbers is too large to write: take fewer clients or coordinates.")
    maps: list[np.ndarray] = []
    offsets: list[np.ndarray] = []
    for _, outcome in outcomes:
        zero = _flat(case.step(_state(case, np.zeros(len(fixed))), outcome))
        columns = [_flat(case.step(_state(case, unit), outcome)) - zero for unit in np.eye(len(fixed))]
        maps.append(np.column_stack(columns))
        offsets.append(zero)
    return np.stack(maps), np.stack(offsets), np.array([q for q, _ in outcomes]), fixed


def _check_affine(case: Case) -> None:
    """Raise a NotExact unless a step is an affine map that keeps a point."""
    # Near the solution a step may look affine where gradients are not.
    is_so = is_affine(case.problem) and not case.is_noisy and case.has_fixed_point
    if not is_so or affine_case(case).params != case.params:
        raise NotExact(f"a step of {case.method.name} is no affine map that keeps a point: no state is worst.")


def _weights(case: Case) -> np.ndarray:
    """Return V as weights of the squares of a flat error."""
    sizes = [field.size for _, field in _fields(case)]
    weights = np.repeat(np.array(case.weights), sizes)
    fixed = _flat(case.fixed_point())
    for error in generator(case.seed, "witness").standard_normal((2, len(fixed))):
        expected = float(weights @ error**2)
        if not abs(case.lyapunov(_state(case, fixed + error)) - expected) <= _SQUARES * expected:
            raise NotExact(f"V of {case.theorem.name} is no sum of weighted squares: no state is written.")
    return weights


def _admissible(case: Case) -> np.ndarray:
    """Return an orthonormal basis of the errors that keep the method's invariants and are seen by V, as columns."""
    fixed = _flat(case.fixed_point())
    at = _invariants(case, fixed)
    rows = [_invariants(case, fixed + unit) - at for unit in np.eye(len(fixed))]
    seen = _weights(case) > 0.0
    constraints = np.column_stack(rows) if len(at) else np.zeros((0, len(fixed)))
    constraints = np.concatenate([constraints, np.eye(len(fixed))[~seen]])
    if len(constraints) == 0:
        return np.eye(len(fixed))
    _, sizes, basis = np.linalg.svd(constraints)
    return basis[int((sizes > 1e-9 * max(sizes.max(initial=0.0), 1e-300)).sum()) :].T


def _invariants(case: Case, flat: np.ndarray) -> np.ndarray:
    values = case.invariants(_state(case, flat))
    return np.concatenate([np.zeros(0), *(np.ravel(value) for value in values.values())])


def _paths(verdict: Verdict, case: Case) -> Witness:
    bound, traces = verdict.bound, verdict.details["traces"]
    if bound is None or bound.noise > 0.0:
        raise NotExact("paths that settle in noise have no short counterexample: its sentence says what is wrong.")
    length = min(len(trace.column("round")) for trace in traces)
    V = np.stack([trace.column("lyapunov")[:length] for trace in traces])
    steps = np.stack([case.steps(trace)[:length] for trace in traces])
    kept = np.cumprod(np.isfinite(V) & (V > 0.0), axis=1).all(axis=0)
    limit = 1.0 + _SHARP if len(traces) == 1 else 1.0 / verdict.alpha
    if _evidence(V[:, kept], steps[:, kept], bound.rho) <= math.log(limit):
        raise NotExact(
            "these paths alone refute it by more than a short script shows: its sentence says what is wrong."
        )
    arrays = _about(case.problem, case.params) | {
        "V": V[:, kept],
        "steps": steps[:, kept],
        "progress": np.array(1.0 - bound.rho),
        "fractions": np.minimum(FRACTIONS, 1.0 - 1e-12),
        "alpha": np.array(0.0 if len(traces) == 1 else verdict.alpha),
        "limit": np.array(limit),
    }
    return Witness(arrays, _PATHS.format(title=_title(verdict)))


def _evidence(V: np.ndarray, steps: np.ndarray, rho: float) -> float:
    """Return what the script finds."""
    if V.shape[1] < 2 or not 0.0 < rho < 1.0:
        return -math.inf
    logs = np.log(V) - steps * math.log(rho)
    whole = np.logaddexp.reduce(logs - logs[:, :1], axis=0) - math.log(len(V))
    ratios = np.diff(logs, axis=1)
    if len(V) == 1:
        return float(max(whole.max(), ratios.max()))
    won = capital(ratios.T.ravel())[len(V) :: len(V)]
    return float(np.logaddexp(whole[1:], won).max() - math.log(2.0))


def _worst(verdict: Verdict, case: Case) -> Witness:
    """Return the worst state of all, whatever its size, and what each outcome of a step, or drawn ones make of it."""
    _check_affine(case)
    parts, model = forms(case)
    worst = max(parts, key=lambda part: part.factor)
    flat = _flat(worst.worst(case.start[0]))
    if model is not None:
        return _step(verdict, case, flat)
    case, allowed = without_constants(case), _allowed(verdict)
    count = _FEW
    if not worst.factor > allowed * (1.0 + _CLEAR):
        raise NotExact(f"no state is known from which one step of {case.method.name} is above {allowed:.9g}.")
    while True:
        # So many rounds have at least as many steps.
        rng = generator(case.seed, "witness", count)
        drawn = case.unroll(case.draw(rng, count))[:count]
        arrays = _stepped(case, flat, drawn)
        weights, fixed = arrays["weights"], arrays["fixed"]
        factors = (arrays["after"] - fixed) ** 2 @ weights / (weights @ (flat - fixed) ** 2)
        error = float(factors.std(ddof=1)) / math.sqrt(count)
        if float(factors.mean()) - _ERRORS * error > allowed * (1.0 + _CLEAR):
            break
        count *= 4
        if count * len(flat) > _ENTRIES:
            raise NotExact(
                f"from the worst state a step multiplies V by {worst.factor:.9g} on average, but it would take too "
                "many drawn steps to show this without a list of all."
            )
    arrays |= {"allowed": np.array(allowed), "exact": np.array(worst.factor)}
    return Witness(arrays, _DRAWN.format(title=_title(verdict), fields=_named(case), errors=_ERRORS))


def _step(verdict: Verdict, case: Case, flat: np.ndarray) -> Witness:
    """Return a state, and what each outcome of a step makes of it."""
    if case.is_noisy:
        raise NotExact("steps with noise have no short counterexample: its sentence says what is wrong.")
    # Nor has a state that was searched fields that never change.
    case, outcomes, allowed = without_constants(case), case.outcomes() or (), _allowed(verdict)
    if not outcomes:
        raise NotExact(f"the outcomes of a step of {case.method.name} cannot be listed.")
    arrays = _stepped(case, flat, [outcome for _, outcome in outcomes])
    arrays |= {"probabilities": np.array([q for q, _ in outcomes]), "allowed": np.array(allowed)}
    weights, fixed = arrays["weights"], arrays["fixed"]
    after = arrays["probabilities"] @ ((arrays["after"] - fixed) ** 2 @ weights)
    if not after > allowed * (weights @ (flat - fixed) ** 2):
        raise NotExact(f"no state is known from which one step of {case.method.name} is above {allowed:.9g}.")
    return Witness(arrays, _STEP.format(title=_title(verdict), fields=_named(case)))


def _stepped(case: Case, flat: np.ndarray, outcomes: Sequence[Any]) -> dict[str, Any]:
    """Return a state, those after some outcomes of a step, and V as arrays."""
    if len(outcomes) * len(flat) > _ENTRIES:
        raise NotExact(f"{len(outcomes)} states of {len(flat)} numbers are too many to write: take fewer clients.")
    return _about(case.problem, case.params) | {
        "state": flat,
        "after": np.stack([_flat(case.step(_state(case, flat), outcome)) for outcome in outcomes]),
        "fixed": _flat(case.fixed_point()),
        "weights": _weights(case),
    }


def _slope(verdict: Verdict) -> Witness:
    points = verdict.details["points"]
    arrays = {name: np.array([point[name] for point in points]) for name in ("kappa", "rounds", "iterations")}
    return Witness(arrays | {"promised": np.array(verdict.promised)}, _SLOPE.format(title=_title(verdict)))
