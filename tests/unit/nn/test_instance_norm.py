"""Instance norm that keeps its layout: the definition by a loop, in every layout, and two derivatives."""

import pytest
import torch
from torch import Tensor, nn

from stylegan_pl.nn.fast.equivalents import channels_last, keep_layout
from stylegan_pl.nn.fast.instance_norm import LayoutKeepingInstanceNorm, _formula, instance_norm

DOUBLE = {"dtype": torch.float64}


def features(count: int = 3, **options) -> Tensor:
    return torch.randn(count, 5, 6, 7, generator=torch.Generator().manual_seed(1), **DOUBLE) * 3 + 2


def by_loop(x: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float) -> Tensor:
    normed = torch.empty_like(x)
    for n in range(x.shape[0]):
        for c in range(x.shape[1]):
            values = x[n, c].flatten().tolist()
            mean = sum(values) / len(values)
            spread = (sum((v - mean) ** 2 for v in values) / len(values) + eps) ** 0.5
            scale, offset = (1.0, 0.0) if weight is None else (weight[c].item(), bias[c].item())
            normed[n, c] = (x[n, c] - mean) / spread * scale + offset
    return normed


@pytest.mark.parametrize("rule", [instance_norm, _formula])
@pytest.mark.parametrize("affine", [False, True])
@pytest.mark.parametrize("count", [1, 3])
def test_it_is_the_definition(rule, affine, count):
    weight, bias = (torch.linspace(-1, 2, 5, **DOUBLE), torch.linspace(0, 1, 5, **DOUBLE)) if affine else (None, None)
    x = features(count)
    torch.testing.assert_close(rule(x, weight, bias, 1e-5), by_loop(x, weight, bias, 1e-5), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("count", [1, 3])
def test_the_layout_that_comes_in_goes_out(count):
    last = channels_last(features(count))
    assert instance_norm(last, None, None, 1e-5).is_contiguous(memory_format=torch.channels_last)
    assert instance_norm(features(count), None, None, 1e-5).is_contiguous()
    torch.testing.assert_close(instance_norm(last, None, None, 1e-5), instance_norm(features(count), None, None, 1e-5))


@pytest.mark.parametrize("rule", [instance_norm, _formula])
def test_it_can_be_differentiated_twice(rule):
    x = torch.randn(2, 2, 2, 3, **DOUBLE, requires_grad=True)
    weight, bias = torch.rand(2, **DOUBLE, requires_grad=True), torch.rand(2, **DOUBLE, requires_grad=True)
    assert torch.autograd.gradgradcheck(lambda *given: rule(*given, 1e-2), (x, weight, bias))


def test_one_position_has_no_spread():
    with pytest.raises(ValueError, match="more than 1"):
        instance_norm(torch.ones(2, 3, 1, 1), None, None, 1e-5)


def test_a_layer_that_becomes_ours_keeps_its_state_and_what_it_says():
    network = nn.Sequential(nn.InstanceNorm2d(5, affine=True), nn.InstanceNorm2d(5, track_running_stats=True)).double()
    nn.init.uniform_(network[0].weight)
    keys, parameters = list(network.state_dict()), list(network.parameters())
    expected = network[0](features())
    keep_layout(network)
    assert type(network[0]) is LayoutKeepingInstanceNorm and type(network[1]) is nn.InstanceNorm2d
    assert list(network.state_dict()) == keys
    assert all(a is b for a, b in zip(network.parameters(), parameters, strict=True))
    torch.testing.assert_close(network[0](features()), expected)
