"""Lets Ctrl-C stop a film between two batches."""

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_log = logging.getLogger(__name__)

INTERRUPTED = 130  # exit code, by convention
_HEARD = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def asked_to_stop() -> Iterator[Callable[[], bool]]:
    """A context that yields a function: whether Ctrl-C (or TERM) has come; a second Ctrl-C interrupts at once.

    Only the main thread gets signals; in other threads the answer is always False.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    heard = False

    def handle(number: int, _: FrameType | None) -> None:
        nonlocal heard
        if heard:
            raise KeyboardInterrupt
        heard = True
        _log.warning("stopping after this batch; what is painted is kept (again: at once)")

    previous = {number: signal.signal(number, handle) for number in _HEARD}
    try:
        yield lambda: heard
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
