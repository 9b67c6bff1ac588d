"""Standard output and standard error whose failures do not end a command: closed, a broken pipe, a full disk."""

import io
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO


class TolerantStream:
    """A text stream that is replaced by the null device when it first fails; otherwise it is the stream itself.

    `buffer` still raises errors: the bytes written there are a result (`output=-`), whose loss must be reported.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write `text`; if the stream has failed, discard it."""
        try:
            return self._stream.write(text)
        except OSError:
            self._redirect_to_null()
            return len(text)

    def writelines(self, lines: Any) -> None:
        """Write each line, see `write`."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Flush; if the stream has failed, discard what is buffered."""
        try:
            self._stream.flush()
        except OSError:
            self._redirect_to_null()

    def _redirect_to_null(self) -> None:
        """Replace the file descriptor, so that buffered text and output of C libraries go there, too.

        Otherwise Python would fail again when it flushes the stream at its exit.
        """
        with suppress(OSError, ValueError):  # a notebook's stream has no number
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, self._stream.fileno())
            os.close(null)


@contextmanager
def tolerant_streams() -> Iterator[None]:
    """Make standard output and standard error tolerant, and flush them at the end."""
    _reopen_closed()
    streams, raises = (sys.stdout, sys.stderr), logging.raiseExceptions
    _print_any_name()
    if not isinstance(sys.stdout, TolerantStream):
        sys.stdout, sys.stderr = TolerantStream(sys.stdout), TolerantStream(sys.stderr)
    logging.raiseExceptions = False  # a log file on a full disk: a traceback for each line otherwise
    try:
        yield
    finally:
        logging.raiseExceptions = raises
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        sys.stdout, sys.stderr = streams


def _reopen_closed() -> None:
    """Open the null device for streams that the shell closed (`>&-`); else files opened later get their descriptors."""
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
    """Print characters that the terminal cannot show, and bytes of names that are not UTF-8, as backslash escapes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # not a notebook's
            with suppress(OSError):  # buffered text cannot be written
                stream.reconfigure(errors="backslashreplace")
