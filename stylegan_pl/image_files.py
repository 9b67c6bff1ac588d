"""Image files in, image files out; no torch, so that a program that paints without it can use this."""

import contextlib
import hashlib
import io
import math
import os
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ExifTags, Image, ImageCms, ImageOps

from stylegan_pl.errors import DataError, first_line
from stylegan_pl.folders import check_is_file

EXTENSIONS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp"})
_WIDE_GREY = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")
_FILMS = ("GIF", "PNG", "WEBP", "TIFF")  # several frames or pages are the content; not so a camera's MPO
_LONGEST = {".jpg": 65500, ".jpeg": 65500, ".webp": 16383}  # pixels of a side that the format holds
_LONGEST_EXIF = 65533  # bytes that a JPEG holds
_TOLD = (
    ExifTags.Base.ImageDescription,
    ExifTags.Base.Make,
    ExifTags.Base.Model,
    ExifTags.Base.Software,
    ExifTags.Base.DateTime,
    ExifTags.Base.Artist,
    ExifTags.Base.Copyright,
)
_SAVE_OPTIONS: dict[str, dict[str, Any]] = {
    ".jpg": {"quality": 95, "subsampling": 0},  # 4:4:4: chroma subsampling smears small strokes
    ".jpeg": {"quality": 95, "subsampling": 0},
    ".webp": {"quality": 95, "method": 4},
    ".png": {"compress_level": 4},  # zlib's 6 takes up to three times as long for half a per cent
}


def read_image(path: Path | io.BytesIO, *, at_least: int | None = None, one_frame: bool = False) -> Image.Image:
    """Any image file -> upright sRGB picture of 8 bits a channel.

    Orientation is applied, an embedded colour profile is converted to sRGB, 16-bit and float grey are scaled to
    8 bits, transparency is laid over white (what a browser shows).

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
        with _quietly(), Image.open(path) as image:
            frames = getattr(image, "n_frames", 1) if one_frame else 1
            if frames > 1 and image.format in _FILMS:
                raise DataError(f"{path}: {frames} pictures in one file; take it apart, or make a film of it")
            if at_least is not None:
                image.draft("RGB", _draft_size(image.size, at_least))
            image.load()
            ImageOps.exif_transpose(image, in_place=True)  # a copy only where something is to be turned
            return to_srgb(image)
    except DataError:
        raise
    except Image.DecompressionBombError as error:
        raise DataError(f"{path}: {_too_large(error)}") from error
    except Exception as error:  # damaged files make decoders raise whatever their parsing trips over
        raise DataError(f"{path}: cannot be read as an image ({first_line(error)})") from error


def upright_size(path: Path) -> tuple[int, int]:
    """Width and height of what `read_image` returns, from the file's header alone.

    Raises:
        DataError: it cannot be read.
    """
    check_is_file(path)
    try:
        with _quietly(), Image.open(path) as image:
            turned = image.getexif().get(ExifTags.Base.Orientation, 1) in (5, 6, 7, 8)
            return (image.height, image.width) if turned else image.size
    except Exception as error:  # as in `read_image`
        raise DataError(f"{path}: cannot be read as an image ({first_line(error)})") from error


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
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
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


def unfinished(path: Path) -> Path:
    """Where a file is written until it is whole: hidden, beside its place, in a short name however long its own is."""
    digest = hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]
    return path.with_name(f".{digest}.partial{path.suffix}")


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
    if exif and suffix in (".jpg", ".jpeg") and len(exif) > _LONGEST_EXIF:
        exif = None
    if exif and suffix in (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff"):
        options["exif"] = exif
    partial = unfinished(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(partial, **options)
        partial.replace(path)
    except (OSError, ValueError) as error:  # ValueError: too large for the format
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise DataError(f"{path}: cannot be written ({first_line(error)}); choose another output=") from error


def upright_exif(path: Path) -> bytes | None:
    """What a photograph's EXIF block tells of its taking (camera, time, place, author); None when nothing.

    Orientation, profile and layout of the file are left out: the pixels of `read_image` no longer have them.
    """
    kept, nested = Image.Exif(), False
    try:
        with _quietly(), Image.open(path) as image:
            exif = image.getexif()
            kept.update({tag: exif[tag] for tag in _TOLD if tag in exif})
            for part in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
                if found := exif.get_ifd(part):
                    kept.get_ifd(part).update(found)
                    nested = True
            return kept.tobytes() if len(kept) or nested else None
    except Exception:  # a damaged block is not worth a picture
        return None
