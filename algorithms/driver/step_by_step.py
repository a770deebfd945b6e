"""The ``advance`` of a method that defines its ``step`` only."""

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from numba.core.dispatcher import Dispatcher

from ...core.compiled import njit
from ...core.dispatch import dispatched, distinguish, implements


@dispatched
def _step_of(params, kernel, state, outcome):
    """Take one step in place, for the loop over steps."""
    raise NotImplementedError


@njit
def repeat(params, kernel, state, outcomes):
    """Take one step after the other in place, each under its outcome."""
    for outcome in outcomes:
        _step_of(params, kernel, state, outcome)


class StepByStep:
    """The ``advance`` of a file that defines ``step`` only: compiled if that is, and changes the state in place."""

    def __init__(self, module: ModuleType, unroll: Callable[[Any], Sequence[Any]], repeat: Any = repeat) -> None:
        self._step, self._unroll, self._repeat = module.step, unroll, repeat
        # Steps are told apart by the type of the letters, so each file has one of its own.
        if isinstance(module.step, Dispatcher):
            self._letters = type("_Letters", (module.Params,), {"__module__": module.__name__, "__slots__": ()})
            distinguish(self._letters)
            vars(module)["_Letters"] = self._letters
            step = module.step

            def one(params, kernel, state, outcome):
                step(kernel, params, state, outcome)

            implements(_step_of, self._letters)(one)

    def __call__(self, kernel: Any, params: Any, state: Any, draws: Any) -> Any:
        outcomes = self._unroll(draws)
        if len(outcomes) == 0:
            return None
        returned = self._step(kernel, params, state, outcomes[0])
        if returned is None and isinstance(self._step, Dispatcher):
            self._repeat(self._letters(*params), kernel, state, outcomes[1:])
            return None
        changed = state if returned is None else returned
        for outcome in outcomes[1:]:
            returned = self._step(kernel, params, changed, outcome)
            changed = changed if returned is None else returned
        return None if changed is state else changed
