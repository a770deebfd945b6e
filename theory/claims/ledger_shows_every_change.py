"""The ledger of a path is right, shows every change of a block, and holds digests of models and no model.

Of a path it is if the mean of the models of a block is the model that the next one starts from.

Control: whoever does the work of the changed block and of all later ones again is seen by those only who have kept the
models; and where no work is asked for, bits = 0, that takes one hash a block.
"""

import numpy as np

from ...algorithms.parts.blocks import copy_lazily, local_steps
from ...algorithms.parts.ledger import Ledger
from ...core.randomness import generator
from ..case import Case, Progress
from ..verdict import Verdict

METHODS = ("blade_fl",)
_BITS, _BLOCKS, _MINING = 8, 8, "mining"
_ROUNDING = 1e-9


def measure(case: Case, progress: Progress) -> Verdict:
    """Mine the blocks of a path, change each field of each, and hide a change of the first."""
    models, apart = models_of_blocks(case, _BLOCKS)
    progress(0.3)
    ledger = mined(models, _BITS, case)
    is_right, shown, tried = ledger.wrong(models) is None and apart <= _ROUNDING, 0, 0
    for place, block in enumerate(ledger.blocks[:-1]):
        for field, value in block._asdict().items():
            other = f"{(int(value, 16) ^ 1):064x}" if isinstance(value, str) else value + 1
            ledger.blocks[place] = block._replace(**{field: other})
            shown, tried = shown + (ledger.wrong() is not None), tried + 1
        ledger.blocks[place] = block
    progress(0.6)
    asked, free = _hashes_to_hide(models, _BITS, case), _hashes_to_hide(models, 0, case)
    are_hidden, are_known = asked[1] and free[1], asked[2] or free[2]
    status = "confirmed" if is_right and shown == tried and are_hidden and not are_known else "refuted"
    sentence = (
        f"The ledger of {len(models)} blocks is {'that' if is_right else 'not that'} of the path, and {shown} of "
        f"{tried} changes of one field are seen. Control: to hide other models in the first block takes {asked[0]} "
        f"hashes with {_BITS} bits and {free[0]} with none; who has the models sees {'nothing' if are_known else 'it'}."
    )
    return case.verdict("claim", status, sentence, float(tried - shown), 0.0)


def models_of_blocks(case: Case, count: int) -> tuple[list[np.ndarray], float]:
    """Return what all clients tell in each of so many blocks, and how far the next model is at most from its mean."""
    problem, params, told, apart = case.problem, case.params, list[np.ndarray](), 0.0
    state, draws = case.initial(), case.draw(generator(case.seed, "ledger"), count)
    for r, w in enumerate(draws.ends["w"]):
        models = np.tile(case.model(state), (problem.n, 1))
        for _ in range(local_steps(params)):
            models -= params.eta * problem.gradients_at(models)
        copy_lazily(w, models, params.sigma)
        told.append(models)
        state = case.advance(state, draws[r : r + 1])
        away = np.abs(case.model(state) - models.mean(axis=0)).max() / (np.abs(models).max() or 1.0)
        apart = max(apart, float(away))
    return told, apart


def mined(models: list[np.ndarray], bits: int, case: Case) -> Ledger:
    """Return the ledger of some blocks; the first of all clients to find a nonce has taken an exponential time."""
    rng, ledger, time = generator(case.seed, _MINING), Ledger(bits), 0.0
    for told in models:
        waits = rng.exponential(case.params.beta * len(told), len(told))
        time += local_steps(case.params) * case.params.alpha + float(waits.min())
        ledger.mine(told, int(waits.argmin()), time)
    return ledger


def _hashes_to_hide(models: list[np.ndarray], bits: int, case: Case) -> tuple[int, bool, bool]:
    """Return how many hashes it takes to hide other models, whether the ledger is then right, and with the models."""
    ledger = mined(models, bits, case)
    before = ledger.hashes
    ledger.forge(0, models[0] + 1.0)
    return ledger.hashes - before, ledger.wrong() is None, ledger.wrong(models) is None
