"""Converts pictures of any mode and colour space to 8-bit sRGB."""

import io

import numpy as np
from PIL import Image, ImageCms

WIDE_GREY = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")
"""Pillow's modes of grey with more than 8 bits."""


def to_srgb(image: Image.Image) -> Image.Image:
    """A picture of any mode -> mode RGB in the sRGB colour space."""
    profile = image.info.get("icc_profile")
    if image.mode in WIDE_GREY:
        image = _grey_to_8_bits(image)
    if image.mode == "P" and "transparency" not in image.info:
        image = image.convert("RGB")  # the profile is for the palette's colours
    if image.mode == "La":
        image = image.convert("LA")  # the only mode that Pillow cannot convert to RGBA
    if image.mode in ("RGBA", "LA", "PA", "RGBa") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        image = Image.alpha_composite(white, rgba).convert("RGB")
    if profile and image.mode in ("RGB", "L", "CMYK"):
        image = _apply_profile(image, profile)
    return image if image.mode == "RGB" else image.convert("RGB")


def _grey_to_8_bits(image: Image.Image) -> Image.Image:
    """Grey to 8 bits. Integers of 16 bits map 65535 ↦ 255; infinite floats are black or white, nan is black.

    White of floats is the smallest of 1, 255 and 65535 for which 99 % of the pixels are at most twice that value:
    highlights may be brighter than white, and a filter that sharpens goes a little beyond it.

    Raises:
        ValueError: it is not known which value is white.
    """
    grey = np.asarray(image, dtype=np.float64)
    numbers = grey[np.isfinite(grey)]
    if not numbers.size:
        raise ValueError("none of its pixels is a number")
    if image.mode == "F":
        most = np.quantile(numbers, 0.99)
        white = next((value for value in (1.0, 255.0, 65535.0) if most <= 2 * value), None)
    elif image.mode.startswith("I;16"):
        white = 65535.0
    else:  # 32 bits, in which most files hold 8 or 16; Pillow turns larger ones without a sign into negative numbers
        white = next((value for value in (255.0, 65535.0) if grey.min() >= 0 and grey.max() <= value), None)
    if white is None:
        raise ValueError(
            f"grey values from {numbers.min():g} to {numbers.max():g}: which is white? save it with 16 bits"
        )
    levels = np.nan_to_num(grey * (255.0 / white), nan=0.0)
    return Image.fromarray(levels.round().clip(0, 255).astype(np.uint8), mode="L")


def _apply_profile(image: Image.Image, profile: bytes) -> Image.Image:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        target = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return image  # a damaged profile is ignored, as in viewers
    return converted if converted is not None else image
