"""What a change is, and the cheats that fit every method."""

from typing import NamedTuple

#: Where a mistake hides.
KINDS = {
    "cost": "less is declared than is sent or computed",
    "sizes": "wrong beyond small sizes only",
    "ends": "wrong at the ends only: of letters, of time, of problems",
    "dependence": "what should be independent depends on something, or is biased",
    "model": "another model is handed out than that of the state",
    "start": "a wrong start, or what a step must not know",
    "step": "a wrong step, on every problem and from the first round on",
}


class Change(NamedTuple):
    """One change of one shipped method."""

    name: str
    method: str
    kind: str
    old: str
    """What stands in the method's file, exactly once."""
    new: str
    """What stands there instead."""
    wrong: str
    """What is wrong, in one sentence."""
    on: str = "quadratic"
    """The kind of problem on which it must be refuted."""


def appended(promise: str, text: str) -> tuple[str, str]:
    """Return the old and the new text of a change that adds something behind the line of the promise."""
    line = f'PROMISE = "{promise}"\n'
    return line, f"{line}\n{text}\n\n"


def costing(promise: str, change: str, gradients: str = "draws.iterations") -> tuple[str, str]:
    """Return the texts of a change after which a round costs something else; ``change`` is about ``told``."""
    return appended(
        promise,
        f"""
def cost(problem, params, draws):
    told = SENDS.cost(problem, params, len(draws), draws.iterations, {gradients})
    return told._replace({change})""",
    )


def drawing(promise: str, change: str) -> tuple[str, str]:
    """Return the texts of a change after which other rounds are drawn; ``change`` is about lengths, ends and steps."""
    return appended(
        promise,
        f"""
def draw(rng, problem, params, rounds):
    from .parts.rounds import Draws

    fair = RANDOM.draw(rng, problem, params, rounds)
    lengths, ends, steps = fair.lengths, dict(fair.ends), dict(fair.steps)
    {change}
    return Draws(lengths, ends, steps)""",
    )
