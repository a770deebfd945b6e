"""Wrong methods as changes of a shipped method's text, one each: what somebody could get wrong, or hide.

A change is found by being in one of the files here, one a family. Each must be refuted on the problem that it names, at
default settings.
"""

from pathlib import Path

from . import adaptive, baselines, compression, local_training, masks, randomised_prox, sparsity
from .change import KINDS, Change

__all__ = ["CHANGES", "FAMILIES", "KINDS", "Change", "write"]

FAMILIES = {
    "masks": masks.CHANGES,
    "adaptive steps": adaptive.CHANGES,
    "baselines": baselines.CHANGES,
    "local training": local_training.CHANGES,
    "randomised prox": randomised_prox.CHANGES,
    "compression": compression.CHANGES,
    "sparsity": sparsity.CHANGES,
}
CHANGES = {change.name: change for family in FAMILIES.values() for change in family}

_METHODS = Path(__file__).parents[3] / "algorithms"


def write(change: Change, folder: Path) -> Path:
    """Write the changed copy of the shipped method to a folder, and return its path."""
    text = (_METHODS / f"{change.method}.py").read_text(encoding="utf-8")
    assert text.count(change.old) == 1, f"{change.name}: the old text occurs {text.count(change.old)} times"
    path = folder / f"{change.name}.py"
    path.write_text(text.replace(change.old, change.new), encoding="utf-8")
    return path
