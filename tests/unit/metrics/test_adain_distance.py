"""AdaIN's distance of sets against loops."""

import numpy as np
import pytest
import torch
from torch import Tensor

from stylegan_pl.metrics.adain_distance import AdaINDistance
from stylegan_pl.nn.pretrained.random_filters import RandomFilters


def network() -> RandomFilters:
    return RandomFilters(style_layers={"scale1": 2.0, "scale2": 0.5}, content_layers={}, size=3, filters=4)


def pictures(n: int, *, seed: int = 0, strength: float = 0.4, side: int = 12) -> Tensor:
    return (strength * torch.randn(n, 3, side, side, generator=torch.Generator().manual_seed(seed))).clamp(-1, 1)


def metric(real: Tensor, fake: Tensor) -> AdaINDistance:
    measure = AdaINDistance(features=network())
    measure.update(real, real=True)
    measure.update(fake, real=False)
    return measure


def looped(real: Tensor, fake: Tensor) -> float:
    total = 0.0
    for layer, weight in network().style_layers.items():
        sides = []
        for images in (real, fake):
            maps = network()(images)[layer].double().numpy()
            means = [[np.mean(channel) for channel in picture] for picture in maps]
            deviations = [[np.std(channel, ddof=1) for channel in picture] for picture in maps]
            sides.append((np.mean(means, axis=0), np.mean(deviations, axis=0)))
        for x, y in zip(*sides, strict=True):
            total += weight * float(np.mean((x - y) ** 2))
    return total


def test_it_is_its_formula_channel_by_channel() -> None:
    real, fake = pictures(5), pictures(3, seed=1, strength=0.6)
    assert metric(real, fake).compute().item() == pytest.approx(looped(real, fake), rel=1e-3)


def test_a_set_is_at_distance_0_of_itself_and_far_from_another_texture() -> None:
    real = pictures(6)
    assert metric(real, real.flip(0)).compute().item() == pytest.approx(0, abs=1e-9)
    near = metric(real, pictures(6, seed=1)).compute()
    assert metric(real, pictures(6, seed=1, strength=0.7)).compute() > 5 * near


def test_the_interval_is_that_of_sets_drawn_with_their_rows() -> None:
    """Products of rows computed once give what drawing the rows themselves gives."""
    measure = metric(pictures(9), pictures(7, seed=1, strength=0.5))
    fast, slow = (
        kind._interval(measure, 50, measure.compute().item()) for kind in (AdaINDistance, AdaINDistance.__mro__[2])
    )
    assert fast == pytest.approx(slow, rel=1e-4)


def test_a_network_that_says_nothing_of_style_is_refused() -> None:
    with pytest.raises(ValueError, match="no style_layers to compare"):
        AdaINDistance(features=RandomFilters(style_layers={}, content_layers={"scale1": 1.0}))
