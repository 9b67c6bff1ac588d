"""Two ways to double the resolution: one cannot leave a checkerboard, the other can."""

import numpy as np
import pytest
import torch
from scipy.ndimage import correlate
from torch import nn
from torch.nn.functional import conv2d

from stylegan_pl.nn.upsample import ResizeConv, TransposedConv

KINDS = [ResizeConv, TransposedConv]


@pytest.mark.parametrize("kind", KINDS)
def test_the_resolution_doubles(kind: type[nn.Module]) -> None:
    assert kind(4, 6)(torch.randn(2, 4, 5, 7)).shape == (2, 6, 10, 14)


@pytest.mark.parametrize("kind", KINDS)
def test_parameters_are_those_of_one_3x3_convolution(kind: type[nn.Module]) -> None:
    assert sum(p.numel() for p in kind(4, 6).parameters()) == 4 * 6 * 9 + 6


def test_resize_conv_keeps_a_constant_image_constant_up_to_the_border() -> None:
    torch.manual_seed(0)
    output = ResizeConv(3, 5).double()(torch.full((1, 3, 6, 6), 0.7, dtype=torch.float64))
    torch.testing.assert_close(output, output[:, :, :1, :1].expand_as(output), rtol=0, atol=1e-12)


def test_transposed_conv_gives_a_constant_image_a_checkerboard() -> None:
    torch.manual_seed(0)
    output = TransposedConv(3, 5).double()(torch.full((1, 3, 6, 6), 0.7, dtype=torch.float64))
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


def test_transposed_conv_is_the_adjoint_of_a_strided_convolution() -> None:
    torch.manual_seed(0)
    layer = TransposedConv(2, 3).double()
    nn.init.zeros_(layer.bias)
    small, large = torch.randn(1, 2, 4, 4).double(), torch.randn(1, 3, 8, 8).double()
    down = conv2d(large, layer.weight, stride=2, padding=1)  # (in, out, 3, 3) read as a convolution out -> in
    torch.testing.assert_close((layer(small) * large).sum(), (small * down).sum())
