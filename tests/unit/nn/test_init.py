"""Weights start as N(0, std²), biases at 0, and other layers are left alone."""

import pytest
import torch
from scipy import stats
from torch import nn

from stylegan_pl.nn.init import init_normal


@pytest.mark.parametrize("std", [0.02, 0.5])
@pytest.mark.parametrize("kind", [nn.Conv2d, nn.ConvTranspose2d])
def test_convolutions_are_normal_with_zero_bias(kind: type[nn.Module], std: float) -> None:
    torch.manual_seed(1)
    layer = kind(16, 32, 4)
    nn.init.ones_(layer.bias)
    init_normal(nn.Sequential(nn.Sequential(layer)), std=std)
    weights = layer.weight.detach().flatten().double().numpy()
    assert stats.kstest(weights, "norm", args=(0.0, std)).pvalue > 1e-3
    assert layer.bias.eq(0).all()


def test_the_default_is_dcgans() -> None:
    torch.manual_seed(2)
    layer = nn.Conv2d(16, 32, 4)
    init_normal(layer)
    assert stats.kstest(layer.weight.detach().flatten().double().numpy(), "norm", args=(0.0, 0.02)).pvalue > 1e-3


def test_a_convolution_without_bias_passes_and_other_layers_stay() -> None:
    linear = nn.Linear(3, 3)
    before = linear.weight.detach().clone()
    init_normal(nn.Sequential(nn.Conv2d(3, 3, 1, bias=False), linear))
    assert torch.equal(linear.weight, before)
