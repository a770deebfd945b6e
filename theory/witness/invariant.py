"""What a method should keep and does not: a state, an outcome, and what is left of the number that should be 0.

Where a step makes less progress than promised on another problem it is a state of that, as for the factor of a step.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ...problems import Problem
from ..case import Case, NotExact
from ..engines import invariant
from ..engines.constants import without_constants
from ..engines.shown import Shown, flat
from ..verdict import Verdict
from . import factor, states
from .arrays import Witness, about, case_of, given, kept, named, state_of, title

EVIDENCE = ("invariant",)

_TOLERANCE = 1e-9

_COMBINATION = '''"""{title} NumPy only."""
import sys
import numpy as np

w = np.load(sys.argv[1])
C, c = w["mine"], w["c"]  # C z + c is to stay 0, where z is the state, of the fields {fields}, one behind the other
before, after = C @ w["state"] + c, C @ w["after"] + c  # "outcome" is what was drawn for the step between the two
worst = np.abs(after).argmax()
size = w["size"]
print(f"number {{worst}} of what stays 0 is {{before[worst] / size:.3g}} of its terms' size and, ", end="")
print(f"a step later, {{after[worst] / size:.3g}}" if "outcome" in w else "at the start, not 0")
sys.exit(0 if abs(after[worst]) > {tolerance:g} * size else "this is no violation")
'''

_STATES = '''"""{title} NumPy only."""
import sys
import numpy as np

w = np.load(sys.argv[1])
apart = np.abs(w["mine"] - w["theirs"]) / w["size"]  # two times {fields}; they are to be the same
worst = np.where(np.isnan(apart), np.inf, apart).argmax()
print(f"number {{worst}} of {{len(apart)}} is {{w['mine'][worst]:.9g}} and should be ", end="")
print(f"{{w['theirs'][worst]:.9g}}: they are {{apart[worst]:.3g}} of its size apart")
sys.exit("this is no violation" if apart[worst] <= {tolerance:g} else 0)
'''

_GROWTH = '''"""{title} NumPy only."""
import sys
import numpy as np

w = np.load(sys.argv[1])
largest, after = w["mine"], w["after"]  # the largest number of the state after each round, and all after the last
lost = np.count_nonzero(~np.isfinite(after))
print("the largest number is", *(f"{{one:.3g}}" for one in largest[-6:]), "round after round,")
print(f"and after round {{len(largest)}} {{lost}} of {{after.size}} are not finite")
sys.exit(0 if lost else "this is no violation")
'''

_DRAWS = '''"""{title} NumPy only."""
import sys
import numpy as np

w = np.load(sys.argv[1])
same = w["mine"].tobytes() == w["again"].tobytes()  # each is what was drawn for {steps} steps
seeds = "one seed" if w["may_be_the_same"] else "two seeds"
print(f"from {{seeds}} is drawn {{'the same' if same else 'something else'}}")
sys.exit(0 if same != w["may_be_the_same"] else "this is no violation")
'''

_RUN = '''"""{title} NumPy only."""
import sys
import numpy as np

w = np.load(sys.argv[1])
same = np.array_equal(w["mine"], w["again"])  # what was drawn in a row, at two places that share no draw
print("drawn at one place:  ", *w["mine"])
print("and again at another:", *w["again"])
print(f"independent draws have any such pair with probability {{w['chance']:.2g}} at most")
sys.exit(0 if same else "this is no violation")
'''

_FREQUENCIES = '''"""{title} NumPy only."""
import math
import sys
import numpy as np

w = np.load(sys.argv[1])
counts, q = w["counts"], w["promised"]  # how often each of some values was drawn, and with what probability it should
gamma, listed = np.vectorize(math.lgamma), q > 0  # a row of counts for each value before, or one
mixture = math.lgamma(listed.sum() / 2) - gamma(counts.sum(axis=1) + listed.sum() / 2)  # by Jeffreys' prior
mixture = mixture + (gamma(counts[:, listed] + 0.5) - math.lgamma(0.5)).sum(axis=1)
won = float(mixture.sum() - counts[:, listed].sum(axis=0) @ np.log(q[listed])) if not counts[:, ~listed].any() else 700
print("drawn with the frequencies", *(f"{{f:.3g}}" for f in counts.sum(axis=0) / counts.sum()))
print("and listed with the probabilities", *(f"{{p:.3g}}" for p in q))
print(f"if both were the same this would win exp({{won:.4g}}) with chance exp({{-won:.4g}}) at most")
sys.exit(0 if won > np.log(w["limit"]) else "this is no violation")
'''

_NUMBERS = '''"""{title} NumPy only."""
import sys
import numpy as np

w = np.load(sys.argv[1])
mine, theirs = w["mine"], w["theirs"]
print(f"it is {{mine:.9g}} and should be {{theirs:.9g}}")
sys.exit(0 if abs(mine - theirs) > w["tolerance"] * abs(theirs) else "this is no violation")
'''

_SCRIPTS = {
    "combination": _COMBINATION,
    "states": _STATES,
    "growth": _GROWTH,
    "draws": _DRAWS,
    "run": _RUN,
    "frequencies": _FREQUENCIES,
    "numbers": _NUMBERS,
}


def shown(verdict: Verdict, problems: Sequence[Problem], method: Any) -> Witness:
    """Return the first of what is broken that has numbers."""
    found = kept(verdict, given(verdict, problems, method), invariant)
    case = case_of(method, found.problem, verdict, found.params._asdict())
    if found.kind == "progress":
        return _of_a_step(case, found, verdict)
    return written(found, case, verdict)


def written(found: Shown, case: Case, verdict: Verdict) -> Witness:
    """Return the counterexample of numbers that an engine has kept."""
    words = {"title": title(verdict), "fields": named(case), "tolerance": _TOLERANCE}
    steps = len(found.arrays.get("mine", ())) if found.kind == "draws" else 0
    return Witness(about(case.problem, case.params) | found.arrays, _SCRIPTS[found.kind].format(steps=steps, **words))


def _of_a_step(case: Case, found: Shown, verdict: Verdict) -> Witness:
    """Return a state from which a step makes less progress than promised, on the problem where it was found."""
    there = replace(verdict, bound=case.bound, problem=case.problem.label)
    if "state" not in found.arrays:
        return factor.of_step(case, there)
    state = state_of(case, found.arrays["state"])
    varying = without_constants(case).initial()
    fields = getattr(varying, "_fields", ())
    if not fields:
        raise NotExact("a state without names has no short counterexample: its sentence says what is wrong.")
    return states.listed(there, case, flat([getattr(state, name) for name in fields]))
