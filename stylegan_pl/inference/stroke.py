"""Larger or finer strokes from one generator, at a picture's full size."""

from fractions import Fraction

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from stylegan_pl.inference.any_size import pad_to_stride, stride_of


class InStrokes(nn.Module):
    """y = x + R(G(Sx) − Sx): what the generator changes in a picture 1/stroke the size, brought to full size.

    S resizes to 1/stroke of each side and R back, both bicubic with antialiasing. A generator's strokes have a size in
    pixels, so a smaller picture gets larger ones. Details of the photograph that the small picture cannot hold stay:
    the top of a Laplacian pyramid is the photograph's, all below it is the painting's.

    A generator like any other, so that tiles, films, masks, strength and limits of memory need not know of it.

    Args:
        generator: (N, 3, H, W) in [-1, 1] -> the same; one that takes a style, with its style given.
        ratio: of `stroke_size.Strokes`, p/q.
    """

    def __init__(self, generator: nn.Module, ratio: Fraction) -> None:
        super().__init__()
        self.generator, self.ratio = generator, ratio
        self.pads_to = ratio.numerator  # where both pictures have whole pixels
        self.stride = stride_of(generator) * ratio.numerator  # where tiles of both fall on the generator's grid

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
