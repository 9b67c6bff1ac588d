"""Decoders from an encoder's bottleneck to a picture, without norms, because the features' statistics are the style."""

from collections.abc import Callable

from torch import Tensor, nn

from stylegan_pl.nn.layers.blocks import PlainResidualBlock
from stylegan_pl.nn.layers.upsample import ResizeConv, Upsample

Decoder = Callable[[int], nn.Module]
"""Channels of the bottleneck -> (N, C, h, w) to (N, 3, H, W) in [-1, 1]."""


class MirrorDecoder(nn.Module):
    """The mirrored VGG-19 up to relu4_1: ×8, reflection padding, ReLU (Huang and Belongie, 2017).

    3,505,219 parameters for 512 channels, with any upsampling that has one 3×3 convolution; the paper's is nearest.
    Departure from the paper, whose last convolution is linear: tanh at the end, so that the range is [-1, 1].

    Args:
        channels: of the bottleneck, a multiple of 8.
        upsample: builds the ×2 step from (inputs, outputs) channels.

    Raises:
        ValueError: `channels` is no multiple of 8.
    """

    scale = 8  # sides of the picture to those of the features

    def __init__(self, channels: int, *, upsample: Upsample = ResizeConv) -> None:
        super().__init__()
        if channels % 8:
            raise ValueError(f"MirrorDecoder needs channels in a multiple of 8, got {channels}; VGG's relu4_1 has 512")
        half, quarter, eighth = channels // 2, channels // 4, channels // 8
        self.layers = nn.Sequential(
            *_conv_relu(channels, half),
            *(upsample(half, half), nn.ReLU()),
            *_conv_relu(half, half),
            *_conv_relu(half, half),
            *_conv_relu(half, quarter),
            *(upsample(quarter, quarter), nn.ReLU()),
            *_conv_relu(quarter, eighth),
            *(upsample(eighth, eighth), nn.ReLU()),
            nn.Conv2d(eighth, 3, 3, padding=1, padding_mode="reflect"),
            nn.Tanh(),
        )

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, h, w) -> (N, 3, 8 h, 8 w) in [-1, 1]."""
        return self.layers(features)


class ResidualDecoder(nn.Module):
    """Residual blocks, u/2, u/4, c7s1-3, tanh: ×4, for an encoder of two strided levels.

    There is no instance norm, because it would remove the statistics that AdaIN has set, and all styles would look the
    same. Batch norm would mix the styles of a batch.

    Args:
        channels: of the bottleneck, a multiple of 4.
        blocks: residual blocks at a quarter of the resolution.
        upsample: builds the ×2 step from (inputs, outputs) channels.

    Raises:
        ValueError: `channels` is no multiple of 4.
    """

    scale = 4  # sides of the picture to those of the features

    def __init__(self, channels: int, *, blocks: int = 4, upsample: Upsample = ResizeConv) -> None:
        super().__init__()
        if channels % 4:
            raise ValueError(f"ResidualDecoder needs channels in a multiple of 4, got {channels}; ConvEncoder's are")
        self.layers = nn.Sequential(
            *(PlainResidualBlock(channels) for _ in range(blocks)),
            *(upsample(channels, channels // 2), nn.ReLU()),
            *(upsample(channels // 2, channels // 4), nn.ReLU()),
            nn.Conv2d(channels // 4, 3, 7, padding=3, padding_mode="reflect"),
            nn.Tanh(),
        )

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, h, w) -> (N, 3, 4 h, 4 w) in [-1, 1]."""
        return self.layers(features)


def _conv_relu(inputs: int, outputs: int) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, 3, padding=1, padding_mode="reflect"), nn.ReLU()]
