"""TIFF files as scanners and editors write them: thumbnails as pages, colours in planes, white as zero."""

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
_REDUCED, _MASK = 1, 4  # bits of the former
_OLD_REDUCED = 2  # value of the latter
_WHITE_IS_ZERO, _UNCOMPRESSED, _PLANES = 0, 1, 2
_DEEP = 16  # bits of a colour


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
    """Width and height before any turning; versions of Pillow differ in what they call `size`."""
    return int(image.tag_v2[IMAGEWIDTH]), int(image.tag_v2[IMAGELENGTH])


def white_is_zero(image: TiffImageFile) -> bool:
    """Whether grey counts downwards, which Pillow heeds up to 8 bits alone."""
    return bool(image.tag_v2.get(PHOTOMETRIC_INTERPRETATION) == _WHITE_IS_ZERO)


def is_in_deep_planes(image: TiffImageFile) -> bool:
    """Whether colours of 16 bits lie in a plane each, uncompressed: Pillow makes noise of these, and says nothing."""
    tags = image.tag_v2
    bits = tags.get(BITSPERSAMPLE, (1,))
    return (
        tags.get(PLANAR_CONFIGURATION) == _PLANES and tags.get(COMPRESSION, _UNCOMPRESSED) == _UNCOMPRESSED
        and len(bits) > 1 and set(bits) == {_DEEP}
    )  # fmt: skip


def read_planes(source: Path | io.BytesIO, page: int, mode: str) -> Image.Image:
    """A page of `is_in_deep_planes` as it is stored, of 8 bits a colour: the upper ones, as Pillow takes otherwise.

    Args:
        mode: Pillow's of that page.
    """
    import tifffile  # here: few pictures need it

    if isinstance(source, io.BytesIO):
        source.seek(0)
    with tifffile.TiffFile(source) as file:
        planes = file.pages[page].asarray()[: len(Image.new(mode, (1, 1)).getbands())]  # (samples, H, W)
    colours = [Image.fromarray((plane >> 8).astype(np.uint8)) for plane in planes]
    return Image.merge(mode, colours)
