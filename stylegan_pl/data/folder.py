"""A folder of images, and how a file becomes a training crop."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image
from torch import Tensor

from stylegan_pl.data.reading.crop import cut
from stylegan_pl.data.reading.decode import Pixels, decode
from stylegan_pl.data.reading.resample import resampled
from stylegan_pl.data.source import Source
from stylegan_pl.data.splits import SplitFolder
from stylegan_pl.errors import DataError, first_line
from stylegan_pl.pictures.crop_size import CropSize, least_shorter_side
from stylegan_pl.pictures.read import upright_size
from stylegan_pl.pictures.tree import check_is_file


@dataclass(frozen=True)
class ImageFolder(SplitFolder):
    """One set of images on disk, and how its files become crops; which file is in which split: see `SplitFolder`.

    Args:
        load_size: pixels of the shorter side after shrinking; or [smallest, largest], from which each crop draws it, so
            that strokes and objects appear in many sizes. None: keep the size.
        upscale: True: enlarge images smaller than `load_size` or the crop. "crop": enlarge only images smaller than the
            crop, because enlarged paintings have blurred strokes. False: refuse images smaller than the crop.
        source: where the set can be fetched from; None: nowhere.
        how_to: what a user must do to get the set, if it cannot be fetched.
        fast: decode JPEGs with simplejpeg and resize with torch if possible; False: everything with Pillow.
    """

    load_size: int | Sequence[int] | None = None
    upscale: bool | Literal["crop"] = False
    source: Source | None = None
    how_to: str | None = None
    fast: bool = True

    def __post_init__(self) -> None:
        size = self.load_size
        if isinstance(size, Sequence) and not (len(size) == 2 and 0 < size[0] <= size[1]):
            raise ValueError(f"load_size is pixels, or [smallest, largest], got {list(size)}; try [384, 512]")

    @property
    def one_size(self) -> bool:
        """Whether a file has one size before it is cropped, so that `data.cache` can keep it; a range has many."""
        return not isinstance(self.load_size, Sequence)

    @property
    def middle_size(self) -> int | None:
        """`load_size`, or the middle of its range; used for validation and measurements."""
        size = self.load_size
        return sum(size) // 2 if isinstance(size, Sequence) else size

    @property
    def least_size(self) -> int | None:
        """`load_size`, or the smallest of its range."""
        return min(self.load_size) if isinstance(self.load_size, Sequence) else self.load_size

    @property
    def part_name(self) -> str | None:
        """Which part of each picture is used; None: all of it."""
        return None

    def can_be_fetched(self) -> bool:
        """Whether there is a source for `root`; False if the user typed another root."""
        return self.source is not None and Path(self.root).is_relative_to(self.source.folder)

    def crop(
        self, path: Path, size: CropSize, rng: np.random.Generator | None, *, into: Pixels | None = None
    ) -> Tensor:
        """A file -> uint8 (3, H, W): shrunk to `load_size` and cropped, at random or (`rng` None) in the middle.

        If `load_size` is a range, `rng` first draws the size.

        Args:
            size: pixels of the crop, H = W, or H and W.
            into: memory for the crop, (H, W, 3); None: allocate it.

        Raises:
            DataError: unreadable, or smaller than the crop.
        """
        if isinstance(self.load_size, Sequence):
            return replace(self, load_size=self._drawn(rng)).crop(path, size, rng, into=into)
        return cut(self.pixels(path, size, into=into), size, rng, name=str(path), into=into)

    def whole(self, path: Path, size: CropSize) -> Pixels:
        """A file -> uint8 (H, W, 3): the whole picture at the size that crops of `size` pixels are cut from.

        Raises:
            DataError: unreadable.
        """
        return replace(self, load_size=self.middle_size).pixels(path, size)

    def pixels(self, path: Path, size: CropSize, *, into: Pixels | None = None) -> Pixels:
        """A file -> uint8 (H, W, 3) that crops of `size` pixels are cut from; `into` is used if it has that shape.

        Raises:
            DataError: unreadable.
        """
        decoded = decode(
            self.content(path), str(path), at_least=self.middle_size, fast=self.fast, into=into,
            one_frame=not self.first_frame,
        )  # fmt: skip
        return self._resized(decoded, size)

    def content(self, path: Path) -> bytes:
        """The bytes of a file.

        Raises:
            DataError: it cannot be opened, or is not a file.
        """
        check_is_file(path)
        try:
            return path.read_bytes()
        except OSError as error:
            raise DataError(f"{path}: cannot be read as an image ({first_line(error)})") from error

    def stamp(self, path: Path) -> tuple[int, ...]:
        """Size and times of the file, which change if it changes; empty if the file is missing."""
        try:
            found = path.stat()
        except OSError:
            return ()
        return found.st_size, found.st_mtime_ns, found.st_ctime_ns

    def file_size(self, path: Path) -> tuple[int, int]:
        """Width and height of the picture in a file, from its header.

        Raises:
            DataError: it cannot be read.
        """
        return self.part(*upright_size(path))

    def part(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of the used part of a picture; here all of it."""
        return width, height

    def crop_image(self, image: Image.Image, size: CropSize, rng: np.random.Generator | None) -> Tensor:
        """Crop a picture that is already in memory; see `crop`."""
        return cut(replace(self, load_size=self._drawn(rng))._resized(np.array(image), size), size, rng)

    def resized_size(self, width: int, height: int, size: CropSize) -> tuple[int, int]:
        """Width and height to resize a picture to, before crops of `size` pixels are cut from it."""
        shorter = min(width, height)
        load_size = self.middle_size or shorter
        target = load_size if self.upscale is True else min(load_size, shorter)
        if self.upscale:
            target = max(target, least_shorter_side(width, height, size))
        if target == shorter:
            return width, height
        scale = target / shorter
        return max(target, round(width * scale)), max(target, round(height * scale))

    def _drawn(self, rng: np.random.Generator | None) -> int | None:
        """`load_size`; of a range one size, drawn by `rng`, or (None) the middle."""
        if rng is None or not isinstance(self.load_size, Sequence):
            return self.middle_size
        return int(rng.integers(self.load_size[0], self.load_size[1] + 1))

    def _resized(self, pixels: Pixels, size: CropSize) -> Pixels:
        height, width = pixels.shape[:2]
        wanted = self.resized_size(width, height, size)
        return pixels if wanted == (width, height) else resampled(pixels, wanted[1], wanted[0], fast=self.fast)
