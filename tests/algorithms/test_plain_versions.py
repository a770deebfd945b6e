"""Every shipped method is the one that is written in NumPy, from its paper, in tests/plain."""

from typing import get_type_hints

import pytest

from rootkappa import algorithms, problems, theory
from rootkappa.tests.plain.versions import VERSIONS

pytestmark = pytest.mark.drawn(6, "name")

NAMES = algorithms.names()
PROBLEM = problems.Quadratic.random(clients=4, dim=3, kappa=30.0, seed=1, basis="client")
# Letters that say no more than what is drawn.
DRAWN = {("proxskip_vr", "q"), ("adiana", "q"), ("tamuna", "c")}


def test_every_shipped_method_has_a_plain_version():
    assert sorted(VERSIONS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_shipped_method_is_the_plain_version(name):
    (verdict,) = theory.verify(VERSIONS[name](), PROBLEM, evidence="identity")
    assert verdict.status == "confirmed", verdict.sentence
    assert f"This is the method {name}: " in verdict.sentence


def with_wrong_letter(version, letter, change):
    class Wrong(version):
        def step(self, problem, params, state, outcome):
            wrong = params._replace(**{letter: change(getattr(params, letter))})
            return super().step(problem, wrong, state, outcome)

    return Wrong()


@pytest.mark.parametrize("name", NAMES)
def test_a_letter_that_is_a_little_wrong_is_seen(name):
    for letter, kind in get_type_hints(algorithms.get(name).Params).items():
        if kind is not str and (name, letter) not in DRAWN:
            change = (lambda value: value + 1) if kind is int else (lambda value: 0.999 * value)
            wrong = with_wrong_letter(VERSIONS[name], letter, change)
            (verdict,) = theory.verify(wrong, PROBLEM, evidence="identity")
            assert verdict.status == "refuted", letter
            assert f"This is not the method {name}: " in verdict.sentence
