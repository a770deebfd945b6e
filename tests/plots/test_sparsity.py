import numpy as np
import pandas as pd
import pytest

from rootkappa.plots import sparsity
from rootkappa.problems import Quadratic
from rootkappa.sweeps.studies.sparsity import METHODS, trace


@pytest.fixture(scope="module")
def traces():
    problem = Quadratic.random(clients=4, dim=6, kappa=20.0, seed=1)
    parts = []
    for method in METHODS:
        known, frame = trace(method, problem)
        parts.append(frame.assign(method=method, **known))
    return pd.concat(parts, ignore_index=True)


def test_every_variant_is_traced_with_the_same_coins(traces):
    assert set(traces["method"]) == set(METHODS)
    for column in ("round", "iteration"):
        assert traces.groupby("method")[column].max().nunique() == 1
    assert (traces.groupby("method")["objective"].first() == 1.0).all()
    assert set(traces["kind"]) == {"top-k", "convex"}


def test_the_figure_shows_which_variants_lose_their_sum(traces):
    last = traces.groupby("method").last()
    naive = last["pruning"].str.contains("naive")
    assert naive.sum() == 2
    assert (last["sum"][naive] > 0.1).all()
    kept = last[~naive].drop("proxskip")
    assert (kept["sum"] < 1e-10).all()
    np.testing.assert_allclose(last.loc["proxskip", "sum"], last.loc["proxskip", "expected"], rtol=1e-6)
    below = sparsity.figure(traces).axes[2]
    drawn = sorted(float(line.get_ydata()[-1]) for line in below.lines)
    assert drawn[-1] == pytest.approx(last.loc["sparse_proxskip_server", "sum"])
    assert drawn[-2] < 1e-10


def test_only_the_naive_threshold_misses_the_sparse_solution(traces):
    last = traces[traces["kind"] == "convex"].groupby("method").last()["objective"]
    assert last["sparse_proxskip_server_soft"] > 0.1
    assert last.drop("sparse_proxskip_server_soft").max() < 1e-6


def test_every_variant_is_named_once(traces):
    figure = sparsity.figure(traces)
    named = [text.get_text() for axes in figure.axes[:2] for text in axes.get_legend().get_texts()]
    words = list(dict.fromkeys(traces["pruning"]))
    assert len(words) == len(METHODS)
    assert named == [*words, "|Σ ∇f(x*)|, which the prox needs"]
