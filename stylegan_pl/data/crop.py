"""A training crop: which square of a picture, as a tensor."""

import numpy as np
import torch
from torch import Tensor

from stylegan_pl.data.decode import Pixels
from stylegan_pl.errors import DataError


def cut(pixels: Pixels, size: int, rng: np.random.Generator | None, *, name: str = "") -> Tensor:
    """A square of a picture, at random or in the middle, as uint8 (3, size, size); it lies in memory pixel by pixel.

    Raises:
        DataError: the picture, called `name`, is smaller.
    """
    height, width = pixels.shape[:2]
    if min(width, height) < size:
        told = f"{width}×{height} pixels is smaller than the crop of {size}"
        raise DataError(f"{name}: {told}" if name else told)
    left, top = _corner(width - size, height - size, rng)
    square = pixels[top : top + size, left : left + size]
    if not square.flags.writeable or pixels.size > 2 * square.size:
        square = square.copy()  # the whole picture may go
    return torch.from_numpy(square).permute(2, 0, 1)


def _corner(free_x: int, free_y: int, rng: np.random.Generator | None) -> tuple[int, int]:
    if rng is None:
        return free_x // 2, free_y // 2
    return int(rng.integers(free_x + 1)), int(rng.integers(free_y + 1))
