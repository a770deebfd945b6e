"""Measure how often the statistical engines refute what is right, and how small a wrong they see: ``make calibrate``.

False alarms are counted at levels where they can be seen, over independent runs of methods that attain their promise in
every state: nothing is nearer to a false alarm. Power is the share of runs in which a wrong of a given size is refuted,
at the level that verdicts have. Writes ``docs/calibration.md`` and ``docs/calibration.png``.
"""

import dataclasses
import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from rich.progress import track
from scipy.stats import beta
from threadpoolctl import threadpool_limits

from rootkappa import problems, theory
from rootkappa.algorithms.parts.rounds import Draws
from rootkappa.plots.parts.style import _RC as STYLE
from rootkappa.testing import compressors
from rootkappa.theory.case import ALPHA, Case
from rootkappa.theory.engines import bets, path, randomness, states

LEVELS = (0.05, 0.01)
RUNS, POWER_RUNS = 1000, 20
# Rounds of a path on which alarms are counted, and steps that the search for a state takes there.
ROUNDS, SEARCHED = 60, 160
WRONGS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
DOCS = Path(__file__).parents[2] / "docs"
# With one curvature for all E V+ is (1 - γ)² |X - x*|² + (1 - p²) (γ/p)² |H - h*|², and here both factors are equal: so
# from every state V becomes on average just what is promised.
P = 0.3
LETTERS = {"p": P, "gamma": 1.0 - math.sqrt(1.0 - P**2)}
TIGHT = problems.Quadratic(np.tile(np.eye(2), (3, 1, 1)), np.random.default_rng(1).standard_normal((3, 2)))

Alarm = tuple[str, dict[float, int]]


def main() -> None:
    """Measure all, and write the page and its figure."""
    with threadpool_limits(1):
        alarms = [*paths_alarms(), *randomness_alarms(), *compressor_alarms()]
        powers = [*promise_powers(), *wrong_powers()]
    draw(powers)
    (DOCS / "calibration.md").write_text(page(alarms, powers), encoding="utf-8")


# False alarms.


def counted(values: Iterable[tuple[str, float]]) -> list[Alarm]:
    """Return for each name how many logarithms of evidence exceed that of a level's inverse."""
    counts: dict[str, dict[float, int]] = {}
    for name, log in values:
        for level in LEVELS:
            row = counts.setdefault(name, dict.fromkeys(LEVELS, 0))
            row[level] += log > -math.log(level)
    return list(counts.items())


def paths_alarms() -> list[Alarm]:
    """Return the alarms of the parts of path evidence, without noise and with it."""
    values: list[tuple[str, float]] = []
    for name, method in (("", "scaffnew"), (", with noise", "sproxskip_additive")):
        for seed in track(range(RUNS), f"paths{name}"):
            held = theory.case(method, TIGHT, seed=seed, **LETTERS)
            walked = only_paths(held, ROUNDS)
            bound, walks = held.bound, walked.walks(held)
            values += [
                (f"paths as a whole{name}", float(bets.whole(bound, walks, walked.rounds).max())),
                (f"paths round by round{name}", float(bets.in_turn(bound, walks).max())),
            ]
            if not name:
                aside = drawn_aside(held)
                both = dataclasses.replace(walked, worst=aside)
                values.append(("steps from a searched state", path._won_aside(held, aside, held.rho)))
                values.append(("all of path evidence", path._evidence(held, both, walks, held.rho).log))
            else:
                values.append((f"all of path evidence{name}", path._evidence(held, walked, walks, held.rho).log))
    return counted(values)


def only_paths(held: Case, rounds: int = 0) -> path.Walked:
    """Return the paths of a case, as long as evidence takes them by default, without a search."""
    rounds = rounds or path._horizon(held)
    return path.Walked(path._run([held] * 2, rounds, quiet), rounds, None, None, True)


def drawn_aside(held: Case) -> states.Stepped:
    """Return steps from a searched state whose outcomes are drawn although they could be listed."""
    listed, most = states._LISTED, states._MOST
    states._LISTED, states._MOST = 1, SEARCHED
    try:
        found = states.worst(held)
    finally:
        states._LISTED, states._MOST = listed, most
    assert found is not None
    return found


TESTS = ("frequencies", "repeats", "what follows what", "lengths of rounds", "which length follows which")


def randomness_alarms() -> list[Alarm]:
    """Return the alarms of each test of draws, each at the whole level."""
    counts = {name: dict.fromkeys(LEVELS, 0) for name in TESTS}
    for seed in track(range(RUNS), "draws"):
        for level in LEVELS:
            alpha = level * randomness._TESTS
            held = dataclasses.replace(theory.case("scaffnew", TIGHT, seed=seed, **LETTERS), alpha=alpha)
            for name, finding in zip(TESTS, listed_findings(held), strict=True):
                counts[name][level] += finding.error > 0.0
    return [(f"draws: {name}", row) for name, row in counts.items()]


