"""Distance of two sets' textures, by their mean Gram matrices."""

import torch
from torch import Tensor

from stylegan_pl.metrics.of_means import OfMeans


def gram(features: Tensor) -> Tensor:
    """G = F Fᵀ / (H W): (N, C, H, W) -> (N, C, C); its scale does not depend on the picture's size."""
    flat = features.flatten(2)
    return flat @ flat.transpose(1, 2) / flat.shape[2]


class GramDistance(OfMeans):
    """Σ_l λ_l · mean_ij (Ḡ_l − Ā_l)²_ij: Ḡ_l is the stylised pictures' mean Gram matrix at layer l, Ā_l the paintings'.

    Gatys et al. (2016) compare one picture with one painting; here the means over sets are compared, so it can be small
    even if single pictures are not like single paintings. It decreases slightly with N, like every distance of means.

    The matrices (upper triangles) of all pictures are kept for the bootstrap: 0.7 MB per picture for VGG's four usual
    layers.

    Args:
        features: network whose style layers, with weights λ_l, are compared.
    """

    def _row(self, features: Tensor, weight: float) -> Tensor:
        matrices = gram(features)
        channels = matrices.shape[1]
        above, beside = torch.triu_indices(channels, channels, device=features.device)
        times = 1.0 + (above != beside)  # entries off the diagonal count twice
        return matrices[:, above, beside] * (weight * times).sqrt() / channels
