"""How unlike the textures of two sets are, by their mean Gram matrices."""

import torch
from torch import Tensor

from stylegan_pl.metrics.of_means import OfMeans


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

    def _row(self, features: Tensor, weight: float) -> Tensor:
        matrices = gram(features)
        channels = matrices.shape[1]
        above, beside = torch.triu_indices(channels, channels, device=features.device)
        times = 1.0 + (above != beside)  # an entry off the diagonal stands for its mirror image, too
        return matrices[:, above, beside] * (weight * times).sqrt() / channels
