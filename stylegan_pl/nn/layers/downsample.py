"""Layers that halve the resolution; each has the parameters of one 3×3 convolution, so they are interchangeable.

Instance norm and ReLU are included, because a blur comes after them, but a stride before. Each is a chain of layers
that starts with the convolution.
"""

from collections.abc import Callable

from torch import nn

from stylegan_pl.nn.layers.blocks import conv_norm_relu
from stylegan_pl.nn.layers.blur import BlurPool

Downsample = Callable[[int, int], nn.Sequential]
"""(inputs, outputs) channels -> the step."""


class StridedConv(nn.Sequential):
    """Reflection-padded 3×3 convolution of stride 2, instance norm, ReLU; CycleGAN's code has zero padding."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(*conv_norm_relu(inputs, outputs, 3, stride=2))


class AntialiasedDownsample(nn.Sequential):
    """Reflection-padded 3×3 convolution of stride 1, instance norm, ReLU, then `BlurPool` (Zhang, 2019; CUT).

    It has four times the operations of `StridedConv`, but its features are shift-equivariant.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(*conv_norm_relu(inputs, outputs, 3), BlurPool(outputs))
