"""The transformer net of fast neural style (Johnson et al., 2016), with instance norm (Ulyanov et al., 2016)."""

from torch import nn

from stylegan_pl.generators.chain import ChainGenerator, residual_taps
from stylegan_pl.nn.layers.blocks import ResidualBlock, conv_norm_relu
from stylegan_pl.nn.layers.init import Init, init_normal
from stylegan_pl.nn.layers.upsample import ResizeConv, Upsample


class JohnsonGenerator(ChainGenerator):
    """c9s1-w, d2w, d4w, R4w × blocks, u2w, uw, c9s1-3, tanh; affine instance norm. 1,679,235 parameters by default.

    At full resolution, which takes most of the time, it is half as wide as `ResNetGenerator`, with 9×9 kernels. Sides
    are multiples of 4 and at least 16; taps as in `ResNetGenerator`. Departures from the paper, as in PyTorch's
    example, which has the same number of parameters: instance norm instead of batch norm, nearest-neighbour upsampling
    instead of transposed convolutions, reflection padding at every convolution instead of one 40-pixel margin.
    Departure from that example, whose output is linear in [0, 255]: a tanh, as in the paper, so that the range is [-1,
    1].

    >>> import torch
    >>> from stylegan_pl.generators.johnson import JohnsonGenerator
    >>> JohnsonGenerator(blocks=2, width=8)(torch.zeros(1, 3, 64, 48)).shape
    torch.Size([1, 3, 64, 48])

    Args:
        blocks: residual blocks at a quarter of the resolution.
        width: channels at full resolution.
        residual: start at the photograph and change it; see `ChainGenerator`.
        upsample: builds the ×2 step from (inputs, outputs) channels.
        init: draws the initial weights of the convolutions.
    """

    stride = 4

    def __init__(
        self,
        *,
        blocks: int = 5,
        width: int = 32,
        residual: bool = False,
        upsample: Upsample = ResizeConv,
        init: Init = init_normal,
    ) -> None:
        stem = conv_norm_relu(3, width, 9, affine=True)
        halving = conv_norm_relu(width, 2 * width, 3, stride=2, affine=True)
        quartering = conv_norm_relu(2 * width, 4 * width, 3, stride=2, affine=True)
        layers = nn.Sequential(
            *stem,
            *halving,
            *quartering,
            *(ResidualBlock(4 * width, affine=True) for _ in range(blocks)),
            *_up(upsample, 4 * width, 2 * width),
            *_up(upsample, 2 * width, width),
            nn.Conv2d(width, 3, 9, padding=4, padding_mode="reflect"),
        )
        steps = len(stem), len(halving), len(quartering)
        super().__init__(
            layers, residual_taps(*steps, channels=(2 * width, 4 * width), blocks=blocks), residual=residual
        )
        init(self)


def _up(upsample: Upsample, inputs: int, outputs: int) -> list[nn.Module]:
    return [upsample(inputs, outputs), nn.InstanceNorm2d(outputs, affine=True), nn.ReLU(inplace=True)]
