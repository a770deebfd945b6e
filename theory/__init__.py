"""The theorems, one file each, and the engines of evidence that hold methods against them."""

from .case import Case, case
from .engines import exact
from .theorem import Condition, Theorem, get, names, promised_by
from .verdict import Bound, Verdict, exit_code
from .verify import verify, verify_stated
from .witness import write_witness

__all__ = [
    "Bound",
    "Case",
    "Condition",
    "Theorem",
    "Verdict",
    "case",
    "exact",
    "exit_code",
    "get",
    "names",
    "promised_by",
    "verify",
    "verify_stated",
    "write_witness",
]
