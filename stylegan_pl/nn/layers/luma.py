"""Luma: brightness from gamma-encoded values."""

from torch import Tensor

_SHARES = (0.299, 0.587, 0.114)  # ITU-R BT.601, of gamma-encoded sRGB


def luma(image: Tensor) -> Tensor:
    """0.299 R + 0.587 G + 0.114 B: (N, 3, H, W) -> (N, 1, H, W), of the same range."""
    return (image * image.new_tensor(_SHARES).view(3, 1, 1)).sum(dim=1, keepdim=True)
