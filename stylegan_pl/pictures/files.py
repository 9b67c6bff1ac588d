"""Image files in, image files out; no torch, so that a program that paints without it can use this."""

import contextlib
import io
import math
import os
import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
from PIL import Image, ImageChops, ImageCms
from PIL.TiffImagePlugin import TiffImageFile

from stylegan_pl.errors import DataError, first_line
from stylegan_pl.pictures import tiff_pages
from stylegan_pl.pictures.bare_pixels import bare_pixels
from stylegan_pl.pictures.exif import is_sideways, of_taking, orientation, turned
from stylegan_pl.pictures.opened import opened
from stylegan_pl.pictures.tree import check_is_file
from stylegan_pl.pictures.whole_file import written_whole

_Found = TypeVar("_Found")
_JPEG = (".jpg", ".jpeg", ".jpe", ".jfif")
EXTENSIONS = frozenset({*_JPEG, ".png", ".webp", ".tif", ".tiff", ".bmp"})
"""What pictures are written as."""
_HEIF = (".heic", ".heif", ".hif")
READABLE = EXTENSIONS | {*_HEIF, ".avif"}
"""What a folder's files are taken for pictures by."""
_WIDE_GREY = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")
_FILMS = ("GIF", "PNG", "WEBP", "AVIF")  # several frames are the content; not so a camera's MPO
_LONGEST = {**dict.fromkeys(_JPEG, 65500), ".webp": 16383}  # pixels of a side that the format holds
_LONGEST_EXIF = 65533  # bytes that a JPEG holds
_SAVE_OPTIONS: dict[str, dict[str, Any]] = {
    # 4:4:4: chroma subsampling smears small strokes
    **{suffix: {"quality": 95, "subsampling": 0} for suffix in _JPEG},
    ".webp": {"quality": 95, "method": 4},
    ".png": {"compress_level": 4},  # zlib's 6 takes up to three times as long for half a per cent
}


def read_image(path: Path | io.BytesIO, *, at_least: int | None = None, one_frame: bool = False) -> Image.Image:
    """Any image file -> upright sRGB picture of 8 bits a channel.

    Orientation is applied, an embedded colour profile is converted to sRGB, 16-bit and float grey are scaled to
    8 bits, transparency is laid over white (what a browser shows). Of a TIFF it is the first page that is no thumbnail.
    A block that is not needed for that (EXIF, texts, a profile) may be as odd as it likes.

    Args:
        path: of the file; or its bytes, whose `str` is what messages call them.
        at_least: pixels of the shorter side that suffice; lets a large JPEG be decoded at 1/2, 1/4 or 1/8 size.
        one_frame: refuse animations and files of several pages, of which the first alone would be read.

    Raises:
        DataError: the file is missing, unreadable, truncated, no image, or of more pixels than `pixel_limit` allows.
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
    except Exception as error:  # damaged files make decoders raise whatever their parsing trips over
        raise DataError(f"{path}: cannot be read as an image ({first_line(error)})") from error


def _whatever_is_beside(path: Path | io.BytesIO, look: Callable[[Path | io.BytesIO, bytes | None], _Found]) -> _Found:
    """What `look` finds in a file, or, where a block beside the pixels keeps it from that, in the pixels alone.

    Args:
        look: given a file, and its colour profile where that has been taken out.
    """
    try:
        return look(path, None)
    except (DataError, Image.DecompressionBombError):
        raise
    except Exception as error:  # decoders raise whatever a block beside the pixels trips them over
        if getattr(error, "errno", None):  # the system's, not the decoder's
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
            downwards = tiff_pages.white_is_zero(image) and image.mode in _WIDE_GREY
        image.load()  # of a TIFF it applies the orientation, and takes it away
        picture = to_srgb(turned(image, orientation(image)))
        return ImageChops.invert(picture) if downwards else picture


def _bytes_of(path: Path | io.BytesIO) -> bytes:
    return path.getvalue() if isinstance(path, io.BytesIO) else path.read_bytes()


def _frames(image: Image.Image) -> int:
    return getattr(image, "n_frames", 1) if image.format in _FILMS else 1


class Header(NamedTuple):
    """What a file says of its picture before its pixels."""

    size: tuple[int, int]  # width and height, upright
    mode: str  # Pillow's, as on disk: RGB, L, CMYK, P, I;16 …
    format: str  # Pillow's: JPEG, PNG …
    orientation: int  # EXIF's, from 1, upright, to 8


def header(path: Path) -> Header:
    """Of what `read_image` would return, nothing decoded.

    Raises:
        DataError: it cannot be read.
    """
    check_is_file(path)
    try:
        with _quietly():
            return _whatever_is_beside(path, lambda file, _: _header(file))
    except DataError:
        raise
    except Exception as error:  # as in `read_image`
        raise DataError(f"{path}: cannot be read as an image ({first_line(error)})") from error


def _header(file: Path | io.BytesIO) -> Header:
    with opened(file) as image:
        width, height = image.size
        if isinstance(image, TiffImageFile):
            tiff_pages.to_the_picture(image)
            width, height = tiff_pages.stored_size(image)
        size = (height, width) if is_sideways(image) else (width, height)
        return Header(size, image.mode, image.format or "", orientation(image))


def upright_size(path: Path) -> tuple[int, int]:
    """Width and height of what `read_image` returns, from the file's header alone.

    Raises:
        DataError: it cannot be read.
    """
    return header(path).size


@contextlib.contextmanager
def pixel_limit(megapixels: float) -> Iterator[None]:
    """How large a picture may be while this lasts, for all threads; Pillow's own limit is 179 megapixels.

    A header of a few bytes can promise a picture that no memory holds, so nothing larger is decoded.
    """
    before = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = int(megapixels * 1e6 / 2)  # Pillow refuses twice as many, and warns in between
    try:
        yield
    finally:
        Image.MAX_IMAGE_PIXELS = before


def _too_large(error: Image.DecompressionBombError) -> str:
    """Pillow's words for a bomb, in ours."""
    numbers = re.findall(r"\d+", str(error))
    if len(numbers) < 2:
        return first_line(error)
    pixels, limit = (int(number) / 1e6 for number in numbers[:2])
    return f"{pixels:.0f} megapixels, of at most {limit:.0f}; type max_megapixels={math.ceil(pixels)} if you trust it"


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Without Pillow's remarks on sizes and damaged metadata, several lines each; pixels are what matters."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def to_srgb(image: Image.Image) -> Image.Image:
    """A picture of any mode -> mode RGB in the sRGB colour space."""
    profile = image.info.get("icc_profile")
    if image.mode in _WIDE_GREY:
        image = _grey_to_8_bits(image)
    if image.mode == "P" and "transparency" not in image.info:
        image = image.convert("RGB")  # a profile speaks of the palette's colours
    if image.mode == "La":
        image = image.convert("LA")  # the one mode that Pillow does not bring to RGBA
    if image.mode in ("RGBA", "LA", "PA", "RGBa") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        image = Image.alpha_composite(white, rgba).convert("RGB")
    if profile and image.mode in ("RGB", "L", "CMYK"):
        image = _apply_profile(image, profile)
    return image if image.mode == "RGB" else image.convert("RGB")


