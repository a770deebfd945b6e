"""What is minimised: quadratics, logistic and softmax regression, nonsmooth functions, data and partitions.

What is slow to import is imported when it is asked for: data sets can be shown without a problem.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..core.errors import InputError

if TYPE_CHECKING:
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

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = import_module(f".{name.lower()}", __name__)
        return module if name == "functions" else getattr(module, name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
