"""Every shipped method is the one that is written in NumPy, from its paper, in tests/plain."""

from typing import get_type_hints

import pytest

from rootkappa import algorithms, problems, theory
from rootkappa.tests.plain.versions import VERSIONS
from rootkappa.tests.suited import suited
from rootkappa.theory.engines import identity

pytestmark = pytest.mark.drawn(8, "name")

NAMES = algorithms.names()
PROBLEM = problems.Quadratic.random(clients=4, dim=3, kappa=30.0, seed=1, basis="client")
# Letters that say no more than what is drawn, or where a method starts.
DRAWN = {("proxskip_vr", "q"), ("adiana", "q"), ("tamuna", "c"), ("saef", "p"), ("fedlalr", "eps"), ("fedlalr", "K")}
DRAWN |= {("fedlalr", "M")}
DRAWN |= {("hiersfl", "q"), ("feddlr", "K"), ("dispfl", "K"), ("spatl", "M")}
DRAWN |= {(name, "M") for name in ("clg_sgd", "fedclg_c", "fedclg_s", "fedreg")}
# As prescribed a minibatch is of all samples, and one more is as good.
DRAWN |= {(name, letter) for name in ("clg_sgd", "fedclg_c", "fedclg_s") for letter in ("b", "b_s", "E")}
DRAWN |= {(name, "b") for name in ("feddlr", "spatl", "dispfl", "hiersfl")}
DRAWN |= {("clg_sgd", "K"), ("fedclg_c", "K")}
DRAWN |= {("salientgrads", letter) for letter in ("gamma", "density", "c", "w", "R", "b")}
# What there is time for is a whole number, however much of it is left over.
DRAWN |= {("blade_fl", letter) for letter in ("alpha", "beta", "M")}
# A share of rows that is a little larger is as many rows.
DRAWN |= {("spatl", "r")}
DRAWN |= {("dispfl", letter) for letter in ("density", "deg", "w")}
# A plan says who takes part, who helps whom and for how many steps.
DRAWN |= {("aergia", letter) for letter in ("S", "bf", "f", "comm", "w")}
DRAWN |= {("tifl", letter) for letter in ("S", "m", "credits", "I", "w")}
# Letters that are rounded to whole coordinates, of which a little makes no difference.
ROUNDED = {("dispfl", "alpha"), ("dispfl", "T"), ("aergia", "phi")}
# Letters that do nothing in a step as prescribed: one makes the start, the other acts from a second local step on.
AT_REST = {("flare", "tau"), ("flare", "beta"), ("flare", "P"), ("blade_fl", "sigma"), ("salientgrads", "G")}
# Letters of which a little more or less mostly changes nothing, as no rank does: larger changes are in the catalogue.
AT_REST |= {("feddlr", letter) for letter in ("p", "q", "rows")}


def test_every_shipped_method_has_a_plain_version():
    assert sorted(VERSIONS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_shipped_method_is_the_plain_version(name):
    (verdict,) = theory.verify(VERSIONS[name](), suited(name, PROBLEM), evidence="identity")
    assert verdict.status == "confirmed", verdict.sentence
    assert f"This is the method {name}: " in verdict.sentence


def letters_of(name):
    """Return the letters that are numbers and stand in the recursion, with their types."""
    kinds = get_type_hints(algorithms.get(name).Params)
    return {letter: kind for letter, kind in kinds.items() if kind is not str and (name, letter) not in DRAWN | AT_REST}


def refuted(name, letter, other):
    """Return whether a version in which a letter has the value ``other(problem, params)`` is not the method."""

    class Wrong(VERSIONS[name]):
        def step(self, problem, params, state, outcome):
            return super().step(problem, params._replace(**{letter: other(problem, params)}), state, outcome)

    (verdict,) = theory.verify(Wrong(), suited(name, PROBLEM), evidence="identity")
    return verdict.status == "refuted" and f"This is not the method {name}: " in verdict.sentence


@pytest.fixture
def early(monkeypatch):
    """Let only as many rounds be walked as a wrong letter needs, which acts from the first one."""
    monkeypatch.setattr(identity, "_LATER", 25)


@pytest.mark.parametrize("name", NAMES)
def test_a_letter_that_is_a_little_wrong_is_seen(name, early):
    for letter, kind in letters_of(name).items():
        if (name, letter) in ROUNDED:
            continue

        def other(problem, params, letter=letter, kind=kind):
            value = getattr(params, letter)
            return value + 1 if kind is int else 0.999 * value

        assert refuted(name, letter, other), letter


@pytest.mark.drawn(32, "name")
@pytest.mark.parametrize("name", NAMES)
def test_a_letter_that_is_prescribed_and_not_given_is_seen(name, early):
    theorem = theory.get(algorithms.get(name).promise)
    for letter in letters_of(name):

        def other(problem, params, letter=letter):
            others = {key: value for key, value in params._asdict().items() if key != letter}
            return getattr(theorem.parameters(problem, **others), letter)

        assert refuted(name, letter, other), letter
