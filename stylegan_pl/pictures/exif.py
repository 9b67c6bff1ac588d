"""EXIF metadata: reads the orientation, and keeps facts about the taking of a photograph."""

from collections.abc import Mapping
from typing import Any

from PIL import ExifTags, Image

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF's orientations; 1 is upright."""
_SIDEWAYS = (5, 6, 7, 8)
_KEPT = (
    ExifTags.Base.ImageDescription,
    ExifTags.Base.Make,
    ExifTags.Base.Model,
    ExifTags.Base.Software,
    ExifTags.Base.DateTime,
    ExifTags.Base.Artist,
    ExifTags.Base.Copyright,
)


def orientation(image: Image.Image) -> int:
    """The orientation from 1 to 8, by EXIF or XMP; 1 if it cannot be read."""
    try:
        value = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # a damaged block may raise any error
        return 1
    return value if isinstance(value, int) and value in _TURNS else 1


def is_sideways(image: Image.Image) -> bool:
    """Whether width and height are exchanged in the upright picture."""
    return orientation(image) in _SIDEWAYS


def turned(picture: Image.Image, orientation: int) -> Image.Image:
    """The upright picture; other metadata is kept."""
    turn = _TURNS.get(orientation)
    if turn is None:
        return picture
    upright = picture.transpose(turn)
    upright.info = picture.info
    return upright


def camera_exif(image: Image.Image) -> bytes | None:
    """An EXIF block with camera, time, place and author of a photograph; None if there is nothing.

    It excludes orientation, profile and file layout, which do not apply to the upright pixels, and entries that cannot
    be written, such as a negative number in an unsigned field.
    """
    block, kept = image.getexif(), Image.Exif()
    main = {tag: block[tag] for tag in _KEPT if tag in block}
    kept.update({tag: value for tag, value in main.items() if _can_be_written({tag: value}, None)})
    nested = False
    for part in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
        found = block.get_ifd(part)
        sound = {tag: value for tag, value in found.items() if _can_be_written({tag: value}, part)}
        if sound:
            kept.get_ifd(part).update(sound)
            nested = True
    return kept.tobytes() if len(kept) or nested else None


def _can_be_written(entries: Mapping[int, Any], part: int | None) -> bool:
    alone = Image.Exif()
    (alone if part is None else alone.get_ifd(part)).update(entries)
    try:
        alone.tobytes()
    except Exception:  # packing a value of the wrong type may raise any error
        return False
    return True
