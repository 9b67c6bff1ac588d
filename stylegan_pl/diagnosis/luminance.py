"""Luminance of pictures, for the detectors that compare structure."""

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

LEVEL = 2 / 255  # one level of 255, in the range [-1, 1]


def luminance(images: Tensor) -> Tensor:
    """(N, 3, H, W) -> (N, H, W), Rec. 709 weights on the sRGB values."""
    return torch.einsum("c,nchw->nhw", images.new_tensor([0.2126, 0.7152, 0.0722]), images)


def luminance_structure(images: Tensor, side: int) -> Tensor:
    """(N, 3, H, W) -> (N, side²): mean luminance of a grid of cells, minus their mean; strokes are averaged out."""
    cells = adaptive_avg_pool2d(luminance(images), side).flatten(1)
    return cells - cells.mean(dim=1, keepdim=True)
