"""The signals that ask a command to end."""

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = ("SIGINT", "SIGHUP", "SIGTERM", "SIGUSR1", "SIGUSR2")
"""Ctrl-C, a closed terminal, and what schedulers send."""


def handled(names: Iterable[str]) -> list[signal.Signals]:
    """The named signals that this system has. SIGHUP is left out if it is ignored already, as under `nohup`."""
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]  # Windows has no HUP, no USR1
    return [n for n in numbers if n.name != "SIGHUP" or signal.getsignal(n) is not signal.SIG_IGN]


@contextmanager
def raising(error: Callable[[int], BaseException], names: Iterable[str]) -> Iterator[None]:
    """Raise an exception of ours where the main thread is when a signal comes; without it, most end the process.

    Args:
        error: of a signal's number.
        names: of the signals; those that this system does not have are left out.
    """

    def end(number: int, frame: FrameType | None) -> None:
        raise error(number)

    listens = threading.current_thread() is threading.main_thread()  # Python allows no other thread to set handlers
    before = {number: signal.signal(number, end) for number in (handled(names) if listens else ())}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)  # None: not set by Python


@contextmanager
def deferred() -> Iterator[None]:
    """Delay signals until the end of the block, so that a file that is being written is finished first."""
    if threading.current_thread() is not threading.main_thread():  # Python lets no other thread set handlers
        yield
        return
    came: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        came.append(number)

    before = {number: signal.signal(number, note) for number in handled(ENDING)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)  # None: not set by Python
        for again in dict.fromkeys(came):
            signal.raise_signal(again)
