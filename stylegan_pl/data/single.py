"""One picture as a data set: crops at many places and scales, for training on a single pair."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image
from torch import Tensor

from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.data.reading.crop import cut
from stylegan_pl.data.reading.decode import Pixels
from stylegan_pl.data.splits import list_images
from stylegan_pl.errors import DataError, UnfitData
from stylegan_pl.pictures.crop_size import CropSize, fits, in_words, least_shorter_side, sides
from stylegan_pl.pictures.read import read_image


@dataclass(frozen=True)
class SingleImage(ImageFolder):
    """A set of one image file, for training and validation alike.

    For a training crop, the picture is first resized: its shorter side is `load_size` times a random zoom, but at least
    the crop's. Then the crop is cut at a random place. Validation uses the middle at the largest zoom. As in SinCUT
    (Park et al., 2020, section 4.4); departures: SinCUT draws the zoom for each side, and once per batch.

    Args:
        root: the file, or a folder that holds one image.
        load_size: pixels of the shorter side at zoom 1; None: keep the size. A picture is enlarged only with
            `upscale=True`, or by a zoom above 1.
        upscale: True: enlarge a picture smaller than `load_size` or the crop. "crop": only one smaller than the crop.
            False: refuse one smaller than the crop.
        zoom: smallest and largest zoom.
    """

    zoom: Sequence[float] = (1 / 3, 1.0)

    @property
    def one_size(self) -> bool:
        """False, so that the picture is not cached on disk; it stays in memory."""
        return False

    def __post_init__(self) -> None:
        if isinstance(self.load_size, Sequence):
            raise ValueError(f"load_size of a single picture is one number, got {list(self.load_size)}; zoom has two")
        if len(self.zoom) != 2 or not 0 < self.zoom[0] <= self.zoom[1]:
            raise ValueError(f"zoom is [smallest, largest], above 0, got {list(self.zoom)}; try [0.333, 1.0]")

    @property
    def has_splits(self) -> bool:
        """False: the picture is used for training and validation."""
        return False

    def base(self, split: str) -> Path:
        """The folder of the picture."""
        root = Path(self.root)
        return root if root.is_dir() else root.parent

    def files(self, split: str) -> list[Path]:
        """The picture's path, or an empty list if there is none."""
        root = Path(self.root)
        return list_images(root, gifs=self.first_frame) if root.is_dir() else [root] if root.is_file() else []

    def by_name(self, split: str) -> dict[str, Path]:
        """Its name below `base(split)` -> the picture."""
        return {path.relative_to(self.base(split)).as_posix(): path for path in self.files(split)}

    def crop(
        self, path: Path, size: CropSize, rng: np.random.Generator | None, *, into: Pixels | None = None
    ) -> Tensor:
        """A file -> uint8 (3, H, W): zoomed and cropped at random, or (`rng` None) in the middle at the largest zoom.

        Args:
            size: pixels of the crop, H = W, or H and W.
            into: memory for the crop, (H, W, 3); None: allocate it.

        Raises:
            DataError: unreadable, or smaller than the crop.
        """
        largest = None if self.middle_size is None else round(self.middle_size * max(1.0, self.zoom[1]))
        image = _read(path, None if largest is None else max(largest, *sides(size)), not self.first_frame)
        width, height = image.size
        shorter = min(width, height)
        if not fits(width, height, size) and not self.upscale:
            raise DataError(f"{path}: {width}×{height} pixels is smaller than the crop of {in_words(size)}")
        load_size = self.middle_size or shorter
        zoom = self.zoom[1] if rng is None else rng.uniform(self.zoom[0], self.zoom[1])
        target = max(
            least_shorter_side(width, height, size),
            round(zoom * (load_size if self.upscale is True else min(load_size, shorter))),
        )
        rows, columns = sides(size)
        high, wide = rows * shorter / target, columns * shorter / target  # size of the crop in pixels of the file
        x, y = (0.5, 0.5) if rng is None else rng.uniform(size=2)
        left, top = x * (width - wide), y * (height - high)
        box = (left, top, min(left + wide, width), min(top + high, height))  # min: rounding may exceed the side
        return cut(np.asarray(image.resize((columns, rows), Image.Resampling.LANCZOS, box=box)), size, None, into=into)


@lru_cache(maxsize=2)
def _read(path: Path, at_least: int | None, one_frame: bool) -> Image.Image:
    """The decoded picture, cached, because reading a large photograph takes longer than cropping."""
    return read_image(path, at_least=at_least, one_frame=one_frame)


def check_single(single: SingleImage, *, name: str, size: CropSize) -> None:
    """Raise one error that names the file, what was found and what to type.

    Args:
        name: the set's config key, `data.content` or `data.style`.
        size: pixels of the training crop.

    Raises:
        DataError: there is not exactly one picture, or it is unreadable or smaller than the crop.
    """
    files = single.files("train")
    wanted = f"{name}.root=FILE, one picture (JPEG, PNG, WebP, TIFF or BMP)"
    if not Path(single.root).exists():
        raise UnfitData(f"{name}.root: no file {single.root}; type {wanted}, or data=sample to try without any")
    if not files:
        raise UnfitData(f"{name}.root: no image below {single.root}; type {wanted}, or data=sample to try without any")
    if len(files) > 1:
        raise UnfitData(
            f"{name}.root: {len(files)} images below {single.root}, and this is training on one; type "
            f"{name}.root={files[0]}, or data=folders for all of them"
        )
    try:
        width, height = read_image(files[0], one_frame=not single.first_frame).size
    except DataError as error:
        raise DataError(f"{name}.root: {error}; type {wanted}") from error
    if not fits(width, height, size) and not single.upscale:
        usable = min(width, height) // 4 * 4
        smaller = f"image_size={usable}, or " if usable >= 16 else ""  # smallest size of any generator
        raise UnfitData(
            f"{name}.root: {files[0]} has {width}×{height} pixels, fewer than the crop of {in_words(size)}; type "
            f"{smaller}{name}.upscale=true to enlarge it"
        )
