"""Two ways to halve the resolution: one blurs before it leaves pixels out, and is steadier for it."""

import numpy as np
import pytest
import torch
from scipy.ndimage import correlate
from torch import nn

from stylegan_pl.nn.layers.blur import BlurPool
from stylegan_pl.nn.layers.downsample import AntialiasedDownsample, StridedConv

KINDS = [StridedConv, AntialiasedDownsample]


@pytest.mark.parametrize("kind", KINDS)
def test_the_resolution_halves(kind: type[nn.Module]) -> None:
    assert kind(4, 6)(torch.randn(2, 4, 8, 12)).shape == (2, 6, 4, 6)


@pytest.mark.parametrize("kind", KINDS)
def test_parameters_are_those_of_one_3x3_convolution_and_nothing_else_is_saved(kind: type[nn.Module]) -> None:
    layer = kind(4, 6)
    assert sum(p.numel() for p in layer.parameters()) == 4 * 6 * 9 + 6
    assert sum(value.numel() for value in layer.state_dict().values()) == 4 * 6 * 9 + 6


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_layer_is_the_convolution(kind: type[nn.Sequential]) -> None:
    assert isinstance(kind(4, 6)[0], nn.Conv2d)


@pytest.mark.parametrize("shape", [(6, 8), (7, 5)])
def test_blur_is_correlate_then_every_second_pixel(shape: tuple[int, int]) -> None:
    features = torch.randn(2, 3, *shape, generator=torch.Generator().manual_seed(0)).double()
    kernel = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16
    blurred = BlurPool(3).double()(features)
    for sample in range(2):
        for channel in range(3):
            expected = correlate(features[sample, channel].numpy(), kernel, mode="mirror")[::2, ::2]
            np.testing.assert_allclose(blurred[sample, channel].numpy(), expected, atol=1e-12)


def test_blur_keeps_a_constant_and_erases_the_finest_checkerboard() -> None:
    blur = BlurPool(1)
    torch.testing.assert_close(blur(torch.full((1, 1, 6, 6), 0.7)), torch.full((1, 1, 3, 3), 0.7))
    checkerboard = torch.tensor([[1.0, -1.0], [-1.0, 1.0]]).repeat(3, 3)[None, None]
    assert blur(checkerboard).abs().max() < 1e-6  # every second pixel alone would be all ones


def test_antialiased_is_the_stride_1_layer_blurred() -> None:
    torch.manual_seed(0)
    layer = AntialiasedDownsample(3, 4)
    image = torch.randn(1, 3, 8, 8)
    convolution = layer[0]
    assert convolution.stride == (1, 1)
    full = nn.functional.instance_norm(convolution(image)).relu()
    torch.testing.assert_close(layer(image), BlurPool(4)(full))


def test_strided_is_the_stride_1_convolution_at_every_second_pixel() -> None:
    torch.manual_seed(0)
    strided, dense = StridedConv(3, 4), AntialiasedDownsample(3, 4)
    dense.load_state_dict(strided.state_dict())
    image = torch.randn(1, 3, 8, 8)
    torch.testing.assert_close(strided[0](image), dense[0](image)[:, :, ::2, ::2])


def test_antialiased_is_the_steadier_under_a_shift_of_one_pixel() -> None:
    torch.manual_seed(0)
    strided, blurred = StridedConv(3, 16), AntialiasedDownsample(3, 16)
    blurred.load_state_dict(strided.state_dict())
    image = torch.randn(1, 3, 65, 64)
    change = {}
    for name, layer in (("strided", strided), ("blurred", blurred)):
        here, shifted = (layer(part)[:, :, 2:-2, 2:-2] for part in (image[:, :, :64], image[:, :, 1:]))
        change[name] = ((here - shifted).square().mean() / here.var()).item()
    assert change["blurred"] < 0.6 * change["strided"]
