"""An interrupt that ends the process soon, whatever it is doing."""

import os
import signal
import socket
import sys
import threading
from contextlib import suppress
from typing import Any, Self

# What is not over by then will not be: compiled code has no end that an exception could bring forward.
_GRACE = 1.0


class Interruptible:
    """While it is entered, an interrupt raises KeyboardInterrupt, and ends the process if that does not.

    Python tells its main thread of a signal between two of its own steps, so never while compiled code runs, and an
    exception that hits a callback of a library is lost. What is told at once is a socket; a thread that waits for it
    ends the process. Compiled code has to let it run: whatever is compiled here releases the GIL.

    Parameters
    ----------
    last_words : str
        What is told on standard error when the process is ended.
    grace : float
        Seconds that the exception has.

    Attributes
    ----------
    happened : bool
        Whether there was an interrupt.
    CODE : int
        What the process exits with.
    """

    CODE = 130

    def __init__(self, last_words: str, grace: float = _GRACE) -> None:
        self.happened = False
        self._words, self._grace = last_words, grace
        self._over = threading.Event()
        self._left: list[Any] = []

    def __enter__(self) -> Self:
        # Who ignores interrupts, or handles them already, goes on doing so; other threads cannot be told of any.
        is_default = signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if is_default and threading.current_thread() is threading.main_thread():
            reader, writer = socket.socketpair()
            writer.setblocking(False)
            signal.signal(signal.SIGINT, self._raise)
            before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
            self._left = [before, writer, sys.unraisablehook]
            sys.unraisablehook = self._lost
            threading.Thread(target=self._wait, args=(reader,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._left:
            before, writer, sys.unraisablehook = self._left
            signal.set_wakeup_fd(before)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            writer.close()

    def _raise(self, *_: object) -> None:
        self.happened = True
        raise KeyboardInterrupt

    def _lost(self, unraisable: Any) -> None:
        """Say nothing of an interrupt that hit a callback: the thread that waits for it ends the process."""
        if not issubclass(unraisable.exc_type, KeyboardInterrupt):
            self._left[-1](unraisable)

    def _wait(self, reader: socket.socket) -> None:
        with reader:
            while signals := reader.recv(64):
                if signal.SIGINT in signals:
                    break
            else:
                return
        if not self._over.wait(self._grace):
            with suppress(OSError):
                # A progress bar hides the cursor of a terminal.
                shown = "\r\x1b[K\x1b[?25h" if os.isatty(2) else ""
                os.write(2, f"{shown}{self._words}\n".encode("ascii", "replace"))
            os._exit(self.CODE)
