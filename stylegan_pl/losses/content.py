"""Content losses: distance of features from the photograph's (Gatys et al., 2016; Johnson et al., 2016)."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn.functional import mse_loss

from stylegan_pl.contracts import TrainingSets
from stylegan_pl.losses.image_loss import Extract, ImageLoss, Views
from stylegan_pl.losses.measured import LEAST, buffer_name


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


class RelativeContentLoss(ImageLoss):
    """L = 1/W · Σ_l w_l · mean (F_l(G(x)) − F_l(x))² / Var F_l, W = Σ_l w_l; about 2 for an unrelated photograph.

    Var F_l is the variance of all values of layer l over photographs, measured before the first step and saved in
    checkpoints. So a weight has the same scale for any network and layer.

    Args:
        layers: layer -> w_l.
    """

    needs_features = True
    needs_sets = True

    def __init__(self, *, weight: float, layers: Mapping[str, float]) -> None:
        super().__init__(weight=weight)
        self.layers = {name: share for name, share in layers.items() if share != 0}
        for name in self.layers:
            self.register_buffer(buffer_name(name), torch.full((1,), torch.nan))

    def measure(self, sets: TrainingSets, extract: Extract) -> None:
        """Measure the variance of each layer over photographs."""
        seen = [extract(chunk) for chunk in sets.photographs.split(4)]
        for name in self.layers:
            variance = self.get_buffer(buffer_name(name))
            if bool(variance.isnan().any()):  # otherwise restored from a checkpoint
                variance.fill_(torch.cat([layers[name].float() for layers in seen]).var().clamp(min=LEAST))

    def forward(self, views: Views) -> Tensor:
        """The unweighted loss, a scalar."""
        terms = [
            share * mse_loss(views.stylised_features[name], views.content_features[name])
            / self.get_buffer(buffer_name(name))[0]
            for name, share in self.layers.items()
        ]  # fmt: skip
        return torch.stack(terms).sum() / sum(self.layers.values())
