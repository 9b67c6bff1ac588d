"""Palette loss: compares the distributions of colours, without positions."""

import torch
from torch import Tensor

from stylegan_pl.losses.image_loss import ImageLoss, Views
from stylegan_pl.nn.layers.lab import lab

_LAB_SCALE = 100.0  # L of white


def sliced_distance(found: Tensor, wanted: Tensor, directions: Tensor) -> Tensor:
    """Mean 1-Wasserstein distance of projections: (N, M, d), (N, M, d), (d, K) -> scalar, mean over N and K.

    In one dimension, optimal transport pairs sorted values, so this is the exact distance of two sets of M points.
    """
    return ((found @ directions).sort(dim=1).values - (wanted @ directions).sort(dim=1).values).abs().mean()


def random_directions(count: int, like: Tensor) -> Tensor:
    """Random unit vectors, uniform on the sphere: (3, count)."""
    directions = torch.randn(3, count, device=like.device, dtype=like.dtype)
    return directions / directions.norm(dim=0, keepdim=True)


class PaletteLoss(ImageLoss):
    """Sliced Wasserstein distance (Bonneel et al., 2015) of the colours of G(x) and y in CIE Lab, / 100.

    Each picture is compared with the painting of its row. Random pixels and random directions are drawn in each step.

    Args:
        colours: number of pixels per picture; all pixels if there are fewer.
        directions: number of random projections.

    Raises:
        ValueError: one of the two is below 1.
    """

    def __init__(self, *, weight: float, colours: int = 4096, directions: int = 16) -> None:
        super().__init__(weight=weight)
        if colours < 1 or directions < 1:
            raise ValueError(f"colours and directions must be at least 1, got {colours} and {directions}")
        self.colours, self.directions = colours, directions

    def forward(self, views: Views) -> Tensor:
        """The unweighted loss, a scalar."""
        count = min(self.colours, views.stylised[0, 0].numel(), views.style[0, 0].numel())
        painted, palette = (_pick(lab(image) / _LAB_SCALE, count) for image in (views.stylised, views.style))
        return sliced_distance(painted, palette, random_directions(self.directions, painted))


def _pick(image: Tensor, count: int) -> Tensor:
    """Random pixels, at the same positions in all pictures of the batch: (N, 3, H, W) -> (N, count, 3)."""
    pixels = image.flatten(2).transpose(1, 2)
    return pixels[:, torch.randperm(pixels.shape[1], device=image.device)[:count]]
