"""A regular grid over the picture, left by how the generator doubles its resolution (Odena et al., 2016)."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad

from stylegan_pl.diagnosis.luminance import LEVEL, luminance
from stylegan_pl.diagnosis.symptom import PictureDetector, Symptom

_REACH = 6  # bins: how far the neighbourhood of a peak goes
_CORE = 1  # bins on each side that are the peak itself: the window spreads a wave over three
_SPREAD = 2.25  # power of a wave in those 3 × 3 bins, of which its own has 1: a Hann window's (¼ + 1 + ¼)²
_LEAST_PERIODS = 16  # of the grid in a picture, or peaks and their neighbourhoods run into each other


class Peak(NamedTuple):
    """One frequency of the grid in every picture's spectrum."""

    period: tuple[float, float]  # pixels, down and across; inf where the wave does not go that way
    height: Tensor  # power over its neighbourhood's, (N,)
    amplitude: Tensor  # of the wave, in levels of 255, (N,)


def grid_peaks(images: Tensor, period: int) -> list[Peak]:
    """The spectrum of luminance at (i, j) / period cycles a pixel, all but 0, and what stands out of it there.

    A Hann window keeps the borders out of it; sides are cut to multiples of `period`, so that a grid falls on a bin.

    Args:
        images: (N, 3, H, W) in [-1, 1]; sides of at least 16 periods.
        period: even, in pixels.
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
        # A cos(ωx) puts (A Σw / 2)² in its bin, and (A Σw)² where ω and −ω are one bin
        mirror = 1.0 if {i, j} <= {0, period // 2} else 2.0
        amplitude = mirror * excess.sqrt() / window.sum() / LEVEL
        periods = tuple(period / k if k else float("inf") for k in (i, min(j, period - j)))
        peaks.append(Peak((periods[0], periods[1]), core.mean(dim=(1, 2)) / level.clamp(min=1e-12), amplitude))
    return peaks


def _frequencies(period: int) -> list[tuple[int, int]]:
    """(i, j) of half the plane; the other half is its mirror image."""
    half = period // 2
    return [
        (i, j) for i in range(half + 1) for j in range(period) if (i, j) != (0, 0) and (j <= half or i not in (0, half))
    ]


def _level(around: Tensor) -> Tensor:
    """Power of the neighbourhood, (N,): of the square, or of the row or column through its middle.

    Upright and level edges fill the row and the column that cross at 0, in every photograph of a house.
    """
    outside = torch.ones(around.shape[1:], dtype=torch.bool, device=around.device)
    outside[_REACH - _CORE : _REACH + _CORE + 1, _REACH - _CORE : _REACH + _CORE + 1] = False
    along = [line[:, outside[_REACH]].median(dim=1).values for line in (around[:, _REACH], around[:, :, _REACH])]
    return torch.stack([around[:, outside].median(dim=1).values, *along]).amax(dim=0)


class Checkerboard(PictureDetector):
    """Power at the grid's frequencies stands out of its neighbourhood in the median picture, more than in photographs.

    Photographs have a grid of their own where they were JPEG files: theirs is what the pictures are held against.

    Args:
        period: pixels; how often the generator doubles, as a power of 2 (ResNet, Johnson, mobile: 4).
        height: power at a peak over its neighbourhood's, in the median picture; without a grid 2 at most.
        levels: of 255; an even wave that is fainter is not seen.
        least_pictures: fewer are not judged, as one picture may be of a fence.
    """

    name = "checkerboard"
    advice = (
        "type upsample@model.generator.upsample=bilinear (adain: upsample@model.generator.decoder.upsample=bilinear); "
        "if it is that already, try diff_augment=style"
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
