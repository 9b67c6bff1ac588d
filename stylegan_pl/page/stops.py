"""Stops paintings that nobody waits for any more, so that others need not wait for them."""

from collections.abc import Callable


class Stops:
    """Requests to stop, by session (a browser tab with the page)."""

    def __init__(self) -> None:
        self._asked: set[str] = set()
        self._gone: set[str] = set()
        self._ending = False

    def begin(self, session: str) -> Callable[[], bool]:
        """Note the start of a painting; returns a function: whether it should stop."""
        self._asked.discard(session)
        return lambda: self._ending or session in self._asked or session in self._gone

    def ask(self, session: str) -> None:
        """Stop the session's current painting."""
        self._asked.add(session)

    def leave(self, session: str) -> None:
        """End the session, and stop all its paintings."""
        self._gone.add(session)

    def end(self) -> None:
        """Stop all paintings, because the program ends."""
        self._ending = True
