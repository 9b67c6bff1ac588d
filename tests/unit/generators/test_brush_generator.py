"""The generator that decides how strokes are laid, and not where each hair goes."""

import pytest
import torch
from small_generators import count
from torch import Tensor, nn
from torch.nn.functional import interpolate

from stylegan_pl.generators.brush import BrushGenerator
from stylegan_pl.losses.structure import structure
from stylegan_pl.nn.layers.brush import Brush


def blobs(*shape: int) -> Tensor:
    """A smooth picture in [-1, 1]."""
    coarse = torch.rand(shape[0], 3, shape[-2] // 16, shape[-1] // 16, generator=torch.Generator().manual_seed(1))
    return interpolate(coarse * 2 - 1, size=shape[-2:], mode="bicubic").clamp(-1, 1)


def mixing(network: BrushGenerator) -> tuple[Tensor, Tensor]:
    """Weights (3, inputs, …) and biases (3, inputs) of the layer that mixes."""
    last = network.layers[-1]
    assert isinstance(last, nn.Conv2d) and last.bias is not None
    return last.weight.data.unflatten(0, (3, -1)), last.bias.data.unflatten(0, (3, -1))


def alone(network: BrushGenerator, amounts: Tensor) -> BrushGenerator:
    """The network with the same mixture at every pixel: (3, inputs)."""
    weight, bias = mixing(network)
    weight.zero_()
    bias.copy_(amounts)
    return network


def test_it_has_its_parameters() -> None:
    stem, halving, quartering = (9 * 9 * 3 + 3) * 16, (9 * 16 + 3) * 32, (9 * 32 + 3) * 64
    block = 2 * (9 * 64 + 3) * 64  # weights, bias, and the norm's two
    assert count(BrushGenerator()) == stem + halving + quartering + 5 * block + (9 * 64 + 1) * 3 * 8 == 411_672


def test_it_starts_at_the_photograph_under_faint_strokes() -> None:
    torch.manual_seed(0)
    content = blobs(2, 3, 96, 96)
    with torch.no_grad():
        painted = BrushGenerator()(content)
    assert structure(painted, content) > 0.6
    assert 0.005 < (painted - content).abs().mean() < 0.1


def test_it_is_written_out() -> None:
    """The formula, with the mixture of every pixel taken apart by hand."""
    torch.manual_seed(0)
    network = BrushGenerator(blocks=1, width=4, lengths=(2.0, 3.0)).double()
    content = blobs(1, 3, 32, 48).double()
    smeared, strokes = Brush(lengths=(2.0, 3.0))(content)
    small = network.layers(content)
    assert small.shape == (1, 18, 8, 12)
    mixture = interpolate(small, scale_factor=4, mode="bilinear", align_corners=False)[0]
    base = 0.97 * smeared[0]
    expected = []
    for colour in range(3):
        red, green, blue, one, first, second = mixture[6 * colour : 6 * colour + 6]
        change = red * smeared[0, 0] + green * smeared[0, 1] + blue * smeared[0, 2] + one
        change = change + first * strokes[0, 0] + second * strokes[0, 1]
        expected.append(torch.tanh(0.5 * torch.log((1 + base[colour]) / (1 - base[colour])) + change / 10))
    torch.testing.assert_close(network(content)[0], torch.stack(expected))


def test_without_strokes_it_draws_nothing_fine() -> None:
    """Whatever the weights are, a flat picture stays smooth: linear between points that are four pixels apart."""
    torch.manual_seed(0)
    network = BrushGenerator(blocks=1, width=4)
    weight, bias = mixing(network)
    weight.mul_(30)[:, 4:] = 0
    bias[:, 4:] = 0
    with torch.no_grad():
        content = blobs(1, 3, 64, 64)
        mixture = interpolate(network.layers(content), size=(64, 64), mode="bilinear")
    bends = mixture.diff(dim=-1, n=2).abs()[..., 3:-3]
    assert mixture.diff(dim=-1).abs().max() > 0.01
    assert (bends.mean(dim=(0, 1, 2)) > 1e-5).float().mean() < 0.6  # only where two points meet


def test_strokes_are_seen_in_the_colour_that_is_asked_for() -> None:
    amounts = torch.zeros(3, 8)
    amounts[2, 5] = 3.0  # the second brush, in blue
    content = blobs(1, 3, 64, 64)
    painted = alone(BrushGenerator(), amounts)(content)
    smeared, strokes = Brush(lengths=(2.0, 4.0, 4.0, 8.0))(content)
    torch.testing.assert_close(painted[:, :2], 0.97 * smeared[:, :2])
    change = painted[0, 2] - 0.97 * smeared[0, 2]
    assert torch.corrcoef(torch.stack([change.flatten(), strokes[0, 1].flatten()]))[0, 1] > 0.9


@pytest.mark.parametrize(("period", "grid"), [(64, 64), (30, 60)])
def test_tiles_start_where_noise_and_network_begin_anew(period: int, grid: int) -> None:
    assert BrushGenerator(blocks=1, width=4, lengths=(2.0,), period=period).grid == grid


def test_bad_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="blocks must be at least 1, got 0"):
        BrushGenerator(blocks=0)
    with pytest.raises(ValueError, match="lengths and smear must be above 0"):
        BrushGenerator(lengths=())
