"""The interface of a renderer, and the check of its input."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from stylegan_pl.data.sources.palette import Bytes


class Renderer(Protocol):
    """Photograph -> picture in a style. A frozen dataclass of parameters; its `repr` identifies a set in its readme."""

    def __call__(self, photo: Bytes, *, seed: int) -> Bytes:
        """uint8 (H, W, 3) of any size -> the same shape; the same seed gives the same bytes; `photo` is not changed."""


def check_photo(photo: Bytes) -> None:
    """Refuse anything but an 8-bit sRGB photograph.

    Raises:
        ValueError: another dtype or shape.
    """
    if photo.ndim != 3 or photo.shape[2] != 3 or photo.dtype != np.uint8:
        raise ValueError(f"photo must be uint8 of shape (H, W, 3), got {photo.dtype} of shape {photo.shape}")
