"""The busiest client sends and receives fewer numbers than a server, and than with dense models by just the density.

Controls: FedAvg's server, which sends every client a dense model and receives one; and decentralised FedAvg, which is
the method with density 1, on the same graphs. The paper counts numbers. Where they stand travels too as long as masks
move, so that bits are saved by a little less.
"""

import dataclasses

from ...core.randomness import generator
from ...problems import Personal, Quadratic
from ..case import Case, Progress
from ..verdict import Verdict

METHODS = ("dispfl",)
ELSEWHERE = True
_BITS = "bits, beside dense models"
REFUTED = {_BITS: "Masks move, so the places of the numbers are sent as well, by up to a bit for each coordinate."}
_CLIENTS, _DIM, _PEERS, _ROUNDS = 20, 40, 2, 200
_ROUNDING = 1e-12


def measure(case: Case, progress: Progress) -> list[Verdict]:
    """Count what travels through the clients that are busiest in their rounds, beside both controls."""
    # What is sent does not depend on the functions.
    inner = Quadratic.random(_CLIENTS, _DIM, 10.0, case.seed)
    place = dataclasses.replace(case, problem=Personal(inner, private="all"), changes={"deg": _PEERS})
    dense = dataclasses.replace(place, changes=place.changes | {"density": 1.0, "alpha": 0.0})
    # The same graphs for both.
    own, other = (one.cost(one.draw(generator(case.seed, "busiest"), _ROUNDS)) for one in (place, dense))
    density = place.params.density
    server = 2 * _CLIENTS * _DIM * _ROUNDS
    numbers, most = own.floats_up + own.floats_down, other.floats_up + other.floats_down
    of_bits = (own.bits_up + own.bits_down) / (other.bits_up + other.bits_down)
    rounds = f"in {_ROUNDS} rounds with {_CLIENTS} clients that draw {_PEERS} peers each"
    progress(1.0)
    return [
        case.verdict(
            "claim",
            "confirmed" if numbers < server else "refuted",
            f"The busiest client sends and receives {numbers} numbers {rounds}, a server {server}: "
            f"{numbers / server:.3f} times as many. Control: {most / server:.3f} times with dense models.",
            numbers / server,
            1.0,
            part="numbers, beside a server",
        ),
        case.verdict(
            "claim",
            "confirmed" if abs(numbers / most - density) <= _ROUNDING else "refuted",
            f"The busiest client sends and receives {numbers / most:.4g} times as many numbers {rounds} as with dense "
            f"models, the control, and the density is {density:g}.",
            numbers / most,
            density,
            part="numbers, beside dense models",
        ),
        case.verdict(
            "claim",
            "confirmed" if of_bits <= density + _ROUNDING else "refuted",
            f"The busiest client sends and receives {of_bits:.4g} times as many bits {rounds} as with dense models, "
            f"the control, and the density is {density:g}.",
            of_bits,
            density,
            part=_BITS,
        ),
    ]
