"""Reads TIFF files of scanners and editors: pages that are thumbnails, planar colours, inverted grey."""

import io
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import (
    BITSPERSAMPLE,
    COMPRESSION,
    IMAGELENGTH,
    IMAGEWIDTH,
    PHOTOMETRIC_INTERPRETATION,
    PLANAR_CONFIGURATION,
    TiffImageFile,
)

_NEW_SUBFILE_TYPE, _SUBFILE_TYPE = 254, 255
_REDUCED, _MASK = 1, 4  # bits of NewSubfileType
_OLD_REDUCED = 2  # value of SubfileType
_WHITE_IS_ZERO, _UNCOMPRESSED, _PLANES = 0, 1, 2
_DEEP = 16  # bits per colour


def to_the_picture(image: TiffImageFile) -> int:
    """Move a TIFF to its first page that is neither a thumbnail nor a mask; returns how many such pages there are."""
    pictures, page = [], 0
    while True:
        try:
            image.seek(page)
        except EOFError:
            break
        except Exception:  # of a kind that Pillow cannot show; its tags are read all the same
            if image.tell() != page:
                break
        tags = image.tag_v2
        small = tags.get(_NEW_SUBFILE_TYPE, 0) & (_REDUCED | _MASK) or tags.get(_SUBFILE_TYPE) == _OLD_REDUCED
        pictures += [] if small else [page]
        page += 1
    image.seek(pictures[0] if pictures else 0)
    return max(1, len(pictures))


def stored_size(image: TiffImageFile) -> tuple[int, int]:
    """Width and height as stored, before rotation; `size` differs between versions of Pillow."""
    return int(image.tag_v2[IMAGEWIDTH]), int(image.tag_v2[IMAGELENGTH])


def white_is_zero(image: TiffImageFile) -> bool:
    """Whether grey is inverted, which Pillow only handles for 8 bits."""
    return bool(image.tag_v2.get(PHOTOMETRIC_INTERPRETATION) == _WHITE_IS_ZERO)


def is_in_deep_planes(image: TiffImageFile) -> bool:
    """Whether it has uncompressed planes of 16-bit colours, which Pillow decodes to noise without an error."""
    tags = image.tag_v2
    bits = tags.get(BITSPERSAMPLE, (1,))
    return (
        tags.get(PLANAR_CONFIGURATION) == _PLANES and tags.get(COMPRESSION, _UNCOMPRESSED) == _UNCOMPRESSED
        and len(bits) > 1 and set(bits) == {_DEEP}
    )  # fmt: skip


def read_planes(source: Path | io.BytesIO, page: int, mode: str) -> Image.Image:
    """Read a page for which `is_in_deep_planes` is True, with the upper 8 bits of each colour.

    Args:
        mode: Pillow's mode of the page.
    """
    import tifffile  # imported here, because few pictures need it

    if isinstance(source, io.BytesIO):
        source.seek(0)
    with tifffile.TiffFile(source) as file:
        planes = file.pages[page].asarray()[: len(Image.new(mode, (1, 1)).getbands())]  # (samples, H, W)
    colours = [Image.fromarray((plane >> 8).astype(np.uint8)) for plane in planes]
    return Image.merge(mode, colours)
