"""How often each lightness and each colour occurs in a set of pictures, in CIE Lab."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stylegan_pl.data.sources.palette import to_lab

LIGHTNESS_BINS = 50  # of L in [0, 100]
PLANE_BINS = 56  # of a and of b in [-112, 112], which holds sRGB
PLANE_REACH = 112


class ColourCount(NamedTuple):
    """Number of pixels by lightness (50,) and by colour (56, 56), b by a; uint16 for one picture, int64 for a set."""

    lightness: NDArray[np.unsignedinteger | np.int64]
    plane: NDArray[np.unsignedinteger | np.int64]

    @classmethod
    def empty(cls) -> ColourCount:
        """The count of a set without pictures."""
        return cls(np.zeros(LIGHTNESS_BINS, np.int64), np.zeros((PLANE_BINS, PLANE_BINS), np.int64))

    @classmethod
    def of(cls, pixels: NDArray[np.uint8]) -> ColourCount:
        """The count of sRGB pixels (K, 3), fewer than 65,536."""
        lab = to_lab(pixels)
        lightness, _ = np.histogram(lab[:, 0], LIGHTNESS_BINS, (0, 100))
        reach = (-PLANE_REACH, PLANE_REACH)
        plane, _, _ = np.histogram2d(lab[:, 2], lab[:, 1], PLANE_BINS, (reach, reach))
        return cls(lightness.astype(np.uint16), plane.astype(np.uint16))

    def add(self, other: ColourCount) -> None:
        """Add `other`'s counts, in place."""
        self.lightness[:] += other.lightness
        self.plane[:] += other.plane
