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
    """Grey to 8 bits: 16-bit integers map 65535 ↦ 255; floats are in [0, 1], or if any exceeds 1, in [0, 255]."""
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
        return image  # a damaged profile is ignored, as in viewers
    return converted if converted is not None else image
