"""Verdicts that an interrupted command has left are taken up at the level at which they were judged only."""

from rootkappa import theory
from rootkappa.sweeps import ProblemSpec
from rootkappa.sweeps.record import Records


def test_verdicts_are_found_again_at_their_level_only(tmp_path):
    spec = ProblemSpec("quadratic", kappa=20.0, clients=3, dim=2)
    level, kinds = 1e-6, ("path",)
    verdicts = theory.verify("gradient_descent", spec.build(), kinds, error_rate=level)
    with Records(tmp_path) as kept:
        kept.keep("gradient_descent", spec, kinds, {}, verdicts, level)
    with Records(tmp_path) as kept:
        assert kept.found("gradient_descent", spec, kinds, {}, 1e-4) is None
        (found,) = kept.found("gradient_descent", spec, kinds, {}, level)
    assert found.record() == verdicts[0].record()
    assert found.alpha == level
