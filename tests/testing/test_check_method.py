"""``check_method`` passes what keeps its promise and names what breaks it."""

from pathlib import Path

import pytest

from rootkappa import algorithms, problems
from rootkappa.problems import InputError
from rootkappa.testing import check_method

MUTANTS = Path(__file__).parents[1] / "mutants"
QUADRATIC = problems.Quadratic.random(clients=4, dim=3, kappa=30.0, basis="client")


def test_a_right_method_passes():
    check_method("scaffnew")


@pytest.mark.parametrize("form", [str, algorithms.load])
@pytest.mark.parametrize(
    ("mutant", "sentence"), [("wrong_sign", "exact: From its worst"), ("coins_mean_of_all", "leaves 0")]
)
def test_a_wrong_method_is_named_with_its_fault(form, mutant, sentence):
    with pytest.raises(AssertionError, match=rf"{mutant}\.py breaks the promise of scaffnew\. .*{sentence}"):
        check_method(form(str(MUTANTS / f"{mutant}.py")), problems=[QUADRATIC])


def test_another_theorem_can_be_held_against_a_method():
    check_method("scaffnew", theorem="proxskip", problems=[QUADRATIC])
    # Plain averaging of local steps has these parameters too, but not that fixed point.
    with pytest.raises(AssertionError, match="breaks the promise of scaffnew"):
        check_method(str(MUTANTS / "frozen_control_variates.py"), theorem="scaffnew", problems=[QUADRATIC])
    with pytest.raises(
        InputError, match=r"the theorem scaffnew prescribes gamma, p, but gradient_descent takes gamma:"
    ):
        check_method("gradient_descent", theorem="scaffnew", problems=[QUADRATIC])


def test_a_method_of_which_nothing_is_known_does_not_pass():
    composite = problems.Quadratic.random(clients=3, dim=4, kappa=10.0, psi=problems.functions.L1(0.1))
    with pytest.raises(AssertionError, match=r"^Nothing could be found out about scaffnew"):
        check_method("scaffnew", problems=[composite])


def test_an_unknown_name_is_an_input_error():
    with pytest.raises(InputError, match=r"unknown method 'scafnew'"):
        check_method("scafnew")
    with pytest.raises(InputError, match="unknown theorem 'scafnew'"):
        check_method("scaffnew", theorem="scafnew")
