"""Lists all files below a folder."""

import os
import stat
import unicodedata
from pathlib import Path

from stylegan_pl.errors import DataError

_NO_FILES = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


_NOBODYS = {
    "@eadir", "__macosx", "#recycle", "$recycle.bin", "thumbs.db", "ehthumbs.db", "desktop.ini",
    "lost+found", "system volume information",
}  # fmt: skip
"""What file servers and systems put beside people's files; in lower case."""

_WRITTEN_HERE = ({"config.yaml", "status.json"}, {"check.json", "check.csv"}, {"index.html", "metrics.json"})
"""Files by which a folder of `train`, `prepare check=true` or `evaluate` is known: its pictures are grids and plots."""


class UnlistedFolder(DataError):
    """A folder whose files cannot be listed: without them, a set would be smaller, and in another order."""


def _is_somebodys(name: str) -> bool:
    return not name.startswith(".") and name.lower() not in _NOBODYS


def one_name(name: str) -> str:
    """A name in Unicode's form NFC; macOS stores é as two characters (NFD)."""
    return unicodedata.normalize("NFC", name)


def files_below(folder: Path) -> list[Path]:
    """All files below a folder, sorted by path; links are followed, but each real folder is visited once.

    Hidden files are skipped, as are files that systems create (`@eaDir`, `__MACOSX`, `Thumbs.db` and others), and
    folders that `train`, `evaluate` and `prepare` wrote below `folder`: started inside a set, they write there.

    Raises:
        UnlistedFolder: a folder may not be read, or its disk fails. A missing one has no files.
    """
    found: list[Path] = []
    seen: set[str] = set()
    for current, folders, files in os.walk(folder, onerror=_refuse, followlinks=True):
        real = os.path.realpath(current)
        if real in seen:  # a loop of symbolic links
            folders.clear()
            continue
        seen.add(real)
        if Path(current) != Path(folder) and any(known <= set(files) for known in _WRITTEN_HERE):
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if _is_somebodys(name))
        found += [Path(current, name) for name in files if _is_somebodys(name)]
    return sorted(found)


def _refuse(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError | NotADirectoryError):  # no such folder, or none any more
        raise UnlistedFolder(
            f"{error.filename}: the files in this folder cannot be listed ({error.strerror}); make it readable, or "
            "move it elsewhere"
        ) from error


def check_is_file(path: Path) -> None:
    """Refuse anything but a regular file; opening a named pipe, for example, would wait for ever.

    Raises:
        DataError: a named pipe, a socket or a device. Missing and locked files are not refused here.
    """
    try:
        mode = path.stat().st_mode
    except OSError:
        return
    for is_one, what in _NO_FILES:
        if is_one(mode):
            raise DataError(f"{path}: is {what}, not an image file; remove it")
