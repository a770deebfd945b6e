"""What methods are made of: randomness, letters, what is sent, and the loops that they share."""

from ...core.compiled import njit
from ...core.dispatch import implements
from . import blocks, hybrid, letters, offloading, pseudo_data, server_rounds, tiers
from .components import Components, Flips
from .cost import Dense
from .local_steps import broadcast, client_steps, communicate, own_scratch, plain_steps
from .messages import average
from .nothing_drawn import Nothing
from .rounds import Coin, Phases
from .server_rounds import end_round, phase_steps, start_round
from .skipped_rounds import take
from .stochastic import OfServer, Stochastic, add_noise, minibatch_gradient, minibatch_steps

__all__ = [
    "Coin",
    "Components",
    "Dense",
    "Flips",
    "Nothing",
    "OfServer",
    "Phases",
    "Stochastic",
    "add_noise",
    "average",
    "blocks",
    "broadcast",
    "client_steps",
    "communicate",
    "end_round",
    "hybrid",
    "implements",
    "letters",
    "minibatch_gradient",
    "minibatch_steps",
    "njit",
    "offloading",
    "own_scratch",
    "phase_steps",
    "plain_steps",
    "pseudo_data",
    "server_rounds",
    "start_round",
    "take",
    "tiers",
]
