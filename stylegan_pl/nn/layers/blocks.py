"""Convolution blocks that several generators share."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint


def conv_norm_relu(inputs: int, outputs: int, kernel: int, *, stride: int = 1, affine: bool = False) -> list[nn.Module]:
    """Reflection-padded convolution, instance norm without running statistics, ReLU.

    Without running statistics, the norm computes the same in training and evaluation mode.

    Args:
        affine: whether the norm learns a scale and an offset for each channel (Ulyanov et al., 2016; not CycleGAN).
    """
    return [
        nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=kernel // 2, padding_mode="reflect"),
        nn.InstanceNorm2d(outputs, affine=affine),
        nn.ReLU(inplace=True),
    ]


class Block(nn.Module, ABC):
    """Base class: features -> features of the same shape, without random draws, so that it can be run again.

    With `recompute`, only the input is kept for the backward pass, which computes the other activations again: less
    memory, more time (Chen et al., 2016).
    """

    recompute = False

    @abstractmethod
    def change(self, features: Tensor) -> Tensor:
        """The block's output; (N, C, H, W) -> the same shape."""

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) -> the same shape."""
        if not (self.recompute and torch.is_grad_enabled()):
            return self.change(features)
        changed: Tensor = checkpoint(self.change, features, use_reentrant=False, preserve_rng_state=False)
        return changed


class ResidualBlock(Block):
    """x + IN(conv(ReLU(IN(conv(x))))), reflection padding (Johnson et al., 2016; CycleGAN's form)."""

    def __init__(self, channels: int, *, affine: bool = False) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *conv_norm_relu(channels, channels, 3, affine=affine),
            nn.Conv2d(channels, channels, 3, padding=1, padding_mode="reflect"),
            nn.InstanceNorm2d(channels, affine=affine),
        )

    def change(self, features: Tensor) -> Tensor:
        """See the class; (N, C, H, W) -> the same shape."""
        return features + self.body(features)


class PlainResidualBlock(Block):
    """(x + conv(ReLU(conv(x)))) / √2, reflection padding, no norm.

    For features whose mean and standard deviation carry the style: an instance norm would set them to 0 and 1. The √2
    keeps the standard deviation from growing with each block, which the norm does elsewhere.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, padding_mode="reflect"),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, channels, 3, padding=1, padding_mode="reflect"),
        )

    def change(self, features: Tensor) -> Tensor:
        """See the class; (N, C, H, W) -> the same shape."""
        return (features + self.body(features)) * 0.5**0.5
