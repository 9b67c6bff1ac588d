"""The content loss against a loop."""

import pytest
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from stylegan_pl.losses.content import ContentLoss
from stylegan_pl.losses.image_loss import Views
from stylegan_pl.nn.layers.features import FeatureNetwork, Features

LAYERS = {"full": 0.5, "half": 3.0}


class Two(FeatureNetwork):
    """Squares of the picture, and the picture at half size."""

    def __init__(self) -> None:
        super().__init__(style_layers={}, content_layers=LAYERS)

    def forward(self, image: Tensor) -> Features:
        return {"full": image.square(), "half": avg_pool2d(image, 2)}


def picture(seed: int) -> Tensor:
    return torch.rand(2, 3, 6, 8, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def test_it_is_its_formula() -> None:
    stylised, content = picture(0), picture(1)
    expected = 0.0
    features, targets = Two()(stylised), Two()(content)
    for name, weight in LAYERS.items():
        a, b = features[name].flatten().tolist(), targets[name].flatten().tolist()
        expected += weight * sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) / len(a)
    loss = ContentLoss(weight=1.0, layers=LAYERS)
    value = loss(Views(stylised, content, style=picture(2), network=Two()))
    assert value.item() == pytest.approx(expected, rel=1e-5)


def test_the_photograph_itself_costs_nothing_and_the_painting_does_not_matter() -> None:
    loss = ContentLoss(weight=1.0, layers=LAYERS)
    assert loss(Views(picture(0), picture(0), picture(1), network=Two())) == 0
    one = loss(Views(picture(0), picture(1), picture(2), network=Two()))
    assert torch.equal(one, loss(Views(picture(0), picture(1), picture(3), network=Two())))
    assert one > 0


def test_its_weight_is_not_applied_twice() -> None:
    views = Views(picture(0), picture(1), picture(2), network=Two())
    assert torch.equal(ContentLoss(weight=9.0, layers=LAYERS)(views), ContentLoss(weight=1.0, layers=LAYERS)(views))
