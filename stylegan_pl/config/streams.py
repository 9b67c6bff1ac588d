"""Standard streams that end no work: closed, on a full disk, a pipe that nobody reads, a terminal without letters."""

import io
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO


class Lasting:
    """A text stream that leads nowhere from its first error on; all else is the stream's own.

    Its bytes (`buffer`) are not looked after: where they are a result, an error has to be told.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write, while somebody reads."""
        try:
            return self._stream.write(text)
        except OSError:
            self._lead_nowhere()
            return len(text)

    def writelines(self, lines: Any) -> None:
        """As `write`."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Flush, while somebody reads."""
        try:
            self._stream.flush()
        except OSError:
            self._lead_nowhere()

    def _lead_nowhere(self) -> None:
        """What is buffered, and what C libraries write, goes there, too; else Python fails once more at its end."""
        with suppress(OSError, ValueError):  # a notebook's stream has no number
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, self._stream.fileno())
            os.close(null)


@contextmanager
def lasting_streams() -> Iterator[None]:
    """Within it standard output and standard error fail nobody; at its end they are flushed."""
    _open_the_closed()
    streams, raises = (sys.stdout, sys.stderr), logging.raiseExceptions
    _print_any_name()
    if not isinstance(sys.stdout, Lasting):
        sys.stdout, sys.stderr = Lasting(sys.stdout), Lasting(sys.stderr)
    logging.raiseExceptions = False  # a log file on a full disk: a traceback for each line otherwise
    try:
        yield
    finally:
        logging.raiseExceptions = raises
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        sys.stdout, sys.stderr = streams


def _open_the_closed() -> None:
    """Lead streams that the shell closed (`>&-`) nowhere: files opened later would get their numbers."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is not None:
            continue
        with suppress(OSError):
            null = os.open(os.devnull, os.O_RDWR)
            if null != number:
                os.dup2(null, number)
                os.close(null)
            setattr(sys, name, os.fdopen(number, "w" if number else "r", encoding="utf-8", closefd=False))


def _print_any_name() -> None:
    """A file's name in bytes that are no UTF-8, or a letter that the terminal lacks, is printed with a backslash."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # not a notebook's
            with suppress(OSError):  # what waits in it cannot be written
                stream.reconfigure(errors="backslashreplace")
