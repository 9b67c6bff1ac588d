"""Lets Ctrl-C, SIGTERM or a closed terminal stop a film between two batches."""

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from stylegan_pl.runs.signals import handled

_log = logging.getLogger(__name__)

INTERRUPTED = 130  # exit code, by convention
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


@contextmanager
def asked_to_stop() -> Iterator[Callable[[], bool]]:
    """A context that yields a function: whether a signal has come; a second Ctrl-C interrupts at once.

    Only the main thread gets signals; in other threads the answer is always False.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    asked = False

    def handle(number: int, _: FrameType | None) -> None:
        nonlocal asked
        if asked and number == signal.SIGINT:  # a terminal that closes sends SIGHUP twice: the system, then the shell
            raise KeyboardInterrupt
        asked = True
        _log.warning("stopping after this batch; what is painted is kept (Ctrl-C again: at once)")

    before = {number: signal.signal(number, handle) for number in handled(_NAMES)}
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
