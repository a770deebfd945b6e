"""What a method keeps without declaring it; tests of objects and of the template show what is said of it."""

import pytest

from rootkappa import problems, theory
from rootkappa.algorithms.driver.template import write_template
from rootkappa.tests.suited import suited
from rootkappa.theory.engines.conserved import undeclared

PROBLEM = problems.Quadratic.random(clients=3, dim=2, kappa=10.0)


def test_of_what_is_shipped_nothing_is_asked():
    assert undeclared(theory.case("saef", PROBLEM)) is None


@pytest.mark.parametrize("name", ["saef", "fedclg_s", "fedreg", "ef21", "scaffnew"])
def test_a_copy_of_what_is_shipped_has_nothing_to_declare(name, tmp_path):
    """The first three have no fixed point, steps of the fourth are not affine, and the last declares what it keeps."""
    write_template(tmp_path / "copy.py", like=name)
    assert undeclared(theory.case(tmp_path / "copy.py", suited(name, PROBLEM))) is None
