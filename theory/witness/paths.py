"""Drawn paths, and what bets on them win against a rate: the script bets.

It is no kind of evidence: those of steps have it, where no state is known that breaks what is promised.
"""

import math
from dataclasses import replace

import numpy as np

from ..case import Case, NotExact
from ..engines.bets import FRACTIONS, capital
from ..verdict import Bound, Verdict
from .arrays import Witness, about, title

# Beyond what is rounding a violation of one path is.
_SHARP = 1e-6

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


_NOISY = '''"""{title} NumPy only."""
import sys
import numpy as np

w = np.load(sys.argv[1])
V, steps, room, rho, floor = (w[name] for name in ("V", "steps", "room", "rho", "floor"))  # a row of V is a path
made = np.diff(steps, axis=1)  # steps from one recorded round to the next; more than room hardly ever
with np.errstate(divide="ignore"):  # E V_t <= rho^t V_0 + (1 - rho^t) floor
    later = lambda V, left: np.logaddexp(left * np.log(rho) + np.log(V), np.log(-floor * np.expm1(left * np.log(rho))))
    ratios = later(V[:, 1:], np.maximum(room - made, 0)) - later(V[:, :-1], room)
    ratios = np.where(made > room, -np.inf, ratios)  # such a bet is lost
    bets = w["fractions"][:, None]  # of the capital, on each path in turn: V beside what the round before promises
    won = np.logaddexp(np.log1p(-bets), np.log(bets) + ratios.T.ravel()).cumsum(axis=1)
    won = (np.logaddexp.reduce(won, axis=0) - np.log(len(bets))).max() if len(V) > 1 else ratios.max()
print(f"won {{np.exp(won):.6g}}; at the rate {{w['limit']:.9g}} is won with chance {{w['alpha']:g}} at most")
sys.exit(0 if won > np.log(w["limit"]) else "this is no violation")
'''


def falling(verdict: Verdict, case: Case) -> Witness:
    """Return paths on which V falls more slowly than promised, or stays higher where noise is allowed."""
    bound, traces = verdict.bound, verdict.details["traces"]
    if bound is None:
        raise NotExact("nothing is promised of these paths: its sentence says what is wrong.")
    length = min(len(trace.column("round")) for trace in traces)
    V = np.stack([trace.column("lyapunov")[:length] for trace in traces])
    steps = np.stack([case.steps(trace)[:length] for trace in traces])
    kept = np.cumprod(np.isfinite(V) & (V > 0.0), axis=1).all(axis=0)
    V, steps, limit = V[:, kept], steps[:, kept], 1.0 + _SHARP if len(traces) == 1 else 1.0 / verdict.alpha
    arrays = about(case.problem, case.params) | {
        "V": V,
        "steps": steps,
        "fractions": np.minimum(FRACTIONS, 1.0 - 1e-12),
        "alpha": np.array(0.0 if len(traces) == 1 else verdict.alpha),
        "limit": np.array(limit),
    }
    if bound.noise > 0.0:
        rounds = traces[0].column("round")[:length][kept]
        room = _room(case, steps, rounds)
        won = _won(V, steps, room, bound)
        arrays |= {"room": room, "rho": np.array(bound.rho), "floor": np.array(bound.noise / (1.0 - bound.rho))}
        script = _NOISY
    else:
        won = _evidence(V, steps, bound.rho)
        arrays |= {"progress": np.array(1.0 - bound.rho)}
        script = _PATHS
    if won <= math.log(limit):
        raise NotExact(
            "these paths alone refute it by more than a short script shows: its sentence says what is wrong."
        )
    return Witness(arrays, script.format(title=title(verdict)))


def _room(case: Case, steps: np.ndarray, rounds: np.ndarray) -> np.ndarray:
    """Return how many steps are allowed for at most between two recorded rounds."""
    made, length = np.diff(steps, axis=1), 1.0 / case.pace.rounds
    return made if length == 1.0 else np.tile(length * (2.0 * np.diff(rounds) + 8.0), (len(steps), 1))


def _won(V: np.ndarray, steps: np.ndarray, room: np.ndarray, bound: Bound) -> float:
    """Return what the script finds with noise."""
    if V.shape[1] < 2 or not 0.0 < bound.rho < 1.0:
        return -math.inf
    left = room - np.diff(steps, axis=1)
    relative = replace(bound, start=1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = relative.log_from(np.log(V[:, 1:]), np.maximum(left, 0.0)) - relative.log_from(np.log(V[:, :-1]), room)
    logs = np.where(left < 0.0, -np.inf, logs)
    return float(logs.max() if len(V) == 1 else capital(logs.T.ravel()).max())


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
