"""What a client learns of its own samples and unlearns of others' in a round with pseudo data, and what it is worth."""

import dataclasses
from typing import Any

import numpy as np

from ...core.randomness import derived_seed, generator
from ...theory.case import Case
from ...theory.case import case as hold
from ...theory.claims.pseudo_data_keep_what_is_known import FEDAVG, HARD, MIXING, SOFT, rises
from ...theory.engines.paired import ratio
from ..problems import ProblemSpec
from . import Panel, Points

METHODS = ("fedreg",)
SPEC = ProblemSpec("softmax", kappa=100.0, clients=20, data="digits", partition="by_label")
_TRADE, _PATH = "One client, one round", "All rounds"
PANELS = (
    Panel(_TRADE, "fall of its own samples' loss", "rise of others' loss", yscale="linear"),
    Panel(_PATH, "communication rounds", "F(x) - F*"),
)
_WAYS = {
    "FedReg, labels": (HARD, "method"),
    "FedReg, ρ = 0.1": (HARD | {"rho": 0.1}, "method"),
    "FedReg, soft labels": (SOFT, "method"),
    "mixing alone, ρ = 0": (MIXING, "control"),
    "FedAvg, ρ = 0 and γ = 1": (FEDAVG, "control"),
}
# In units of 1/L: of the trade, and of the paths.
_STEPS, _STEP = (0.2, 0.4, 0.8, 1.6, 3.2), 0.8
_ROUNDS, _SEEDS, _WARM = 30, 4, 10
_LETTERS = {"K": 10, "eta_s": 0.05}


def points(method: str, spec: ProblemSpec) -> Points:
    """Return what the curves are of, and their points.

    The other curves are special cases of FedReg, and all are on the given problem of softmax regression.
    """
    problem = spec.build()
    x = np.zeros(problem.d)
    for _ in range(_WARM):
        x = x - problem.gradient(x) / problem.L
    rows: list[dict[str, Any]] = []
    for words, (changes, role) in _WAYS.items():
        look = {"curve": words, "role": role}
        held = hold(method, problem, seed=spec.problem_seed, **_LETTERS | changes | {"M": 1})
        for step in _STEPS:
            others, own = rises(_with_step(held, step), x)
            rows.append({"panel": _TRADE, "x": own, "y": others, **look})
        paths = np.array([_gaps(held, x, derived_seed(spec.problem_seed, "paths", place)) for place in range(_SEEDS)])
        for r, gaps in enumerate(paths.T):
            mean = ratio(gaps, np.ones(_SEEDS))
            rows.append({"panel": _PATH, "x": r + 1, "y": mean.mean, "low": mean.low, "high": mean.high, **look})
    steps = ", ".join(f"{step:g}" for step in _STEPS)
    caption = (
        f"Left: local steps of {steps} times 1/L after {_WARM} steps of gradient descent. Right: 4 clients in a round, "
        f"{_STEP:g}/L; geometric means and 95 % intervals over {_SEEDS} seeds of cohorts."
    )
    return {"caption": caption}, rows


def _with_step(case: Case, step: float, **changes: Any) -> Case:
    return dataclasses.replace(case, changes=case.changes | {"eta": step / case.problem.L} | changes)


def _gaps(case: Case, x: np.ndarray, seed: int) -> np.ndarray:
    own = _with_step(case, _STEP, M=4)
    state, draws = own.state(x.copy()), own.draw(generator(seed, "cohorts"), _ROUNDS)
    gaps: list[float] = []
    for r in range(_ROUNDS):
        state = own.advance(state, draws[r : r + 1])
        gaps.append(own.problem.gap(state.x))
    return np.array(gaps)
