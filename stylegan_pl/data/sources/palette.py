"""Maps a photograph's colours to a painter's palette.

Shapes: H, W picture; P palette colours.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

VAN_GOGH: Bytes = np.array(
    [
        (13, 23, 56),  # Prussian blue, nearly black
        (24, 44, 104),  # ultramarine
        (38, 76, 158),  # cobalt blue
        (72, 122, 190),  # cerulean
        (132, 178, 204),  # pale sky
        (24, 66, 58),  # viridian, in shadow
        (64, 128, 104),  # emerald green
        (118, 134, 52),  # olive
        (92, 56, 34),  # burnt umber
        (196, 78, 42),  # vermilion
        (200, 144, 46),  # ochre
        (236, 182, 40),  # cadmium yellow
        (246, 214, 78),  # chrome yellow
        (248, 238, 186),  # cream
    ],
    dtype=np.uint8,
)


def map_to_palette(lab: Floats, palette: Bytes, *, hue_weight: float = 0.35, softness: float = 60.0) -> Floats:
    """Lab colours (..., 3) -> mixtures of the palette's colours, (..., 3); the order of lightness is kept.

    Soft nearest neighbour, weights exp(-d^2 / softness), d^2 = dL^2 + hue_weight (da^2 + db^2). Lightness is stretched
    to the palette's range. First a hue is added, from blue in the shadows through green to yellow in the lights,
    because a grey photograph would otherwise only get the palette's dullest colours.
    """
    # Sums, not @: BLAS adds in another order with more threads, and the same seed must give the same bytes.
    paints = to_lab(palette).T.reshape(3, -1, *(1,) * (lab.ndim - 1))  # (3, P, 1, 1)
    lightness = _stretch(lab[..., 0], paints[0].min(), paints[0].max())  # (H, W)
    turn = np.pi * (lightness / 100) ** 1.7  # green at two thirds of the lightness range, so that middle greys are blue
    toned_a = 1.4 * lab[..., 1] - 16 * np.sin(turn)
    toned_b = 1.4 * lab[..., 2] - 52 * np.cos(turn)
    hue_distances = np.square(toned_a - paints[1]) + np.square(toned_b - paints[2])
    distances = np.square(lightness - paints[0]) + hue_weight * hue_distances  # (P, H, W)
    weights = np.exp((distances.min(0) - distances) / softness)
    weights /= weights.sum(0)
    mixed_lightness, mixed_a, mixed_b = ((weights * channel).sum(0) for channel in paints)
    # plus half of the photo's own shading, because the palette alone gives bands
    return np.stack([0.5 * (mixed_lightness + lightness), mixed_a, mixed_b], axis=-1).astype(np.float32)


def _stretch(values: Floats, low: float, high: float) -> Floats:
    """Spread the middle 96 % of lightness (0 to 100) over [low, high], but at most doubling the contrast."""
    darkest, lightest = np.percentile(values, (2, 98))
    span = lightest - darkest
    missing = max(0.0, 50 - span) / max(100 - span, 1)  # widened equally towards 0 and 100: flat grey stays grey
    darkest, lightest = darkest * (1 - missing), lightest + missing * (100 - lightest)
    return np.clip(low + (values - darkest) * (high - low) / (lightest - darkest), low, high).astype(np.float32)


def to_lab(rgb: Bytes) -> Floats:
    """sRGB (..., 3) -> Lab, lightness in 0 to 100."""
    from skimage.color import rgb2lab

    return np.asarray(rgb2lab(rgb), np.float32)


def to_rgb(lab: Floats) -> Floats:
    """Lab -> sRGB as floats in 0 to 255; colours outside the gamut are clipped."""
    import warnings

    from skimage.color import lab2rgb

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # skimage warns about clipped pixels
        return np.asarray(255 * lab2rgb(lab), np.float32).clip(0, 255)
