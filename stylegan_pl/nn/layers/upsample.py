"""Ways to double the resolution; all but the 4×4 have the parameters of one 3×3 convolution, so they swap freely."""

from collections.abc import Callable

from torch import nn

Upsample = Callable[[int, int], nn.Module]
"""(inputs, outputs) channels -> the ×2 step; norm and ReLU follow it."""


class ResizeConv(nn.Sequential):
    """Interpolation ×2, then a reflection-padded 3×3 convolution: no checkerboard (Odena et al., 2016).

    Args:
        mode: `nearest`, as the article prefers: crisp; `bilinear`: smoother strokes, less fine detail.
    """

    def __init__(self, inputs: int, outputs: int, *, mode: str = "nearest") -> None:
        if mode not in ("nearest", "bilinear"):
            raise ValueError(f"mode must be nearest or bilinear, got '{mode}'")
        super().__init__(
            nn.Upsample(scale_factor=2, mode=mode),
            nn.Conv2d(inputs, outputs, 3, padding=1, padding_mode="reflect"),
        )


class AntialiasedUpsample(ResizeConv):
    """Zeros between pixels, the binomial filter [1, 3, 3, 1] / 4 over them, then a 3×3 convolution (Zhang, 2019; CUT).

    That filter puts a quarter of the one and three quarters of the other neighbour in each new pixel, which is
    bilinear interpolation; so it is written as that. Departure from CUT: reflection padding, as in all our networks.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, mode="bilinear")


class TransposedConv(nn.ConvTranspose2d):
    """Stride-2 transposed 3×3 convolution, as the published CycleGAN has it; prone to checkerboard."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 3, stride=2, padding=1, output_padding=1)


class TransposedConv4(nn.ConvTranspose2d):
    """Stride-2 transposed 4×4 convolution, as the published U-Net has it.

    Two taps in each direction reach every pixel, so it wavers less than the 3×3 one, but only learning makes it even.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 4, stride=2, padding=1)
