"""The study of pruning where clients are unlike: what is dense is the same everywhere, what is pruned sends less."""

import pytest

from rootkappa.sweeps import ProblemSpec
from rootkappa.sweeps.studies import unlike_clients

SPEC = ProblemSpec("softmax", data="iris", clients=3, kappa=20.0, partition="by_label")


@pytest.fixture(scope="module")
def dense():
    return unlike_clients.points("scaffnew", SPEC)[1]


def test_without_pruning_all_shares_are_the_same(dense):
    for measure in ("accuracy", "objective"):
        paths = [rows["y"].tolist() for panel, rows in dense.groupby("panel") if panel.endswith(measure)]
        assert len(paths) == 3
        assert paths[0] == paths[1] == paths[2]


def test_bands_hold_their_means_and_accuracies_are_shares(dense):
    assert ((dense["low"] <= dense["y"]) & (dense["y"] <= dense["high"])).all()
    assert dense[dense["panel"].str.endswith("accuracy")]["y"].between(0.0, 1.0).all()


def test_fewer_weights_take_fewer_bits(dense):
    _, pruned = unlike_clients.points("sparse_proxskip", SPEC)
    bits = {
        share: pruned[pruned["panel"] == f"{share} kept, accuracy"]["x"].max() for share in ("10 %", "20 %", "50 %")
    }
    assert bits["10 %"] < bits["20 %"] < bits["50 %"] < dense["x"].max()
