"""A counterexample is shown by NumPy alone, and is one: what is right has none, nor have arrays that are changed."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rootkappa import algorithms, problems, theory
from rootkappa.core.errors import InputError
from rootkappa.theory.witness import witness, write_witness

ALONE = "import runpy, sys; sys.modules['rootkappa'] = None; runpy.run_path(sys.argv.pop(1), run_name='__main__')"
SCAFFNEW = Path(algorithms.get("scaffnew").module.__file__).read_text(encoding="utf-8")


def shown(script, arrays):
    """Return what the script says in a process that has no Rootkappa."""
    line = [sys.executable, "-I", "-c", ALONE, str(script), str(arrays)]
    return subprocess.run(line, capture_output=True, text=True, check=False)


@pytest.fixture
def wrong(tmp_path):
    """Return a file whose control variates learn half as fast: a right limit, and a wrong rate."""
    file = tmp_path / "mine.py"
    own = SCAFFNEW.replace("from .parts", "from rootkappa.algorithms.parts")
    file.write_text(own.replace("H[i, j] += params.p /", "H[i, j] += 0.02 * params.p /"), encoding="utf-8")
    return str(file)


def quadratic(**options):
    return problems.Quadratic.random(**{"clients": 3, "dim": 2, "kappa": 10.0, **options})


def check_shown(verdict, problem, tmp_path):
    arrays, script = write_witness(verdict, problem, tmp_path / "w.npz")
    assert len(script.read_text(encoding="utf-8").splitlines()) <= 20
    assert "rootkappa" not in script.read_text(encoding="utf-8").partition("import")[2]
    found = shown(script, arrays)
    assert (found.returncode, found.stderr) == (0, "")
    return found.stdout, script, arrays


@pytest.mark.parametrize(
    ("stated", "steps", "low", "high"),
    [
        # A step's factor is 0.9 exactly. Four steps are the first to bring V below 0.7, so after three it is above, and
        # no more than three times the factor.
        ({"rate": "1 - 1.5/kappa"}, 1, 0.9 - 1e-8, 0.9 + 1e-8),
        ({"rounds": "0.9*sqrt(kappa)*log(1/eps)"}, 3, 0.7, 0.9**3),
    ],
)
def test_what_is_stated_and_wrong_is_shown_by_numpy_alone(stated, steps, low, high, tmp_path):
    (verdict,) = theory.verify("scaffnew", quadratic(), **stated)
    output, script, arrays = check_shown(verdict, quadratic(), tmp_path)
    told, number, allowed = re.fullmatch(r"after (.) steps .* V is (.*) of its start, stated (.*)\n", output).groups()
    assert int(told) == steps
    assert low < float(number) < high
    assert float(allowed) == (0.85 if steps == 1 else 0.7)
    # The same script on arrays that state more than is broken says so.
    with np.load(arrays) as kept:
        weaker = {**kept, "allowed": np.array(0.99)}
    np.savez(tmp_path / "weaker.npz", **weaker)
    refused = shown(script, tmp_path / "weaker.npz")
    assert refused.returncode == 1
    assert "this is no violation" in refused.stderr


def test_the_state_is_one_of_the_method_on_the_problem(tmp_path):
    """From the written state the shipped step does what the script says, and the arrays are those of the problem."""
    problem = quadratic()
    (verdict,) = theory.verify("scaffnew", problem, rate="1 - 1.5/kappa")
    arrays = witness(verdict, problem).arrays
    assert np.array_equal(arrays["hessians"], problem.hessians)
    assert (arrays["param_gamma"], arrays["param_p"]) == (1.0, verdict.params["p"])
    case = theory.case("scaffnew", problem)
    X, H = (part.reshape(3, 2) for part in np.split(arrays["state"], 2))
    assert np.abs(H.sum(axis=0)).max() < 1e-9 * np.abs(H).max()
    start = case.lyapunov(case.state(X.copy(), H.copy()))
    mean = sum(q * case.lyapunov(case.step(case.state(X.copy(), H.copy()), w)) for q, w in case.outcomes())
    assert mean / start == pytest.approx(0.9, rel=1e-9)


def test_a_wrong_method_is_shown_exactly_and_along_its_paths(wrong, tmp_path):
    problem = quadratic(kappa=30.0)
    verdicts = theory.verify(wrong, problem, evidence=("exact", "path"))
    assert [verdict.status for verdict in verdicts] == ["refuted", "refuted"]
    for verdict in verdicts:
        check_shown(verdict, problem, tmp_path)


def test_where_no_step_is_affine_the_paths_are_shown(wrong, tmp_path, monkeypatch):
    problem = quadratic(kappa=30.0)
    (verdict,) = theory.verify(wrong, problem, evidence="path")

    monkeypatch.setattr("rootkappa.theory.witness.is_affine", lambda problem: False)
    monkeypatch.delitem(verdict.details, "worst", raising=False)
    output, _, arrays = check_shown(verdict, problem, tmp_path)
    assert "is won with chance 0.0001 at most" in output
    # At the rate that the method keeps the same paths win nothing.
    with np.load(arrays) as kept:
        slower = {**kept, "progress": np.array(1e-9)}
    np.savez(tmp_path / "slower.npz", **slower)
    assert shown(tmp_path / "w.py", tmp_path / "slower.npz").returncode == 1


def test_where_paths_find_a_state_it_is_shown(tmp_path, monkeypatch):
    problem = quadratic()
    monkeypatch.setattr("rootkappa.theory.engines.stated.is_affine", lambda problem: False)
    (verdict,) = theory.verify("scaffnew", problem, rate="1 - 1.1/kappa")
    assert verdict.status == "refuted"

    monkeypatch.setattr("rootkappa.theory.witness.is_affine", lambda problem: False)
    output, *_ = check_shown(verdict, problem, tmp_path)
    assert "a step multiplies V by 0.9" in output


def test_where_gradients_bend_states_are_shown_and_no_affine_map(tmp_path):
    bent = problems.Logistic.load("breast_cancer", clients=4, kappa=20.0)
    (verdict,) = theory.verify("gradient_descent", bent, rate="1 - 4/kappa")
    assert verdict.status == "refuted"
    output, *_ = check_shown(verdict, bent, tmp_path)
    assert "a step multiplies V by 0." in output


def test_where_outcomes_are_too_many_to_list_those_drawn_are_of_the_problem_itself(tmp_path):
    """What the verdict and the script say of the worst state is one number, on the problem that the header names."""
    given = quadratic(clients=10, dim=20)
    (verdict,) = theory.verify("diana", given, rate="1 - 1/kappa")
    output, script, arrays = check_shown(verdict, given, tmp_path)
    told = re.fullmatch(
        r"\d+ steps .* by (.*) on average, with error (.*); over .*\ndrawn it is (.*), .* 0.9\n", output
    )
    mean, error, exact = map(float, told.groups())
    assert exact == pytest.approx(verdict.measured, rel=1e-8)
    # By chance this is wrong with probability 1e-6.
    assert abs(mean - exact) < 5.0 * error
    with np.load(arrays) as kept:
        assert np.array_equal(kept["hessians"], given.hessians)
        weaker = {**kept, "allowed": np.array(exact)}
    assert given.label in script.read_text(encoding="utf-8").splitlines()[0]
    np.savez(tmp_path / "weaker.npz", **weaker)
    assert shown(script, tmp_path / "weaker.npz").returncode == 1


def test_what_is_exact_on_a_smaller_problem_is_shown_there(wrong, tmp_path, monkeypatch):
    """A file with too many outcomes to list is judged on a small quadratic, and the header names that one."""
    monkeypatch.setattr("rootkappa.theory.engines.affine._LARGEST_STATE", 24)
    given = quadratic(clients=5, dim=8, kappa=30.0, basis="client")
    (verdict,) = theory.verify(wrong, given, evidence="exact")
    output, script, arrays = check_shown(verdict, given, tmp_path)
    assert float(output.split(" is ")[1].split()[0]) == pytest.approx(verdict.measured, rel=1e-8)
    assert "refuted on quadratic n=4 d=3." in script.read_text(encoding="utf-8").splitlines()[0]
    with np.load(arrays) as kept:
        assert kept["hessians"].shape == (4, 3, 3)


def test_a_large_state_is_one_of_the_problem_itself(tmp_path, monkeypatch):
    monkeypatch.setattr("rootkappa.theory.witness._LARGEST", 10)
    (verdict,) = theory.verify("scaffnew", quadratic(), rate="1 - 1.5/kappa")
    output, _, arrays = check_shown(verdict, quadratic(), tmp_path)
    assert float(re.fullmatch(r"a step multiplies V by (.*) on average, .*\n", output)[1]) == pytest.approx(
        0.9, rel=1e-8
    )
    with np.load(arrays) as kept:
        assert np.array_equal(kept["hessians"], quadratic().hessians)
        _, H = (part.reshape(3, 2) for part in np.split(kept["state"], 2))
    assert np.abs(H.sum(axis=0)).max() < 1e-9 * np.abs(H).max()


def test_only_an_earlier_counterexample_is_overwritten(tmp_path):
    (verdict,) = theory.verify("scaffnew", quadratic(), rate="1 - 1.5/kappa")
    for _ in range(2):
        write_witness(verdict, quadratic(), tmp_path / "w.npz")
    mine = tmp_path / "mine.py"
    mine.write_text("import numpy as np\n", encoding="utf-8")
    np.savez(tmp_path / "data.npz", x=np.zeros(3))
    (tmp_path / "empty.npz").touch()
    for name, kept in (("mine.npz", "mine.py"), ("mine.py", "mine.py"), ("data.npz",) * 2, ("empty.npz",) * 2):
        with pytest.raises(InputError, match=f"would overwrite .*{kept}, which is no witness"):
            write_witness(verdict, quadratic(), tmp_path / name)
    assert mine.read_text(encoding="utf-8") == "import numpy as np\n"


def test_what_is_right_has_no_counterexample():
    (verdict,) = theory.verify("scaffnew", quadratic(), rate="1 - 1/kappa")
    with pytest.raises(InputError, match="a verdict that is confirmed has no counterexample"):
        witness(verdict, quadratic())