def listed_findings(held: Case) -> list[randomness.Finding]:
    """Return the findings of the five tests."""
    draws = held.draw(np.random.default_rng(held.seed), randomness._ROUNDS)
    return list(randomness._listed(held, np.asarray(held.unroll(draws))))


class Thinned:
    """Keep all of x with probability q, times 1/q; nobody lists its outcomes."""

    is_unbiased, clients = True, 1

    def __init__(self, q: float, claimed: float | None = None) -> None:
        self.q, self.claimed = q, 1.0 / q - 1.0 if claimed is None else claimed

    def omega(self, d: int) -> float:
        return self.claimed

    def delta(self, d: int) -> float:
        return 0.0

    def draw(self, rng: np.random.Generator, d: int, count: int) -> np.ndarray:
        return rng.random((count, 1)) < self.q

    def __call__(self, x: np.ndarray, w: np.ndarray) -> np.ndarray:
        return x / self.q if w[0] else 0.0 * x


def compressor_alarms() -> list[Alarm]:
    """Return the alarms of the bets on a compressor's moments, one vector a run."""
    counts = dict.fromkeys(LEVELS, 0)
    for seed in track(range(RUNS), "compressor"):
        for level in LEVELS:
            counts[level] += compressor_is_refuted(Thinned(0.3), seed, level)
    return [("check_compressor, bias and variance", counts)]


def compressor_is_refuted(compressor: Thinned, seed: int, level: float) -> bool:
    """Return whether the moments at one vector are refuted."""
    before, compressors.ALPHA = compressors.ALPHA, level
    try:
        compressors._check_moments(compressor, np.array([1.0, -2.0, 0.5]), seed, 200)
    except AssertionError:
        return True
    finally:
        compressors.ALPHA = before
    return False


# Power.

Power = tuple[str, str, list[float]]


def promise_powers() -> list[Power]:
    """Return how often a promise that is stronger than the true one is refuted."""
    rng = np.random.default_rng(7)
    features = rng.standard_normal((60, 6))
    labels = np.where(features @ rng.standard_normal(6) + rng.standard_normal(60) > 0.0, 1.0, -1.0)
    logistic = problems.Logistic(features, labels, clients=4, kappa=20.0)
    found: list[Power] = []
    for panel, problem, changes in (("quadratic", TIGHT, LETTERS), ("logistic regression", logistic, {})):
        seen: dict[str, list[float]] = {}
        for seed in track(range(POWER_RUNS), f"stronger promise, {panel}"):
            held = theory.case("scaffnew", problem, seed=seed, **changes)
            paths = only_paths(held)
            walks = paths.walks(held)
            ways = {
                "two paths, round by round": paths,
                "and a searched state, outcomes drawn": dataclasses.replace(paths, worst=drawn_aside(held)),
                "and a searched state, outcomes listed": dataclasses.replace(paths, worst=states.worst(held)),
            }
            seen.setdefault("two paths as a whole", []).append(sensitivity_as_a_whole(held, paths, walks))
            for way, walked in ways.items():
                seen.setdefault(way, []).append(path._sensitivity(held, walked, walks))
        found += [
            (f"stronger promise, {panel}", way, [float(np.mean(np.array(values) <= wrong)) for wrong in WRONGS])
            for way, values in seen.items()
        ]
    return found


def sensitivity_as_a_whole(held: Case, walked: path.Walked, walks: list[bets.Walk]) -> float:
    """Return the first of the sizes of a wrong that the product over the whole of each path would have refuted."""
    for wrong in WRONGS:
        bound = dataclasses.replace(held.bound, rho=1.0 - (1.0 + wrong) * (1.0 - held.rho))
        if bets.whole(bound, walks, walked.rounds).max() > -math.log(held.alpha):
            return wrong
    return math.inf


def wrong_powers() -> list[Power]:
    """Return how often a method is refuted that is wrong by so much."""
    title = "wrong method"
    frequencies = share_of(
        "frequencies", lambda seed, wrong: any(f.error > 0 for f in listed_findings(rare(seed, wrong)))
    )
    slow = share_of(
        "control variates", lambda seed, wrong: path.evidence(slower(seed, wrong), quiet).status == "refuted"
    )
    slow_paths = share_of("control variates, paths", paths_refute)
    variance = share_of(
        "variance", lambda seed, wrong: compressor_is_refuted(Thinned(0.3, (1 - wrong) * 7 / 3), seed, ALPHA)
    )
    return [
        (title, "rounds too rare: draws", frequencies),
        (title, "slow control variates: two paths", slow_paths),
        (title, "and a searched state", slow),
        (title, "ω too small: 200 messages", variance),
    ]


def paths_refute(seed: int, wrong: float) -> bool:
    """Return whether two paths alone refute Scaffnew with slow control variates."""
    held = slower(seed, wrong)
    walked = only_paths(held)
    return path.judged(held, walked).status == "refuted"


def quiet(share: float) -> None:
    """Report no progress."""


def share_of(name: str, is_refuted: Callable[[int, float], bool]) -> list[float]:
    """Return the share of seeds for which a wrong of each size is refuted."""
    runs = range(POWER_RUNS)
    return [float(np.mean([is_refuted(seed, wrong) for seed in runs])) for wrong in track(WRONGS, f"power, {name}")]


