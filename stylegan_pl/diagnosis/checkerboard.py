"""A regular grid over the picture, left by how the generator doubles its resolution (Odena et al., 2016)."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad

from stylegan_pl.diagnosis.luminance import LEVEL, luminance
from stylegan_pl.diagnosis.symptom import PictureDetector, Symptom

_REACH = 6  # bins: radius of the neighbourhood of a peak
_CORE = 1  # bins on each side that belong to the peak: the Hann window spreads a wave over three
_SPREAD = 2.25  # power of a wave in its 3 × 3 bins, if its own bin has 1: (¼ + 1 + ¼)² for a Hann window
_LEAST_PERIODS = 16  # of the grid in a picture; with fewer, peaks and neighbourhoods overlap


class Peak(NamedTuple):
    """One frequency of the grid in every picture's spectrum."""

    period: tuple[float, float]  # pixels, vertical and horizontal; inf if the wave is constant in that direction
    height: Tensor  # power relative to the neighbourhood's, (N,)
    amplitude: Tensor  # of the wave, in levels of 255, (N,)


def grid_peaks(images: Tensor, period: int) -> list[Peak]:
    """Peaks in the spectrum of luminance at (i, j) / period cycles per pixel, for all (i, j) but (0, 0).

    A Hann window removes the effect of borders; sides are cut to multiples of `period`, so that a grid falls on a bin.

    Args:
        images: (N, 3, H, W) in [-1, 1]; sides of at least 16 periods.
        period: pixels, an even number.
    """
    height, width = (side // period * period for side in images.shape[-2:])
    light = luminance(images)[:, :height, :width]
    window = torch.outer(torch.hann_window(height), torch.hann_window(width)).to(light)
    power = torch.fft.fft2((light - light.mean(dim=(1, 2), keepdim=True)) * window).abs().square()
    power = pad(power[:, None], [_REACH] * 4, mode="circular")[:, 0]
    peaks = []
    for i, j in _frequencies(period):
        row, column = i * height // period, j * width // period
        around = power[:, row : row + 2 * _REACH + 1, column : column + 2 * _REACH + 1]
        level = _level(around)
        core = around[:, _REACH - _CORE : _REACH + _CORE + 1, _REACH - _CORE : _REACH + _CORE + 1]
        excess = (core - level[:, None, None]).sum(dim=(1, 2)).clamp(min=0) / _SPREAD
        # A cos(ωx) has power (A Σw / 2)² in its bin, and (A Σw)² if ω and −ω share a bin
        mirror = 1.0 if {i, j} <= {0, period // 2} else 2.0
        amplitude = mirror * excess.sqrt() / window.sum() / LEVEL
        periods = tuple(period / k if k else float("inf") for k in (i, min(j, period - j)))
        peaks.append(Peak((periods[0], periods[1]), core.mean(dim=(1, 2)) / level.clamp(min=1e-12), amplitude))
    return peaks


def _frequencies(period: int) -> list[tuple[int, int]]:
    """(i, j) of half of the plane; the other half is its mirror image."""
    half = period // 2
    return [
        (i, j) for i in range(half + 1) for j in range(period) if (i, j) != (0, 0) and (j <= half or i not in (0, half))
    ]


def _level(around: Tensor) -> Tensor:
    """Power of the neighbourhood, (N,): the largest of the square's, and the row's and column's through its middle.

    Vertical and horizontal edges, as of houses, fill the row and the column through frequency 0.
    """
    outside = torch.ones(around.shape[1:], dtype=torch.bool, device=around.device)
    outside[_REACH - _CORE : _REACH + _CORE + 1, _REACH - _CORE : _REACH + _CORE + 1] = False
    along = [line[:, outside[_REACH]].median(dim=1).values for line in (around[:, _REACH], around[:, :, _REACH])]
    return torch.stack([around[:, outside].median(dim=1).values, *along]).amax(dim=0)


class Checkerboard(PictureDetector):
    """Reported if the grid's frequencies have more power than their neighbourhood, and more than in the photographs.

    Photographs are compared, because JPEG files have a grid, too. The median picture is used.

    Args:
        period: pixels; 2 to the number of upsampling steps (ResNet, Johnson, mobile: 4).
        height: smallest power of a peak relative to its neighbourhood; without a grid it is at most 2.
        levels: smallest amplitude, in levels of 255; a fainter wave is not visible.
        least_pictures: with fewer pictures nothing is reported, because one may show a fence.
    """

    name = "checkerboard"
    advice = (
        "type upsample@model.generator.upsample=bilinear (adain: upsample@model.generator.decoder.upsample=bilinear); "
        "if it is that already, or the generator has no upsample (brush), try diff_augment=style"
    )

    def __init__(
        self, *, period: int = 4, height: float = 5.0, levels: float = 1.0, least_pictures: int = 4,
        after_images: int = 2000,
    ) -> None:  # fmt: skip
        super().__init__(after_images=after_images)
        if period < 2 or period % 2:
            raise ValueError(f"period must be an even number of pixels, got {period}; try 4")
        self.period, self.height, self.levels = period, height, levels
        self.least_pictures = least_pictures

    def look(self, content: Tensor, stylised: Tensor) -> Symptom | None:
        """See `PictureDetector`."""
        if len(stylised) < self.least_pictures or min(stylised.shape[-2:]) < _LEAST_PERIODS * self.period:
            return None
        found = []
        for theirs, made in zip(grid_peaks(content, self.period), grid_peaks(stylised, self.period), strict=True):
            height = (made.height / theirs.height.clamp(min=1)).median().item()
            amplitude = made.amplitude.median().item()
            if height > self.height and amplitude > self.levels:
                found.append((amplitude, height, made.period))
        if not found:
            return None
        amplitude, height, (down, across) = max(found)
        evidence = (
            f"a grid of {down:g} × {across:g} pixels, {amplitude:.1f} of 255 levels high, stands {height:.0f} times "
            f"above its neighbourhood in the spectrum (median of {len(stylised)})"
        )
        return Symptom(self.name, evidence.replace("inf", "∞"), self.advice)
