"""A client of condition number κ_i computes less than κ_i gradients a round, and the rounds do not become more.

Control: Scaffnew, on the same problem, computes √κ gradients a round on every client.

One client's eigenvalues reach from μ to κ μ, those of all others to κ_i μ only. The promise for a round is
κ_i (1 + √κ)/(κ_i + √κ) gradients, of which the mean over the clients is counted. Expected rounds are exact, from the
worst start.
"""

import dataclasses
import math

import numpy as np

from ...core.randomness import generator
from ...problems import Quadratic
from ..case import Case, Progress
from ..engines import exact
from ..verdict import Verdict

METHODS = ("gradskip",)
ON_QUADRATICS = True
ELSEWHERE = True
_CLIENTS, _DIM, _KAPPA, _SMALL_KAPPA = 8, 2, 400.0, 4.0
_DRAWN_ROUNDS = 4000
# A round's mean is counted as a whole number.
_ROUNDING = 0.5


def measure(case: Case, progress: Progress) -> Verdict:
    """Compare gradients of an average client, and expected rounds to a relative accuracy of 1e-6 in V."""
    own = dataclasses.replace(case, problem=problem(case.seed), changes={})
    gradients, rounds = _spent(own)
    progress(0.5)
    control_gradients, control_rounds = _spent(own.other("scaffnew"))
    progress(1.0)
    root, kappas = math.sqrt(_KAPPA), np.array([_KAPPA] + [_SMALL_KAPPA] * (_CLIENTS - 1))
    promised = float(np.mean(kappas * (1.0 + root) / (kappas + root)))
    status = "confirmed" if promised + _ROUNDING < control_gradients else "inconclusive"
    if gradients > promised + _ROUNDING or rounds > control_rounds:
        status = "refuted"
    sentence = (
        f"With one client of condition number {_KAPPA:g} and {_CLIENTS - 1} of {_SMALL_KAPPA:g} an average client "
        f"computes {gradients:.3g} gradients a round, in whole numbers, promised {promised:.3g}, and E V falls to 1e-6 "
        f"of its start in {rounds:.4g} rounds. Control: Scaffnew computes {control_gradients:.3g}, in "
        f"{control_rounds:.4g} rounds."
    )
    fewer = max((promised + _ROUNDING - gradients) / promised, 0.0)
    return own.verdict("claim", status, sentence, gradients, promised, sensitivity=fewer)


def problem(seed: int) -> Quadratic:
    """Return the quadratic with one ill-conditioned client, each client with eigenvectors of its own."""
    rng = generator(seed, "well-conditioned clients")
    hessians: list[np.ndarray] = []
    for kappa in [_KAPPA] + [_SMALL_KAPPA] * (_CLIENTS - 1):
        Q = np.linalg.qr(rng.standard_normal((_DIM, _DIM)))[0]
        hessians.append(Q * np.geomspace(1.0, kappa, _DIM) @ Q.T / _KAPPA)
    return Quadratic(hessians, rng.standard_normal((_CLIENTS, _DIM)))


def _spent(case: Case) -> tuple[float, float]:
    """Return gradients a round, and expected rounds from the worst start."""
    gradients = case.cost(case.draw(generator(case.seed, "gradients"), _DRAWN_ROUNDS)).gradients / _DRAWN_ROUNDS
    return gradients, exact.time_to_accuracy(case).rounds
