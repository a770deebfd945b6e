"""Nonsmooth functions with their proximal operators, one file each."""

from .consensus import Consensus
from .function import Function
from .l1 import L1, LInfBall
from .zero import Zero

__all__ = ["L1", "Consensus", "Function", "LInfBall", "Zero"]
