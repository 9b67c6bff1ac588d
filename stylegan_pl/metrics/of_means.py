"""Base of metrics that compare the means of two sets, at the style layers of a feature network."""

from abc import abstractmethod

import torch
from torch import Tensor

from stylegan_pl.metrics.bootstrap import bootstrap_of_counts
from stylegan_pl.metrics.features import in_full_precision
from stylegan_pl.metrics.kinds import Interval
from stylegan_pl.metrics.two_sets import TwoSets
from stylegan_pl.nn.layers.features import FeatureNetwork


class OfMeans(TwoSets):
    """‖mean of the paintings' rows − mean of the stylised pictures' rows‖². Rows include weights and divisors.

    It decreases with N, by about the rows' variance / N.

    Args:
        features: network whose style layers, with weights λ_l, are compared.
    """

    higher_is_better = False

    def __init__(self, *, features: FeatureNetwork) -> None:
        super().__init__()
        if not features.style_layers:
            raise ValueError("features: it has no style_layers to compare; give it some, such as relu3_1: 1.0")
        self.features = features

    def _kept(self, images: Tensor) -> Tensor:
        features = in_full_precision(self.features, images)
        weights = self.features.style_layers.items()
        return torch.cat([self._row(features[layer], weight) for layer, weight in weights], dim=1)

    @abstractmethod
    def _row(self, features: Tensor, weight: float) -> Tensor:
        """A layer's features (N, C, H, W) and λ -> (N, d), scaled so that the metric is a squared distance of rows."""

    def _distance(self, real: Tensor, fake: Tensor) -> Tensor:
        return (real.mean(dim=0) - fake.mean(dim=0)).square().sum()

    def _interval(self, samples: int, value: float) -> Interval:
        """Computes all products of rows once, because rows may be long."""
        real, fake = self._sets()
        rows = torch.cat([real, fake])
        rows -= real.mean(dim=0)  # subtracting the mean reduces rounding errors
        products = (rows @ rows.T).to("cpu", torch.float64)

        def again(times_real: Tensor, times_fake: Tensor) -> Tensor:
            share = torch.cat([times_real / times_real.sum(), -times_fake / times_fake.sum()])
            return share @ products @ share

        return bootstrap_of_counts([len(real), len(fake)], again, samples=samples, around=value)
