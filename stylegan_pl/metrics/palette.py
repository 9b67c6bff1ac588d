"""Distance of two sets' colours, independent of positions; without a network."""

import torch
from torch import Tensor

from stylegan_pl.metrics.two_sets import TwoSets
from stylegan_pl.nn.layers.lab import lab

# lower bounds of L, a and b; contain all of sRGB. Grey, a = b = 0, lies within a bin: on an edge, rounding would decide
_LOW = (0.0, -128.5, -128.5)
_RANGE = (100.0, 256.0, 256.0)


def lab_histograms(images: Tensor, bins: int) -> Tensor:
    """(N, 3, H, W) in [-1, 1] -> (N, 3, bins): histograms of L, a and b; each sums to 1."""
    low, span = (images.new_tensor(values).view(3, 1, 1) for values in (_LOW, _RANGE))
    index = ((lab(images) - low) / span * bins).long().clamp(0, bins - 1).flatten(2)  # (N, 3, HW)
    ones = torch.ones((), device=images.device).expand_as(index)
    counts = torch.zeros(*index.shape[:2], bins, device=images.device).scatter_add_(2, index, ones)
    return counts / index.shape[2]


def earth_movers_distance(a: Tensor, b: Tensor) -> Tensor:
    """1-Wasserstein distance of each row of two normalised histograms, in bins: (K, bins), (K, bins) -> (K,)."""
    return (a - b).cumsum(dim=1).abs().sum(dim=1)


class PaletteDistance(TwoSets):
    """Earth mover's distance of colour histograms in CIE Lab, mean over L, a and b; in Lab units.

    A set's histogram is the mean over its pictures, so a picture's size has no effect. About 2 units are a visible
    difference. L, a and b are compared separately, so combinations of them are not.

    >>> import torch
    >>> from stylegan_pl.metrics.palette import PaletteDistance
    >>> metric = PaletteDistance()
    >>> metric.update(torch.ones(4, 3, 16, 16), real=True)  # white paintings
    >>> metric.update(-torch.ones(6, 3, 16, 16), real=False)  # black pictures: 100 units of L, of three axes
    >>> round(metric.compute().item(), 1)
    33.2

    Args:
        bins: number of bins for each of L, a and b; with 256, 0.4 units of L and 1 of a and b.
    """

    higher_is_better = False

    def __init__(self, *, bins: int = 256) -> None:
        super().__init__()
        if bins < 2:
            raise ValueError(f"bins must be at least 2, got {bins}; try 256")
        self.bins = bins

    def _kept(self, images: Tensor) -> Tensor:
        return lab_histograms(images.clamp(-1, 1), self.bins)

    def _distance(self, real: Tensor, fake: Tensor) -> Tensor:
        gaps = earth_movers_distance(real.mean(dim=0), fake.mean(dim=0))
        return (gaps * gaps.new_tensor(_RANGE) / self.bins).mean()
