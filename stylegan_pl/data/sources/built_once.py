"""A set that is made on this machine: whole or absent, however its making ends, and made once."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from stylegan_pl.errors import ConfigError

STALE_S = 3600.0  # seconds after which a workshop is a killed build's: a build takes some 15
_SEAL = "README.txt"  # written last, so a set that has it is whole, even one copied here by hand


@dataclass(frozen=True)
class BuiltSource(ABC):
    """A `Source` that is made from what is installed, without a network.

    Args:
        into: folder that the set's own folder is made in.
        seed: of all that is drawn at random.
    """

    into: str
    seed: int = 0

    needs_network: ClassVar[bool] = False

    @property
    @abstractmethod
    def set_name(self) -> str:
        """Of the set's folder, its version included: other pictures need another, for old ones lie in users' caches."""

    @property
    @abstractmethod
    def readme(self) -> str:
        """What is written beside the pictures; a set that was made otherwise has another."""

    @abstractmethod
    def describe(self) -> str:
        """One line for people."""

    @abstractmethod
    def write(self, folder: Path) -> None:
        """Make all pictures in an empty folder."""

    @property
    def folder(self) -> Path:
        """The finished set."""
        return Path(self.into) / f"{self.set_name}-seed{self.seed}"

    def is_ready(self) -> bool:
        """Whether it has been built, and as it would be now."""
        return is_built(self.folder, readme=self.readme)

    def fetch(self) -> Path:
        """Build it, unless it is there.

        Raises:
            ConfigError: the folder cannot be written, or holds something else.
        """
        return build_once(self.folder, self.write, readme=self.readme)


def is_built(folder: Path, *, readme: str) -> bool:
    """Whether `folder` is a finished set that was made as `readme` says."""
    seal = folder / _SEAL
    return seal.is_file() and seal.read_text(encoding="utf-8") == readme


def build_once(folder: Path, write: Callable[[Path], None], *, readme: str) -> Path:
    """`folder`, filled by `write(workshop)` on the first call and found on the next.

    Built beside its place and renamed at the end: what bears the name is whole, also when a build was interrupted or
    two processes build at once.

    Args:
        readme: what the set is and how it was made, seed and parameters included; an older set made otherwise must not
            pass for this one.

    Raises:
        ConfigError: the folder cannot be written, or what is there is no finished set or was made otherwise.
    """
    if is_built(folder, readme=readme):
        return folder
    _refuse_what_is_there(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _remove_stale_workshops(folder)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as workshop:
            built = Path(workshop) / folder.name  # a folder inside: the workshop itself is closed to other users
            built.mkdir()
            write(built)
            (built / _SEAL).write_text(readme, encoding="utf-8")
            _put_in_place(built, folder, readme)
    except OSError as error:
        reason = error.strerror or error
        raise ConfigError(f"cannot write {folder}: {reason}; choose another data_root") from error
    return folder


def _refuse_what_is_there(folder: Path) -> None:
    if (folder / _SEAL).is_file():
        raise ConfigError(f"{folder} was made with other settings or another version; remove it: rm -r '{folder}'")
    if folder.exists():
        raise ConfigError(f"{folder} is not a finished set; remove it: rm -r '{folder}'")


def _put_in_place(built: Path, folder: Path, readme: str) -> None:
    try:
        built.rename(folder)
    except OSError:
        if is_built(folder, readme=readme):  # another process was faster; its pictures are the same
            return
        _refuse_what_is_there(folder)
        raise


def _remove_stale_workshops(folder: Path) -> None:
    """Remove what killed builds of this set left; never what a running one may still need."""
    for workshop in folder.parent.glob(f".{folder.name}-*"):
        with contextlib.suppress(OSError):  # another process may remove it too; a leftover is no reason to fail
            if time.time() - workshop.stat().st_mtime > STALE_S:
                shutil.rmtree(workshop)
