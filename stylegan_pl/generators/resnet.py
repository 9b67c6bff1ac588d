"""The residual generator of Johnson et al. (2016) in CycleGAN's form."""

from torch import nn

from stylegan_pl.generators.chain import ChainGenerator, residual_taps
from stylegan_pl.nn.layers.blocks import ResidualBlock, conv_norm_relu
from stylegan_pl.nn.layers.downsample import Downsample, StridedConv
from stylegan_pl.nn.layers.init import Init, init_normal
from stylegan_pl.nn.layers.upsample import ResizeConv, Upsample


class ResNetGenerator(ChainGenerator):
    """c7s1-w, d2w, d4w, R4w × blocks, u2w, uw, c7s1-3, tanh (CycleGAN, appendix 7.2).

    11,378,179 parameters with 9 blocks and 7,837,699 with 6, at width 64, for any `upsample` and `downsample`. Sides
    are multiples of 4 and at least 16. Departure from the paper: upsampling is a resize-convolution by default, because
    transposed convolutions leave a checkerboard.

    Taps are CUT's: `image`, `down1` and `down2` (the downsampling convolutions before their norm), `block1` and
    `block5` (the last block if there are fewer). Departure: CUT's first tap is the image with reflection padding.

    >>> import torch
    >>> from stylegan_pl.generators.resnet import ResNetGenerator
    >>> generator = ResNetGenerator(blocks=2, width=8)
    >>> photographs = torch.rand(2, 3, 64, 48) * 2 - 1
    >>> generator(photographs).shape
    torch.Size([2, 3, 64, 48])
    >>> {name: tuple(layer.shape) for name, layer in generator.encode(photographs, ["down2", "block1"]).items()}
    {'down2': (2, 32, 16, 12), 'block1': (2, 32, 16, 12)}

    Args:
        blocks: residual blocks at a quarter of the resolution.
        width: channels at full resolution.
        residual: start at the photograph and change it; see `ChainGenerator`.
        upsample: builds the ×2 step from (inputs, outputs) channels.
        downsample: builds the ÷2 step, with its norm and ReLU; its first layer is the convolution.
        init: draws the initial weights.
    """

    stride = 4

    def __init__(
        self,
        *,
        blocks: int = 9,
        width: int = 64,
        residual: bool = False,
        upsample: Upsample = ResizeConv,
        downsample: Downsample = StridedConv,
        init: Init = init_normal,
    ) -> None:
        stem = conv_norm_relu(3, width, 7)
        halving, quartering = downsample(width, 2 * width), downsample(2 * width, 4 * width)
        layers = nn.Sequential(
            *stem,
            *halving,
            *quartering,
            *(ResidualBlock(4 * width) for _ in range(blocks)),
            *_up(upsample, 4 * width, 2 * width),
            *_up(upsample, 2 * width, width),
            nn.Conv2d(width, 3, 7, padding=3, padding_mode="reflect"),
        )
        steps = len(stem), len(halving), len(quartering)
        super().__init__(
            layers, residual_taps(*steps, channels=(2 * width, 4 * width), blocks=blocks), residual=residual
        )
        init(self)


def _up(upsample: Upsample, inputs: int, outputs: int) -> list[nn.Module]:
    return [upsample(inputs, outputs), nn.InstanceNorm2d(outputs), nn.ReLU(inplace=True)]
