"""A set that is made on this machine, only once; its folder is either complete or absent."""

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

STALE_S = 3600.0  # seconds after which a temporary folder belongs to a killed build; a build takes about 15 s
_SEAL = "README.txt"  # written last: marks a complete set, even one that was copied by hand


@dataclass(frozen=True)
class BuiltSource(ABC):
    """A `Source` that is made from installed packages, without a network.

    Args:
        into: parent of the set's folder.
        seed: seed of all random numbers.
    """

    into: str
    seed: int = 0

    needs_network: ClassVar[bool] = False

    @property
    @abstractmethod
    def set_name(self) -> str:
        """The folder's name, with a version: change it when the pictures change, because users have cached old ones."""

    @property
    @abstractmethod
    def readme(self) -> str:
        """Text of README.txt beside the pictures; it must name every setting, because it identifies the set."""

    @abstractmethod
    def describe(self) -> str:
        """One line for the user: what the set is and how it is made."""

    @abstractmethod
    def write(self, folder: Path) -> None:
        """Make all pictures in an empty folder."""

    @property
    def folder(self) -> Path:
        """The finished set."""
        return Path(self.into) / f"{self.set_name}-seed{self.seed}"

    def is_ready(self) -> bool:
        """Whether it has been built with these settings."""
        return is_built(self.folder, readme=self.readme)

    def fetch(self) -> Path:
        """Build it, unless it exists.

        Raises:
            ConfigError: the folder cannot be written, or contains something else.
        """
        return build_once(self.folder, self.write, readme=self.readme)


def is_built(folder: Path, *, readme: str) -> bool:
    """Whether `folder` is a finished set with exactly this readme."""
    seal = folder / _SEAL
    return seal.is_file() and seal.read_text(encoding="utf-8") == readme


def build_once(folder: Path, write: Callable[[Path], None], *, readme: str) -> Path:
    """Fill `folder` by `write(temporary folder)`, unless it exists already, and return it.

    The set is built in a temporary folder and renamed at the end, so `folder` is always complete, also if a build was
    interrupted or two processes build at the same time.

    Args:
        readme: what the set is and how it is made, seed and parameters included, so that a set with other settings is
            not taken for this one.

    Raises:
        ConfigError: the folder cannot be written, or contains something else or a set with other settings.
    """
    if is_built(folder, readme=readme):
        return folder
    _refuse_what_is_there(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _remove_stale_workshops(folder)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as workshop:
            built = Path(workshop) / folder.name  # inside, because others cannot read the temporary folder
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
    """Remove old temporary folders of killed builds of this set; a running build's is newer."""
    for workshop in folder.parent.glob(f".{folder.name}-*"):
        with contextlib.suppress(OSError):  # another process may remove it as well; failing to remove one does no harm
            if time.time() - workshop.stat().st_mtime > STALE_S:
                shutil.rmtree(workshop)
