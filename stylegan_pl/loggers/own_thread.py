"""Calls that may not come back, in a thread that can be left behind."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")


class NoAnswer(TimeoutError):
    """A call has not come back in time."""


class OwnThread:
    """One call after another, in one thread: what a library opens in a thread it may want to use there.

    The thread is a daemon, so that the process can end while a call still waits.
    """

    def __init__(self) -> None:
        self._calls: SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def call(self, function: Callable[[], T], *, within_s: float) -> T:
        """What `function` returns or raises.

        Raises:
            NoAnswer: it has not come back; it goes on in its thread, and later calls wait behind it.
        """
        if threading.current_thread() is self._thread:  # a logger's method calls another of its own
            return function()
        future: Future[T] = Future()
        self._calls.put((future, function))
        if not wait([future], within_s).done:
            raise NoAnswer(f"no answer within {within_s:g} s")
        return future.result()

    def _work(self) -> None:
        while True:
            future, function = self._calls.get()
            try:
                future.set_result(function())
            except BaseException as error:  # whatever it is, it is the caller's
                future.set_exception(error)
