"""Larger or finer strokes from the same generator, at a picture's full size."""

from fractions import Fraction

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from stylegan_pl.inference.any_size import grid_of, pad_to_stride, stride_of


class InStrokes(nn.Module):
    """y = x + R(G(Sx) − Sx): the generator's change of a picture of 1/ratio the size, resized to full size.

    S resizes each side to 1/ratio, R back; both are bicubic with antialiasing. A generator's strokes have a size in
    pixels, so they are larger relative to a smaller picture. Details that the small picture cannot have are kept from
    the photograph, like the top level of a Laplacian pyramid.
    It has the interface of a generator, so tiling, films, masks and strength work unchanged.

    Args:
        generator: (N, 3, H, W) in [-1, 1] -> the same; for a generator that takes a style, use `in_style`.
        ratio: p/q, from `stroke_size.Strokes`.
    """

    def __init__(self, generator: nn.Module, ratio: Fraction) -> None:
        super().__init__()
        self.generator, self.ratio = generator, ratio
        self.pads_to = ratio.numerator  # for which both pictures have whole pixels
        self.stride = stride_of(generator) * ratio.numerator  # tiles of both then have whole strides
        self.grid = grid_of(generator) * ratio.numerator

    def forward(self, content: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1], sides multiples of p -> the same shape and range, float32."""
        content = content.float()
        height, width = content.shape[-2:]
        small = resized(content, int(height / self.ratio), int(width / self.ratio)).clamp(-1, 1)  # bicubic overshoots
        painted: Tensor = self.generator(pad_to_stride(small, stride_of(self.generator)))
        change = painted[..., : small.shape[-2], : small.shape[-1]].float() - small
        return (content + resized(change, height, width)).clamp(-1, 1)


def resized(images: Tensor, height: int, width: int) -> Tensor:
    """Bicubic with antialiasing, (N, C, H, W) -> (N, C, height, width)."""
    with torch.autocast(images.device.type, enabled=False):
        return interpolate(images, size=(height, width), mode="bicubic", antialias=True)
