"""Compressors: what a client sends instead of a vector, one file each."""

from .bernoulli import Bernoulli
from .client_mask import ClientMask
from .compressor import Compressor, compress, compress_work_size, compress_workspace
from .identity import Identity
from .l1_selection import L1Selection
from .low_rank import LowRank
from .natural import Natural
from .perm_k import PermK
from .qsgd import QSGD
from .rand_k import RandK
from .scaled_sign import ScaledSign
from .top_k import TopK

__all__ = [
    "QSGD",
    "Bernoulli",
    "ClientMask",
    "Compressor",
    "Identity",
    "L1Selection",
    "LowRank",
    "Natural",
    "PermK",
    "RandK",
    "ScaledSign",
    "TopK",
    "compress",
    "compress_work_size",
    "compress_workspace",
]
