"""A folder as the list of all its files."""

import os
import stat
from pathlib import Path

from stylegan_pl.errors import DataError

_NO_FILES = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def files_below(folder: Path) -> list[Path]:
    """All files of a tree, sorted by path; hidden ones are passed over, links followed, each real folder seen once."""
    found: list[Path] = []
    seen: set[str] = set()
    for current, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(current)
        if real in seen:  # a loop of symbolic links
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(current, name) for name in files if not name.startswith(".")]
    return sorted(found)


def check_is_file(path: Path) -> None:
    """Refuse what only looks like a file in a folder: opening a named pipe waits until somebody writes into it.

    Raises:
        DataError: a named pipe, a socket or a device. What is missing or locked is told by whoever opens it.
    """
    try:
        mode = path.stat().st_mode
    except OSError:
        return
    for is_one, what in _NO_FILES:
        if is_one(mode):
            raise DataError(f"{path}: is {what}, not an image file; remove it")
