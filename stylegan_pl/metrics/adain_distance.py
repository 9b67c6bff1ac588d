"""How unlike two sets are in what AdaIN carries over: each channel's mean and deviation."""

import torch
from torch import Tensor

from stylegan_pl.metrics.features import in_full_precision
from stylegan_pl.metrics.of_means import OfMeans
from stylegan_pl.nn.adain import channel_statistics
from stylegan_pl.nn.features import FeatureNetwork


class AdaINDistance(OfMeans):
    """Σ_l λ_l · mean_c (Δμ² + Δσ²)_lc: of a picture's μ and σ over positions, the mean over each set; Δ between sets.

    Huang and Belongie's (2017) style loss, which compares one picture with one painting, of sets, as `GramDistance` is
    that of Gatys et al.; it sees no two channels together, so it is blind to more than Gram matrices are. A set whose
    pictures are each like another painting may be near.

    Args:
        features: its style layers, with their λ_l, are compared.
    """

    def __init__(self, *, features: FeatureNetwork) -> None:
        super().__init__()
        if not features.style_layers:
            raise ValueError("features: it has no style_layers to compare; give it some, such as relu3_1: 1.0")
        self.features = features

    def _kept(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, Σ_l 2 C_l), scaled: the class's sum is a squared distance of rows."""
        features = in_full_precision(self.features, images)
        rows = []
        for layer, weight in self.features.style_layers.items():
            both = torch.cat(channel_statistics(features[layer]), dim=1).flatten(1)  # (N, 2 C)
            rows.append(both * (2 * weight / both.shape[1]) ** 0.5)
        return torch.cat(rows, dim=1)
