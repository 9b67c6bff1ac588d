"""Recolours photographs with the paintings' colours, to measure how much of a score is due to the palette alone."""

from typing import NamedTuple

import torch
from torch import Tensor
from torchmetrics import Metric

from stylegan_pl.metrics.gather import gather_rows
from stylegan_pl.metrics.kinds import full_precision
from stylegan_pl.nn.layers.lab import lab, rgb

_MIDDLE = (50.0, 0.0, 0.0)  # of L, a and b; subtracted to reduce float32 rounding


class Moments(NamedTuple):
    """Moments of the colours of a set, in CIE Lab."""

    mean: Tensor  # (3,)
    covariance: Tensor  # (3, 3)


class LabMoments(Metric):
    """Mean and covariance of all pixels of a set of pictures, over all ranks; all pictures have equal weight."""

    full_state_update = False
    sums: list[Tensor]

    def __init__(self) -> None:
        super().__init__(dist_sync_fn=gather_rows)
        self.add_state("sums", default=[], dist_reduce_fx="cat")  # (N, 12): one row per picture

    def update(self, images: Tensor) -> None:
        """Add pictures, (N, 3, H, W) in [-1, 1]."""
        with full_precision(images.device):
            colours = lab(images.detach().float()).flatten(2) - images.new_tensor(_MIDDLE)[:, None]
            products = colours @ colours.transpose(1, 2) / colours.shape[2]
        self.sums.append(torch.cat([colours.mean(dim=2), products.flatten(1)], dim=1))

    def compute(self) -> Moments:
        """The moments in float64; nan if there are no pictures."""
        rows = torch.cat(list(self.sums)) if isinstance(self.sums, list) else self.sums
        mean, products = rows.to("cpu", torch.float64).mean(dim=0).split([3, 9])
        return Moments(mean + mean.new_tensor(_MIDDLE), products.view(3, 3) - torch.outer(mean, mean))


def recoloured(images: Tensor, given: Moments, wanted: Moments) -> Tensor:
    """Map pictures of a set with moments `given` to moments `wanted`; (N, 3, H, W) in [-1, 1] -> the same shape.

    The linear Monge-Kantorovitch map of Pitié and Kokaram (2007), T = A^-½ (A^½ B A^½)^½ A^-½ for covariances A and
    B: of all such maps, it changes colours least. It is the same for all pictures, so differences between them are
        kept.
    Colours outside of sRGB are clipped.
    """
    if not torch.cat([given.covariance, wanted.covariance]).isfinite().all():
        return images  # one of the sets is empty
    root = _power(given.covariance, 0.5)
    inverse = _power(given.covariance, -0.5)
    carried = inverse @ _power(root @ wanted.covariance @ root, 0.5) @ inverse
    colours = lab(images.float())
    matrix, low, high = (part.to(colours) for part in (carried, given.mean, wanted.mean))
    moved = torch.einsum("ij,njhw->nihw", matrix, colours - low[:, None, None]) + high[:, None, None]
    return rgb(moved).clamp(-1, 1)


def _power(matrix: Tensor, exponent: float) -> Tensor:
    """A power of a covariance matrix; zero variances, as in grey pictures, are replaced by a small value."""
    values, vectors = torch.linalg.eigh(matrix)
    return vectors @ torch.diag(values.clamp(min=1e-4).pow(exponent)) @ vectors.T
