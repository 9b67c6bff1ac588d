"""Antialiased downsampling: a blur before pixels are left out."""

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, pad


class BlurPool(nn.Module):
    """The binomial filter [1, 2, 1] in both directions, then every second pixel (Zhang, 2019); reflection padding.

    Without a blur, shifting a picture by one pixel changes its features, and fine texture becomes coarse patterns.

    Args:
        channels: number of channels; each is blurred on its own.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        row = torch.tensor([0.25, 0.5, 0.25])
        kernel = torch.outer(row, row).expand(channels, 1, 3, 3).contiguous()
        self.register_buffer("kernel", kernel, persistent=False)  # a constant, not saved in checkpoints

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C, ⌈H/2⌉, ⌈W/2⌉)."""
        kernel = self.get_buffer("kernel").to(features.dtype)
        return conv2d(pad(features, [1] * 4, mode="reflect"), kernel, stride=2, groups=len(kernel))
