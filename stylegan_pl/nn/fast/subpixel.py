"""Nearest-neighbour upsampling and a 3×3 convolution, as one step at the low resolution."""

from torch import Tensor, nn
from torch.nn.functional import conv_transpose2d, pad

from stylegan_pl.nn.layers.replicate import replicated
from stylegan_pl.nn.layers.upsample import ResizeConv


def subpixel_conv(features: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """What `ResizeConv` with nearest neighbours makes of (N, C, H, W), with 16 for 36 multiplications an input.

    The four pixels that one becomes are equal, so the filter's taps that fall on them can be summed before: each result
    needs 2 × 2 inputs for 3 × 3. That is a transposed convolution of stride 2 with a 4×4 filter w₄ = w ∗ 1₂ₓ₂; and the
    reflection of upsampled borders is the repetition of borders (Shi et al., 2016, the other way round).
    """
    filters = weight.flip(2, 3).transpose(0, 1)  # (C, O, 3, 3): transposed convolutions scatter
    rows = pad(filters, (0, 0, 1, 0)) + pad(filters, (0, 0, 0, 1))
    summed = pad(rows, (1, 0)) + pad(rows, (0, 1))  # (C, O, 4, 4)
    return conv_transpose2d(replicated(features, 1), summed, bias, stride=2, padding=3)


class SubpixelResizeConv(ResizeConv):
    """`ResizeConv` with nearest neighbours by `subpixel_conv`; parameters and names are the parent's."""

    @staticmethod
    def suits(layer: nn.Module) -> bool:
        """Whether a layer can be turned into this one."""
        return type(layer) is ResizeConv and getattr(layer[0], "mode", "") == "nearest" and type(layer[1]) is nn.Conv2d

    def forward(self, input: Tensor) -> Tensor:  # `input`: the parent's name
        """(N, C, H, W) -> (N, O, 2 H, 2 W)."""
        convolution = self[1]
        assert isinstance(convolution, nn.Conv2d)
        return subpixel_conv(input, convolution.weight, convolution.bias)
