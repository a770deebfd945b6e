import numpy as np
import pytest

from rootkappa.plots import sparsity
from rootkappa.problems import Quadratic
from rootkappa.sweeps.studies.sparsity import CONVEX, TOP_K, pruning_traces


@pytest.fixture(scope="module")
def traces():
    return pruning_traces(Quadratic.random(clients=4, dim=6, kappa=20.0, seed=1))


def test_every_variant_is_traced_with_the_same_coins(traces):
    assert set(traces["method"]) == {*TOP_K, *CONVEX}
    ends = traces.groupby("method")["round"].max()
    assert ends.nunique() == 1
    assert (traces.groupby("method")["gap"].first() == 1.0).all()


def test_the_figure_shows_which_variants_lose_their_sum(traces):
    last = traces.groupby("method").last()
    naive = last["label"].str.contains("naive")
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
    last = traces[traces["kind"] == "convex"].groupby("method").last()["gap"]
    assert last["sparse_proxskip_server_soft"] > 0.1
    assert last.drop("sparse_proxskip_server_soft").max() < 1e-6


def test_every_variant_is_named_once(traces):
    figure = sparsity.figure(traces)
    named = [text.get_text() for axes in figure.axes[:2] for text in axes.get_legend().get_texts()]
    assert named[: len(TOP_K)] == list(TOP_K.values())
    assert named[len(TOP_K) :] == [*CONVEX.values(), "|Σ ∇f(x*)|, which the prox needs"]
