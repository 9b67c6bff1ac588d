"""AdaIN's style loss against loops, and what it cannot see."""

import math
import statistics

import pytest
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from stylegan_pl.losses.adain_statistics import AdaINStatistics
from stylegan_pl.losses.image_loss import Views
from stylegan_pl.nn.layers.features import FeatureNetwork, Features

LAYERS = {"full": 0.7, "half": 2.5}


class Two(FeatureNetwork):
    """Squares of the picture, and the picture at half size."""

    def __init__(self) -> None:
        super().__init__(style_layers=LAYERS, content_layers={})

    def forward(self, image: Tensor) -> Features:
        return {"full": image.square(), "half": avg_pool2d(image, 2)}


def picture(seed: int) -> Tensor:
    return torch.rand(2, 3, 6, 8, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def views(stylised: Tensor, style: Tensor) -> Views:
    return Views(stylised, picture(9), style, network=Two())


def test_it_is_its_formula() -> None:
    stylised, style = picture(0), picture(1)
    expected = 0.0
    features, targets = Two()(stylised.double()), Two()(style.double())
    for name, weight in LAYERS.items():
        gaps = []
        for n in range(2):
            for c in range(3):
                a, b = (side[name][n, c].flatten().tolist() for side in (features, targets))
                roots = [math.sqrt(statistics.variance(values) + 1e-5) for values in (a, b)]
                gaps.append((statistics.fmean(a) - statistics.fmean(b)) ** 2 + (roots[0] - roots[1]) ** 2)
        expected += weight * sum(gaps) / len(gaps)
    loss = AdaINStatistics(weight=10.0, layers=LAYERS)
    assert loss.needs_features
    assert loss(views(stylised, style)).item() == pytest.approx(expected, rel=1e-4)


def test_it_does_not_see_where_things_are() -> None:
    style = picture(1)
    turned = style.flip(-1).flip(-2)
    loss = AdaINStatistics(weight=1.0, layers=LAYERS)
    assert loss(views(turned, style)).item() < 1e-12
    assert loss(views(1.1 * style, style)).item() > 1e-3


def test_flat_pictures_have_finite_slopes() -> None:
    stylised = torch.zeros(1, 3, 6, 8, requires_grad=True)
    AdaINStatistics(weight=1.0, layers=LAYERS)(views(stylised, picture(1)[:1])).backward()
    assert stylised.grad.isfinite().all()
