"""The residual generator of Johnson et al. (2016) in CycleGAN's form."""

from collections.abc import Callable

from torch import Tensor, nn

from stylegan_pl.nn.blocks import ResidualBlock, conv_norm_relu
from stylegan_pl.nn.init import init_normal
from stylegan_pl.nn.upsample import ResizeConv


class ResNetGenerator(nn.Module):
    """c7s1-w, d2w, d4w, R4w × blocks, u2w, uw, c7s1-3, tanh (CycleGAN, appendix 7.2).

    11,378,179 parameters with 9 blocks and 7,837,699 with 6, at width 64. Departure from the paper: upsampling is
    a resize-convolution unless `upsample` says otherwise, because transposed convolutions leave a checkerboard.

    Args:
        blocks: residual blocks at a quarter of the resolution.
        width: channels at full resolution.
        upsample: builds the ×2 step from (inputs, outputs) channels.
        init_std: standard deviation of the initial weights.
    """

    stride = 4  # sides must be multiples of it; inference pads

    def __init__(
        self,
        *,
        blocks: int = 9,
        width: int = 64,
        upsample: Callable[[int, int], nn.Module] = ResizeConv,
        init_std: float = 0.02,
    ) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *conv_norm_relu(3, width, 7),
            *conv_norm_relu(width, 2 * width, 3, stride=2),
            *conv_norm_relu(2 * width, 4 * width, 3, stride=2),
            *(ResidualBlock(4 * width) for _ in range(blocks)),
            *_up(upsample, 4 * width, 2 * width),
            *_up(upsample, 2 * width, width),
            nn.Conv2d(width, 3, 7, padding=3, padding_mode="reflect"),
            nn.Tanh(),
        )
        init_normal(self, std=init_std)

    def forward(self, content: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1], H and W multiples of 4 and at least 16 -> the same shape and range."""
        return self.layers(content)


def _up(upsample: Callable[[int, int], nn.Module], inputs: int, outputs: int) -> list[nn.Module]:
    return [upsample(inputs, outputs), nn.InstanceNorm2d(outputs), nn.ReLU(inplace=True)]
