"""What is stated of a method: nothing wrong is confirmed, nothing right refuted, and figures are those by hand."""

import math

import numpy as np
import pytest

from rootkappa import problems, theory
from rootkappa.core.errors import InputError
from rootkappa.theory.engines import stated

CLAIM = "0.9*sqrt(kappa)*log(1/eps)"


def family(*kappas, **options):
    return [problems.Quadratic.random(**{"clients": 3, "dim": 4, "kappa": kappa, **options}) for kappa in kappas]


def rounds_by_hand(problem, p, epsilon):
    """Return Scaffnew's expected rounds with γ = 1/L where all clients have one eigenbasis, from its lines alone.

    Along an eigenvector of curvature λ the disagreement of the clients is a pair (x, h). A local step makes
    x̂ = (1 - γλ) x + γ h of it; where there is an average x is 0 and h loses (p/γ) x̂. The clients' mean only takes
    gradient steps. Both are one pair (a, b) = (x, γh/p), in which V is a² + b².
    """
    worst = 0.0
    moments = []
    for curvature in np.linalg.eigvalsh(problem.hessians[0]):
        keep = 1.0 - curvature / problem.L
        local, average = np.array([[keep, p], [0.0, 1.0]]), np.array([[0.0, 0.0], [-keep, 1.0 - p]])
        moments.append([(1.0 - p, local), (p, average)])
        moments.append([(1.0, np.array([[keep]]))])
    forms = [np.eye(len(maps[0][1])) for maps in moments]
    steps = 0
    while steps == 0 or worst > epsilon:
        forms = [sum(q * A.T @ form @ A for q, A in maps) for maps, form in zip(moments, forms, strict=True)]
        worst = max(np.linalg.eigvalsh(form)[-1] for form in forms)
        steps += 1
    return steps * p


@pytest.mark.parametrize(("kappa", "figure"), [(10.0, 0.615), (1e2, 0.609), (1e3, 0.604), (1e4, 0.601)])
def test_rounds_are_those_by_hand(kappa, figure):
    (problem,) = family(kappa)
    (found,) = theory.verify("scaffnew", problem, rounds="sqrt(kappa)*log(1/eps)", epsilons=(1e-6,))
    assert round(found.measured, 3) == figure
    if kappa < 1e3:
        by_hand = rounds_by_hand(problem, 1.0 / math.sqrt(kappa), 1e-6)
        assert found.measured * math.sqrt(kappa) * math.log(1e6) == pytest.approx(by_hand, rel=1e-12)


def test_a_refuted_number_has_a_counterexample_and_says_where_it_holds():
    (found,) = theory.verify_stated("scaffnew", family(10.0, 1e2, 1e3), rounds=CLAIM)
    assert found.status == "refuted"
    assert round(found.measured, 2) == 1.12
    assert "at kappa = 10, eps = 0.7 it takes 1.12 times sqrt(kappa)*log(1/eps)" in found.sentence
    assert "it holds for eps <= 0.5, where the largest is 0.866" in found.sentence
    # 4 steps at p = 1/√10 are the fewest with 0.9^t <= 0.7.
    assert found.measured == pytest.approx(4 / math.sqrt(10) / (math.sqrt(10) * math.log(1 / 0.7)), rel=1e-12)
    (kept,) = theory.verify_stated("scaffnew", family(1e2, 1e3), rounds=CLAIM)
    assert kept.status == "confirmed"


@pytest.mark.parametrize("share", [0.2, 0.999, 1.0, 1.001, 5.0])
def test_rounds_are_judged_by_what_they_are(share):
    """By hand it is T; whoever states less is refuted, and whoever states more confirmed."""
    (problem,) = family(30.0)
    T = rounds_by_hand(problem, 1.0 / math.sqrt(30.0), 1e-3)
    (found,) = theory.verify("scaffnew", problem, rounds=repr(share * T), epsilons=(1e-3,))
    assert found.status == ("confirmed" if share >= 1.0 else "refuted")


