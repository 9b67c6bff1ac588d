"""Opens image files with Pillow, HEIC included."""

import io
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from stylegan_pl.errors import DataError

HEIC_BRANDS = {b"ftyp" + brand for brand in (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")}
"""Bytes 4 to 12 of a HEIC file."""


def opened(path: Path | io.BytesIO) -> Image.Image:
    """Like `PIL.Image.open`, but also opens HEIC, the format of phones.

    Raises:
        DataError: it is HEIC, and the package that reads it is not installed.
        OSError, SyntaxError, ValueError: not an image, or damaged.
    """
    try:
        return Image.open(path)
    except UnidentifiedImageError:
        if _head_of(path)[4:] not in HEIC_BRANDS:
            raise
    try:
        from pi_heif import register_heif_opener
    except ImportError as error:
        raise DataError(
            f"{path}: HEIC is read by pi-heif, which is not installed; type: pip install pi-heif"
        ) from error
    register_heif_opener()
    return Image.open(path)


def _head_of(path: Path | io.BytesIO) -> bytes:
    if isinstance(path, io.BytesIO):
        return path.getvalue()[:12]
    with path.open("rb") as file:
        return file.read(12)
