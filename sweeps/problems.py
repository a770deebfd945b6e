"""The problems of a sweep, from plain words and numbers that fit into a table."""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

from ..core.errors import unknown
from ..problems import Logistic, Problem, Quadratic
from ..problems.data import DEFAULT, names

KINDS = ("quadratic", "logistic")


@dataclass(frozen=True)
class ProblemSpec:
    """What defines a problem; the fields of the other kind are left at their defaults.

    Attributes
    ----------
    problem : {"quadratic", "logistic"}
        The kind.
    kappa : float
        The condition number, above 1.
    clients : int
        The number n.
    problem_seed : int
        For whatever is drawn to make the problem.
    dim, basis, heterogeneity
        Of a quadratic, see :meth:`rootkappa.problems.Quadratic.random`.
    data, partition, alpha
        Of logistic regression, see :meth:`rootkappa.problems.Logistic.load`.
    """

    problem: str = "quadratic"
    kappa: float = 100.0
    clients: int = 10
    problem_seed: int = 0
    dim: int = 20
    basis: str = "common"
    heterogeneity: float = 1.0
    data: str = DEFAULT
    partition: str = "contiguous"
    alpha: float = 0.5

    def configuration(self) -> dict[str, str | int | float]:
        """Return the fields that matter for this kind."""
        shared = ("problem", "kappa", "clients", "problem_seed")
        own = ("dim", "basis", "heterogeneity") if self.problem == "quadratic" else ("data", "partition", "alpha")
        return {name: getattr(self, name) for name in (*shared, *own)}

    def content(self) -> str:
        """Return a hash of the file that the data come from, empty if they have a name."""
        if self.problem == "quadratic" or self.data in names():
            return ""
        try:
            return blake2b(Path(self.data).read_bytes(), digest_size=16).hexdigest()
        except OSError:
            self.build()  # says what is wrong with the name
            raise

    def build(self) -> Problem:
        """Return the problem; the last few are kept.

        Raises
        ------
        InputError
            If a field is outside its range or the data cannot be used.
        """
        return _built(self)


@lru_cache(maxsize=16)
def _built(spec: ProblemSpec) -> Problem:
    if spec.problem == "quadratic":
        return Quadratic.random(spec.clients, spec.dim, spec.kappa, spec.problem_seed, spec.heterogeneity, spec.basis)
    if spec.problem == "logistic":
        return Logistic.load(
            spec.data,
            clients=spec.clients,
            kappa=spec.kappa,
            partition=spec.partition,
            alpha=spec.alpha,
            seed=spec.problem_seed,
        )
    raise unknown("problem", spec.problem, KINDS)
