"""Cuts a training crop out of a picture."""

import numpy as np
import torch
from torch import Tensor

from stylegan_pl.data.reading.decode import Pixels
from stylegan_pl.errors import DataError
from stylegan_pl.pictures.crop_size import CropSize, fits, in_words, sides


def cut(
    pixels: Pixels, size: CropSize, rng: np.random.Generator | None, *, name: str = "", into: Pixels | None = None
) -> Tensor:
    """A crop at random or in the middle, as uint8 (3, H, W) in channels-last memory.

    Args:
        size: H = W, or H and W.
        into: memory for the crop, (H, W, 3); None: allocate it.

    Raises:
        DataError: the picture is smaller than the crop; the message has `name`.
    """
    height, width = pixels.shape[:2]
    rows, columns = sides(size)
    if not fits(width, height, size):
        problem = f"{width}×{height} pixels is smaller than the crop of {in_words(size)}"
        raise DataError(f"{name}: {problem}" if name else problem)
    left, top = _corner(width - columns, height - rows, rng)
    into = np.empty((rows, columns, 3), np.uint8) if into is None else into
    if pixels.base is not into:  # otherwise it was decoded directly into `into`
        np.copyto(into, pixels[top : top + rows, left : left + columns])
    return torch.from_numpy(into).permute(2, 0, 1)


def _corner(free_x: int, free_y: int, rng: np.random.Generator | None) -> tuple[int, int]:
    if rng is None:
        return free_x // 2, free_y // 2
    return int(rng.integers(free_x + 1)) if free_x else 0, int(rng.integers(free_y + 1)) if free_y else 0
