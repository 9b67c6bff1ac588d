"""Normalises pictures for networks that were trained on ImageNet."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet's images in [0, 1]


class ImageNetInput(nn.Module):
    """z = ((x + 1) / 2 − mean) / std for x in [-1, 1], as one multiply-add; it has no saved state.

    Args:
        mean, std: of each colour, if a network was trained with other values than ImageNet's.
    """

    def __init__(self, *, mean: Sequence[float] = _MEAN, std: Sequence[float] = _STD) -> None:
        super().__init__()
        centre, spread = torch.tensor(mean), torch.tensor(std)
        self.register_buffer("scale", (0.5 / spread).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("shift", ((0.5 - centre) / spread).view(1, 3, 1, 1), persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] -> the same shape, each colour of mean 0 and variance 1."""
        return image * self.get_buffer("scale") + self.get_buffer("shift")
