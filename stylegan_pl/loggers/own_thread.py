"""Runs calls that may hang in a separate thread, which can be abandoned."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")


class NoAnswer(TimeoutError):
    """A call did not return in time."""


class OwnThread:
    """Runs all calls in the same thread, because some libraries need that.

    The thread is a daemon, so the process can end while a call hangs.
    """

    def __init__(self) -> None:
        self._calls: SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def call(self, function: Callable[[], T], *, within_s: float) -> T:
        """Run `function` in the thread; returns or raises what it does.

        Raises:
            NoAnswer: it has not returned after `within_s` seconds; it continues, and later calls wait for it.
        """
        if threading.current_thread() is self._thread:  # a method of the logger calls another one
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
            except BaseException as error:  # any error is raised in the caller's thread
                future.set_exception(error)
