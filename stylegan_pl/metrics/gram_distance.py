"""How unlike the textures of two sets are, by their mean Gram matrices."""

import torch
from torch import Tensor

from stylegan_pl.metrics.features import in_full_precision
from stylegan_pl.metrics.of_means import OfMeans
from stylegan_pl.nn.features import FeatureNetwork


def gram(features: Tensor) -> Tensor:
    """G = F Fᵀ / (H W): (N, C, H, W) -> (N, C, C), of one scale at any size of picture."""
    flat = features.flatten(2)
    return flat @ flat.transpose(1, 2) / flat.shape[2]


class GramDistance(OfMeans):
    """Σ_l λ_l · mean_ij (Ḡ_l − Ā_l)²_ij: Ḡ_l is the mean Gram matrix of the stylised at layer l, Ā_l of the paintings.

    Gatys et al. (2016) compare one picture with one painting; of sets their means are compared, so a set whose pictures
    are each like another painting may be near. Falls with N a little, as every distance of means does.

    A picture's matrices are kept until the end, so that pictures can be drawn anew for the interval: above the diagonal
    and with it, 0.7 MB a picture for VGG's four usual layers.

    Args:
        features: its style layers, with their λ_l, are compared.
    """

    def __init__(self, *, features: FeatureNetwork) -> None:
        super().__init__()
        if not features.style_layers:
            raise ValueError("features: it has no style_layers to compare; give it some, such as relu3_1: 1.0")
        self.features = features

    def _kept(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, Σ_l C_l (C_l + 1) / 2), scaled: the class's sum is a squared distance of rows."""
        features = in_full_precision(self.features, images)
        rows = []
        for layer, weight in self.features.style_layers.items():
            matrices = gram(features[layer])
            channels = matrices.shape[1]
            above, beside = torch.triu_indices(channels, channels, device=images.device)
            times = 1.0 + (above != beside)  # an entry off the diagonal stands for its mirror image, too
            rows.append(matrices[:, above, beside] * (weight * times).sqrt() / channels)
        return torch.cat(rows, dim=1)
