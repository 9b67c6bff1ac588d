"""Content loss: distance of features from the photograph's (Gatys et al., 2016; Johnson et al., 2016)."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn.functional import mse_loss

from stylegan_pl.losses.image_loss import ImageLoss, Views


class ContentLoss(ImageLoss):
    """Σ_l w_l · mean (F_l(G(x)) − F_l(x))².

    Args:
        layers: layer -> w_l.
    """

    needs_features = True

    def __init__(self, *, weight: float, layers: Mapping[str, float]) -> None:
        super().__init__(weight=weight)
        self.layers = dict(layers)

    def forward(self, views: Views) -> Tensor:
        """The unweighted loss, a scalar."""
        terms = [
            weight * mse_loss(views.stylised_features[name], views.content_features[name])
            for name, weight in self.layers.items()
        ]
        return torch.stack(terms).sum()
