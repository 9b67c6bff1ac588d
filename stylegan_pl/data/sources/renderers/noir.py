"""Black-and-white film: glowing lights, strong contrast, grain.

The steps of a film: exposure, halation (light that the film's base reflects back around bright places), the
characteristic curve of Hurter and Driffield (1890), and grain that is strongest in the middle tones. No vignette: a
generator that is trained on crops cannot know where the picture's corners are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stylegan_pl.data.sources.palette import Bytes, Floats
from stylegan_pl.data.sources.renderers.renderer import check_photo

_PANCHROMATIC = (0.2126, 0.7152, 0.0722)  # Rec. 709: luminance of linear light


@dataclass(frozen=True)
class FilmNoir:
    """A photograph as a frame of an old film: grey, in three equal channels.

    Args:
        contrast: (γ) slope of the curve over the logarithm of exposure; 1 is soft, 2 is hard.
        middle: linear light that becomes middle grey; a higher value gives a darker picture.
        threshold: linear light above which light glows.
        halation: share of that light that is reflected.
        spread: standard deviation of the glow, pixels.
        grain: standard deviation of the grain in the middle tones, in levels of 255.
        grain_size: standard deviation of the blur of the grain, pixels.
    """

    contrast: float = 1.7
    middle: float = 0.22
    threshold: float = 0.4
    halation: float = 1.2
    spread: float = 4.0
    grain: float = 14.0
    grain_size: float = 0.7

    def __call__(self, photo: Bytes, *, seed: int) -> Bytes:
        """See `Renderer`."""
        from scipy.ndimage import gaussian_filter

        check_photo(photo)
        light = (linear_light(photo) * np.array(_PANCHROMATIC, np.float32)).sum(axis=-1)  # (H, W)
        glow = gaussian_filter(np.maximum(light - self.threshold, 0), self.spread, mode="nearest")
        tone = tone_curve(light + self.halation * glow, contrast=self.contrast, middle=self.middle)
        noise = grain(tone.shape, size=self.grain_size, rng=np.random.default_rng(seed))
        grey = 255 * tone + self.grain * 4 * tone * (1 - tone) * noise  # no grain in black and white
        return np.repeat(grey.clip(0, 255).round().astype(np.uint8)[..., None], 3, axis=2)


def linear_light(photo: Bytes) -> Floats:
    """sRGB uint8 (H, W, 3) -> linear light in 0 to 1 (IEC 61966-2-1)."""
    value = photo.astype(np.float32) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4).astype(np.float32)


def tone_curve(light: Floats, *, contrast: float, middle: float) -> Floats:
    """Linear light, at least 0 -> brightness in [0, 1): an S-curve over the logarithm of light, strictly monotone.

    t = E^γ / (E^γ + m^γ), a logistic function of log E: Hurter and Driffield's curve with its toe and shoulder.
    """
    exposed = light**contrast
    return np.asarray(exposed / (exposed + middle**contrast), np.float32)


def grain(shape: tuple[int, ...], *, size: float, rng: np.random.Generator) -> Floats:
    """Gaussian noise of mean 0 and variance 1, blurred to grains of `size` pixels."""
    from scipy.ndimage import gaussian_filter

    reach = round(4 * size) + 1  # margin that is cut off, because blurred noise is stronger at a border
    noise = rng.normal(size=[side + 2 * reach for side in shape])
    impulse = np.zeros((2 * reach + 1, 2 * reach + 1))
    impulse[reach, reach] = 1
    norm = np.linalg.norm(gaussian_filter(impulse, size))  # standard deviation after the blur
    blurred = gaussian_filter(noise, size)[reach:-reach, reach:-reach]
    return np.asarray(blurred / norm, np.float32)
