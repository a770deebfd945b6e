"""Traces that verdicts rest on get simulated seconds, as those of a sweep do."""

import shlex

import numpy as np

from rootkappa.algorithms import Clock
from rootkappa.sweeps import Store
from rootkappa.sweeps.clocks import column

LINE = shlex.split("verify gradient_descent --problem quadratic --clients 3 --dim 3 --kappa 10 --evidence path")


def test_traces_are_timed_by_a_clock(command, tmp_path):
    clock = "compute=2ms latency=1s up=1Gbit down=1Gbit speeds=1,0.5,1"
    found = command(*LINE, "--out", tmp_path, "--clock", clock)
    assert (found.code, found.errors) == (0, "")
    assert "convergence-lyapunov-seconds" in found.output
    with Store(tmp_path / "verify.sqlite") as store:
        traces = store.traces()
    # A round waits for the slowest gradient and for three numbers each way.
    each = 1.0 + 4e-3 + 2 * 192e-9
    assert len(traces) > 2
    np.testing.assert_allclose(traces[column(Clock.read(clock))], traces["round"] * each, rtol=1e-12)


def test_a_clock_has_nothing_to_time_without_a_folder(command):
    found = command(*LINE, "--clock", "up=1Mbit")
    assert (found.code, found.output) == (2, "")
    assert "--clock times the traces that --out keeps of a method's promise: give --out beside it" in found.errors
