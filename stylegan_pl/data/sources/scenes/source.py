"""Pictures of artificial landscapes as a content set, for training on game scenes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stylegan_pl.data.sources.built_once import BuiltSource
from stylegan_pl.data.sources.photographs import save_png
from stylegan_pl.data.sources.scenes.landscape import landscape

VERSION = 1  # raise it when the pictures change, because users have cached the old ones
IMAGE_SIZE = 256  # pixels, both sides
COUNTS: dict[str, int] = {"train": 64, "val": 12}

README = """content/  frames of made-up low-poly landscapes, drawn by a program, version {version}, seed {seed}.
No world is in both train and val; {size} x {size} PNG; no game's pictures.
"""


@dataclass(frozen=True)
class LandscapeSource(BuiltSource):
    """The pictures as a `Source`; each landscape appears once."""

    @property
    def set_name(self) -> str:
        """The folder's name, with the version of its pictures."""
        return f"landscape-v{VERSION}"

    @property
    def readme(self) -> str:
        """What the set is and how it is made, with all settings."""
        return README.format(version=VERSION, seed=self.seed, size=IMAGE_SIZE)

    def describe(self) -> str:
        """One line for the user: what it is and how it is made."""
        return f"frames of made-up landscapes (drawn in seconds, no download) -> {self.into}"

    def write(self, folder: Path) -> None:
        """Make all pictures in an empty folder."""
        world = self.seed * sum(COUNTS.values())
        for split, count in COUNTS.items():
            for index in range(count):
                save_png(landscape(world, IMAGE_SIZE), folder / "content" / split / f"world-{index:02d}.png")
                world += 1
