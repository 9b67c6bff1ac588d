"""The interface of a source: where a set of images comes from."""

from pathlib import Path
from typing import Protocol


class Source(Protocol):
    """Where a set of images comes from, if its folder does not exist yet."""

    needs_network: bool

    @property
    def folder(self) -> Path:
        """The folder of the finished set."""

    def describe(self) -> str:
        """One line for the user: what it is, how large, from where, to where."""

    def is_ready(self) -> bool:
        """Whether the folder exists and is complete."""

    def fetch(self) -> Path:
        """Download or make the set, and return its folder."""
