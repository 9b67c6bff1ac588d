"""Writes pictures as image files; without torch."""

import os
from pathlib import Path
from typing import Any

from PIL import Image

from stylegan_pl.errors import ConfigError, DataError, first_line
from stylegan_pl.pictures.whole_file import written_whole

_JPEG = (".jpg", ".jpeg", ".jpe", ".jfif")
EXTENSIONS = frozenset({*_JPEG, ".png", ".webp", ".tif", ".tiff", ".bmp"})
"""What pictures are written as."""
_LONGEST = {**dict.fromkeys(_JPEG, 65500), ".webp": 16383}  # largest side in pixels of each format
_LONGEST_EXIF = 65533  # largest EXIF block of a JPEG, bytes
_SAVE_OPTIONS: dict[str, dict[str, Any]] = {
    # 4:4:4, because chroma subsampling blurs small strokes
    **{suffix: {"quality": 95, "subsampling": 0} for suffix in _JPEG},
    ".webp": {"quality": 95, "method": 4},
    ".png": {"compress_level": 4},  # zlib's default 6 takes up to three times as long for half a percent
}


def check_is_free(path: Path, *, overwrite: bool) -> None:
    """Refuse to write over a file, unless that is typed.

    Raises:
        ConfigError: it is there.
    """
    if os.path.lexists(path) and not overwrite:
        raise ConfigError(f"output={path} is there already; type overwrite=true or another output=")


def check_result(path: Path, width: int, height: int) -> None:
    """Check, before a picture is painted, that it can be written to `path`.

    Raises:
        DataError: too many pixels for the format, too long a name, or a folder that cannot be written.
    """
    there = next(folder for folder in path.absolute().parents if folder.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise DataError(f"{path}: {there} is no folder that can be written to; choose another output=")
    for name in path.absolute().relative_to(there).parts:
        if (n_bytes := len(os.fsencode(name))) > (holds := _longest_name(there)):
            raise DataError(
                f"{path}: a name of {n_bytes} bytes, and {there} holds {holds}; give the picture a shorter one"
            )
    longest = _LONGEST.get(path.suffix.lower())
    if longest is not None and max(width, height) > longest:
        raise DataError(
            f"{path}: {width}×{height} pixels, and {path.suffix.lower()} holds {longest} a side; type image_format=png"
        )


def _longest_name(folder: Path) -> int:
    """Largest length of a file name on that disk, bytes."""
    return os.pathconf(folder, "PC_NAME_MAX") if hasattr(os, "pathconf") else 255


def write_image(image: Image.Image, path: Path, *, exif: bytes | None = None, quality: int | None = None) -> None:
    """Write in the extension's format, at a quality that keeps strokes; the file is complete or absent.

    Args:
        exif: an EXIF block; left out if it is too long for a JPEG.
        quality: of JPEG and WebP, 1 to 100; None: 95.

    Raises:
        DataError: the extension is unknown or the folder cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in EXTENSIONS:
        raise DataError(f"{path}: unknown image format '{suffix}'; use one of {' '.join(sorted(EXTENSIONS))}")
    options = dict(_SAVE_OPTIONS.get(suffix, {}))
    if quality is not None and "quality" in options:
        options["quality"] = quality
    if exif and suffix in _JPEG and len(exif) > _LONGEST_EXIF:
        exif = None
    if exif and suffix in (*_JPEG, ".png", ".webp", ".tif", ".tiff"):
        options["exif"] = exif
    try:
        with written_whole(path) as partial:
            image.save(partial, **options)
    except (OSError, ValueError) as error:  # ValueError: too large for the format
        raise DataError(f"{path}: cannot be written ({first_line(error)}); choose another output=") from error
