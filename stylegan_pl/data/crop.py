"""A training crop: which square of a picture, as a tensor."""

import numpy as np
import torch
from torch import Tensor

from stylegan_pl.data.decode import Pixels
from stylegan_pl.errors import DataError


def cut(
    pixels: Pixels, size: int, rng: np.random.Generator | None, *, name: str = "", into: Pixels | None = None
) -> Tensor:
    """A square of a picture, at random or in the middle, as uint8 (3, size, size); it lies in memory pixel by pixel.

    Args:
        into: (size, size, 3), memory for it; else it has its own.

    Raises:
        DataError: the picture, called `name`, is smaller.
    """
    height, width = pixels.shape[:2]
    if min(width, height) < size:
        told = f"{width}×{height} pixels is smaller than the crop of {size}"
        raise DataError(f"{name}: {told}" if name else told)
    left, top = _corner(width - size, height - size, rng)
    into = np.empty((size, size, 3), np.uint8) if into is None else into
    if pixels.base is not into:  # else it was decoded there
        np.copyto(into, pixels[top : top + size, left : left + size])
    return torch.from_numpy(into).permute(2, 0, 1)


def _corner(free_x: int, free_y: int, rng: np.random.Generator | None) -> tuple[int, int]:
    if rng is None:
        return free_x // 2, free_y // 2
    return int(rng.integers(free_x + 1)) if free_x else 0, int(rng.integers(free_y + 1)) if free_y else 0
