"""Layers that double the resolution; all but `TransposedConv4` have the parameters of one 3×3 convolution."""

from collections.abc import Callable

from torch import nn

Upsample = Callable[[int, int], nn.Module]
"""(inputs, outputs) channels -> the ×2 step; norm and ReLU follow it."""


class ResizeConv(nn.Sequential):
    """Interpolation ×2, then a reflection-padded 3×3 convolution: no checkerboard (Odena et al., 2016).

    Args:
        mode: `nearest`, as the article recommends, is sharper; `bilinear` gives smoother strokes and less detail.

    Raises:
        ValueError: another mode.
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

    The filter weights two neighbours by ¼ and ¾, which is bilinear interpolation, and is computed as that. Departure
    from CUT: reflection padding, as in the other generators.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, mode="bilinear")


class TransposedConv(nn.ConvTranspose2d):
    """Stride-2 transposed 3×3 convolution, as in the published CycleGAN; tends to leave a checkerboard."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 3, stride=2, padding=1, output_padding=1)


class TransposedConv4(nn.ConvTranspose2d):
    """Stride-2 transposed 4×4 convolution, as in the published U-Net.

    Every output pixel has two weights in each direction, so its checkerboard is weaker than that of the 3×3 one.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 4, stride=2, padding=1)
