"""Style loss on mean and standard deviation of each feature channel (Huang and Belongie, 2017)."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn.functional import mse_loss

from stylegan_pl.losses.image_loss import ImageLoss, Views
from stylegan_pl.nn.layers.adain import channel_statistics


class AdaINStatistics(ImageLoss):
    """Σ_l λ_l · [mean (μ_l(G(x)) − μ_l(y))² + mean (σ_l(G(x)) − σ_l(y))²], means over batch and channels.

    Equation 13 with mean squares, as in the common PyTorch port (weight 10), so λ_l do not depend on a layer's width.
    Departure: the paper has the norm ‖·‖₂ of each layer, and the authors' Torch code a sum of squares over channels
    (weight 0.01), which weights a layer by its width.

    Args:
        layers: layer -> λ_l.
    """

    needs_features = True

    def __init__(self, *, weight: float, layers: Mapping[str, float]) -> None:
        super().__init__(weight=weight)
        self.layers = dict(layers)

    def forward(self, views: Views) -> Tensor:
        """The unweighted loss, a scalar."""
        terms = [
            weight * _distance(views.stylised_features[name], views.style_features[name])
            for name, weight in self.layers.items()
        ]
        return torch.stack(terms).sum()


def _distance(stylised: Tensor, style: Tensor) -> Tensor:
    found, wanted = channel_statistics(stylised), channel_statistics(style)
    return mse_loss(found.mean, wanted.mean) + mse_loss(found.std, wanted.std)
