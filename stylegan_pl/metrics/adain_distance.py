"""Distance of two sets in the statistics that AdaIN uses: mean and standard deviation of each channel."""

import torch
from torch import Tensor

from stylegan_pl.metrics.of_means import OfMeans
from stylegan_pl.nn.layers.adain import channel_statistics


class AdaINDistance(OfMeans):
    """Σ_l λ_l · mean_c (Δμ² + Δσ²)_lc: μ and σ over positions of a picture, averaged over each set; Δ between sets.

    Huang and Belongie's (2017) style loss, but between sets instead of two pictures (`GramDistance` does the same for
    Gatys et al.). It ignores correlations of channels, which Gram matrices contain. Only means over sets are compared,
    so it can be small even if single pictures are not like single paintings.

    Args:
        features: network whose style layers, with weights λ_l, are compared.
    """

    def _row(self, features: Tensor, weight: float) -> Tensor:
        both = torch.cat(channel_statistics(features), dim=1).flatten(1)  # (N, 2 C)
        return both * (2 * weight / both.shape[1]) ** 0.5
