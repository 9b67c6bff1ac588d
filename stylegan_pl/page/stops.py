"""Stops paintings that nobody waits for any more, so that others need not wait for them."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Stops:
    """Requests to stop, by session (a browser tab with the page)."""

    def __init__(self) -> None:
        self._asked: dict[str, bool] = {}  # session that waits for a painting -> whether it was asked to stop
        self._ending = False
        self._paints = threading.Lock()  # held while something is painted: one thing at a time

    def press(self, session: str) -> None:
        """Note that a session has pressed Paint: from now on it may be stopped, in the queue, too."""
        self._asked[session] = False

    @contextmanager
    def painting(self, session: str) -> Iterator[Callable[[], bool]]:
        """A context in which one thing is painted; it yields a function: whether this should stop."""
        self._asked.setdefault(session, False)
        try:
            with self._paints:
                yield lambda: self._ending or self._asked.get(session, False)
        finally:
            self._asked.pop(session, None)

    def ask(self, session: str) -> None:
        """Stop what the session waits for: it pressed Stop, or has left. It may press Paint again."""
        if session in self._asked:
            self._asked[session] = True

    def end(self) -> None:
        """Stop all paintings, because the program ends."""
        self._ending = True

    def wait(self) -> None:
        """Return when nothing is being painted any more."""
        with self._paints:
            pass
