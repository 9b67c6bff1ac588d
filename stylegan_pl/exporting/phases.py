"""Replaces a generator's last convolution by an equal one that computes four pixels at once, in a third of the work."""

import copy

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, pad, pixel_shuffle

from stylegan_pl.inference.any_size import stride_of

_LANES = 16  # channels that runtimes compute together, so that 3 channels cost as much as 16


class FourPhases(nn.Module):
    """A k×k convolution of stride 1, as one of (k+1)×(k+1) and stride 2 that outputs 2 × 2 pixels per step.

    Filter (o, dy, dx) is filter o moved by (dy, dx) and padded with zeros, so the sums are the same. For 16 → 3
    channels and k = 5, four pixels need 9,216 multiplications instead of 25,600.

    Args:
        convolution: with an odd square kernel, padded by half of it; its input has even sides.
    """

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        self.margin = convolution.kernel_size[0] // 2
        self.mode = "constant" if convolution.padding_mode == "zeros" else convolution.padding_mode
        weight, bias = convolution.weight.detach(), convolution.bias
        moved = [pad(weight, (dx, 1 - dx, dy, 1 - dy)) for dy in (0, 1) for dx in (0, 1)]
        self.register_buffer("weight", torch.stack(moved, dim=1).flatten(0, 1))  # (4 · O, I, k + 1, k + 1)
        self.register_buffer("bias", None if bias is None else bias.detach().repeat_interleave(4))

    @staticmethod
    def suits(layer: nn.Module) -> bool:
        """Whether a layer can be replaced, and is faster then."""
        return (
            type(layer) is nn.Conv2d
            and layer.stride == layer.dilation == (1, 1)
            and layer.groups == 1
            and layer.kernel_size[0] == layer.kernel_size[1] > 1
            and layer.kernel_size[0] % 2 == 1
            and layer.padding == (layer.kernel_size[0] // 2,) * 2
            and 4 * layer.out_channels <= _LANES
        )

    def forward(self, features: Tensor) -> Tensor:
        """(N, I, H, W) -> (N, O, H, W)."""
        padded = pad(features, [self.margin] * 4, mode=self.mode)
        assert isinstance(self.weight, Tensor)
        return pixel_shuffle(conv2d(padded, self.weight, self.bias, stride=2), 2)  # type: ignore[arg-type]


def in_phases(generator: nn.Module) -> nn.Module:
    """A copy of the generator with `FourPhases` for convolutions to few channels; itself if its stride is odd."""
    if stride_of(generator) % 2:
        return generator
    copied = copy.deepcopy(generator)
    for parent in list(copied.modules()):
        for name, layer in list(parent.named_children()):
            if isinstance(layer, nn.Conv2d) and FourPhases.suits(layer):
                setattr(parent, name, FourPhases(layer))
    return copied
