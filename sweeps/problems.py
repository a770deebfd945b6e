"""The problems of a sweep, from plain words and numbers that fit into a table."""

from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, cast

import numpy as np

from ..algorithms.driver.method import Method
from ..core.errors import InputError, unknown
from ..problems import Logistic, Personal, Problem, Quadratic, Softmax, functions, softmax
from ..problems.data import DEFAULT, tables
from ..problems.data import content as data_content
from ..problems.data.groups import grouped
from ..problems.partitions import full_name

# Of data: which columns of a table are what, and what is made of them.
_TABLE, _AS_DATA = ("label_column", "client_column", "labels"), ("weights", "intercept", "standardise")
#: What there is to say of each kind of problem beyond what all have.
FIELDS = {
    "quadratic": ("dim", "basis", "heterogeneity", "private"),
    **dict.fromkeys(("logistic", "softmax"), ("data", *_TABLE, "partition", "alpha", *_AS_DATA, "server", "private")),
}
#: What all have.
SHARED = ("problem", "kappa", "clients", "problem_seed", "psi")
KINDS = tuple(FIELDS)
#: The kinds that are taken where none is named.
USUAL = ("quadratic", "logistic")
#: The kinds that are problems of data, and the data set of each where none is named.
ON_DATA = {"logistic": (Logistic, DEFAULT), "softmax": (Softmax, softmax.DEFAULT)}
# Problems for methods that run on no usual one; those of the first line of which a method runs on any are taken.
_OTHERS: tuple[tuple[dict[str, Any], ...], ...] = (
    ({"problem": "logistic", "server": 0.1},),
    ({"problem": "softmax", "data": softmax.DEFAULT},),
)
# And for methods that know private models: with a part that is shared, or without.
_PERSONAL: tuple[tuple[dict[str, Any], ...], ...] = tuple(
    ({"problem": "quadratic", "private": few}, {"problem": "softmax", "data": softmax.DEFAULT, "private": many})
    for few, many in (("5", "16"), ("all", "all"))
)
# Entries of the matrices of all clients: 2 GB of them.
_LARGEST = 250_000_000


@dataclass(frozen=True)
class ProblemSpec:
    """What defines a problem; the fields of other kinds are left at their defaults.

    Attributes
    ----------
    problem : {"quadratic", "logistic", "softmax"}
        The kind.
    kappa : float
        The condition number, above 1.
    clients : int
        The number n.
    problem_seed : int
        For whatever is drawn to make the problem.
    psi : str
        The nonsmooth term as it is written, for example "L1(0.1)"; empty if there is none.
    dim, basis, heterogeneity
        Of a quadratic, see :meth:`rootkappa.problems.Quadratic.random`.
    data, partition, alpha, server
        Of logistic and softmax regression, see :meth:`rootkappa.problems.Logistic.load`; a share of 0 is a server
        without data.
    label_column, client_column, labels : str
        Of a table the columns of labels and of clients, the number of whom is then read and not ``clients``, and groups
        of labels, see :meth:`rootkappa.problems.Logistic.from_frame`; empty for none.
    weights, intercept : str
        As of :class:`rootkappa.problems.Logistic`, an intercept "free" or "penalised"; empty for what is usual.
    standardise : bool
        Whether features are standardised.
    private : str
        What of a model is every client's own, see :class:`rootkappa.problems.Personal`: "all", or how many of the last
        coordinates, in softmax regression of the last features; empty for nothing.
    """

    problem: str = "quadratic"
    kappa: float = 100.0
    clients: int = 10
    problem_seed: int = 0
    psi: str = ""
    dim: int = 20
    basis: str = "common"
    heterogeneity: float = 1.0
    data: str = DEFAULT
    label_column: str = ""
    client_column: str = ""
    labels: str = ""
    partition: str = "contiguous"
    alpha: float = 0.5
    weights: str = ""
    intercept: str = ""
    standardise: bool = False
    server: float = 0.0
    private: str = ""

    def configuration(self) -> dict[str, str | int | float]:
        """Return the fields that matter for this kind."""
        return {name: getattr(self, name) for name in (*SHARED, *FIELDS.get(self.problem, FIELDS["logistic"]))}

    def content(self) -> str:
        """Return what tells the data apart from any other, empty if nothing is read.

        Raises
        ------
        InputError
            If there are no such data.
        """
        if self.problem == "quadratic":
            return ""
        known = _GIVEN.get()
        return known[self][0] if self in known else data_content(self.data)

    def build(self) -> Problem:
        """Return the problem; the last few are kept for as long as their data are the same.

        Raises
        ------
        InputError
            If a field is outside its range, or the data cannot be used or change while they are read.
        """
        if self.problem not in KINDS:
            raise unknown("problem", self.problem, KINDS)
        known = _GIVEN.get()
        return known[self][1] if self in known else _built(self, self.content())


