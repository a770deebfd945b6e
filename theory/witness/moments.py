"""A state from which some steps leave more of V on average than is allowed, with the affine map of each outcome.

It is no kind of evidence: several have it.
"""

import numpy as np

from ..case import Case, NotExact
from ..engines.affine import TooLarge, affine_case, is_affine, listed_outcomes
from ..verdict import Verdict
from .arrays import CLEAR, Witness, about, flat, named, state_of, title, weights_of

# The numbers of a state, and the multiplications that its second moments may cost.
_LARGEST, _BUDGET = 600, 2e11

_MOMENTS = '''"""{title} NumPy only."""
import sys
import numpy as np

w = np.load(sys.argv[1])
maps, offsets, q = w["maps"], w["offsets"], w["probabilities"]  # a step: z -> maps[k] z + offsets[k] with chance q[k]
error = w["state"] - w["fixed"]  # of the fields {fields}, one behind the other
moved = maps @ w["fixed"] + offsets - w["fixed"]
assert np.abs(moved).max() <= 1e-6 * max(np.abs(offsets).max(), 1e-300), "a step moves the fixed point"
weights = w["weights"]  # V = sum of weights * error^2
S = np.outer(error, error)
for _ in range(int(w["steps"])):
    S = sum(p * A @ S @ A.T for p, A in zip(q, maps))
ratio = weights @ np.diag(S) / (weights @ error**2)
print(f"after {{w['steps']}} steps the expected V is {{ratio:.9g}} of its start, stated {{w['allowed']:.9g}}")
sys.exit(0 if ratio > w["allowed"] else "this is no violation")
'''


def after(case: Case, verdict: Verdict, allowed: float, steps: int) -> Witness:
    """Return a state from which the expected V after some steps is above what is allowed of it."""
    maps, offsets, q, fixed = affine_maps(case)
    size = len(fixed)
    if 2.0 * max(steps, 1) * len(q) * size**3 > _BUDGET:
        raise NotExact(f"the moments of {steps} steps of a state of {size} numbers take too long: take fewer clients.")
    weights = weights_of(case)
    form = np.diag(weights)
    for _ in range(steps):
        form = sum((p * A.T @ form @ A for p, A in zip(q, maps, strict=True)), np.zeros_like(form))
    free = _admissible(case)
    # In the coordinates where V is the squared norm the worst error is an eigenvector.
    values, vectors = np.linalg.eigh(free.T @ (weights[:, None] * free))
    root = free @ (vectors / np.sqrt(values))
    factors, errors = np.linalg.eigh(root.T @ form @ root)
    if not factors[-1] > allowed * (1.0 + CLEAR):
        raise NotExact(
            f"from the worst state V is {factors[-1]:.9g} of its start, and not above {allowed:.9g}: what refutes "
            "this is something else."
        )
    state = fixed + root @ errors[:, -1]
    arrays = about(case.problem, case.params) | {
        "maps": maps,
        "offsets": offsets,
        "probabilities": q,
        "fixed": fixed,
        "state": state,
        "weights": weights,
        "steps": np.array(steps),
        "allowed": np.array(allowed),
    }
    return Witness(arrays, _MOMENTS.format(title=title(verdict), fields=named(case)))


def affine_maps(case: Case) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return what each outcome does to a flat state, z -> A z + b, with its probability, and the fixed point."""
    check_affine(case)
    outcomes = listed_outcomes(case)
    fixed = flat(case.fixed_point())
    if len(fixed) > _LARGEST:
        raise TooLarge(f"a state of {len(fixed)} numbers is too large to write: take fewer clients or coordinates.")
    maps: list[np.ndarray] = []
    offsets: list[np.ndarray] = []
    for _, outcome in outcomes:
        zero = flat(case.step(state_of(case, np.zeros(len(fixed))), outcome))
        columns = [flat(case.step(state_of(case, unit), outcome)) - zero for unit in np.eye(len(fixed))]
        maps.append(np.column_stack(columns))
        offsets.append(zero)
    return np.stack(maps), np.stack(offsets), np.array([q for q, _ in outcomes]), fixed


def check_affine(case: Case) -> None:
    """Raise a NotExact unless a step is an affine map that keeps a point."""
    # Near the solution a step may look affine where gradients are not.
    is_so = is_affine(case.problem) and not case.is_noisy and case.has_fixed_point
    if not is_so or affine_case(case).params != case.params:
        raise NotExact(f"a step of {case.method.name} is no affine map that keeps a point: no state is worst.")


def _admissible(case: Case) -> np.ndarray:
    """Return an orthonormal basis of the errors that keep the method's invariants and are seen by V, as columns."""
    fixed = flat(case.fixed_point())
    at = _invariants(case, fixed)
    rows = [_invariants(case, fixed + unit) - at for unit in np.eye(len(fixed))]
    seen = weights_of(case) > 0.0
    constraints = np.column_stack(rows) if len(at) else np.zeros((0, len(fixed)))
    constraints = np.concatenate([constraints, np.eye(len(fixed))[~seen]])
    if len(constraints) == 0:
        return np.eye(len(fixed))
    _, sizes, basis = np.linalg.svd(constraints)
    return basis[int((sizes > 1e-9 * max(sizes.max(initial=0.0), 1e-300)).sum()) :].T


def _invariants(case: Case, flat: np.ndarray) -> np.ndarray:
    values = case.invariants(state_of(case, flat))
    return np.concatenate([np.zeros(0), *(np.ravel(value) for value in values.values())])
