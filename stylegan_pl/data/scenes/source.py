"""Frames of made-up landscapes as a content set: what a player sees, for a painter of game scenes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stylegan_pl.data.built_once import build_once, is_built
from stylegan_pl.data.photographs import save_png
from stylegan_pl.data.scenes.landscape import landscape

VERSION = 1  # raise it when the pictures change: an older set in a user's cache must not pass for this one
IMAGE_SIZE = 256  # pixels, both sides
COUNTS: dict[str, int] = {"train": 64, "val": 12}

README = """content/  frames of made-up low-poly landscapes, drawn by a program, version {version}, seed {seed}.
No world is in both train and val; {size} x {size} PNG; no game's pictures.
"""


@dataclass(frozen=True)
class LandscapeSource:
    """The frames as a `Source`: drawn on this machine; every world is seen once."""

    into: str  # folder that the set's own folder is made in
    seed: int = 0

    needs_network = False

    @property
    def folder(self) -> Path:
        """The finished set."""
        return Path(self.into) / f"landscape-v{VERSION}-seed{self.seed}"

    @property
    def readme(self) -> str:
        """What is written beside the pictures."""
        return README.format(version=VERSION, seed=self.seed, size=IMAGE_SIZE)

    def describe(self) -> str:
        """One line for people."""
        return f"frames of made-up landscapes (drawn in seconds, no download) -> {self.into}"

    def is_ready(self) -> bool:
        """Whether they have been drawn."""
        return is_built(self.folder, readme=self.readme)

    def fetch(self) -> Path:
        """Draw them, unless they are there.

        Raises:
            UserError: the folder cannot be written, or holds something else.
        """
        return build_once(self.folder, self._write, readme=self.readme)

    def _write(self, folder: Path) -> None:
        world = self.seed * sum(COUNTS.values())
        for split, count in COUNTS.items():
            for index in range(count):
                save_png(landscape(world, IMAGE_SIZE), folder / "content" / split / f"world-{index:02d}.png")
                world += 1
