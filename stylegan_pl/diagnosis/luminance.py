"""Luminance of pictures, for the detectors that compare structure."""

from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from stylegan_pl.nn.layers.luma import luma_709

LEVEL = 2 / 255  # one level of 255, in the range [-1, 1]


def luminance(images: Tensor) -> Tensor:
    """(N, 3, H, W) -> (N, H, W), Rec. 709 weights on the sRGB values."""
    return luma_709(images).squeeze(1)


def luminance_structure(images: Tensor, side: int) -> Tensor:
    """(N, 3, H, W) -> (N, side²): mean luminance of a grid of cells, minus their mean; strokes are averaged out."""
    cells = adaptive_avg_pool2d(luminance(images), side).flatten(1)
    return cells - cells.mean(dim=1, keepdim=True)
