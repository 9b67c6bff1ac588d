"""Measures the width of a picture's strokes, in pixels."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_laplace

from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.errors import DataError

SCALES = 0.7 * 2 ** np.arange(0, 4.6, 0.25)  # σ in pixels: strokes of 1.4 to 32 pixels
_STRONGEST = 0.25  # share of the pixels, those with the strongest response: plain areas have no width
_SIDE = 512  # pixels, side of the part that is measured


def stroke_width(luminance: NDArray[np.float64]) -> float:
    """The width of bright and dark bars, by scale selection (Lindeberg, 1998): the median over the strongest pixels.

    At the middle of a bar of width w, |σ² ∇²(G_σ * I)| is largest at σ = w / 2. For photographs
    it is the width of their detail. It is an estimate: overlapping strokes look narrower than the brush.

    Args:
        luminance: (H, W), any range.

    Returns:
        Pixels, between 1.4 and 32; nan for a flat picture.
    """
    centred = luminance - luminance.mean()
    if np.abs(centred).max() <= 1e-6 * np.abs(luminance).max():
        return math.nan
    responses = np.stack([sigma**2 * np.abs(gaussian_laplace(centred, sigma)) for sigma in SCALES])
    strength, scale = responses.max(0), SCALES[responses.argmax(0)]
    strong = strength >= np.quantile(strength, 1 - _STRONGEST)
    return float(np.median(2 * scale[strong]))


def stroke_width_of(folder: ImageFolder, files: Sequence[Path], *, pictures: int = 16) -> float:
    """The median width over pictures spread evenly over a set, at the size from which training crops are cut.

    Returns:
        Pixels after `load_size`; nan if no picture can be read.
    """
    widths = []
    for path in files[:: max(1, len(files) // pictures)][:pictures]:
        try:
            pixels = folder.pixels(path, 1)
        except DataError:
            continue
        top, left = ((side - min(side, _SIDE)) // 2 for side in pixels.shape[:2])
        part = pixels[top : top + _SIDE, left : left + _SIDE].astype(np.float64)
        widths.append(stroke_width(part @ np.array([0.299, 0.587, 0.114])))
    return float(np.nanmedian(widths)) if np.isfinite(widths).any() else float("nan")
