"""A state, and what a step makes of V from it under each of its outcomes, or under drawn ones where they are too many.

It is no kind of evidence: those of steps have it.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..case import Case, NotExact
from ..engines.constants import without_constants
from ..verdict import Verdict
from .arrays import CLEAR, Witness, allowed_of, drawn_until, named, stepped, title

# The standard errors which a violation of drawn steps has to be beyond: what is none comes out as one with
# probability 1e-5 at most.
_ERRORS = 5.0

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

_NOISY = '''"""{title} NumPy only."""
import sys
import numpy as np

w = np.load(sys.argv[1])
weights, fixed = w["weights"], w["fixed"]  # V = sum of weights * (z - fixed)^2 of the fields {fields}
before = weights @ (w["state"] - fixed) ** 2
after = (w["after"] - fixed) ** 2 @ weights  # each row is the state after one outcome of a step, or after one drawn
more = w["probabilities"] @ after - w["allowed"] * before
error = w["errors"] * after.std() / len(after) ** 0.5  # of the mean, where they are drawn
print(f"from V = {{before:.6g}} a step leaves {{w['allowed']:.9g}} V + {{more:.9g}}, stated {{w['noise']:.9g}}")
sys.exit(0 if more - error > w["noise"] else "this is no violation")
'''


def listed(verdict: Verdict, case: Case, numbers: np.ndarray) -> Witness:
    """Return what each outcome of a step makes of a state, which lacks the fields that never change."""
    case, outcomes, allowed = without_constants(case), case.outcomes() or (), allowed_of(verdict)
    if not outcomes:
        raise NotExact(f"the outcomes of a step of {case.method.name} cannot be listed.")
    arrays = stepped(case, numbers, [outcome for _, outcome in outcomes])
    arrays |= {"probabilities": np.array([q for q, _ in outcomes]), "allowed": np.array(allowed)}
    weights, fixed = arrays["weights"], arrays["fixed"]
    before = weights @ (numbers - fixed) ** 2
    after = arrays["probabilities"] @ ((arrays["after"] - fixed) ** 2 @ weights)
    noise = noise_of(verdict)
    if not after > allowed * before + noise:
        raise NotExact(f"no state is known from which one step of {case.method.name} is above {allowed:.9g}.")
    if noise > 0.0:
        arrays |= {"noise": np.array(noise), "errors": np.array(0.0)}
    script = _NOISY if noise > 0.0 else _STEP
    return Witness(arrays, script.format(title=title(verdict), fields=named(case)))


def drawn(verdict: Verdict, case: Case, numbers: np.ndarray, exact: float) -> Witness:
    """Return what drawn steps make of a state, likewise; over all that can be drawn V is multiplied by ``exact``."""
    case, allowed, noise = without_constants(case), allowed_of(verdict), noise_of(verdict)
    if noise == 0.0 and not exact > allowed * (1.0 + CLEAR):
        raise NotExact(f"no state is known from which one step of {case.method.name} is above {allowed:.9g}.")
    arrays = dict[str, Any]()

    def is_enough(outcomes: Sequence[Any]) -> bool:
        arrays.update(stepped(case, numbers, outcomes))
        weights, fixed = arrays["weights"], arrays["fixed"]
        before = weights @ (numbers - fixed) ** 2
        after = (arrays["after"] - fixed) ** 2 @ weights
        error = _ERRORS * float(after.std(ddof=1)) / math.sqrt(len(after))
        return bool(float(after.mean()) - error > (allowed * (1.0 + CLEAR)) * before + noise)

    outcomes = drawn_until(case, is_enough)
    arrays |= {"allowed": np.array(allowed)}
    if noise > 0.0:
        shares = np.full(len(outcomes), 1.0 / len(outcomes))
        arrays |= {"noise": np.array(noise), "errors": np.array(_ERRORS), "probabilities": shares}
        return Witness(arrays, _NOISY.format(title=title(verdict), fields=named(case)))
    arrays |= {"exact": np.array(exact)}
    return Witness(arrays, _DRAWN.format(title=title(verdict), fields=named(case), errors=_ERRORS))


def noise_of(verdict: Verdict) -> float:
    """Return what a step may add to V by what is promised or stated."""
    return verdict.bound.noise if verdict.bound is not None else 0.0