def changed(seed: int, **functions: Callable[..., Any]) -> Case:
    """Return Scaffnew with some of its functions replaced."""
    held = theory.case("scaffnew", TIGHT, seed=seed, **LETTERS)
    return dataclasses.replace(held, method=dataclasses.replace(held.method, **functions))


def rare(seed: int, wrong: float) -> Case:
    """Return Scaffnew that communicates that share more rarely than it lists."""

    def draw(rng: np.random.Generator, problem: Any, params: Any, rounds: int) -> Draws:
        return Draws(rng.geometric((1.0 - wrong) * params.p, rounds), {}, {})

    return changed(seed, draw=draw)


def slower(seed: int, wrong: float) -> Case:
    """Return Scaffnew whose control variates make that share less of every step."""
    right = theory.case("scaffnew", TIGHT, **LETTERS).method

    def less(params: Any) -> Any:
        return params._replace(p=(1.0 - wrong) * params.p)

    def step(oracles: Any, params: Any, state: Any, w: Any) -> Any:
        return right.step(oracles, less(params), state, w)

    def advance(oracles: Any, params: Any, state: Any, draws: Any) -> Any:
        return right.advance(oracles, less(params), state, draws)

    return changed(seed, step=step, advance=advance)


# What is written.


def interval(count: int, runs: int) -> tuple[float, float]:
    """Return Clopper and Pearson's interval, which holds the true rate in 95 % of all cases at least."""
    low = beta.ppf(0.025, count, runs - count + 1) if count else 0.0
    return float(low), float(beta.ppf(0.975, count + 1, runs - count) if count < runs else 1.0)


def page(alarms: list[Alarm], powers: list[Power]) -> str:
    """Return the page."""
    lines = [
        "# How often evidence errs, and how little it sees",
        "",
        f"Made by `make calibrate`: {RUNS} independent runs for each false alarm, {POWER_RUNS} for each power.",
        "",
        "## False alarms",
        "",
        "Runs of what is right, and attains its promise in every state, that would be refuted at a level of 5 % and of "
        "1 %; in brackets the 95 % interval of Clopper and Pearson. No rate may be above its level. Verdicts have a "
        f"level of {ALPHA:g} at most.",
        "",
        "| | at 5 % | at 1 % |",
        "|---|---|---|",
    ]
    for name, row in alarms:
        cells = []
        for level in LEVELS:
            low, high = interval(row[level], RUNS)
            cells.append(f"{row[level] / RUNS:.1%} [{low:.1%}, {high:.1%}]")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    lines += ["", "## Power", "", "![power against the size of the wrong](calibration.png)", ""]
    lines += [
        "The share of runs that refute, at the level that verdicts have, where the promised 1 - ρ is larger than the "
        "true one by so much of itself, or where the method is wrong by so much. Where outcomes are listed no level is "
        "needed: a state that breaks the promise refutes it.",
        "",
        "| | " + " | ".join(f"{wrong:.1%}" for wrong in WRONGS) + " |",
        "|---" * (len(WRONGS) + 1) + "|",
    ]
    lines += [f"| {panel}: {way} | {' | '.join(f'{one:.0%}' for one in shares)} |" for panel, way, shares in powers]
    return "\n".join(lines) + "\n"


# Lines that lie on each other are drawn so far apart.
_APART = 0.012
_LOOKS = (("#000000", "o"), ("#0072B2", "s"), ("#D55E00", "^"), ("#009E73", "D"))


def draw(powers: list[Power]) -> None:
    """Draw the power, a panel for each kind of wrong."""
    panels = list(dict.fromkeys(panel for panel, _, _ in powers))
    with mpl.rc_context(STYLE | {"axes.titlesize": 8.5}):
        figure = Figure(figsize=(8.0, 3.2))
        for place, panel in enumerate(panels):
            axes = figure.add_subplot(1, len(panels), place + 1)
            lines = [(way, shares) for one, way, shares in powers if one == panel]
            for position, ((colour, marker), (way, shares)) in enumerate(zip(_LOOKS, lines, strict=False)):
                shifted = np.array(shares) + _APART * (1.5 - position)
                axes.plot(WRONGS, shifted, color=colour, marker=marker, markersize=3.5, linewidth=1.2, label=way)
            axes.set(xscale="log", ylim=(-0.04, 1.04), title=panel.capitalize(), xlabel="size of the wrong")
            axes.xaxis.set_minor_locator(NullLocator())
            axes.xaxis.set_major_formatter(lambda value, _: f"{100.0 * value:g} %")
            axes.yaxis.set_major_formatter(lambda value, _: f"{100.0 * value:g} %")
            axes.legend(loc="upper left", bbox_to_anchor=(-0.5, -0.2))
        figure.axes[0].set_ylabel("share of runs that refute it")
        figure.savefig(DOCS / "calibration.png", dpi=200, metadata={"Software": None})


if __name__ == "__main__":
    main()
