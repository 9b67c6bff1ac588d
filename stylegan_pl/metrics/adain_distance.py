"""How unlike two sets are in what AdaIN carries over: each channel's mean and deviation."""

import torch
from torch import Tensor

from stylegan_pl.metrics.of_means import OfMeans
from stylegan_pl.nn.layers.adain import channel_statistics


class AdaINDistance(OfMeans):
    """Σ_l λ_l · mean_c (Δμ² + Δσ²)_lc: of a picture's μ and σ over positions, the mean over each set; Δ between sets.

    Huang and Belongie's (2017) style loss, which compares one picture with one painting, of sets, as `GramDistance` is
    that of Gatys et al.; it sees no two channels together, so it is blind to more than Gram matrices are. A set whose
    pictures are each like another painting may be near.

    Args:
        features: its style layers, with their λ_l, are compared.
    """

    def _row(self, features: Tensor, weight: float) -> Tensor:
        both = torch.cat(channel_statistics(features), dim=1).flatten(1)  # (N, 2 C)
        return both * (2 * weight / both.shape[1]) ** 0.5
