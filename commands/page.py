"""All that there is to know of one method before anything is computed: letters, theorem, claims, and what to type."""

import shlex
from collections.abc import Callable, Iterable
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from .. import algorithms, theory
from ..algorithms.parts import letters
from ..core.streams import printable
from ..sweeps.problems import ProblemSpec, tried_on
from ..theory import claims


def method_page(method: algorithms.Method) -> Group:
    """Return the page of a method."""
    theorem = theory.promised_by(method)
    parts: list[RenderableType] = [_heading(method.name), _lines(_said(method.module))]
    parts += [_heading("Letters"), _letters(method.Params)]
    parts.append(_lines([f"Prescribed: {theorem.prescription}"] if theorem.prescription else []))
    parts += [_heading(f"Theorem {theorem.name}"), _lines(_told(theorem))]
    about = claims.about(method)
    parts += [_heading("Claims")] if about else []
    for claim in about:
        name = Text(f"{claim.name.replace('_', ' ')}: ", "italic")
        known = " Known not to hold." if "" in claim.refuted else ""
        some = f" Known not to hold: {', '.join(claim.refuted)}." if claim.refuted and not known else ""
        parts.append(Padding(name + Text(f"{claim.summary}{known}{some}"), (0, 0, 0, 4)))
    parts += [_heading("To type next"), _lines(_commands(method, theorem))]
    return Group(*parts)


def _heading(text: str) -> Text:
    return Text(printable(text), "bold underline")


def _lines(texts: Iterable[str]) -> Padding:
    return Padding(Group(*(Text(printable(text)) for text in texts)), (0, 0, 1, 4))


def _first(function: Callable[..., Any] | None) -> str:
    """Return the first sentences that some code says of itself, on one line."""
    return " ".join(((function and function.__doc__) or "").strip().partition("\n\n")[0].split())


def _said(module: Any) -> list[str]:
    summary, _, rest = (module.__doc__ or "").partition("\n")
    source = " ".join(rest.partition("Source:")[2].split())
    return [summary, *([f"Source: {source}"] if source else [])]


def _letters(params: Any) -> Padding:
    table = Table(box=None, pad_edge=False, show_header=False)
    for letter, words in letters.allowed(params).items():
        table.add_row(letter, Text(printable(words)))
    meaning = _first(params)
    # A class without a docstring has its signature for one.
    told = [] if meaning.startswith(f"{params.__name__}(") else [Text(printable(meaning))]
    return Padding(Group(*told, table), (0, 0, 0, 4))


def _told(theorem: theory.Theorem) -> list[str]:
    exponents = ", ".join(f"{axis} κ^{power:g}" for axis, power in theorem.exponents.items())
    rate = _first(theorem.contraction)
    said = {
        f"A factor of V {'a round' if theorem.unit == 'round' else 'an iteration'}": rate,
        "V": _first(theorem.lyapunov).removeprefix("V = "),
        "It needs": _first(theorem.admissible) if theorem.admissible.__module__ != theory.Theorem.__module__ else "",
        "Promised growth": exponents,
        "Source": theorem.source,
    }
    return [theorem.told, *(f"{name}: {text}" for name, text in said.items() if text)]


def _commands(method: algorithms.Method, theorem: theory.Theorem) -> list[str]:
    name = shlex.quote(method.name)
    numbers = letters.of_kind(method.Params, letters.Probability) or letters.of_kind(method.Params, letters.StepSize)
    letter = next(iter(numbers), "")
    # Only verify finds a problem by itself on which a method runs that does not run on the usual one.
    usual = ProblemSpec()
    spec = next(iter(tried_on([method], [usual])))
    own = {field: getattr(spec, field) for field in ("problem", "server", "private")}
    on = "".join(f" --{field} {value}" for field, value in own.items() if value != getattr(usual, field))
    exact = " --exact" if spec.problem == "quadratic" else ""
    lines = [f"rootkappa verify {name}"]
    if letter:
        lines.append(f"rootkappa verify {name} --{letter} 0.1")
    lines.append(f'rootkappa verify {name} --rate "1 - 1/kappa" --rounds "kappa*log(1/eps)"{on}')
    if theorem.exponents:
        lines.append(f"rootkappa sweep {name}{on}{exact} && rootkappa plot exponent")
    if letter:
        exact = exact if theorem.contraction else ""
        lines.append(f"rootkappa plot letter {name} {letter} --kappa 1e4{on}{exact}")
    if method.is_shipped:
        lines.append(f"rootkappa new my_{name}.py --like {name}")
    return lines
