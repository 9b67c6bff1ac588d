"""The size of a training crop: one number for a square, or height and width."""

from collections.abc import Sequence

CropSize = int | Sequence[int]
"""Pixels: 256, or [height, width]."""


def sides(size: CropSize) -> tuple[int, int]:
    """Height and width."""
    if isinstance(size, int):
        return size, size
    height, width = size
    return int(height), int(width)


def in_words(size: CropSize) -> str:
    """`256`, or `256×384` if height and width differ."""
    height, width = sides(size)
    return str(height) if height == width else f"{height}×{width}"


def as_typed(height: int, width: int) -> str:
    """The value to type for `image_size=`."""
    return str(height) if height == width else f"[{height},{width}]"


def fits(width: int, height: int, size: CropSize) -> bool:
    """Whether a picture is at least as large as the crop."""
    return height >= sides(size)[0] and width >= sides(size)[1]


def least_shorter_side(width: int, height: int, size: CropSize) -> int:
    """The smallest shorter side, in pixels, for which the crop fits into a picture of this aspect ratio."""
    shorter, (rows, columns) = min(width, height), sides(size)
    return max(-(-rows * shorter // height), -(-columns * shorter // width))
