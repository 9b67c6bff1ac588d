"""Weights start with the asked-for spread, biases at 0, and norms and frozen layers are left alone."""

from collections.abc import Callable
from functools import partial

import pytest
import torch
from scipy import stats
from torch import nn

from stylegan_pl.nn.layers.init import init_he, init_normal, init_xavier
from stylegan_pl.nn.pretrained.frozen import freeze

LAYERS = {
    "convolution": lambda: nn.Conv2d(16, 32, 4),
    "transposed": lambda: nn.ConvTranspose2d(32, 16, 4),
    "linear": lambda: nn.Linear(16 * 16, 32 * 16),
}
INITS = [init_normal, init_xavier, init_he]


def is_normal(weight: torch.Tensor, std: float) -> bool:
    return bool(stats.kstest(weight.detach().flatten().double().numpy(), "norm", args=(0.0, std)).pvalue > 1e-3)


@pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)
@pytest.mark.parametrize(
    ("init", "std"),
    [
        (init_normal, 0.02),  # DCGAN's
        (partial(init_normal, std=0.5), 0.5),
        (init_xavier, 0.02 * (2 / (16 * 16 + 32 * 16)) ** 0.5),  # CUT's; each layer has fans of 16·16 and 32·16
        (partial(init_xavier, gain=1.0), (2 / (16 * 16 + 32 * 16)) ** 0.5),
        (init_he, (2 / (16 * 16)) ** 0.5),
    ],
    ids=["normal", "normal_05", "xavier", "xavier_1", "he"],
)
def test_weights_have_the_spread_of_the_formula_and_biases_are_zero(
    init: Callable[[nn.Module], None], std: float, make: Callable[[], nn.Module]
) -> None:
    torch.manual_seed(1)
    layer = make()
    nn.init.ones_(layer.bias)
    init(nn.Sequential(nn.Sequential(layer)))
    assert is_normal(layer.weight, std)
    assert layer.bias.eq(0).all()


@pytest.mark.parametrize("init", INITS)
def test_a_layer_without_bias_passes(init: Callable[[nn.Module], None]) -> None:
    layer = nn.Conv2d(3, 3, 1, bias=False)
    before = layer.weight.detach().clone()
    init(layer)
    assert not torch.equal(layer.weight, before)


@pytest.mark.parametrize("init", INITS)
def test_affine_norms_and_frozen_layers_stay(init: Callable[[nn.Module], None]) -> None:
    norm, frozen = nn.InstanceNorm2d(3, affine=True), freeze(nn.Conv2d(3, 3, 3))
    weight, bias = frozen.weight.clone(), frozen.bias.clone()
    init(nn.Sequential(norm, frozen))
    assert norm.weight.eq(1).all() and norm.bias.eq(0).all()
    assert torch.equal(frozen.weight, weight) and torch.equal(frozen.bias, bias)


def test_he_keeps_the_scale_through_relus_and_xavier_in_between() -> None:
    torch.manual_seed(2)
    network = nn.Sequential(*(nn.Sequential(nn.Linear(256, 256), nn.ReLU()) for _ in range(8)))
    signal = torch.randn(256, 256)
    init_he(network)
    assert network(signal).square().mean().item() == pytest.approx(1, rel=0.5)
