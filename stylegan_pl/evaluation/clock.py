"""Measures how long each part of an evaluation takes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Clock:
    """Sums up seconds by part.

    Attributes:
        seconds: part -> seconds so far.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, part: str) -> Iterator[None]:
        """Time the code within this context."""
        started = time.perf_counter()
        yield
        self.seconds[part] = self.seconds.get(part, 0.0) + time.perf_counter() - started
