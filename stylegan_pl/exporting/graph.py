"""Pixels in, pixels out: what stands around a generator inside an exported graph."""

import torch
from torch import Tensor, nn

from stylegan_pl.inference.any_size import SMALLEST, stride_of
from stylegan_pl.pictures.tensors import to_float, to_uint8


class Pixels(nn.Module):
    """A generator over 8-bit pictures of any size, laid out as image files and canvases have them.

    The picture is mirrored to multiples of the generator's stride, painted, cut back and rounded, as
    `inference.any_size` does it, but in operations that a graph of unknown sizes can hold.

    Args:
        generator: (N, 3, H, W) in [-1, 1] -> the same.
    """

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.generator, self.stride = generator, stride_of(generator)

    def forward(self, image: Tensor) -> Tensor:
        """(N, H, W, 3) uint8 RGB -> the same."""
        return _pixels(self.generator(self.inside(image)), image)

    def inside(self, image: Tensor) -> Tensor:
        """(N, H, W, 3) uint8 -> (N, 3, H', W') in [-1, 1], sides multiples of the stride and at least 16."""
        return to_float(mirrored(mirrored(image, 1, self.stride), 2, self.stride).permute(0, 3, 1, 2))


class PixelsInStyle(Pixels):
    """`Pixels` of a generator that takes a style."""

    def forward(self, image: Tensor, style: Tensor, strength: Tensor) -> Tensor:  # type: ignore[override]
        """(N, H, W, 3) and (1, h, w, 3) uint8 RGB, () in [0, 1] -> (N, H, W, 3) uint8; h and w multiples of stride."""
        painted = self.generator(self.inside(image), to_float(style.permute(0, 3, 1, 2)), strength)
        return _pixels(painted, image)


def mirrored(image: Tensor, dim: int, stride: int) -> Tensor:
    """Extended at its end along `dim` to a multiple of `stride`, at least 16: `pad_to_stride`, of one side.

    Mirroring again and again is a triangular wave of period 2 (n − 1), which is looked up: padding would be bound to be
    smaller than the picture, and an exporter would write that bound down.
    """
    size = image.shape[dim]
    wanted = (torch.sym_max(size, SMALLEST) + stride - 1) // stride * stride
    last = torch.arange(size, device=image.device)[-1:]  # a tensor of n − 1: exporters know no symbols in a remainder
    place = torch.arange(wanted, device=image.device).remainder((2 * last).clamp(min=1))
    return image.index_select(dim, torch.minimum(place, 2 * last - place))


def _pixels(painted: Tensor, image: Tensor) -> Tensor:
    return to_uint8(painted[:, :, : image.shape[1], : image.shape[2]]).permute(0, 2, 3, 1)
