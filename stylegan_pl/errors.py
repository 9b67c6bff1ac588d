"""The errors that a user can correct; all other exceptions are bugs."""

import difflib
import os
import re
import shlex
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import NoReturn


class UserError(Exception):
    """An error that the user can correct; `str()` is the line printed: what is wrong, where, what to type instead."""

    exit_code = 1

    def __init__(self, message: str) -> None:
        # a loader's worker puts its traceback into the message; the last line is the error itself
        if message.startswith("Caught "):
            message = message.strip().splitlines()[-1].partition(": ")[2]
        super().__init__(_visible(message))


def _visible(message: str) -> str:
    """A message whose file names cannot begin a new line, move a terminal's cursor or turn the reading direction."""
    return re.sub("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", lambda sign: ascii(sign[0])[1:-1], message)


class ConfigError(UserError):
    """The command line or a config file is wrong; nothing was started."""

    exit_code = 2


class DataError(UserError):
    """Image files or folders are missing, unreadable or unfit."""


class UnfitData(ConfigError, DataError):
    """The typed options do not fit the image folders; nothing was started."""


class ExitWithLine(SystemExit):
    """Ends the process; raised by `exit_with`, and has the printed line."""

    def __init__(self, code: int, line: str) -> None:
        super().__init__(code)
        self.line = line


def first_line(error: BaseException) -> str:
    """The first line of an exception's message; its type if there is no message."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def of_the_disk(error: BaseException) -> str | None:
    """The system's reason, from any depth of the chain of exceptions; None if the error is not about a file."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, OSError):
            return found.strerror or first_line(found)
        found = found.__cause__ or found.__context__
    return "the disk took no more of it" if "PytorchStreamWriter" in str(error) else None


def nearest(word: str, options: Iterable[str]) -> str:
    """`; did you mean 'x'?`, or a list of the options if none is similar, or "" if there are no options."""
    known = [str(option) for option in options]
    if (close := near(word, known)) is not None:
        return f"; did you mean '{close}'?"
    return f"; there is {', '.join(sorted(known)[:30])}" if known else ""


def near(word: str, options: Iterable[str]) -> str | None:
    """The most similar option, or None if none is similar."""
    small = {option.lower(): option for option in options}
    close = difflib.get_close_matches(word.lower(), small, n=1, cutoff=0.5)
    return small[close[0]] if close else None


def is_address(text: str) -> bool:
    """Whether it begins as `https://` or `s3://` does; `C:/` is a disk."""
    return re.match(r"[\w+.-]{2,}:/", text) is not None


def not_there(typed: str, what: str = "no such file or folder") -> str:
    """What is said of a path that leads nowhere: `what`, that an address is not fetched, or the path that was meant."""
    if is_address(typed):
        return "an address is not fetched; download it first: curl -O …"
    meant = re.sub("[\"'“”„‘’«»]", "", typed.replace("\\", "/")).strip()  # copied from a document, or from Windows
    return f"{what}; type {shlex.quote(meant)}" if meant != typed and os.path.lexists(meant) else what


def exit_with(code: int, line: str) -> NoReturn:
    """Print a line on stderr, and end the process with this exit code."""
    with suppress(OSError):  # its terminal is closed
        print(line, file=sys.stderr, flush=True)
    raise ExitWithLine(code, line)
