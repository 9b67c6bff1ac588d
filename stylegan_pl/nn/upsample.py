"""Ways to double the resolution; each has the parameters of one 3×3 convolution, so they swap freely."""

from torch import nn


class ResizeConv(nn.Sequential):
    """Interpolation ×2, then a reflection-padded 3×3 convolution: no checkerboard (Odena et al., 2016).

    Args:
        mode: `nearest`, as the article prefers: crisp; `bilinear`: smoother strokes, less fine detail.
    """

    def __init__(self, inputs: int, outputs: int, *, mode: str = "nearest") -> None:
        super().__init__(
            nn.Upsample(scale_factor=2, mode=mode),
            nn.Conv2d(inputs, outputs, 3, padding=1, padding_mode="reflect"),
        )


class TransposedConv(nn.ConvTranspose2d):
    """Stride-2 transposed 3×3 convolution, as the published CycleGAN has it; prone to checkerboard."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 3, stride=2, padding=1, output_padding=1)
