"""What is minimised: quadratics, logistic and softmax regression, nonsmooth functions, data and partitions."""

from ..core.errors import InputError
from . import functions
from .composite import Composite
from .logistic import Logistic
from .personal import Personal
from .problem import Problem
from .quadratic import Quadratic
from .softmax import Softmax
from .solution import Solution

__all__ = [
    "Composite", "InputError", "Logistic", "Personal", "Problem", "Quadratic", "Softmax", "Solution", "functions",
]  # fmt: skip
