"""Cartoons: smooth areas in few tones, saturated, under ink lines.

Winnemöller, Olsen and Gooch, "Real-time video abstraction" (2006): smooth what is no edge, quantise lightness softly,
draw the edges. Departure: a guided filter (He, Sun and Tang, 2010) smooths in the bilateral filter's place: a few box
filters instead of a sum over each pixel's neighbourhood.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from stylegan_pl.data.sources.palette import Bytes, Floats, to_lab, to_rgb
from stylegan_pl.data.sources.renderers.ink import Ink
from stylegan_pl.data.sources.renderers.renderer import check_photo


@dataclass(frozen=True)
class Cartoon:
    """A photograph as a cartoon. Nothing is drawn at random: every seed gives the same bytes.

    Args:
        radius: of the smoothing, pixels.
        smallest_edge: change of lightness, of 100, that the smoothing leaves.
        passes: of the smoothing.
        tones: steps of lightness between black and white.
        softness: of the borders between tones, as a share of a tone; 0 is a hard border.
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
    """Smooth each channel of (H, W, C) but for its edges (He et al., 2010), guided by itself.

    q = ā I + b̄ with a = σ² / (σ² + ε), b = (1 − a) μ over windows of 2 radius + 1 pixels, ε = smallest_edge²: windows
    of less contrast become their mean, windows of more are kept.
    """
    mean = _window_mean(image, radius)
    variance = np.maximum(_window_mean(image * image, radius) - mean * mean, 0)  # rounding can leave it below 0
    kept: Floats = np.asarray(variance / (variance + smallest_edge**2), np.float32)
    return _window_mean(kept, radius) * image + _window_mean((1 - kept) * mean, radius)


def quantise(lightness: Floats, *, step: float, softness: float) -> Floats:
    """Lightness in tones of `step`, each centred in its range; monotone.

    Winnemöller et al. (2006), here continuous: a tanh from one tone's centre to the next, `softness` of a tone wide.
    """
    below = np.floor(lightness / step - 0.5)  # the tone's centre at or below
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
