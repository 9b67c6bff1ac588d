"""Gram distance of sets against loops."""

import numpy as np
import pytest
import torch
from torch import Tensor

from stylegan_pl.metrics.gram_distance import GramDistance, gram
from stylegan_pl.nn.pretrained.random_filters import RandomFilters


def network() -> RandomFilters:
    return RandomFilters(style_layers={"scale1": 2.0, "scale2": 0.5}, content_layers={}, size=3, filters=4)


def pictures(n: int, *, seed: int = 0, strength: float = 0.4, side: int = 12) -> Tensor:
    return (strength * torch.randn(n, 3, side, side, generator=torch.Generator().manual_seed(seed))).clamp(-1, 1)


def distance(real: Tensor, fake: Tensor) -> float:
    metric = GramDistance(features=network())
    metric.update(real, real=True)
    metric.update(fake, real=False)
    return metric.compute().item()


def looped(real: Tensor, fake: Tensor) -> float:
    total = 0.0
    for layer, weight in network().style_layers.items():
        means = []
        for images in (real, fake):
            maps = network()(images)[layer].double().numpy()
            grams = [
                [[np.mean(picture[i] * picture[j]) for j in range(len(picture))] for i in range(len(picture))]
                for picture in maps
            ]
            means.append(np.mean(grams, axis=0))
        total += weight * float(np.mean((means[0] - means[1]) ** 2))
    return total


def test_it_is_its_formula_entry_by_entry() -> None:
    real, fake = pictures(5), pictures(3, seed=1, strength=0.6)
    assert distance(real, fake) == pytest.approx(looped(real, fake), rel=1e-4)


def test_a_set_is_at_distance_0_of_itself_and_far_from_another_texture() -> None:
    real = pictures(6)
    assert distance(real, real.flip(0)) == pytest.approx(0, abs=1e-9)
    near, far = distance(real, pictures(6, seed=1)), distance(real, pictures(6, seed=1, strength=0.7))
    assert far > 5 * near


def test_a_gram_matrix_does_not_grow_with_the_picture() -> None:
    features = torch.rand(2, 5, 6, 4, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(gram(features.repeat(1, 1, 2, 3)), gram(features))


def test_a_network_that_says_nothing_of_style_is_refused() -> None:
    with pytest.raises(ValueError, match="no style_layers to compare"):
        GramDistance(features=RandomFilters(style_layers={}, content_layers={"scale1": 1.0}))
