"""The rank of a matrix that is known up to an error is never told too large."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rootkappa.theory.engines import told


@given(seed=st.integers(0, 2**32), rank=st.integers(0, 5), noise=st.sampled_from([0.0, 1e-12, 1e-7, 1e-5, 1e-2]))
def test_a_rank_is_never_too_large(seed, rank, noise):
    rng = np.random.default_rng(seed)
    true = rng.standard_normal((20, rank)) @ rng.standard_normal((rank, 8)) * 10.0 ** rng.uniform(-6, 6, 8)
    error = noise * np.abs(true) * rng.random(true.shape)
    J = true + rng.choice([-1.0, 1.0], true.shape) * error
    assert told.rank(J, error) <= rank
    if noise <= 1e-7:
        assert told.rank(J, error) == rank
