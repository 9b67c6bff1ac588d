"""The progress bar of all verbs: a bar on a terminal, elsewhere a line every 30 seconds."""

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from stylegan_pl.pictures.duration import duration

if TYPE_CHECKING:
    import rich.progress

LINE_EVERY_S = 30.0  # seconds between lines without a terminal
_BAR_EVERY_S = 0.1  # seconds between updates of a bar


def counted(done: float, total: float | None) -> str:
    """`12 of 40`, or `12` if the total is unknown."""
    return f"{done:.0f}" if total is None else f"{done:.0f} of {total:.0f}"


class Progress:
    """Shows progress on stderr: a bar on a terminal, otherwise lines; nothing for a very short job.

    A terminal that is closed, or a pipe that nobody reads any more, does not end the job.
    It is a context manager; `start` and `stop` do the same without a block.

    Args:
        doing: the activity, such as "painting".
        total: total amount; None: unknown.
        done: amount that was done before.
        describe: (done, total) -> text.
        pace: amount per second -> text; None: not shown.
        every_s: seconds between updates of the bar.
    """

    def __init__(
        self,
        doing: str,
        total: float | None = None,
        *,
        done: float = 0.0,
        describe: Callable[[float, float | None], str] = counted,
        pace: Callable[[float], str] | None = None,
        every_s: float = _BAR_EVERY_S,
    ) -> None:
        self.doing, self.total, self.done = doing, total, done
        self.describe, self.pace, self.every_s = describe, pace, every_s
        self._bar: rich.progress.Progress | None = None
        self._task: Any = None
        self._before = done

    def start(self) -> "Progress":
        """Start timing, and show the bar."""
        self._began = self._shown = time.monotonic()
        if sys.stderr.isatty():
            from rich.console import Console  # imported here, because short jobs and log files do not need it
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

            self._bar = Progress(
                TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[amount]}"),
                TimeRemainingColumn(), TextColumn("{task.fields[note]}"), console=Console(stderr=True),
            )  # fmt: skip
            self._task = self._bar.add_task(self.doing, total=self.total, completed=int(self.done), amount="", note="")
            with suppress(OSError):
                self._bar.start()
        return self

    def stop(self) -> None:
        """Show the amount that was done, and close the bar."""
        if self._bar is not None:
            with suppress(OSError):
                self._update("")
                self._bar.stop()
            self._bar = None

    def __enter__(self) -> "Progress":
        """See `start`."""
        return self.start()

    def __exit__(self, *error: object) -> None:
        """See `stop`."""
        self.stop()

    @property
    def is_due(self) -> bool:
        """Whether `reach` would show something now; expensive notes can be computed only then."""
        return time.monotonic() - self._shown >= (LINE_EVERY_S if self._bar is None else self.every_s)

    def advance(self, share: float) -> None:
        """Add to the amount done."""
        self.reach(self.done + share)

    def time_from(self, done: float) -> None:
        """Begin to measure the pace here: the first step of many is slower than the others."""
        self.done = self._before = done
        self._began = time.monotonic()

    def reach(self, done: float, total: float | None = None, note: str = "") -> None:
        """Set the amount done.

        Args:
            total: a new total, if it is known only now.
            note: additional text at the end.
        """
        self.done, self.total = done, self.total if total is None else total
        if not self.is_due:
            return
        with suppress(OSError):
            self._show(note)

    def _show(self, note: str) -> None:
        if self._bar is not None:
            self._shown = time.monotonic()
            self._update(note)
        elif 0 < self.done < (self.total or float("inf")):
            self._shown = time.monotonic()
            print(
                ", ".join(filter(None, [f"{self.doing}: {self._described()}", self._left(), note])),
                file=sys.stderr,
                flush=True,
            )

    def _update(self, note: str) -> None:
        assert self._bar is not None
        self._bar.update(self._task, completed=self.done, total=self.total, amount=self._described(), note=note)

    def _described(self) -> str:
        text = self.describe(self.done, self.total)
        return text if self.pace is None else f"{text}, {self.pace(self._per_second())}"

    def _left(self) -> str:
        rate = self._per_second()
        return f"{duration((self.total - self.done) / rate)} left" if self.total is not None and rate > 0 else ""

    def _per_second(self) -> float:
        return (self.done - self._before) / max(time.monotonic() - self._began, 1e-9)
