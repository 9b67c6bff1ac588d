"""Lets Ctrl-C, SIGTERM or a closed terminal stop a film between two batches."""

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from stylegan_pl.runs.signals import handled

_log = logging.getLogger(__name__)

INTERRUPTED = 130  # exit code, by convention
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


@contextmanager
def asked_to_stop() -> Iterator[Callable[[], bool]]:
    """A context that yields a function: whether a signal has come; a second Ctrl-C interrupts at once.

    Only the main thread gets signals; in other threads the answer is always False.
    """
    heard = False

    def handle(number: int, _: FrameType | None) -> None:
        nonlocal heard
        if heard and number == signal.SIGINT:  # a terminal that closes sends SIGHUP twice: the system, then the shell
            raise KeyboardInterrupt
        heard = True
        _log.warning("stopping after this batch; what is painted is kept (Ctrl-C again: at once)")

    with _handled_by(handle):
        yield lambda: heard


@contextmanager
def not_interrupted() -> Iterator[None]:
    """While a film's end is written, signals are ignored: without its end the file might not play."""
    with _handled_by(signal.SIG_IGN):
        yield


@contextmanager
def _handled_by(handler: Any) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in handled(_NAMES)}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
