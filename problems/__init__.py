"""What is minimised: quadratics, logistic regression, nonsmooth functions, data and partitions."""

from . import functions
from .errors import InputError
from .logistic import Logistic
from .problem import Problem
from .quadratic import Quadratic
from .solution import Solution

__all__ = ["InputError", "Logistic", "Problem", "Quadratic", "Solution", "functions"]
