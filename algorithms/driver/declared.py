"""What the file of a method says, and what follows from it where it says nothing."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from ...core.compiled import is_ours, uncached
from ...core.errors import InputError
from ...problems.problem import Problem
from ..parts import local_steps, nothing_drawn, server_rounds, skipped_rounds
from ..parts.clock import Clock, usual_seconds
from ..parts.cost import Cost, Sends
from ..parts.rounds import Phases, Randomness
from . import files
from .step_by_step import StepByStep, repeat

# What functions that take letters by their names take besides.
_ARGUMENTS = {"self", "method", "problem", "evidence", "seed", "progress", "rate", "rounds", "epsilons", "per"}
_STATES = ("State", "start", "model", "fixed_point", "invariants")
# What a method may leave to the part that its FAMILY names.
_OF_A_FAMILY = (*_STATES, "check", "advance")


class Declared:
    """What a module says, and what follows from it."""

    def __init__(self, module: ModuleType, name: str) -> None:
        family = vars(module).get("FAMILY")
        self._names = {key: value for key, value in vars(family).items() if key in _OF_A_FAMILY} if family else {}
        self._names |= vars(module)
        self._module, self._name = module, name
        self._is_file = not is_ours(module.__name__)
        params = self.needed("Params")
        if not (isinstance(params, type) and issubclass(params, tuple) and hasattr(params, "_fields")):
            raise InputError(f"{name} has Params = {params!r}: make it a NamedTuple of the method's letters.")
        taken = sorted(_ARGUMENTS.intersection(vars(params)))
        if taken:
            raise InputError(f"{name} has a letter {taken[0]!r}, which is an argument beside the letters: rename it.")
        promise = self.get("PROMISE")
        if not isinstance(promise, str | None):
            raise InputError(f"{name} has PROMISE = {promise!r}: give the name of a theorem, such as 'scaffnew'.")
        self._averages = _is_implemented(local_steps.communicate, params)
        self._serves = _is_implemented(server_rounds.end_round, params)

    def get(self, attribute: str, default: Any = None) -> Any:
        return self._names.get(attribute, default)

    def needed(self, attribute: str, instead: str = "") -> Any:
        if attribute not in self._names:
            raise InputError(
                f"{self._name} declares no method, it lacks {attribute}{instead}: define it as in "
                "algorithms/scaffnew.py, or start from rootkappa new."
            )
        return self._names[attribute]

    def randomness(self) -> dict[str, Any]:
        """Return what RANDOM gives, or the functions in its place."""
        random = self.get("RANDOM")
        if random is not None and not isinstance(random, Randomness):
            raise InputError(
                f"{self._name} has RANDOM = {random!r}: give what ends a round, for example Coin('p') or Nothing()."
            )
        given: dict[str, Any] = {"random": random}
        for attribute in ("outcomes", "draw", "unroll", "pace"):
            if attribute in self._names:
                given[attribute] = self._names[attribute]
            elif random is not None:
                given[attribute] = getattr(random, attribute)
            elif attribute == "unroll":
                given[attribute] = np.asarray  # drawn by hand, one outcome a round
            else:
                self.needed("RANDOM")
        return given

    def cost(self) -> Callable[[Problem, Any, Any], Cost]:
        """Return what SENDS gives, or the function in its place."""
        own = self.get("cost")
        if own is not None:
            return own
        sends: Sends = self.needed("SENDS", " or cost")
        gradients = self.get("gradients")

        def cost(problem: Problem, params: Any, draws: Any) -> Cost:
            iterations = draws.iterations
            counted = gradients(problem, params, draws) if gradients else iterations
            return sends.cost(problem, params, len(draws), iterations, counted)

        return cost

    def seconds(self) -> Callable[[Problem, Any, Any, Clock], np.ndarray]:
        """Return what follows from cost and from what is drawn, or the function in its place."""
        sends = self.get("SENDS") if self.get("cost") is None else None
        usual = usual_seconds(self.get("RANDOM"), self.cost(), sends, self.get("gradients"))
        return self.get("seconds", usual)

    def states(self) -> dict[str, Any]:
        """Return what states are: those of clients with control variates, or of a server, or the module's own."""
        own = self.get("State")
        usual: Any = skipped_rounds if self._averages or own is skipped_rounds.State else nothing_drawn
        given: dict[str, Any] = {"invariants": None} | {
            name: vars(usual)[name] for name in _STATES if name in vars(usual)
        }
        if own not in (None, usual.State):
            self.needed("start")
            given |= {"fixed_point": None, "invariants": None}
        found = given | {name: self._names[name] for name in _STATES if name in self._names}
        return found | {"invariants": found["invariants"] or _nothing_conserved}

    def jumps(self) -> Callable[[Any], bool]:
        """Return JUMPS, which is for methods that draw nothing."""
        found, random = self.get("JUMPS"), self.get("RANDOM")
        if found is None:
            return never
        if not (callable(found) and isinstance(random, Phases) and not random.parts):
            raise InputError(
                f"{self._name} has JUMPS = {found!r} and RANDOM = {random!r}: give JUMPS = oracles.knows_jumps beside "
                "RANDOM = Nothing(), or leave JUMPS out."
            )
        jumps: Any = found
        return jumps

    def moves(self) -> dict[str, Any]:
        """Return step and advance: the module's own, or the loops of the parts."""
        step, advance = self.get("step"), self.get("advance")
        if step is None:
            loops = self._loops()
            may = advance is None and getattr(loops, "may_go_together", False)
            together = loops.advance_together if may else None
            return {"step": loops.step, "advance": advance or loops.advance, "advance_together": together}
        own = (self._stored(repeat),) if self._is_file else ()
        if advance is None:
            advance = StepByStep(self._module, self.randomness()["unroll"], *own)
        return {"step": step, "advance": advance}

    def _loops(self) -> Any:
        letters = self._names["Params"]
        if self._averages:
            loop = self._stored(local_steps.all_rounds) if self._is_file else local_steps.all_rounds
            return local_steps.LocalSteps(self.randomness()["random"], letters, self.get("compiled"), loop)
        if self._serves:
            loop = self._stored(server_rounds.all_rounds) if self._is_file else server_rounds.all_rounds
            return server_rounds.ServerRounds(letters, self.get("RANDOM"), self.get("compiled"), loop)
        return self.needed("step", " or a communicate for its Params")

    def _stored(self, loop: Any) -> Any:
        """Return a copy of a compiled loop for a user's file, stored with its own compiled functions."""
        copy = uncached(loop)
        files.store_compiled(self._module, copy)
        return copy


def never(kernel: Any) -> bool:
    """Return that a method takes no round in one jump."""
    return False


def _nothing_conserved(problem: Problem, params: Any, state: Any) -> dict[str, np.ndarray]:
    return {}


def _is_implemented(function: Any, params: type) -> bool:
    return any(base in function.implementations for base in params.__mro__)
