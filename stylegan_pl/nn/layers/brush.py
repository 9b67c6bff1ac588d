"""What a brush does to a photograph: it smears it along its contours, and its strokes follow them."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, pad, softmax

from stylegan_pl.nn.layers.luma import luma
from stylegan_pl.nn.layers.no_autocast import no_autocast
from stylegan_pl.nn.layers.replicate import replicated

_ANGLES = 16  # directions of strokes in half a turn
_SHARPNESS = 24.0  # of the choice between directions: at a neighbouring one, a sixth of the weight is left
_NEAR, _FAR = 2.0, 8.0  # pixels: standard deviations of the blurs of directions
_WIDTH = 0.4  # pixels: standard deviation of the smear across contours
_SLIMNESS = 6.0  # length of a stroke divided by its width
_LEVEL = 2e-3  # added to the horizontal: where contours are fainter, strokes lie flat, as painters paint skies
_EDGE = 1.5  # how sharply strokes end


class Brushed(NamedTuple):
    """A photograph as a brush smears it, and strokes to be laid on it."""

    smeared: Tensor  # (N, 3, H, W) in [-1, 1]
    strokes: Tensor  # (N, S, H, W) in [-1, 1]: of S brushes, where the hairs leave more paint, and where less


class Brush(nn.Module):
    """Smears pictures along their contours, and draws strokes that follow these; nothing in it is learned.

    The direction at a pixel is that of the contours around it, from the structure tensor of luma (Kyprianidis and
    Döllner, 2008), here divided by the gradient's length, so that strong contours do not rule weak ones. Flat areas
    take it from farther away, or lie horizontally. A stroke is noise averaged along a line in the pixel's direction
    (DDA convolution: Cabral and Leedom, 1993). The averages for 16 directions are computed once; at each pixel the
    directions only have to be weighted, so it takes no longer than a convolution, and can be exported.

    The noise is always the same and repeats after `period` pixels, so pictures are reproducible, frames of a film do
    not flicker, and tiles that start at multiples of `period` agree. Gradients do not pass through directions.

    Args:
        lengths: pixels; standard deviations along a stroke, one for each brush. Its width is a sixth of it.
        smear: pixels; standard deviation of the average of a picture along its contours.
        period: pixels.

    Raises:
        ValueError: a length is not positive, or 2.5 times a length is more than the period.

    >>> import torch
    >>> smeared, strokes = Brush(lengths=(2.0, 4.0))(torch.zeros(1, 3, 48, 40))
    >>> smeared.shape, strokes.shape
    (torch.Size([1, 3, 48, 40]), torch.Size([1, 2, 48, 40]))
    """

    def __init__(self, *, lengths: Sequence[float], smear: float = 1.5, period: int = 128) -> None:
        super().__init__()
        if not lengths or min(*lengths, smear) <= 0:
            raise ValueError(
                f"lengths and smear must be above 0, got {list(lengths)} and {smear}; try [2, 4, 8] and 1.5"
            )
        if _reach(max(lengths)) > period:
            raise ValueError(
                f"period={period} is too short for strokes of {max(lengths)} pixels; try {_reach(max(lengths))}"
            )
        self.period = period
        generator = torch.Generator("cpu").manual_seed(0)
        turns = 2 * math.pi * torch.arange(_ANGLES) / _ANGLES
        sobel = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]) / 8
        constants = {
            "noise": torch.stack([_strokes(length, period, generator) for length in lengths]),  # (S, A, p, p)
            "lines": _lines(smear, _WIDTH),
            "angles": torch.stack([turns.cos(), turns.sin()], dim=1)[..., None, None],
            "sobel": torch.stack([sobel, sobel.T])[:, None],
            "near": _gaussian(_NEAR),
            "far": _gaussian(_FAR),
        }
        for name, constant in constants.items():
            self.register_buffer(name, constant, persistent=False)  # not saved in checkpoints

    def forward(self, picture: Tensor) -> Brushed:
        """(N, 3, H, W) in [-1, 1] -> `Brushed`, in the picture's precision; computed at least in float32."""
        wide = picture.to(torch.promote_types(picture.dtype, torch.float32))
        with no_autocast(picture.device.type):
            chosen = self._directions(wide)
            smeared, strokes = self._smeared(wide, chosen), self._strokes(chosen)
        return Brushed(smeared.to(picture.dtype), strokes.to(picture.dtype))

    @torch.no_grad()
    def _directions(self, picture: Tensor) -> Tensor:
        """Weights of the directions at each pixel: (N, A, H, W), with sum 1."""
        x, y = conv2d(replicated(luma(picture), 1), self._constant("sobel", picture)).split(1, dim=1)
        # twice the angle of the contour: both ends of a line have the same vector, so vectors can be averaged
        doubled = torch.cat([y.square() - x.square(), -2 * x * y], dim=1)
        length = self._blurred(x.square() + y.square(), "near").sqrt()
        near = self._blurred(doubled / (length + 1e-3), "near")
        direction = near + 0.3 * self._blurred(near, "far")
        direction = direction + direction.new_tensor([_LEVEL, 0.0]).view(2, 1, 1)
        direction = direction / (direction.square().sum(dim=1, keepdim=True).sqrt() + 1e-6)
        return softmax(_SHARPNESS * conv2d(direction, self._constant("angles", picture)), dim=1)

    def _smeared(self, picture: Tensor, chosen: Tensor) -> Tensor:
        lines = self._constant("lines", picture)
        channels = [conv2d(replicated(channel, lines.shape[-1] // 2), lines) for channel in picture.split(1, dim=1)]
        return torch.cat([(averages * chosen).sum(dim=1, keepdim=True) for averages in channels], dim=1)

    def _strokes(self, chosen: Tensor) -> Tensor:
        height, width = chosen.shape[-2:]
        # not -(-side // period): exporters round it towards zero
        times = [(side + self.period - 1) // self.period for side in (height, width)]
        noise = self._constant("noise", chosen)
        # one brush after the other: all at once would take four times the memory
        strokes = [(each.repeat(1, *times)[:, :height, :width] * chosen).sum(dim=1) for each in noise]
        return torch.tanh(_EDGE * torch.stack(strokes, dim=1))

    def _blurred(self, maps: Tensor, name: str) -> Tensor:
        row = self._constant(name, maps).expand(maps.shape[1], 1, 1, -1)
        across = conv2d(replicated(maps, row.shape[-1] // 2), row, groups=len(row))
        return conv2d(across, row.mT, groups=len(row))

    def _constant(self, name: str, like: Tensor) -> Tensor:
        return self.get_buffer(name).to(like.dtype)


def _reach(sigma: float) -> int:
    return math.ceil(2.5 * sigma)


def _gaussian(sigma: float) -> Tensor:
    reach = _reach(sigma)
    row = torch.exp(-torch.arange(-reach, reach + 1.0).square() / (2 * sigma**2))
    return (row / row.sum())[None, None, None]


def _lines(length: float, width: float) -> Tensor:
    """Gaussians of these standard deviations along and across each direction: (A, 1, k, k), with sum 1."""
    reach = _reach(length)
    y, x = torch.meshgrid(*[torch.arange(-reach, reach + 1.0)] * 2, indexing="ij")
    turns = math.pi * torch.arange(_ANGLES)[:, None, None] / _ANGLES
    along, across = x * turns.cos() + y * turns.sin(), y * turns.cos() - x * turns.sin()
    kernels = torch.exp(-(along / length).square() / 2 - (across / width).square() / 2)
    return (kernels / kernels.sum(dim=(1, 2), keepdim=True))[:, None]


def _strokes(length: float, period: int, generator: torch.Generator) -> Tensor:
    """Noise averaged along lines of each direction, with variance 1: (A, period, period)."""
    lines = _lines(length, length / _SLIMNESS)
    # on the CPU, whose draws are the same everywhere
    noise = torch.randn(1, 1, period, period, generator=generator, device="cpu").to(lines.device)
    averages = conv2d(pad(noise, [lines.shape[-1] // 2] * 4, mode="circular"), lines)[0]
    return averages / averages.std(dim=(1, 2), keepdim=True)
