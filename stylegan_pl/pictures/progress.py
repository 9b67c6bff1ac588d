"""How far a call is, and how long it will take."""

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_log = logging.getLogger(__name__)

LINE_EVERY_S = 30.0  # between lines where there is no terminal


@contextmanager
def progress(pictures: int | None) -> Iterator[Callable[[float], None]]:
    """A bar with the time left on a terminal's stderr; elsewhere a line now and then, and none for short work.

    What is yielded is told shares of a picture, as they are done: 1 for a whole one.

    Args:
        pictures: how many there will be; None: nobody knows, and they are counted.
    """
    if not sys.stderr.isatty():
        yield _Lines(pictures)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    told = "painting {task.completed:.0f}" + ("" if pictures is None else " of {task.total:.0f}")
    columns = (TextColumn(told), BarColumn(), TaskProgressColumn(show_speed=pictures is None))
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task("painting", total=pictures)
        yield lambda share: bar.advance(task, share)


class _Lines:
    def __init__(self, pictures: int | None) -> None:
        self.pictures, self.done = pictures, 0.0
        self.begun = self.told = time.monotonic()

    def __call__(self, share: float) -> None:
        self.done += share
        now = time.monotonic()
        if now - self.told < LINE_EVERY_S or not 0 < self.done < (self.pictures or float("inf")):
            return
        self.told = now
        if self.pictures is None:
            _log.info("painting: %.0f", self.done)
            return
        left = (now - self.begun) / self.done * (self.pictures - self.done)
        _log.info("painting: %.1f of %d, %s left", self.done, self.pictures, _duration(left))


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
