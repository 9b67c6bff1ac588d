"""Photographs in the colours of paintings and otherwise untouched: what a score gives to a palette alone."""

from typing import NamedTuple

import torch
from torch import Tensor
from torchmetrics import Metric

from stylegan_pl.metrics.gather import gather_rows
from stylegan_pl.metrics.kinds import full_precision
from stylegan_pl.nn.layers.lab import lab, rgb

_MIDDLE = (50.0, 0.0, 0.0)  # of L, a and b, taken off so that float32 has digits for what differs


class Moments(NamedTuple):
    """Of the colours of a set, in CIE Lab."""

    mean: Tensor  # (3,)
    covariance: Tensor  # (3, 3)


class LabMoments(Metric):
    """Mean and covariance of all pixels of a set of pictures, over all ranks; a picture counts as much as another."""

    full_state_update = False
    sums: list[Tensor]

    def __init__(self) -> None:
        super().__init__(dist_sync_fn=gather_rows)
        self.add_state("sums", default=[], dist_reduce_fx="cat")  # a row of 12 a picture

    def update(self, images: Tensor) -> None:
        """Add pictures, (N, 3, H, W) in [-1, 1]."""
        with full_precision(images.device):
            colours = lab(images.detach().float()).flatten(2) - images.new_tensor(_MIDDLE)[:, None]
            products = colours @ colours.transpose(1, 2) / colours.shape[2]
        self.sums.append(torch.cat([colours.mean(dim=2), products.flatten(1)], dim=1))

    def compute(self) -> Moments:
        """The moments, in float64; nan where there is no picture."""
        rows = torch.cat(list(self.sums)) if isinstance(self.sums, list) else self.sums
        mean, products = rows.to("cpu", torch.float64).mean(dim=0).split([3, 9])
        return Moments(mean + mean.new_tensor(_MIDDLE), products.view(3, 3) - torch.outer(mean, mean))


def recoloured(images: Tensor, given: Moments, wanted: Moments) -> Tensor:
    """Pictures of a set with the moments `given`, moved to those `wanted`; (N, 3, H, W) in [-1, 1], same shape.

    The linear Monge-Kantorovitch map of Pitié and Kokaram (2007), T = A^-½ (A^½ B A^½)^½ A^-½ of the covariances A and
    B, about the means: of all maps that carry the one over to the other it moves colours least. The same for all
    pictures, so what distinguishes them stays. Colours that a screen cannot show are clipped.
    """
    if not torch.cat([given.covariance, wanted.covariance]).isfinite().all():
        return images  # there is nothing on one side
    root = _power(given.covariance, 0.5)
    inverse = _power(given.covariance, -0.5)
    carried = inverse @ _power(root @ wanted.covariance @ root, 0.5) @ inverse
    colours = lab(images.float())
    matrix, low, high = (part.to(colours) for part in (carried, given.mean, wanted.mean))
    moved = torch.einsum("ij,njhw->nihw", matrix, colours - low[:, None, None]) + high[:, None, None]
    return rgb(moved).clamp(-1, 1)


def _power(matrix: Tensor, exponent: float) -> Tensor:
    """Of a covariance matrix. Directions without spread, as in grey pictures, get a little: they cannot be widened."""
    values, vectors = torch.linalg.eigh(matrix)
    return vectors @ torch.diag(values.clamp(min=1e-4).pow(exponent)) @ vectors.T
