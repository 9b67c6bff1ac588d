"""A generator for phones and video: separable convolutions, and the work at a quarter of the resolution."""

from torch import nn

from stylegan_pl.generators.chain import ChainGenerator, residual_places
from stylegan_pl.nn.blocks import SeparableBlock, SeparableConv, conv_norm_relu
from stylegan_pl.nn.init import Init, init_normal


class MobileGenerator(ChainGenerator):
    """c5s2-w, separable d4w, separable R4w × blocks, separable u2w/2, uw/2, c5s1-3, tanh.

    Johnson's shape of network made of MobileNet's convolutions (Howard et al., 2017): 225,251 parameters, 16.6 GMAC at
    1024², where the published ResNet-9 has 793. Only the last two convolutions run at full resolution, on few channels:
    there everything costs sixteen times what it does in the blocks. Upsampling is by nearest neighbour, with its 1×1
    convolution before it, which gives the same as after it, at a quarter of the cost. Sides are multiples of 4 and at
    least 16; taps as in `ResNetGenerator`, `down1` and `down2` being the two strided convolutions.

    Args:
        blocks: residual blocks at a quarter of the resolution.
        width: channels at half of the resolution, a multiple of 2; multiples of 16 run fastest.
        init: draws the initial weights.
    """

    stride = 4

    def __init__(self, *, blocks: int = 6, width: int = 32, init: Init = init_normal) -> None:
        if width % 2:
            raise ValueError(f"width must be a multiple of 2, got {width}; try {width + 1}")
        halving = conv_norm_relu(3, width, 5, stride=2)
        quartering = [SeparableConv(width, 4 * width, stride=2), nn.InstanceNorm2d(4 * width), nn.ReLU(inplace=True)]
        layers = nn.Sequential(
            *halving,
            *quartering,
            *(SeparableBlock(4 * width) for _ in range(blocks)),
            *_up(4 * width, width),
            *_up(width, width // 2),
            nn.Conv2d(width // 2, 3, 5, padding=2, padding_mode="reflect"),
            nn.Tanh(),
        )
        steps = 0, len(halving), len(quartering)
        super().__init__(layers, residual_places(*steps, channels=(width, 4 * width), blocks=blocks))
        init(self)


def _up(inputs: int, outputs: int) -> list[nn.Module]:
    return [
        nn.Conv2d(inputs, outputs, 1),
        nn.Upsample(scale_factor=2, mode="nearest"),
        nn.Conv2d(outputs, outputs, 3, padding=1, padding_mode="reflect", groups=outputs),
        nn.InstanceNorm2d(outputs),
        nn.ReLU(inplace=True),
    ]
