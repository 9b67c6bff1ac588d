"""Luma: brightness from gamma-encoded values."""

from collections.abc import Sequence

from torch import Tensor


def luma(image: Tensor) -> Tensor:
    """ITU-R BT.601, 0.299 R + 0.587 G + 0.114 B: (N, 3, H, W) -> (N, 1, H, W), of the same range."""
    return _weighted(image, (0.299, 0.587, 0.114))


def luma_709(image: Tensor) -> Tensor:
    """ITU-R BT.709, 0.2126 R + 0.7152 G + 0.0722 B: (N, 3, H, W) -> (N, 1, H, W), of the same range."""
    return _weighted(image, (0.2126, 0.7152, 0.0722))


def _weighted(image: Tensor, weights: Sequence[float]) -> Tensor:
    return (image * image.new_tensor(weights).view(3, 1, 1)).sum(dim=1, keepdim=True)