# Problems that another process has built, each with what tells its data apart.
_GIVEN: ContextVar[Mapping[ProblemSpec, tuple[str, Problem]]] = ContextVar("given", default={})  # noqa: B039


@contextmanager
def given(problems: Mapping[ProblemSpec, tuple[str, Problem]]) -> Generator[None]:
    """Take some problems for those of their specs in this block, whatever data there are.

    Parameters
    ----------
    problems : mapping of ProblemSpec to (str, Problem)
        What :meth:`ProblemSpec.content` and :meth:`ProblemSpec.build` return.
    """
    token = _GIVEN.set(problems)
    try:
        yield
    finally:
        _GIVEN.reset(token)


def problem_specs(
    kappas: Iterable[float], kinds: Iterable[str] | None = None, data: Iterable[str] | None = None, **options: Any
) -> list[ProblemSpec]:
    """Return the problems of all combinations of kinds, data and condition numbers.

    Parameters
    ----------
    kappas : iterable of float
        The condition numbers.
    kinds : iterable of str, optional
        Of "quadratic", "logistic" and "softmax"; by default the first two, and logistic regression alone where data are
        named.
    data : iterable of str, optional
        Names of data sets, or paths of files.
    **options
        The other fields of :class:`ProblemSpec`, the same for all.

    Raises
    ------
    InputError
        If a kind is unknown, or data are named and no kind takes any.

    Examples
    --------
    >>> [(spec.problem, spec.data) for spec in problem_specs([10.0], data=["wine", "a9a"])]
    [('logistic', 'wine'), ('logistic', 'a9a')]
    """
    sets = list(data or ())
    chosen = list(kinds or (["logistic"] if sets else USUAL))
    for kind in chosen:
        if kind not in KINDS:
            raise unknown("problem", kind, KINDS)
    if sets and not set(chosen) & set(ON_DATA):
        raise InputError(
            f"data = {','.join(sets)!r} goes with no quadratic, which is drawn: leave out --data, "
            "or take --problem logistic or softmax."
        )
    if "quadratic" in chosen:
        _check_size(options.get("clients", ProblemSpec.clients), options.get("dim", ProblemSpec.dim))
    if "partition" in options:
        options["partition"] = full_name(options["partition"])
    specs = [
        ProblemSpec(kind, kappa, data=name, **options)
        for kind in chosen
        for name in (sets if sets and kind in ON_DATA else [ON_DATA[kind][1] if kind in ON_DATA else DEFAULT])
        for kappa in kappas
    ]
    return [
        replace(spec, clients=_counted(spec)) if spec.client_column and spec.problem in ON_DATA else spec
        for spec in specs
    ]


def _counted(spec: ProblemSpec) -> int:
    """Return how many clients a column names, in rows that are not left out."""
    if not tables.is_table(spec.data):
        return spec.clients  # which is refused when it is read
    table = tables.read(spec.data, spec.label_column or None, spec.client_column)
    taken = grouped(table.labels, spec.labels)[0] if spec.labels else slice(None)
    return len(np.unique(cast("Any", table.clients)[taken]))


