"""What is minimised: quadratics, logistic regression, nonsmooth functions, data and partitions."""

from ..core.errors import InputError
from . import functions
from .composite import Composite
from .logistic import Logistic
from .problem import Problem
from .quadratic import Quadratic
from .solution import Solution

__all__ = ["Composite", "InputError", "Logistic", "Problem", "Quadratic", "Solution", "functions"]
