"""Image files in, image files out; the only code that converts between uint8 and [-1, 1]."""

import contextlib
import io
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import ExifTags, Image, ImageCms, ImageOps, UnidentifiedImageError
from torch import Tensor

from stylegan_pl.errors import DataError, first_line

EXTENSIONS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp"})
_WIDE_GREY = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")
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
}


def to_float(image: Tensor) -> Tensor:
    """uint8 in [0, 255] -> float32 in [-1, 1]; 0 ↦ -1 and 255 ↦ 1 exactly."""
    return image.to(torch.float32) / 127.5 - 1.0


def to_uint8(image: Tensor) -> Tensor:
    """Float in [-1, 1] -> uint8, rounded to nearest; values outside the range are clipped."""
    return ((image.float().clamp(-1, 1) + 1.0) * 127.5).round().to(torch.uint8)


def read_image(path: Path, *, at_least: int | None = None) -> Image.Image:
    """Any image file -> upright sRGB picture of 8 bits a channel.

    Orientation is applied, an embedded colour profile is converted to sRGB, 16-bit and float grey are scaled to
    8 bits, transparency is laid over white (what a browser shows).

    Args:
        at_least: pixels of the shorter side that suffice; lets a large JPEG be decoded at 1/2, 1/4 or 1/8 size.

    Raises:
        DataError: the file is missing, unreadable, truncated or no image.
    """
    try:
        with Image.open(path) as image:
            if at_least is not None:
                image.draft("RGB", _draft_size(image.size, at_least))
            image.load()
            return to_srgb(ImageOps.exif_transpose(image))
    except (OSError, UnidentifiedImageError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(f"{path}: cannot be read as an image ({first_line(error)})") from error


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
    return image.convert("RGB")


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


def image_to_tensor(image: Image.Image) -> Tensor:
    """RGB picture -> uint8 tensor (3, H, W)."""
    return torch.from_numpy(np.array(image, dtype=np.uint8)).permute(2, 0, 1).contiguous()


def tensor_to_image(image: Tensor) -> Image.Image:
    """(3, H, W), uint8 or float in [-1, 1] -> RGB picture."""
    pixels = image if image.dtype == torch.uint8 else to_uint8(image)
    return Image.fromarray(pixels.permute(1, 2, 0).contiguous().cpu().numpy())


def write_image(image: Image.Image, path: Path, *, exif: bytes | None = None) -> None:
    """Write by the extension's format, at a quality that keeps strokes; never leaves a half-written file.

    Raises:
        DataError: the extension is unknown or the folder cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in EXTENSIONS:
        raise DataError(f"{path}: unknown image format '{suffix}'; use one of {' '.join(sorted(EXTENSIONS))}")
    options = dict(_SAVE_OPTIONS.get(suffix, {}))
    if exif and suffix in (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff"):
        options["exif"] = exif
    partial = path.with_name(f".{path.stem}.partial{path.suffix}")
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
        with Image.open(path) as image:
            exif = image.getexif()
            kept.update({tag: exif[tag] for tag in _TOLD if tag in exif})
            for part in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
                if found := exif.get_ifd(part):
                    kept.get_ifd(part).update(found)
                    nested = True
    except (OSError, ValueError, SyntaxError):
        return None
    return kept.tobytes() if len(kept) or nested else None


def grid(rows: list[list[Tensor]], *, gap: int = 4) -> Image.Image:
    """Rows of equally sized images, (3, H, W) in [-1, 1] -> one picture with white gaps of `gap` pixels."""
    height, width = rows[0][0].shape[-2:]
    columns = max(len(row) for row in rows)
    sheet = Image.new("RGB", (columns * (width + gap) + gap, len(rows) * (height + gap) + gap), (255, 255, 255))
    for y, row in enumerate(rows):
        for x, image in enumerate(row):
            sheet.paste(tensor_to_image(image), (gap + x * (width + gap), gap + y * (height + gap)))
    return sheet
