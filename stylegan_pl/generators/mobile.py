"""A generator for phones and video: few channels, and most of the work at a quarter of the resolution."""

from torch import nn

from stylegan_pl.generators.chain import ChainGenerator, residual_taps
from stylegan_pl.nn.layers.blocks import ResidualBlock, conv_norm_relu
from stylegan_pl.nn.layers.init import Init, init_normal


class MobileGenerator(ChainGenerator):
    """c5s2-w, d3w/2, R3w/2 × blocks, separable uw, separable uw/2, c5s1-3, tanh.

    Johnson's architecture, but narrow: 227,923 parameters and 16.8 GMAC at 1024² (the published ResNet-9: 793 GMAC).
    Only the last two convolutions run at full resolution, and on few channels, because a layer costs sixteen times as
    much there as in the blocks. Upsampling is an interpolation with MobileNet's pair of convolutions (Howard et al.,
    2017); the 1×1 comes before the interpolation, which gives the same result at a quarter of the cost.

    The blocks have full convolutions. Separable ones of 128 channels have as many weights and multiplications, but take
    1.5 times as long: their features are 2.7 times as large, and memory bandwidth limits them (`docs/performance.md`).

    Sides are multiples of 4 and at least 16; taps as in `ResNetGenerator`, `down1` and `down2` being the two strided
    convolutions.

    >>> import torch
    >>> from stylegan_pl.generators.mobile import MobileGenerator
    >>> generator = MobileGenerator()
    >>> sum(weights.numel() for weights in generator.parameters())
    227923
    >>> generator(torch.zeros(1, 3, 64, 48)).shape
    torch.Size([1, 3, 64, 48])

    Args:
        blocks: residual blocks at a quarter of the resolution.
        width: channels at half of the resolution, a multiple of 2; multiples of 32 run fastest.
        residual: start at the photograph and change it; see `ChainGenerator`.
        upsample_mode: `nearest`, or `bilinear`, which leaves no grid.
        init: draws the initial weights.

    Raises:
        ValueError: `width` is odd.
    """

    stride = 4

    def __init__(
        self,
        *,
        blocks: int = 5,
        width: int = 32,
        residual: bool = False,
        upsample_mode: str = "nearest",
        init: Init = init_normal,
    ) -> None:
        if width % 2:
            raise ValueError(f"width must be a multiple of 2, got {width}; try {width + 1}")
        half, quarter = width, 3 * width // 2
        halving = conv_norm_relu(3, half, 5, stride=2)
        quartering = conv_norm_relu(half, quarter, 3, stride=2)
        layers = nn.Sequential(
            *halving,
            *quartering,
            *(ResidualBlock(quarter) for _ in range(blocks)),
            *_up(quarter, half, upsample_mode),
            *_up(half, width // 2, upsample_mode),
            nn.Conv2d(width // 2, 3, 5, padding=2, padding_mode="reflect"),
        )
        steps = 0, len(halving), len(quartering)
        super().__init__(layers, residual_taps(*steps, channels=(half, quarter), blocks=blocks), residual=residual)
        init(self)


def _up(inputs: int, outputs: int, mode: str) -> list[nn.Module]:
    return [
        nn.Conv2d(inputs, outputs, 1),
        nn.Upsample(scale_factor=2, mode=mode),
        nn.Conv2d(outputs, outputs, 3, padding=1, padding_mode="reflect", groups=outputs),
        nn.InstanceNorm2d(outputs),
        nn.ReLU(inplace=True),
    ]