def _grey_to_8_bits(image: Image.Image) -> Image.Image:
    """16-bit integers map 65535 ↦ 255; floats are taken as [0, 1] unless they exceed 1."""
    grey = np.asarray(image, dtype=np.float64)
    if image.mode == "F":
        scale = 255.0 if grey.max(initial=0.0) <= 1.0 else 1.0
    else:
        scale = 255.0 / 65535.0 if image.mode.startswith("I;16") or grey.max(initial=0) > 255 else 1.0
    return Image.fromarray((grey * scale).round().clip(0, 255).astype(np.uint8), mode="L")


def _apply_profile(image: Image.Image, profile: bytes) -> Image.Image:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        target = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return image  # a broken profile: show the pixels as every viewer does, unmanaged
    return converted if converted is not None else image


def _draft_size(size: tuple[int, int], at_least: int) -> tuple[int, int]:
    scale = at_least / max(1, min(size))
    return (math.ceil(size[0] * scale), math.ceil(size[1] * scale))


def check_result(path: Path, width: int, height: int) -> None:
    """Refuse a picture that could not be written to `path`: before it is painted, not behind.

    Raises:
        DataError: its format does not hold so many pixels, its name is too long, or its folder is not to be written.
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
    """Bytes of a file's name on that disk."""
    return os.pathconf(folder, "PC_NAME_MAX") if hasattr(os, "pathconf") else 255


def write_image(image: Image.Image, path: Path, *, exif: bytes | None = None, quality: int | None = None) -> None:
    """Write by the extension's format, at a quality that keeps strokes; never leaves a half-written file.

    Args:
        exif: an EXIF block; one too long for a JPEG is left out.
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


def upright_exif(path: Path) -> bytes | None:
    """What a photograph's EXIF block tells of its taking; see `of_taking`. None when nothing."""
    try:
        with _quietly(), opened(path) as image:
            return of_taking(image)
    except Exception:  # a damaged block is not worth a picture
        return None
