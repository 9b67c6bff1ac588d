"""Distance of a stylised picture's features from its photograph's."""

import torch
from torch import Tensor

from stylegan_pl.metrics.features import in_full_precision
from stylegan_pl.metrics.per_picture import PerPicture
from stylegan_pl.nn.layers.features import FeatureNetwork


class ContentDistance(PerPicture):
    """Σ_l w_l · mean (F_l(G(x)) − F_l(x))², mean over channels and positions: content loss of Johnson et al. (2016).

    Args:
        features: network whose content layers, with weights w_l, are compared.
    """

    higher_is_better = False

    def __init__(self, *, features: FeatureNetwork) -> None:
        super().__init__()
        if not features.content_layers:
            raise ValueError("features: it has no content_layers to compare; give it some, such as relu3_3: 1.0")
        self.features = features.content_only()

    def _each(self, stylised: Tensor, content: Tensor) -> Tensor:
        found, wanted = (in_full_precision(self.features, images) for images in (stylised, content))
        terms = [
            weight * (found[layer] - wanted[layer]).square().mean(dim=(1, 2, 3))
            for layer, weight in self.features.content_layers.items()
        ]
        return torch.stack(terms).sum(dim=0)
