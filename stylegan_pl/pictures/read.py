"""Reads image files of any format as upright sRGB pictures; without torch."""

import contextlib
import io
import math
import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeVar

from PIL import Image, ImageChops
from PIL.TiffImagePlugin import TiffImageFile

from stylegan_pl.errors import DataError, first_line
from stylegan_pl.pictures import tiff_pages
from stylegan_pl.pictures.bare_pixels import bare_pixels
from stylegan_pl.pictures.exif import camera_exif, is_sideways, orientation, turned
from stylegan_pl.pictures.opened import opened
from stylegan_pl.pictures.srgb import WIDE_GREY, to_srgb
from stylegan_pl.pictures.tree import check_is_file
from stylegan_pl.pictures.write import EXTENSIONS

_Found = TypeVar("_Found")
_HEIF = (".heic", ".heif", ".hif")
READABLE = EXTENSIONS | {*_HEIF, ".avif"}
"""What a folder's files are taken for pictures by."""
_TOLD_BY = 64  # bytes, at the beginning of a file
_LFS_POINTER = b"version https://git-lfs"
_WEB_PAGE = (b"<!doctype html", b"<html")
_FILMS = ("GIF", "PNG", "WEBP", "AVIF")  # formats whose frames are an animation, unlike a camera's MPO

_limit_was_typed = False  # whether the command has an option for it: within `pixel_limit`


def read_image(path: Path | io.BytesIO, *, at_least: int | None = None, one_frame: bool = False) -> Image.Image:
    """Any image file -> upright sRGB picture with 8 bits per channel.

    Orientation is applied, an embedded colour profile is converted to sRGB, 16-bit and float grey are scaled to
    8 bits, transparency is replaced by white, as in a browser. Of a TIFF, the first page that is not a thumbnail is
    read. Damaged metadata (EXIF, texts, a profile) is ignored.

    Args:
        path: the file; or its bytes, as an object whose `str` is its name in messages.
        at_least: pixels of the shorter side that are enough, so that a large JPEG is decoded at 1/2, 1/4 or 1/8 size.
        one_frame: refuse animations and files of several pages, instead of reading only the first.

    Raises:
        DataError: the file is missing, unreadable, truncated, not an image, or larger than `pixel_limit` allows.
    """
    if isinstance(path, Path):
        check_is_file(path)
    try:
        with _quietly():
            return _whatever_is_beside(path, lambda file, profile: _read(file, path, at_least, one_frame, profile))
    except DataError:
        raise
    except Image.DecompressionBombError as error:
        raise DataError(f"{path}: {_too_large(error)}") from error
    except Exception as error:  # decoders may raise any error for damaged files
        raise DataError(f"{path}: cannot be read as an image ({_reason(path, error)})") from error


def _whatever_is_beside(path: Path | io.BytesIO, look: Callable[[Path | io.BytesIO, bytes | None], _Found]) -> _Found:
    """The result of `look` for a file; if damaged metadata prevents it, for the file without metadata.

    Args:
        look: called with a file, and its colour profile if that was removed.
    """
    try:
        return look(path, None)
    except (DataError, Image.DecompressionBombError):
        raise
    except Exception as error:  # decoders may raise any error for damaged metadata
        if getattr(error, "errno", None):  # an error of the system, not of the decoder
            raise
        bare = bare_pixels(_bytes_of(path))
        if bare is not None:
            with contextlib.suppress(Exception):
                return look(io.BytesIO(bare.content), bare.profile)
        raise


def _read(
    source: Path | io.BytesIO, name: object, at_least: int | None, one_frame: bool, profile: bytes | None
) -> Image.Image:
    with opened(source) as image:
        frames = tiff_pages.to_the_picture(image) if isinstance(image, TiffImageFile) else _frames(image)
        if one_frame and frames > 1:
            raise DataError(
                f"{name}: {frames} pictures in one file; type first_frame=true (of a set: data.content.first_frame=) "
                "for the first, or make a film of it"
            )
        if at_least is not None:
            image.draft("RGB", _draft_size(image.size, at_least))
        if profile is not None:
            image.info["icc_profile"] = profile
        downwards = False
        if isinstance(image, TiffImageFile):
            if tiff_pages.is_in_deep_planes(image):
                planes = tiff_pages.read_planes(source, image.tell(), image.mode)
                planes.info = image.info
                return to_srgb(turned(planes, orientation(image)))
            downwards = tiff_pages.white_is_zero(image) and image.mode in WIDE_GREY
        image.load()  # for a TIFF, this also applies and removes the orientation
        picture = to_srgb(turned(image, orientation(image)))
        return ImageChops.invert(picture) if downwards else picture