def tried_on(methods: Iterable[Method], specs: Sequence[ProblemSpec]) -> dict[ProblemSpec, list[Method]]:
    """Return problems, each with the methods to try on it, where nobody has said which.

    Parameters
    ----------
    methods : iterable of Method
        A method that runs on none of the problems gets another in their place: of a server with data, or of classes;
        one that knows private models gets problems that have some.
    specs : sequence of ProblemSpec
        The usual problems.

    Examples
    --------
    >>> from rootkappa import algorithms
    >>> found = tried_on([algorithms.get("scaffnew"), algorithms.get("fedclg_c")], [ProblemSpec()])
    >>> [(spec.problem, spec.server, [method.name for method in some]) for spec, some in found.items()]
    [('quadratic', 0.0, ['scaffnew']), ('logistic', 0.1, ['fedclg_c'])]
    """
    tried: dict[ProblemSpec, list[Method]] = {}
    for method in methods:
        others = [[replace(specs[0], psi="", **fields) for fields in line] for line in (*_PERSONAL, *_OTHERS)]
        # Private models of a method that knows some are what its promises are about.
        lines = [*others, specs] if method.handles_personal else [specs, *others]
        for spec in next((line for line in lines if _runs_on_any(method, line)), specs):
            tried.setdefault(spec, []).append(method)
    return tried


def _runs_on_any(method: Method, specs: Iterable[ProblemSpec]) -> bool:
    for spec in specs:
        with suppress(InputError):
            method.check(spec.build())
            return True
    return False


def _check_size(clients: int, dim: int) -> None:
    """Refuse a quadratic that no memory could hold, before anything is drawn."""
    if clients * dim**2 > _LARGEST:
        raise InputError(
            f"clients = {clients} and dim = {dim} make a quadratic that fits into no memory: give smaller "
            f"ones, up to clients * dim^2 = {_LARGEST:.2g}."
        )


def _personal(spec: ProblemSpec) -> Personal:
    """Return the problem with private models."""
    inner = replace(spec, private="").build()
    if spec.private == "all":
        return Personal(inner, "all")
    most = inner.blocks.columns if isinstance(inner, Softmax) else inner.d
    count = int(spec.private) if spec.private.isdecimal() else most + 1
    if count > most:
        of = "features" if isinstance(inner, Softmax) else "coordinates"
        raise InputError(f"private = {spec.private!r} is no part of a model with {most} {of}: give 'all', or how many.")
    if isinstance(inner, Softmax):
        return Personal(inner, private_features=count)
    return Personal(inner, np.arange(inner.d - count, inner.d))


@lru_cache(maxsize=16)
def _built(spec: ProblemSpec, content: str) -> Problem:
    if spec.private:
        return _personal(spec)
    psi = functions.get(spec.psi) if spec.psi else None
    if spec.problem == "quadratic":
        drawn = (spec.clients, spec.dim, spec.kappa, spec.problem_seed, spec.heterogeneity, spec.basis)
        return Quadratic.random(*drawn, psi=psi)
    # Whose samples they are is said once: by a column, or by how many clients share them in which way.
    shared = {"client": spec.client_column} if spec.client_column else {
        "clients": spec.clients, "partition": spec.partition, "alpha": spec.alpha,
    }  # fmt: skip
    problem = ON_DATA[spec.problem][0].load(
        spec.data,
        kappa=spec.kappa,
        seed=spec.problem_seed,
        psi=psi,
        server=spec.server or None,
        label=spec.label_column or None,
        labels=spec.labels or None,
        weights=spec.weights or None,
        intercept=spec.intercept or False,
        standardise=spec.standardise,
        **shared,
    )
    if spec.content() != content:
        raise InputError(f"data = {spec.data!r} changed while it was read: run this again when it rests.")
    return problem
