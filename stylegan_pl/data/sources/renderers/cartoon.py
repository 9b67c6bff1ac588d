"""Cartoons: smooth, saturated areas of few tones, with ink lines on top.

Winnemöller, Olsen and Gooch, "Real-time video abstraction" (2006): smooth everything but edges, quantise lightness
softly, draw the edges. Departure: a guided filter (He, Sun and Tang, 2010) replaces the bilateral filter, because it
needs only a few box filters.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from stylegan_pl.data.sources.palette import Bytes, Floats, to_lab, to_rgb
from stylegan_pl.data.sources.renderers.ink import Ink
from stylegan_pl.data.sources.renderers.renderer import check_photo


@dataclass(frozen=True)
class Cartoon:
    """A photograph as a cartoon. Nothing is random: every seed gives the same bytes.

    Args:
        radius: of the smoothing, pixels.
        smallest_edge: change of lightness (0 to 100) that the smoothing keeps.
        passes: number of times that the picture is smoothed.
        tones: number of lightness steps between black and white.
        softness: width of the border between tones, as a share of a tone; 0 is a hard border.
        saturation: factor of chroma.
        ink: the lines; drawn last.
    """

    radius: int = 3
    smallest_edge: float = 5.0
    passes: int = 2
    tones: int = 6
    softness: float = 0.15
    saturation: float = 1.5
    ink: Ink = field(default_factory=Ink)

    def __call__(self, photo: Bytes, *, seed: int) -> Bytes:
        """See `Renderer`."""
        check_photo(photo)
        lab = to_lab(photo)
        for _ in range(self.passes):
            lab = guided_filter(lab, radius=self.radius, smallest_edge=self.smallest_edge)
        paper = self.ink(np.asarray(lab[..., 0] / 100, np.float32))
        lightness = quantise(lab[..., 0], step=100 / self.tones, softness=self.softness)
        flat = to_rgb(np.dstack([lightness, self.saturation * lab[..., 1:]]))
        return (flat * paper[..., None]).round().astype(np.uint8)


def guided_filter(image: Floats, *, radius: int, smallest_edge: float) -> Floats:
    """Smooth each channel of (H, W, C) and keep its edges (He et al., 2010); the image is its own guide.

    q = ā I + b̄ with a = σ² / (σ² + ε), b = (1 − a) μ over windows of 2 radius + 1 pixels, ε = smallest_edge²: windows
    of less contrast become their mean, windows of more are kept.
    """
    mean = _window_mean(image, radius)
    variance = np.maximum(_window_mean(image * image, radius) - mean * mean, 0)  # rounding can make it negative
    kept: Floats = np.asarray(variance / (variance + smallest_edge**2), np.float32)
    return _window_mean(kept, radius) * image + _window_mean((1 - kept) * mean, radius)


def quantise(lightness: Floats, *, step: float, softness: float) -> Floats:
    """Quantise lightness to tones of width `step`, each at the centre of its range; monotone.

    Winnemöller et al. (2006), but continuous: a tanh from one tone's centre to the next, `softness` of a tone wide.
    """
    below = np.floor(lightness / step - 0.5)  # the nearest centre of a tone at or below
    place = lightness / step - 0.5 - below  # 0 to 1, from that centre to the next; the border is at 1/2
    if softness > 0:
        rise = np.tanh((place - 0.5) / softness) / np.tanh(0.5 / softness)
    else:
        rise = np.where(place < 0.5, -1.0, 1.0)
    return np.clip((below + 1 + 0.5 * rise) * step, 0, 100).astype(np.float32)


def _window_mean(image: Floats, radius: int) -> Floats:
    from scipy.ndimage import uniform_filter

    size = 2 * radius + 1
    return np.asarray(uniform_filter(image, (size, size, 0), mode="nearest"))