def _reason(path: Path | io.BytesIO, error: Exception) -> str:
    """Why a file is no image: what it is instead, if its first bytes tell, or else the decoder's words."""
    try:
        start = _start_of(path)
    except OSError:
        return first_line(error)
    if not start:
        return "the file is empty"
    start = start.lstrip()
    if start.startswith(_LFS_POINTER):
        return "it is a Git LFS pointer, not the picture; type git lfs pull"
    if start.lower().startswith(_WEB_PAGE):
        return "it is a web page; download the picture itself"
    return first_line(error)


def _start_of(path: Path | io.BytesIO) -> bytes:
    if isinstance(path, io.BytesIO):
        return path.getvalue()[:_TOLD_BY]
    with path.open("rb") as file:
        return file.read(_TOLD_BY)


def _bytes_of(path: Path | io.BytesIO) -> bytes:
    return path.getvalue() if isinstance(path, io.BytesIO) else path.read_bytes()


def _frames(image: Image.Image) -> int:
    return getattr(image, "n_frames", 1) if image.format in _FILMS else 1


class Header(NamedTuple):
    """The facts in the header of an image file."""

    size: tuple[int, int]  # width and height, upright
    mode: str  # Pillow's, as on disk: RGB, L, CMYK, P, I;16 …
    format: str  # Pillow's: JPEG, PNG …
    orientation: int  # EXIF's, from 1, upright, to 8


def header(path: Path) -> Header:
    """The header of a file, without decoding pixels; describes the picture that `read_image` returns.

    Raises:
        DataError: it cannot be read.
    """
    check_is_file(path)
    try:
        with _quietly():
            return _whatever_is_beside(path, lambda file, _: _header(file))
    except DataError:
        raise
    except Image.DecompressionBombError as error:
        raise DataError(f"{path}: {_too_large(error)}") from error
    except Exception as error:  # as in `read_image`
        raise DataError(f"{path}: cannot be read as an image ({_reason(path, error)})") from error


def _header(file: Path | io.BytesIO) -> Header:
    with opened(file) as image:
        width, height = image.size
        if isinstance(image, TiffImageFile):
            tiff_pages.to_the_picture(image)
            width, height = tiff_pages.stored_size(image)
        size = (height, width) if is_sideways(image) else (width, height)
        return Header(size, image.mode, image.format or "", orientation(image))


def upright_size(path: Path) -> tuple[int, int]:
    """Width and height of the picture that `read_image` returns, from the file's header.

    Raises:
        DataError: it cannot be read.
    """
    return header(path).size


@contextlib.contextmanager
def pixel_limit(megapixels: float) -> Iterator[None]:
    """Within it, limits the size of pictures, for all threads; Pillow's own limit is 179 megapixels.

    A small file can claim a picture that is larger than memory, so larger ones are not decoded.
    """
    global _limit_was_typed
    before = Image.MAX_IMAGE_PIXELS, _limit_was_typed
    Image.MAX_IMAGE_PIXELS = int(megapixels * 1e6 / 2)  # Pillow warns above this, and refuses twice as many
    _limit_was_typed = True
    try:
        yield
    finally:
        Image.MAX_IMAGE_PIXELS, _limit_was_typed = before


def _too_large(error: Image.DecompressionBombError) -> str:
    """Pillow's error for too many pixels, in our words."""
    numbers = re.findall(r"\d+", str(error))
    if len(numbers) < 2:
        return first_line(error)
    pixels, limit = (int(number) / 1e6 for number in numbers[:2])
    advice = f"type max_megapixels={math.ceil(pixels)} if you trust it" if _limit_was_typed else "make it smaller"
    return f"{pixels:.0f} megapixels, of at most {limit:.0f}; {advice}"


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Within it, suppresses Pillow's long warnings about sizes and damaged metadata."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _draft_size(size: tuple[int, int], at_least: int) -> tuple[int, int]:
    scale = at_least / max(1, min(size))
    return (math.ceil(size[0] * scale), math.ceil(size[1] * scale))


def upright_exif(path: Path) -> bytes | None:
    """The EXIF block of `camera_exif`; None if there is nothing."""
    try:
        with _quietly(), opened(path) as image:
            return camera_exif(image)
    except Exception:  # a damaged block must not prevent painting the picture
        return None
