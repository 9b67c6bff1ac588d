"""Pairs whose two pictures differ in size: resized to the smaller size, or refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image
from torch import Tensor

from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.data.reading.decode import Pixels
from stylegan_pl.data.reading.resample import resampled
from stylegan_pl.errors import DataError
from stylegan_pl.pictures.crop_size import CropSize

_SAME_ASPECT = 0.02  # relative tolerance of the ratio of sides, for rounding in small pictures


def are_unequal(content: tuple[ImageFolder, Path], style: tuple[ImageFolder, Path]) -> bool:
    """Whether two files' pictures differ in size, by their file headers; False if a file cannot be read.

    Raises:
        DataError: their aspect ratios differ, so that they cannot show the same scene.
    """
    try:
        sizes = [folder.file_size(path) for folder, path in (content, style)]
    except DataError:
        return False
    (width, height), (other_width, other_height) = sizes
    if abs(width * other_height - other_width * height) > _SAME_ASPECT * width * other_height:
        raise DataError(
            f"{content[1]}: {width}×{height} pixels, and its partner {style[1]} {other_width}×{other_height}: pairs of "
            "unlike shapes do not show the same places; crop them alike, or take data=folders"
        )
    return sizes[0] != sizes[1]


def crops_of_one_size(
    content: tuple[ImageFolder, Path], style: tuple[ImageFolder, Path], size: CropSize,
    rngs: tuple[np.random.Generator | None, np.random.Generator | None],
) -> list[Tensor]:  # fmt: skip
    """Crops of both pictures, uint8 (3, H, W), after the larger picture is shrunk to the smaller one's size.

    Args:
        rngs: one generator for each picture, in equal states; None: crop in the middle.

    Raises:
        DataError: one is unreadable, or smaller than the crop.
    """
    pictures = [replace(folder, load_size=None, upscale=False).pixels(path, size) for folder, path in (content, style)]
    height, width = min(picture.shape[:2] for picture in pictures)
    try:
        return [
            folder.crop_image(Image.fromarray(_shrunk(picture, height, width, folder)), size, rng)
            for (folder, _), picture, rng in zip((content, style), pictures, rngs, strict=True)
        ]
    except DataError as error:
        raise DataError(f"{content[1]} and its partner {style[1]}: {error}") from error


def _shrunk(picture: Pixels, height: int, width: int, folder: ImageFolder) -> Pixels:
    return picture if picture.shape[:2] == (height, width) else resampled(picture, height, width, fast=folder.fast)
