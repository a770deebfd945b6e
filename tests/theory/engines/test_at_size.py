"""E V⁺ direction by direction, against the whole list of outcomes where there is one."""

import dataclasses

import numpy as np
import pytest

from rootkappa import problems, theory
from rootkappa.theory.case import NotExact
from rootkappa.theory.engines import affine, at_size, exact

# Of each kind of randomness a method, with letters that leave few outcomes on few clients.
SMALL = {
    "scaffnew": (4, 3, {}),
    "nesterov": (3, 4, {}),
    "tamuna": (4, 3, {"c": 3}),
    "compressed_scaffnew": (4, 3, {"s": 3}),
    "diana": (3, 4, {"C": "RandK(2)"}),
    "ef21": (3, 4, {}),
    "locodl": (3, 4, {"C": "RandK(2)"}),
    "proxskip_vr": (3, 3, {}),
}


def held(name, n, d, **letters):
    return affine.affine_case(theory.case(name, problems.Quadratic.random(n, d, 30.0, 1), **letters))


def small(name):
    n, d, letters = SMALL[name]
    return held(name, n, d, **letters)


def changed(case, change):
    """Return the case of a step after which something is changed, where it is not what it is at the solution."""
    own, fixed = case.method.step, case.fixed_point()

    def step(kernel, params, state, outcome):
        own(kernel, params, state, outcome)
        change(state, outcome, fixed)

    return dataclasses.replace(case, method=dataclasses.replace(case.method, step=step))


def factor(case):
    return max(form.factor for form in at_size.forms_at_size(case))


@pytest.mark.parametrize("name", SMALL)
def test_it_is_what_the_whole_list_gives(name):
    case = small(name)
    assert factor(case) == pytest.approx(exact.one_step_factor(case), rel=1e-12)


@pytest.mark.parametrize(("name", "n", "d"), [("scaffnew", 100, 50), ("tamuna", 40, 30)])
def test_a_large_problem_needs_no_small_one(name, n, d):
    case = theory.case(name, problems.Quadratic.random(n, d, kappa=1e3))
    verdict = exact.evidence(case, lambda share: None)
    assert verdict.status == "confirmed"
    assert verdict.measured == pytest.approx(case.rho, abs=1e-12)
    assert "clients" not in verdict.sentence


def test_the_worst_state_is_one_from_which_a_step_does_that():
    case = small("scaffnew")
    form = max(at_size.forms_at_size(case), key=lambda form: form.factor)
    worst = form.worst(2.0)
    assert case.lyapunov(worst) == pytest.approx(2.0)
    after = sum(q * case.lyapunov(case.step(case.state(*map(np.copy, worst)), w)) for q, w in case.outcomes())
    assert after == pytest.approx(2.0 * form.factor)


@pytest.mark.parametrize(("name", "letter"), [("scaffnew", "p"), ("tamuna", "chi"), ("diana", "alpha")])
def test_a_wrong_method_is_told_by_its_own_factor(name, letter):
    """Control variates follow with another factor than they should."""
    case = small(name)
    own = case.method.step

    def step(kernel, params, state, outcome):
        own(kernel, params._replace(**{letter: 3.0 * getattr(params, letter)}), state, outcome)

    wrong = dataclasses.replace(case, method=dataclasses.replace(case.method, step=step))
    assert factor(wrong) == pytest.approx(exact.one_step_factor(wrong), rel=1e-12)
    assert abs(factor(wrong) - factor(case)) > 1e-3


def meeting(state, outcome, fixed):
    """Where the first two clients have drawn the same it matters to both."""
    if np.array_equal(outcome["w"][0], outcome["w"][1]):
        state.H[0] -= 0.5 * (state.H[0] - fixed.H[0])


def together(state, outcome, fixed):
    """Coordinates that are sent together lose something."""
    if {0, 1} <= {*outcome["w"][0]}:
        state.H[0] -= 0.5 * (state.H[0] - fixed.H[0])


def one(state, outcome, fixed):
    """The first coordinate is none like the others, and no eigenvector."""
    state[0][..., 0] -= 1e-6 * (state[0][..., 0] - fixed[0][..., 0])


def unlike(state, outcome, fixed):
    """The first client is none like the others."""
    if 0 in outcome["omega"] and outcome["coin"]:
        state.X[:] -= 0.1 * (state.X - fixed.X)


def across(state, outcome, fixed):
    """A coordinate follows another one after a communication only."""
    if outcome["coin"]:
        state.X[:, 0] += 1e-6 * (state.X[:, 1] - fixed.X[:, 1])


def far(state, outcome, fixed):
    """Large errors are cut."""
    state[0][...] = np.clip(state[0], -1e5, 1e5)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("diana", meeting),
        ("diana", together),
        ("diana", one),
        ("tamuna", unlike),
        ("tamuna", across),
        ("tamuna", one),
        ("scaffnew", one),
        ("scaffnew", far),
    ],
)
def test_a_structure_that_a_step_does_not_have_is_not_believed(name, change):
    case = small(name)
    assert at_size.forms_at_size(changed(case, lambda *_: None)) is not None
    assert at_size.forms_at_size(changed(case, change)) is None


def test_invariants_that_a_step_does_not_keep_are_seen():
    def leaves(state, outcome, fixed):
        state.H[:] += 0.1 * (state.X - fixed.X)

    with pytest.raises(NotExact, match="does not keep its invariants"):
        at_size.forms_at_size(changed(small("scaffnew"), leaves))


def test_a_fixed_point_that_moves_is_seen():
    def moves(state, outcome, fixed):
        state.X[:] *= 0.9

    with pytest.raises(NotExact, match="moves its fixed point"):
        at_size.forms_at_size(changed(small("scaffnew"), moves))


def test_a_file_is_only_believed_its_list():
    case = small("diana")
    mine = dataclasses.replace(case, method=dataclasses.replace(case.method, name="mine.py"))
    assert at_size.forms_at_size(mine) is None


@pytest.mark.parametrize("name", ["scaffnew", "gradskip"])
def test_clients_may_differ_where_they_share_their_eigenvectors(name):
    drawn = problems.Quadratic.random(3, 3, 50.0, 1)
    scales = np.array([0.2, 0.5, 1.0])
    problem = problems.Quadratic(drawn.hessians * scales[:, None, None], drawn.kernel.b)
    case = theory.case(name, problem)
    assert factor(case) == pytest.approx(exact.one_step_factor(case), rel=1e-12)
