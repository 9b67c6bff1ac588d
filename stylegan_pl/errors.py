"""The errors a user can mend, told apart from bugs of ours."""

import difflib
import sys
from collections.abc import Iterable
from typing import NoReturn


class UserError(Exception):
    """Something the user can mend; `str()` is the one line printed: what is wrong, where, what to type instead."""

    exit_code = 1

    def __init__(self, message: str) -> None:
        # a loader's worker hands its traceback over as the message; the last line is what was said
        if message.startswith("Caught "):
            message = message.strip().splitlines()[-1].partition(": ")[2]
        super().__init__(message)


class ConfigError(UserError):
    """The command line or a config file is wrong; nothing was started."""

    exit_code = 2


class DataError(UserError):
    """The image folders are not what the run needs."""


class UnfitData(ConfigError, DataError):
    """What was typed and the folders that are there do not go together; nothing was started."""


class Left(SystemExit):
    """The end of the process by `leave`, with the line that was said."""

    def __init__(self, code: int, line: str) -> None:
        super().__init__(code)
        self.line = line


def first_line(error: BaseException) -> str:
    """What an exception says, in one line; its type where it says nothing."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def nearest(word: str, options: Iterable[str]) -> str:
    """`; did you mean 'x'?`, or the options when none is near, or nothing."""
    known = [str(option) for option in options]
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; there is {', '.join(sorted(known)[:30])}" if known else ""


def leave(code: int, line: str) -> NoReturn:
    """End the process with a line on stderr."""
    print(line, file=sys.stderr)
    raise Left(code, line)
