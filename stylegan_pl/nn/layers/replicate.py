"""Replication padding that can be compiled."""

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, pad


def replicated(features: Tensor, width: int) -> Tensor:
    """Pad by `width` pixels of the border: (N, C, H, W) -> (N, C, H + 2 width, W + 2 width)."""
    if not torch.compiler.is_compiling():
        return pad(features, [width] * 4, mode="replicate")
    # torch 2.15 traces the backward pass of its own padding with wrong strides
    top, bottom = (row.expand(-1, -1, width, -1) for row in (features[:, :, :1], features[:, :, -1:]))
    features = torch.cat([top, features, bottom], dim=2)
    left, right = (column.expand(-1, -1, -1, width) for column in (features[..., :1], features[..., -1:]))
    return torch.cat([left, features, right], dim=3)


class ReplicatingConv2d(nn.Conv2d):
    """A square convolution of stride 1 with replication padding, whose output has the input's size."""

    def __init__(self, inputs: int, outputs: int, kernel: int, *, dilation: int = 1) -> None:
        super().__init__(inputs, outputs, kernel, dilation=dilation)
        self.width = dilation * (kernel - 1) // 2

    def forward(self, input: Tensor) -> Tensor:  # `input`: the parent's name
        """(N, C, H, W) -> (N, O, H, W)."""
        return conv2d(replicated(input, self.width), self.weight, self.bias, dilation=self.dilation)
