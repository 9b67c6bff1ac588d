"""Who no longer waits for a painting: a film that nobody will see keeps nobody else waiting."""

from collections.abc import Callable


class Stops:
    """Wishes to stop, by session: a browser's tab that shows the page."""

    def __init__(self) -> None:
        self._asked: set[str] = set()
        self._gone: set[str] = set()
        self._ending = False

    def begin(self, session: str) -> Callable[[], bool]:
        """A painting begins; what is returned tells whether it should stop."""
        self._asked.discard(session)
        return lambda: self._ending or session in self._asked or session in self._gone

    def ask(self, session: str) -> None:
        """Stop what this session has under way."""
        self._asked.add(session)

    def leave(self, session: str) -> None:
        """The session is over, with whatever it had waiting."""
        self._gone.add(session)

    def end(self) -> None:
        """The program ends."""
        self._ending = True
