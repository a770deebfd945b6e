"""Grids of methods and problems, computed cell by cell into one SQLite file."""

from .cells import Cell
from .problems import ProblemSpec
from .store import Store
from .sweep import Unreached, families, grid_cells, run_cells, slopes
from .workers import cluster

__all__ = ["Cell", "ProblemSpec", "Store", "Unreached", "cluster", "families", "grid_cells", "run_cells", "slopes"]
