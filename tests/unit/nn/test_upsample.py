"""Ways to double the resolution: some cannot leave a checkerboard, the others can."""

import numpy as np
import pytest
import torch
from scipy.ndimage import correlate
from scipy.signal import convolve2d
from torch import nn
from torch.nn.functional import conv2d

from stylegan_pl.nn.layers.upsample import AntialiasedUpsample, ResizeConv, TransposedConv, TransposedConv4

KINDS = [ResizeConv, TransposedConv, AntialiasedUpsample]


@pytest.mark.parametrize("kind", [*KINDS, TransposedConv4])
def test_the_resolution_doubles(kind: type[nn.Module]) -> None:
    assert kind(4, 6)(torch.randn(2, 4, 5, 7)).shape == (2, 6, 10, 14)


@pytest.mark.parametrize("kind", KINDS)
def test_parameters_are_those_of_one_3x3_convolution(kind: type[nn.Module]) -> None:
    assert sum(p.numel() for p in kind(4, 6).parameters()) == 4 * 6 * 9 + 6


def test_the_4x4_has_the_parameters_of_its_kernel() -> None:
    assert sum(p.numel() for p in TransposedConv4(4, 6).parameters()) == 4 * 6 * 16 + 6


@pytest.mark.parametrize("kind", [ResizeConv, AntialiasedUpsample])
def test_interpolation_keeps_a_constant_image_constant_up_to_the_border(kind: type[nn.Module]) -> None:
    torch.manual_seed(0)
    output = kind(3, 5).double()(torch.full((1, 3, 6, 6), 0.7, dtype=torch.float64))
    torch.testing.assert_close(output, output[:, :, :1, :1].expand_as(output), rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", [TransposedConv, TransposedConv4])
def test_transposed_conv_gives_a_constant_image_a_checkerboard(kind: type[nn.Module]) -> None:
    torch.manual_seed(0)
    output = kind(3, 5).double()(torch.full((1, 3, 6, 6), 0.7, dtype=torch.float64))
    inner = output[:, :, 2:-2, 2:-2]
    assert inner.std(dim=(2, 3)).min() > 1e-3  # every channel wavers
    torch.testing.assert_close(inner[:, :, 2:, 2:], inner[:, :, :-2, :-2])  # with period 2


def test_resize_conv_is_repeat_then_correlate() -> None:
    torch.manual_seed(0)
    layer = ResizeConv(2, 3).double()
    image = torch.randn(1, 2, 4, 5, dtype=torch.float64)
    (convolution,) = (part for part in layer if isinstance(part, nn.Conv2d))
    weight, bias = convolution.weight.detach().numpy(), convolution.bias.detach().numpy()
    large = image[0].numpy().repeat(2, axis=1).repeat(2, axis=2)
    for o in range(3):
        expected = bias[o] + sum(correlate(large[i], weight[o, i], mode="mirror") for i in range(2))
        np.testing.assert_allclose(layer(image)[0, o].detach().numpy(), expected, atol=1e-12)


def test_antialiased_is_the_binomial_filter_over_zeros_between_the_pixels() -> None:
    torch.manual_seed(0)
    layer = AntialiasedUpsample(1, 1).double()
    image = torch.randn(1, 1, 4, 5, dtype=torch.float64)
    edged = np.pad(image[0, 0].numpy(), 1, mode="edge")  # the border goes on
    zeros = np.zeros([2 * side for side in edged.shape])
    zeros[::2, ::2] = edged
    row = np.array([1, 3, 3, 1]) / 4  # sums to 2, once for each direction that was thinned by half
    blurred = convolve2d(zeros, np.outer(row, row))  # full: 2 (n + 2) + 3 values a side
    expected = blurred[3:-4, 3:-4]
    np.testing.assert_allclose(layer[0](image)[0, 0].numpy(), expected, atol=1e-12)
    torch.testing.assert_close(layer(image), layer[1](layer[0](image)))


@pytest.mark.parametrize(("kind", "size"), [(TransposedConv, 3), (TransposedConv4, 4)])
def test_transposed_conv_is_the_adjoint_of_a_strided_convolution(kind: type[nn.Module], size: int) -> None:
    torch.manual_seed(0)
    layer = kind(2, 3).double()
    assert layer.kernel_size == (size, size)
    nn.init.zeros_(layer.bias)
    small, large = torch.randn(1, 2, 4, 4).double(), torch.randn(1, 3, 8, 8).double()
    down = conv2d(large, layer.weight, stride=2, padding=1)  # (in, out, k, k) read as a convolution out -> in
    torch.testing.assert_close((layer(small) * large).sum(), (small * down).sum())
