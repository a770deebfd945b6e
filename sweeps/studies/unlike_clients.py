"""Where to prune when each client sees one class: accuracy on held-out samples, and the objective, against bits.

Softmax regression on three quarters of the data; a tenth, a fifth and a half of the weights are kept.
"""

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ...core.randomness import derived_seed
from ...problems.held_out import split
from ...theory.case import case as hold
from ...theory.claims.sum_of_control_variates import pruned
from ..problems import ProblemSpec
from . import Panel, Points

if TYPE_CHECKING:
    import pandas as pd

_WORDS = {
    "sparse_proxskip_server": "at the server, naive",
    "sparse_proxskip_server_kept": "at the server, sum kept",
    "sparse_proxskip": "at communication",
    "sparse_proxskip_local": "at every local step",
    "sparse_proxskip_ste": "straight-through",
    "scaffnew": "nothing pruned",
}
_DENSE = "scaffnew"
METHODS = tuple(_WORDS)
_DENSITIES = {0.1: "10 %", 0.2: "20 %", 0.5: "50 %"}
_MEASURES = {"accuracy": "held-out accuracy", "objective": "objective F when pruned"}
PANELS = tuple(
    Panel(f"{share} kept, {measure}", "Mbit of a client, up and down", words, yscale="linear")
    for measure, words in _MEASURES.items()
    for share in _DENSITIES.values()
)
SPEC = ProblemSpec("softmax", kappa=1000.0, data="digits", partition="by_label")
_SEEDS, _POINTS = 5, 40
# In units of √κ.
_ROUNDS = 12


def points(method: str, spec: ProblemSpec) -> Points:
    """Return the means of one way to prune over splits and coins, with bands of their smallest and largest.

    The clients' samples are sorted by their labels.
    """
    import pandas as pd

    tables: list[pd.DataFrame] = []
    paths: list[pd.DataFrame] = []
    seeds = [derived_seed(spec.problem_seed, "study", path) for path in range(_SEEDS)]
    for density, share in _DENSITIES.items():
        # Where nothing is pruned all shares have the same paths.
        if not (paths and method == _DENSE):
            paths = [_path(method, spec, density, seed) for seed in seeds]
        bits = np.mean([(path["bits_up"] + path["bits_down"]).to_numpy() for path in paths], axis=0) / 1e6
        for measure in _MEASURES:
            values = np.array([path[measure].to_numpy() for path in paths])
            table = {"x": bits, "y": values.mean(axis=0), "low": values.min(axis=0), "high": values.max(axis=0)}
            tables.append(pd.DataFrame(table).assign(panel=f"{share} kept, {measure}"))
    role = "control" if method == _DENSE else "method"
    caption = f"A class for each of {spec.clients} clients; means, smallest and largest of {_SEEDS} splits and coins."
    return {"caption": caption}, pd.concat(tables, ignore_index=True).assign(curve=_WORDS[method], role=role)


def _path(method: str, spec: ProblemSpec, density: float, seed: int) -> "pd.DataFrame":
    problem, features, labels = split(spec.data, seed, spec.clients, spec.kappa)
    is_dense = method == _DENSE
    k = problem.d if is_dense else int(density * problem.d)
    case = hold(method, problem, seed=seed, **({} if is_dense else {"k": k}))

    def accuracy(state: Any) -> float:
        return problem.accuracy(pruned(case.model(state), k), features, labels)

    def objective(state: Any) -> float:
        return problem.value(pruned(case.model(state), k))

    rounds = math.ceil(_ROUNDS * math.sqrt(spec.kappa))
    record = np.unique(np.linspace(0, rounds, _POINTS + 1).astype(int))
    frame = case.run(rounds, record=record, observe={"accuracy": accuracy, "objective": objective}).frame()
    # The start is the same for all, and far from everything.
    return frame.iloc[1:]
