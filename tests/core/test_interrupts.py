"""An interrupt ends a process, whatever it is doing."""

import os
import signal
import subprocess
import sys
import time

import pytest

from rootkappa.core.interrupts import Interruptible

pytestmark = pytest.mark.skipif(os.name == "nt", reason="this system sends no interrupt to one process")

BUSY = {
    "waiting": "time.sleep(60)",
    "waiting for a thread": "t = threading.Thread(target=time.sleep, args=(60,)); t.start(); t.join()",
    "deaf": """
while True:
    try:
        time.sleep(60)
    except KeyboardInterrupt:
        pass
""",
    "in a callback": """
class Thing:
    def __del__(self):
        time.sleep(60)
thing = Thing()
del thing
time.sleep(60)
""",
}


@pytest.mark.parametrize("what", BUSY)
def test_whatever_runs_ends_soon_and_without_a_traceback(what):
    # A shell that starts in the background lets its children ignore interrupts.
    program = (
        "import os, signal, sys, threading, time\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from rootkappa.core.interrupts import Interruptible\n"
        "with Interruptible('Interrupted.', grace=0.2) as interrupts:\n"
        "    try:\n        print('go', flush=True)\n"
        + "".join(f"        {line}\n" for line in BUSY[what].splitlines())
        + "    except KeyboardInterrupt:\n"
        "        print('raised', interrupts.happened, flush=True)\n        os._exit(130)\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(
        [sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout.readline() == "go\n"
        time.sleep(0.1)
        child.send_signal(signal.SIGINT)
        started = time.monotonic()
        output, errors = child.communicate(timeout=20)
    assert child.returncode == 130
    assert time.monotonic() - started < 2.0
    is_heard = what.startswith("waiting")
    assert (output, errors) == (("raised True\n", "") if is_heard else ("", "Interrupted.\n"))


def test_everything_is_as_before_afterwards():
    before = signal.getsignal(signal.SIGINT), sys.unraisablehook
    with Interruptible("Interrupted.") as interrupts:
        assert not interrupts.happened
    assert (signal.getsignal(signal.SIGINT), sys.unraisablehook) == before


def test_who_ignores_interrupts_goes_on_ignoring_them():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Interruptible("Interrupted."):
            os.kill(os.getpid(), signal.SIGINT)
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
