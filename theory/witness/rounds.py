"""Of rounds that somebody states a state, and what the steps of so many rounds make of it on average."""

import math
from collections.abc import Sequence
from typing import Any

from ...problems import Problem
from ..verdict import Verdict
from . import moments
from .arrays import Witness, case_of

EVIDENCE = ("rounds",)


def shown(verdict: Verdict, problems: Sequence[Problem], method: Any) -> Witness:
    """Return the worst of what is stated and broken."""
    broken = [point for point in verdict.details["stated"] if point["status"] == "refuted"]
    worst = max(broken, key=lambda point: point["ratio"])
    problem = next(problem for problem in problems if problem.kappa == worst["kappa"])
    changes = {letter: verdict.params[letter] for letter in verdict.changed if letter in verdict.params}
    case = case_of(method, problem, verdict, changes)
    steps = max(math.floor(worst["stated"] / case.pace.rounds * (1.0 + 1e-12)), 0)
    return moments.after(case, verdict, worst["epsilon"], steps)
