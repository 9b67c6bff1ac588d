"""Unpacks a zip or tar file from the internet; all members are checked before the first byte is written."""

import gzip
import os
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import IO

from stylegan_pl.errors import DataError, UserError

Report = Callable[[int, int], object]  # called with (bytes done, bytes in total)

_BROKEN = (
    zipfile.BadZipFile,  # truncated, or wrong CRC
    tarfile.TarError,
    zlib.error,
    gzip.BadGzipFile,
    EOFError,
)


class BrokenArchive(DataError):
    """The archive is incomplete or damaged, and must be downloaded again."""


@dataclass(frozen=True)
class _Member:
    """An entry of a zip or tar file."""

    name: str
    size: int  # bytes, unpacked
    is_folder: bool
    is_plain: bool  # a file or folder, not a link or device
    open: Callable[[], IO[bytes]]

    @property
    def parts(self) -> tuple[str, ...]:
        return PureWindowsPath(self.name).parts


def extract(archive: Path, members: str, into: Path, report: Report = lambda done, total: None) -> Path:
    """Unpack only the folder `members` of `archive` into `into`, and return the unpacked folder.

    Raises:
        DataError: a member of the archive is a link or would be written outside `into`, or the folder is missing;
            nothing was written.
        BrokenArchive: the archive is truncated or damaged.
        UserError: the disk is too small.
    """
    try:
        with _opened(archive) as contents:
            for member in contents:
                _refuse_unsafe(archive, member)
            wanted = _below(archive, members, contents)
            ensure_free(into.parent, sum(member.size for member in wanted), f"the images of {archive.name}")
            _write(wanted, into, report)
    except _BROKEN as error:
        raise BrokenArchive(f"{archive} is cut off or damaged ({error})") from error
    return into / members


def lands_outside(name: str) -> bool:
    """Whether a member's path leads outside the folder that the archive is unpacked into.

    Windows' rules are applied on every system, because they are stricter and treat both `/` and `\\` as separators.
    """
    path = PureWindowsPath(name)
    return bool(path.drive or path.root) or ".." in path.parts


def count_files(folder: Path) -> int:
    """Number of files below `folder`, without hidden ones such as `.DS_Store`."""
    count = 0
    for _, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        count += sum(not name.startswith(".") for name in names)
    return count


def ensure_free(folder: Path, needed: int, purpose: str) -> None:
    """Raise UserError unless the disk of `folder`, which must exist, has `needed` bytes free."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise UserError(
            f"not enough disk space in {folder}: {human_bytes(needed)} needed for {purpose}, {human_bytes(free)} "
            "found: free some, or choose another folder"
        )


def human_bytes(count: int) -> str:
    """Bytes in words, e.g. `778 MiB`, `18.0 GiB`."""
    if count >= 2**30:
        return f"{count / 2**30:.1f} GiB"
    return f"{count / 2**20:.0f} MiB" if count >= 2**20 else f"{count} bytes"


@contextmanager
def _opened(archive: Path) -> Iterator[list[_Member]]:
    """The members of a zip or tar, readable while the context lasts."""
    if archive.name.endswith(".zip"):
        with zipfile.ZipFile(archive) as zipped:
            yield [_from_zip(zipped, info) for info in zipped.infolist()]
    else:
        with tarfile.open(archive) as tar:
            yield [_from_tar(tar, info) for info in tar.getmembers()]


def _from_zip(zipped: zipfile.ZipFile, info: zipfile.ZipInfo) -> _Member:
    kind = stat.S_IFMT(info.external_attr >> 16)  # the Unix mode; 0 if the archive has none
    is_plain = kind in (0, stat.S_IFREG, stat.S_IFDIR)
    # orig_filename: the whole name; zipfile's filename ends at a NUL byte
    name = info.orig_filename
    return _Member(name, info.file_size, name.endswith(("/", "\\")), is_plain, lambda: zipped.open(info))


def _from_tar(tar: tarfile.TarFile, info: tarfile.TarInfo) -> _Member:
    def open_file() -> IO[bytes]:
        stream = tar.extractfile(info)
        assert stream is not None  # only links and devices have none, and they are refused
        return stream

    return _Member(info.name, info.size, info.isdir(), info.isreg() or info.isdir(), open_file)


def _refuse_unsafe(archive: Path, member: _Member) -> None:
    if not member.is_plain:
        trouble = "is a link or a device"
    elif lands_outside(member.name) or "\0" in member.name:
        trouble = "would land outside the target folder"
    else:
        return
    raise DataError(f"{archive} is refused, nothing was unpacked: its member {member.name!r} {trouble}")


def _below(archive: Path, members: str, contents: list[_Member]) -> list[_Member]:
    """The files of the folder `members`."""
    folder = PureWindowsPath(members).parts
    wanted = [
        m for m in contents if not m.is_folder and m.parts[: len(folder)] == folder and len(m.parts) > len(folder)
    ]
    if not wanted:
        found = sorted({member.parts[0] for member in contents if member.parts})
        raise DataError(f"{archive} holds no folder {members!r}, only {', '.join(found[:5]) or 'nothing'}: set members")
    return wanted


def _write(members: list[_Member], into: Path, report: Report) -> None:
    done, total = 0, sum(member.size for member in members)
    for member in members:
        target = into.joinpath(*member.parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        with member.open() as source, target.open("wb") as file:
            shutil.copyfileobj(source, file, length=1 << 20)
        done += member.size
        report(done, total)
