"""Pairs whose two pictures are in one file, side by side, as in pix2pix's data sets."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.data.reading.decode import Pixels
from stylegan_pl.pictures.crop_size import CropSize


@dataclass(frozen=True)
class Half(ImageFolder):
    """An `ImageFolder` that uses the left or right half of each file; if the width is odd, without the middle column.

    Args:
        half: `left` or `right`.
    """

    half: Literal["left", "right"] = "left"

    def pixels(self, path: Path, size: CropSize, *, into: Pixels | None = None) -> Pixels:
        """A file -> uint8 (H, W, 3) that crops of `size` pixels are cut from: half of it, shrunk to `load_size`."""
        whole = replace(self, load_size=None, upscale=False)
        both = ImageFolder.pixels(whole, path, size)
        width = both.shape[1] // 2
        return self._resized(both[:, :width] if self.half == "left" else both[:, -width:], size)

    def part(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of the half."""
        return width // 2, height

    @property
    def part_name(self) -> str:
        """`left` or `right`."""
        return self.half
