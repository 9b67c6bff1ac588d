"""The pre- and postprocessing around a generator inside an exported graph: 8-bit pixels in, 8-bit pixels out."""

import torch
from torch import Tensor, nn

from stylegan_pl.inference.any_size import SMALLEST, stride_of
from stylegan_pl.pictures.tensors import to_float, to_uint8


class Pixels(nn.Module):
    """A generator for 8-bit pictures of any size, in the layout (N, H, W, 3) of image files and canvases.

    The picture is padded by mirroring to multiples of the generator's stride, painted, cropped and rounded, as in
    `inference.any_size`, but with operations that can be exported for unknown sizes.

    Args:
        generator: (N, 3, H, W) in [-1, 1] -> the same.
    """

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.generator, self.stride = generator, stride_of(generator)

    def forward(self, image: Tensor) -> Tensor:
        """(N, H, W, 3) uint8 RGB -> (N, H, W, 3) uint8."""
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
    """Pad by mirroring at the end of `dim` to a multiple of `stride`, at least 16: `pad_to_stride` for one dimension.

    Repeated mirroring is a triangular wave of period 2 (n − 1), used as index. `pad` would limit the padding to less
    than the picture, and an exporter would write that limit into the graph.
    """
    size = image.shape[dim]
    wanted = (torch.sym_max(size, SMALLEST) + stride - 1) // stride * stride
    last = torch.arange(size, device=image.device)[-1:]  # n − 1 as a tensor: exporters have no symbolic remainder
    place = torch.arange(wanted, device=image.device).remainder((2 * last).clamp(min=1))
    return image.index_select(dim, torch.minimum(place, 2 * last - place))


def _pixels(painted: Tensor, image: Tensor) -> Tensor:
    return to_uint8(painted[:, :, : image.shape[1], : image.shape[2]]).permute(0, 2, 3, 1)
