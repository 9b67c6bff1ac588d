"""What a renderer is, and what it may be given."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from stylegan_pl.data.sources.palette import Bytes


class Renderer(Protocol):
    """Photograph -> picture of a look. A frozen dataclass of its parameters: its `repr` says how a set was made."""

    def __call__(self, photo: Bytes, *, seed: int) -> Bytes:
        """UInt8 (H, W, 3), any size -> the same shape; the same seed, the same bytes; the photo is left alone."""


def check_photo(photo: Bytes) -> None:
    """Refuse what is no sRGB photograph of 8 bits.

    Raises:
        ValueError: another dtype or shape.
    """
    if photo.ndim != 3 or photo.shape[2] != 3 or photo.dtype != np.uint8:
        raise ValueError(f"photo must be uint8 of shape (H, W, 3), got {photo.dtype} of shape {photo.shape}")
