"""Fewer multiplications, the same convolutions: against torch's, with every padding, and two derivatives."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from stylegan_pl.nn.fast import winograd
from stylegan_pl.nn.fast.equivalents import multiply_less
from stylegan_pl.nn.fast.subpixel import SubpixelResizeConv, subpixel_conv
from stylegan_pl.nn.fast.winograd import WinogradConv2d, winograd_conv3x3
from stylegan_pl.nn.layers.upsample import ResizeConv

DOUBLE = {"dtype": torch.float64}


def noise(*shape: int, seed: int = 1, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), **DOUBLE).to(dtype)


@pytest.mark.parametrize(("height", "width"), [(4, 4), (8, 12), (5, 7), (1, 3)])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_it_is_the_convolution(height, width, layout):
    x, weight = noise(2, 3, height + 2, width + 2).contiguous(memory_format=layout), noise(4, 3, 3, 3, seed=2)
    torch.testing.assert_close(winograd_conv3x3(x, weight), F.conv2d(x, weight), rtol=1e-10, atol=1e-10)


def test_both_gradients_are_the_convolutions_and_come_twice():
    x, weight = noise(2, 2, 7, 6).requires_grad_(), noise(3, 2, 3, 3, seed=2).requires_grad_()
    slope = noise(2, 3, 5, 4, seed=3)
    ours = torch.autograd.grad(winograd_conv3x3(x, weight), (x, weight), slope)
    theirs = torch.autograd.grad(F.conv2d(x, weight), (x, weight), slope)
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)
    x, weight = noise(1, 1, 6, 6).requires_grad_(), noise(2, 1, 3, 3, seed=2).requires_grad_()
    assert torch.autograd.gradgradcheck(winograd_conv3x3, (x, weight))


def test_float32_stays_within_1e_5_of_the_definition():
    x, weight = noise(2, 128, 34, 34, dtype=torch.float32), noise(128, 128, 3, 3, seed=2, dtype=torch.float32)
    exact = F.conv2d(x.double(), weight.double())
    error = (winograd_conv3x3(x, weight).double() - exact).square().mean().sqrt() / exact.std()
    assert error < 1e-5


@pytest.mark.parametrize("padding_mode", ["zeros", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("bias", [True, False])
def test_a_layer_that_becomes_ours_gives_what_it_gave(monkeypatch, padding_mode, bias):
    monkeypatch.setattr(winograd, "_LEAST_CHANNELS", 2)
    monkeypatch.setattr(winograd, "_LEAST_TILES", 1)
    layer = nn.Conv2d(3, 4, 3, padding=1, padding_mode=padding_mode, bias=bias).double()
    expected, keys = layer(noise(2, 3, 8, 9)), list(layer.state_dict())
    network = nn.Sequential(layer)
    multiply_less(network)
    assert type(layer) is WinogradConv2d and list(layer.state_dict()) == keys
    called = []
    monkeypatch.setattr(winograd, "winograd_conv3x3", lambda *given: called.append(1) or winograd_conv3x3(*given))
    torch.testing.assert_close(layer(noise(2, 3, 8, 9)), expected, rtol=1e-10, atol=1e-10)
    assert called


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(128, 128, 3, padding=1, stride=2),
        nn.Conv2d(128, 128, 3, padding=1, groups=2),
        nn.Conv2d(128, 128, 3, padding=2, dilation=2),
        nn.Conv2d(128, 128, 4, padding=1),
        nn.Conv2d(128, 128, 3),
        nn.Conv2d(64, 128, 3, padding=1),
    ],
    ids=str,
)
def test_other_convolutions_stay_what_they_are(layer):
    multiply_less(layer)
    assert type(layer) is nn.Conv2d


def test_half_precision_and_small_maps_go_the_parents_way(monkeypatch):
    layer = nn.Sequential(nn.Conv2d(128, 128, 3, padding=1))
    multiply_less(layer)
    monkeypatch.setattr(winograd, "winograd_conv3x3", lambda *given: pytest.fail("not here"))
    layer(torch.ones(1, 128, 8, 8))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        layer(torch.ones(1, 128, 32, 32))


@pytest.mark.parametrize("bias", [True, False])
def test_subpixel_convolution_is_nearest_neighbours_and_a_convolution(bias):
    layer = ResizeConv(3, 4).double()
    nn.init.uniform_(layer[1].bias)
    if not bias:
        layer[1].bias = None
    x = noise(2, 3, 5, 6).requires_grad_()
    parameters = [x, *layer.parameters()]
    ours, theirs = subpixel_conv(x, layer[1].weight, layer[1].bias), layer(x)
    torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)  # borders, too
    slope = noise(*theirs.shape, seed=4)
    gradients = (torch.autograd.grad(output, parameters, slope) for output in (ours, theirs))
    for a, b in zip(*gradients, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)


def test_only_nearest_neighbours_become_subpixels():
    network = nn.Sequential(ResizeConv(2, 3), ResizeConv(2, 3, mode="bilinear"))
    keys = list(network.state_dict())
    multiply_less(network)
    assert [type(layer) for layer in network] == [SubpixelResizeConv, ResizeConv]
    assert list(network.state_dict()) == keys
