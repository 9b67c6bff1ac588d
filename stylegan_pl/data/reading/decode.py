"""Decodes an image file's bytes, with the fastest decoder that gives the same pixels as `read_image`."""

import io
import math
from contextlib import suppress
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from stylegan_pl.pictures.read import read_image

try:
    import simplejpeg
except ImportError:  # an optional package: it only saves time
    simplejpeg = None

Pixels: TypeAlias = NDArray[np.uint8]
"""(H, W, 3), sRGB."""

_FRAMES = (0xC0, 0xC1, 0xC2)  # baseline, extended, progressive: every decoder has these
_TOLD_IN = (0xE1, 0xE2, 0xEE)  # markers of EXIF and XMP (orientation), profiles, Adobe's CMYK and RGB

_ONE_FACTOR = 8  # pixels: for smaller sides several of libjpeg's scale factors give one size, but other pixels


def decode(
    content: bytes, name: str, *, at_least: int | None = None, fast: bool = True, into: Pixels | None = None,
    one_frame: bool = False,
) -> Pixels:  # fmt: skip
    """Like `read_image`, from the bytes of a file: uint8 (H, W, 3).

    JPEGs without orientation, profile or CMYK are decoded by simplejpeg, if it is installed. It uses libjpeg-turbo, as
    Pillow does, at the same size, and so gives the same pixels (tested; two builds of the library may differ by 1/255),
    but it needs fewer copies. Files that it refuses are given to Pillow.

    Args:
        name: the file's name, for messages.
        at_least: pixels of the shorter side that are enough; see `read_image`.
        fast: use simplejpeg if possible; False: always Pillow.
        into: memory for the result, used if the picture has exactly its shape; the result then shares it.
        one_frame: refuse animations and files of several pages; see `read_image`.

    Raises:
        DataError: not an image, damaged or too large.
    """
    size = plain_jpeg(content) if fast and simplejpeg is not None else None
    part = 1 if size is None else draft(size, at_least)
    if size is not None and _let_pass(size) and (part == 1 or max(size) >= _ONE_FACTOR):
        least = (0, 0) if part == 1 else (-(-size[0] // part), -(-size[1] // part))
        with suppress(ValueError):  # damaged: `read_image` will raise the clear error
            pixels: Pixels = simplejpeg.decode_jpeg(
                content, "RGB", min_height=least[0], min_width=least[1], min_factor=1,
                buffer=into if into is not None and part == 1 and into.shape[:2] == size else None,
            )  # fmt: skip
            return pixels
    return np.array(read_image(NamedBytes(content, name), at_least=at_least, one_frame=one_frame))


def draft(size: tuple[int, int], at_least: int | None) -> int:
    """The factor, 1, 2, 4 or 8, by which Pillow divides a JPEG's sides (height, width) if `at_least` is enough."""
    if at_least is None:
        return 1
    scale = at_least / min(size)
    room = min(side // math.ceil(side * scale) for side in size)
    return next(part for part in (8, 4, 2, 1) if part <= max(1, room))


def plain_jpeg(content: bytes) -> tuple[int, int] | None:
    """Height and width of an 8-bit grey or three-colour JPEG without orientation or profile; else None."""
    if content[:2] != b"\xff\xd8":
        return None
    place = 2
    while place + 10 <= len(content) and content[place] == 0xFF:
        marker, length = content[place + 1], int.from_bytes(content[place + 2 : place + 4], "big")
        if marker in _FRAMES:
            height, width = (int.from_bytes(content[place + at : place + at + 2], "big") for at in (5, 7))
            bits, channels = content[place + 4], content[place + 9]
            return (height, width) if bits == 8 and channels in (1, 3) and height and width else None
        if marker in _TOLD_IN or not 0xC4 <= marker <= 0xFE or 0xD0 <= marker <= 0xD9 or length < 2:
            return None
        place += 2 + length
    return None


class NamedBytes(io.BytesIO):
    """An image file in memory, whose name appears in error messages."""

    def __init__(self, content: bytes, name: str) -> None:
        super().__init__(content)
        self.shown = name

    def __str__(self) -> str:
        return self.shown

    def __repr__(self) -> str:  # shown in Pillow's errors
        return repr(self.shown)


def _let_pass(size: tuple[int, int]) -> bool:
    """Whether Pillow accepts that many pixels without a warning; otherwise `read_image` decides."""
    return Image.MAX_IMAGE_PIXELS is None or size[0] * size[1] <= Image.MAX_IMAGE_PIXELS
