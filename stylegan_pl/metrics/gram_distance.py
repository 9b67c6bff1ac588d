"""How unlike the textures of two sets are, by their mean Gram matrices."""

import torch
from torch import Tensor

from stylegan_pl.metrics.features import in_full_precision
from stylegan_pl.metrics.kinds import SetMetric
from stylegan_pl.nn.features import FeatureNetwork


def gram(features: Tensor) -> Tensor:
    """G = F Fᵀ / (H W): (N, C, H, W) -> (N, C, C), of one scale at any size of picture."""
    flat = features.flatten(2)
    return flat @ flat.transpose(1, 2) / flat.shape[2]


class GramDistance(SetMetric):
    """Σ_l λ_l · mean_ij (Ḡ_l − Ā_l)²_ij: Ḡ_l is the mean Gram matrix of the stylised at layer l, Ā_l of the paintings.

    Gatys et al. (2016) compare one picture with one painting; of sets their means are compared, so a set whose pictures
    are each like another painting may be near. Falls with N a little, as every distance of means does.

    Args:
        features: its style layers, with their λ_l, are compared.
    """

    higher_is_better = False
    real: Tensor
    fake: Tensor
    real_count: Tensor
    fake_count: Tensor

    def __init__(self, *, features: FeatureNetwork) -> None:
        super().__init__()
        if not features.style_layers:
            raise ValueError("features: it has no style_layers to compare; give it some, such as relu3_1: 1.0")
        self.features = features
        with torch.no_grad():
            answers = features(torch.zeros(1, 3, 32, 32))  # for the layers' channels
        self.channels = [answers[layer].shape[1] for layer in features.style_layers]
        for name in ("real", "fake"):
            self.add_state(name, default=torch.zeros(sum(c * c for c in self.channels)), dist_reduce_fx="sum")
            self.add_state(f"{name}_count", default=torch.tensor(0), dist_reduce_fx="sum")

    def update(self, images: Tensor, *, real: bool) -> None:
        """Add pictures, (N, 3, H, W) in [-1, 1], to the paintings or to the stylised."""
        features = in_full_precision(self.features, images)
        sums = torch.cat([gram(features[layer]).sum(dim=0).flatten() for layer in self.features.style_layers])
        if real:
            self.real, self.real_count = self.real + sums, self.real_count + len(images)
        else:
            self.fake, self.fake_count = self.fake + sums, self.fake_count + len(images)

    @property
    def n_pictures(self) -> int:
        """Stylised pictures seen by this rank: N."""
        return int(self.fake_count)

    @property
    def n_paintings(self) -> int:
        """Paintings seen by this rank."""
        return int(self.real_count)

    def compute(self) -> Tensor:
        """See the class; nan where a set is empty."""
        gaps = (self.real / self.real_count - self.fake / self.fake_count).square()
        layers = gaps.split([c * c for c in self.channels])
        weights = self.features.style_layers.values()
        return torch.stack([weight * gap.mean() for weight, gap in zip(weights, layers, strict=True)]).sum()
