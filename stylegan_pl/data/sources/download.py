"""Public image archives as folders of images: downloaded once, verified, unpacked whole or not at all."""

import hashlib
import logging
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from stylegan_pl.data.sources.extract import (
    BrokenArchive,
    count_files,
    ensure_free,
    extract,
    human_bytes,
    lands_outside,
)
from stylegan_pl.data.sources.transfer import Transfer, discard, progress_in_bytes, size_of
from stylegan_pl.errors import ConfigError, DataError, UserError

logger = logging.getLogger(__name__)

UNPACKED = 1.05  # size of the folder relative to the archive: images hardly compress, and disk blocks are half filled


@dataclass(frozen=True, kw_only=True)
class Archive:
    """An archive to download, and the folder of images in it.

    The images are in `into/members`; unfinished downloads are in `into/.downloads`. Nothing else is written.
    An archive copied to `into/.downloads` by hand is used instead of the network.
    """

    url: str  # http or https; its last part names the archive: .zip, .tar, .tgz, .tar.gz
    size_bytes: int  # exact; checked before, during and after the download
    members: str  # folder inside the archive, e.g. val2017; the rest of the archive is left out
    files: int  # number of files under `members`, hidden ones not counted
    into: str | Path  # folder the archive is unpacked into
    md5: str | None = None  # without a checksum, only the size and the zip's own CRCs are checked
    sha256: str | None = None
    title: str | None = None  # for messages, e.g. COCO val2017
    keep_archive: bool = False  # do not delete it after unpacking

    needs_network = True  # see data.source.Source

    def __post_init__(self) -> None:
        if not re.fullmatch(r"https?://[^/]+/.*\.(zip|tar|tgz|tar\.gz)", self.url):
            raise ConfigError(f"url must be http://host/name.zip, .tar, .tgz or .tar.gz, got {self.url!r}")
        if not (self.url.endswith(".zip") or self.md5 or self.sha256):
            raise ConfigError(f"md5 or sha256 must be given for {self.url}: unlike a zip, a tar does not check itself")
        if lands_outside(self.members) or not PurePosixPath(self.members).parts:
            raise ConfigError(f"members must be a folder inside the archive, e.g. val2017, got {self.members!r}")

    @property
    def name(self) -> str:
        """File name of the archive, e.g. val2017.zip."""
        return PurePosixPath(unquote(urlsplit(self.url).path)).name

    @property
    def folder(self) -> Path:
        """The folder of images, once fetched."""
        return Path(self.into) / self.members

    @property
    def path(self) -> Path:
        """The archive's file, between download and unpacking."""
        return Path(self.into) / ".downloads" / self.name

    def describe(self) -> str:
        """One line for the user: what, how large, from where, to where."""
        host = urlsplit(self.url).hostname
        return f"{self.title or self.members}: {human_bytes(self.size_bytes)} from {host} -> {self.into}"

    def is_ready(self) -> bool:
        """Whether the folder exists; it is created by one rename, so it is complete."""
        return self.folder.is_dir() and count_files(self.folder) == self.files

    def fetch(self) -> Path:
        """Download and unpack what is missing, and return the folder; can be called again, or by two processes at once.

        Raises UserError or DataError with one line: no network, disk full, wrong file, unsafe or damaged archive.
        """
        if self.is_ready():
            return self.folder
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with _alone(self.path):
                if not self.is_ready():  # another process may have finished it while this one waited
                    self._refuse_other_files()
                    self._obtain()
                    self._unpack()
        except OSError as error:
            raise UserError(
                f"cannot fetch {self.name} into {self.into} ({error}): mend that folder or choose another"
            ) from error
        return self.folder

    def _refuse_other_files(self) -> None:
        """Refuse a folder with the user's own files: they are neither deleted nor mixed with ours."""
        if self.folder.exists() and any(self.folder.iterdir()):
            raise DataError(
                f"{self.folder} holds {count_files(self.folder)} files where {self.name} brings {self.files}: "
                "move it away or delete it, and type the same command again"
            )

    def _obtain(self) -> None:
        """Download the archive to `path`, unless it is there, and verify it."""
        if self.path.exists():
            if wrong := self._mismatch(self.path):
                raise DataError(f"{self.path} is not {self.url}: {wrong}: delete it and type the same command again")
            return
        part = _part(self.path)
        missing = self.size_bytes - size_of(part)
        ensure_free(part.parent, missing + int(UNPACKED * self.size_bytes), f"{self.name} and its images")
        Transfer(self.url, part, self.size_bytes).run()
        if wrong := self._mismatch(part):
            discard(part)
            raise DataError(
                f"{self.url} is not the file it should be: {wrong}: the download was deleted; type the same command "
                "again, and if this comes back the server's file has changed"
            )
        part.replace(self.path)
        discard(part)

    def _mismatch(self, path: Path) -> str | None:
        if size_of(path) != self.size_bytes:
            return f"expected {self.size_bytes} bytes, found {size_of(path)} bytes"
        for algorithm, expected in (("md5", self.md5), ("sha256", self.sha256)):
            if expected and (found := _digest(path, algorithm)) != expected.lower():
                return f"expected {algorithm} {expected}, found {found}"
        return None

    def _unpack(self) -> None:
        """Unpack into a temporary folder and rename it, so that an incomplete folder is never used."""
        scratch = self.path.with_name(f"{self.name}.unpacked")
        shutil.rmtree(scratch, ignore_errors=True)  # left by a killed run
        try:
            with progress_in_bytes(f"unpacking {self.name}") as bar:
                unpacked = extract(self.path, self.members, scratch, bar.reach)
            if (found := count_files(unpacked)) != self.files:
                raise DataError(
                    f"{self.path} brings {found} files under {self.members}, expected {self.files}: set files"
                )
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            if self.folder.exists():
                self.folder.rmdir()  # it is empty, otherwise it was refused; Windows cannot rename onto a folder
            unpacked.rename(self.folder)
        except BrokenArchive as error:
            self.path.unlink()
            raise DataError(f"{error}: it was deleted; type the same command again to download it anew") from error
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        if not self.keep_archive:
            self.path.unlink()


def _part(archive: Path) -> Path:
    return archive.with_name(f"{archive.name}.part")


def _digest(path: Path, algorithm: str) -> str:
    digest = hashlib.new(algorithm, usedforsecurity=False)  # otherwise FIPS machines refuse md5
    total = size_of(path)
    with path.open("rb") as file, progress_in_bytes(f"checking {path.name}") as bar:
        while block := file.read(1 << 20):
            digest.update(block)
            bar.reach(file.tell(), total)
    return digest.hexdigest()


@contextmanager
def _alone(archive: Path) -> Iterator[None]:
    """Hold the archive's lock: a second process waits, and then finds the folder finished."""
    from filelock import FileLock, Timeout

    lock = FileLock(f"{archive}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        logger.warning("waiting for another process, which is fetching %s", archive.name)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
