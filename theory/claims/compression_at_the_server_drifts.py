"""Compression at the server adds its errors up in the sum of the control variates, and few bits diverge.

Control: the same compressor at the clients keeps the sum at 0 and the error bounded.

In a communication Σ h_i grows by n (p/γ) (C(m) - m), where m is the average that is compressed: an identity, tested to
rounding. With an unbiased C that is a random walk, whose steps grow with the error that it makes: where kappa or the
dimension is small the walk may stay bounded all the same, and then nothing is decided.
"""

from dataclasses import replace

import numpy as np

from ...core.randomness import generator
from ..case import Case, Progress
from ..verdict import STATUSES, Verdict
from .sum_of_control_variates import sum_of

METHODS = ("fedcomloc_global",)
_BITS = (2, 4)
_ROUNDS = 1000
_ROUNDING, _DIVERGED = 1e-9, 10.0
# A sum that is lost is so many times what rounding leaves of one that is kept.
_LOST = 1e6


def measure(case: Case, progress: Progress) -> Verdict:
    """Test the identity along a path, and compare V and |Σ h_i| with those of compression at the clients."""
    error = _identity_error(case)
    told: list[str] = []
    statuses = ["confirmed" if error <= _ROUNDING else "refuted"]
    for place, r in enumerate(_BITS):
        few = replace(case, changes=case.changes | {"C": f"QSGD({r})"})
        server, clients = (one.run(_ROUNDS, record=1) for one in (few, few.other("fedcomloc_com")))
        grown, bounded = (trace.last("lyapunov") / trace.column("lyapunov")[0] for trace in (server, clients))
        told.append(
            f"with {r} bits V is {grown:.1g} times its start after {_ROUNDS} rounds and |Σ h_i| = "
            f"{sum_of(server.state):.1g} (control, the same at the clients: {bounded:.1g} and "
            f"{sum_of(clients.state):.0g})"
        )
        if sum_of(server.state) <= _LOST * sum_of(clients.state):
            statuses.append("refuted")
        # Far from rest the control's floor may be above its start: that says nothing of the server.
        if grown <= _DIVERGED or bounded > _DIVERGED:
            statuses.append("inconclusive")
        progress((place + 1) / len(_BITS))
    sentence = f"Σ h_i obeys its drift identity to {max(error, 1e-16):.0e}; {'; '.join(told)}."
    return case.verdict("claim", min(statuses, key=STATUSES.index), sentence, error, 0.0, sensitivity=_ROUNDING)


def _identity_error(case: Case) -> float:
    """Return the largest error in Σ h_i⁺ = Σ h_i + n (p/γ) (C(m) - m) along a path, relative to its terms."""
    state, params, worst = case.initial(), case.params, 0.0
    for outcome in case.unroll(case.draw(generator(case.seed, "compression at the server drifts"), 20)):
        before = state.H.sum(axis=0)
        if outcome["coin"] == 1:
            # All models are C(m) afterwards, and m is the average of what a step without communication gives.
            quiet = outcome.copy()
            quiet["coin"] = 0
            local = case.step(case.state(*(field.copy() for field in state)), quiet)
            state = case.step(state, outcome)
            added = case.problem.n * params.p / params.gamma * (state.X[0] - local.X.mean(axis=0))
            difference = np.abs(state.H.sum(axis=0) - before - added).max()
            worst = max(worst, float(difference / (np.abs(state.H).max() or 1.0)))
        else:
            state = case.step(state, outcome)
    return worst
