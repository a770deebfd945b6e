"""Ratios of paired numbers: Student's interval, and words that follow from it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_1samp

from rootkappa.core.errors import InputError
from rootkappa.theory.engines.paired import Ratio, ratio


@given(seed=st.integers(0, 2**32 - 1), count=st.integers(2, 20))
def test_the_interval_is_students(seed, count):
    own, other = np.random.default_rng(seed).lognormal(size=(2, count))
    found = ratio(own, other)
    interval = ttest_1samp(np.log(own / other), 0.0).confidence_interval(0.95)
    np.testing.assert_allclose(np.log([found.low, found.high]), interval, rtol=1e-9)
    np.testing.assert_allclose(found.mean, np.exp(np.mean(np.log(own / other))), rtol=1e-12)
    back = ratio(other, own)
    np.testing.assert_allclose([back.low, back.high], [1 / found.high, 1 / found.low], rtol=1e-9)


def test_words_follow_from_the_interval():
    found = [Ratio(1.0, *ends).below_one for ends in ((0.5, 0.9), (0.5, 1.0), (0.9, 1.1), (1.0, 2.0), (1.1, 2.0))]
    assert found == ["confirmed", "inconclusive", "inconclusive", "inconclusive", "refuted"]


@pytest.mark.parametrize("own", [[1.0], [1.0, 0.0], [1.0, np.nan], [1.0, np.inf]])
def test_what_has_no_ratio_is_refused(own):
    with pytest.raises(InputError, match="needs positive finite numbers"):
        ratio(own, [1.0] * len(own))
