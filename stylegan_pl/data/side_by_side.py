"""Both pictures of a pair in one file, one beside the other, as pix2pix has its data sets."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.data.reading.decode import Pixels
from stylegan_pl.pictures.crop_size import CropSize


@dataclass(frozen=True)
class Half(ImageFolder):
    """An `ImageFolder` of which each picture is the left or the right half of a file; of an odd width, less the middle.

    Args:
        half: which.
    """

    half: Literal["left", "right"] = "left"

    def pixels(self, path: Path, size: CropSize, *, into: Pixels | None = None) -> Pixels:
        """A file -> what its crops of `size` pixels are cut from: half of it, shrunk to `load_size`."""
        whole = replace(self, load_size=None, upscale=False)
        both = ImageFolder.pixels(whole, path, size)
        width = both.shape[1] // 2
        return self._resized(both[:, :width] if self.half == "left" else both[:, -width:], size)

    def part(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of the half."""
        return width // 2, height

    @property
    def part_name(self) -> str:
        """Which half."""
        return self.half