@pytest.mark.parametrize(
    ("rate", "status"),
    [
        ("1 - 1/kappa", "confirmed"),
        ("1 - p**2", "confirmed"),
        ("max((1 - gamma*mu)**2, (1 - gamma*L)**2, 1 - p**2)", "confirmed"),
        ("1 - 0.5/kappa", "confirmed"),
        ("1 - (1 + 1e-6)/kappa", "refuted"),
        ("1 - 1/sqrt(kappa)", "refuted"),
        ("1 - 2/kappa", "refuted"),
        ("0", "refuted"),
    ],
)
def test_rates_are_judged_by_their_distance_to_1(rate, status):
    for kappa in (30.0, 1e6):
        (found,) = theory.verify("scaffnew", *family(kappa), rate=rate)
        assert found.status == status
        assert found.evidence == "rate"
        # Of rates that are as good as the theorem's the theorem tells: 1 - p² is attained.
        assert 1.0 - found.measured == pytest.approx(1.0 / kappa, rel=1e-6)


def test_the_users_letters_are_in_the_formula_and_in_the_question():
    (found,) = theory.verify("scaffnew", *family(30.0), rate="1 - p^2", p=0.05)
    assert found.status == "confirmed"
    assert found.question == "at p = 0.05, with gamma = 1 as prescribed"
    assert "stated V times 1 - p**2 = 0.9975 an iteration" in found.sentence


def test_a_rate_a_round_is_no_promise_for_a_step_that_may_end_none():
    (found,) = theory.verify("scaffnew", *family(30.0), rate=0.9, per="round")
    assert found.status == "not applicable"
    (found,) = theory.verify("gradient_descent", *family(30.0), rate="(1 - 1/kappa)**2", per="round")
    assert found.status == "confirmed"


# Where too much is coupled for exact moments paths tell.
WIDE = {"clients": 4, "dim": 12, "basis": "client"}


@pytest.mark.parametrize(
    ("method", "rounds", "status"),
    [
        ("scaffnew", CLAIM, "consistent"),
        ("scaffnew", "0.02*sqrt(kappa)*log(1/eps)", "refuted"),
        ("scaffnew", "0", "refuted"),
        ("gradient_descent", "0.51*kappa*log(1/eps) + 1", "consistent"),
        ("gradient_descent", "0.01*kappa*log(1/eps)", "refuted"),
    ],
)
def test_paths_refute_what_is_far_from_enough(method, rounds, status, monkeypatch):
    (problem,) = family(50.0, **WIDE)
    if method == "gradient_descent":
        monkeypatch.setattr(stated, "is_affine", lambda problem: False)
    (found,) = theory.verify(method, problem, rounds=rounds, epsilons=(0.1, 1e-3))
    assert found.status == status
    assert "along paths from the method's own start" in found.sentence
    assert found.alpha == 1e-4


def test_what_is_asked_for_besides_is_judged_besides():
    found = theory.verify("scaffnew", *family(30.0), evidence="exact", rate="1 - 1/kappa", rounds="1")
    assert [one.evidence for one in found] == ["rate", "rounds", "exact"]
    assert [one.status for one in found] == ["confirmed", "refuted", "confirmed"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"rate": "1 + 1/kappa"}, "rate = '1 + 1/kappa' is 1.03333 here, and no factor by which V falls"),
        ({"rate": "-0.1"}, "rate = '-0.1' is -0.1 here"),
        ({"rate": "1 - 1/eps"}, "holds 'eps', which is no letter here: take gamma, p, kappa, L, mu, n, d."),
        ({"rounds": "log(1 - kappa)"}, "is no finite number at kappa = 30"),
        ({"rounds": "kappa", "epsilons": (1.0,)}, "epsilon = 1.0 is no relative accuracy"),
        ({"rate": 0.5, "per": "week"}, "unknown unit of a rate 'week'"),
    ],
)
def test_what_cannot_be_judged_gets_a_sentence(options, told):
    with pytest.raises(InputError) as error:
        theory.verify("scaffnew", *family(30.0), **options)
    assert told in str(error.value)
