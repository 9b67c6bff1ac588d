"""The generator that decides how strokes are laid, and not where each hair goes."""

import pytest
import torch
from small_generators import count
from torch import Tensor, nn
from torch.nn.functional import conv2d, interpolate, pad

from stylegan_pl.generators.brush import BrushGenerator
from stylegan_pl.generators.johnson import JohnsonGenerator
from stylegan_pl.losses.structure import structure
from stylegan_pl.nn.layers.brush import Brush
from stylegan_pl.nn.layers.init import init_he
from stylegan_pl.nn.layers.luma import luma


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
    assert count(BrushGenerator()) == stem + halving + quartering + 5 * block + (9 * 64 + 1) * 3 * 9 == 413_403


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
    assert small.shape == (1, 21, 8, 12)
    row = torch.tensor([1.0, 6.0, 15.0, 20.0, 15.0, 6.0, 1.0]).double() / 64
    wide = pad(small, [3] * 4, mode="replicate")
    small = conv2d(wide, torch.outer(row, row).expand(21, 1, 7, 7), groups=21)
    mixture = interpolate(small, scale_factor=4, mode="bilinear", align_corners=False)[0]
    base = 0.97 * smeared[0]
    expected = []
    for colour in range(3):
        detail, red, green, blue, one, first, second = mixture[7 * colour : 7 * colour + 7]
        change = red * smeared[0, 0] + green * smeared[0, 1] + blue * smeared[0, 2] + one
        change = change + detail * 10 * (luma(content) - luma(smeared))[0, 0]
        change = change + 3 * (first / 3).tanh() * strokes[0, 0] + 3 * (second / 3).tanh() * strokes[0, 1]
        expected.append(torch.tanh(0.5 * torch.log((1 + base[colour]) / (1 - base[colour])) + change / 10))
    torch.testing.assert_close(network(content)[0], torch.stack(expected))


def fineness(change: Tensor) -> float:
    """Share of a change's power in waves of less than six pixels, between 0 and 1."""
    spectrum = torch.fft.rfft2(change - change.mean(dim=(-2, -1), keepdim=True)).abs().square()
    waves = torch.hypot(torch.fft.fftfreq(change.shape[-2])[:, None], torch.fft.rfftfreq(change.shape[-1]))
    return float(spectrum[..., waves > 1 / 6].sum() / spectrum.sum())


def test_without_strokes_it_draws_nothing_fine() -> None:
    """Whatever the weights are, a smooth picture is changed smoothly; Johnson's network adds a pattern."""
    torch.manual_seed(0)
    network, johnson = BrushGenerator(blocks=1, width=4), JohnsonGenerator(blocks=1, width=4, init=init_he)
    weight, bias = mixing(network)
    weight.mul_(30)[:, 5:] = 0
    bias[:, 5:] = 0
    content = blobs(1, 3, 64, 64)
    with torch.no_grad():
        base = 0.97 * Brush(lengths=(4.0,))(content).smeared
        change = torch.atanh(network(content).double()) - torch.atanh(base.double())
        drawn = johnson.layers(content)
    assert change.std() > 0.1
    assert fineness(change) < 0.3 * fineness(drawn)


def test_strokes_are_seen_in_the_colour_that_is_asked_for() -> None:
    amounts = torch.zeros(3, 9)
    amounts[2, 6] = 3.0  # the second brush, in blue
    content = blobs(1, 3, 64, 64)
    painted = alone(BrushGenerator(), amounts)(content)
    smeared, strokes = Brush(lengths=(4.0, 6.0, 8.0, 12.0))(content)
    torch.testing.assert_close(painted[:, :2], 0.97 * smeared[:, :2])
    change = painted[0, 2] - 0.97 * smeared[0, 2]
    assert torch.corrcoef(torch.stack([change.flatten(), strokes[0, 1].flatten()]))[0, 1] > 0.9


@pytest.mark.parametrize(("period", "grid"), [(64, 64), (30, 60)])
def test_tiles_start_where_noise_and_network_begin_anew(period: int, grid: int) -> None:
    assert BrushGenerator(blocks=1, width=4, lengths=(2.0,), period=period).grid == grid


def test_detail_is_kept_where_it_is_asked_for() -> None:
    content = blobs(1, 3, 64, 64) * 0.5 + 0.1 * torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(2))
    amounts = torch.zeros(3, 9)
    smeared = alone(BrushGenerator(), amounts)(content)
    amounts[:, 0] = 1.0
    kept = alone(BrushGenerator(), amounts)(content)

    def lost(painted: Tensor) -> Tensor:
        return luma(painted - content).abs().mean()

    assert lost(kept) < 0.3 * lost(smeared)


def test_detail_adds_no_fine_differences_of_colour() -> None:
    """Of a picture whose fine texture is of colours, only its light stays."""
    grain = 0.1 * torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(2))
    content = blobs(1, 3, 64, 64) * 0.3 + grain
    amounts = torch.zeros(3, 9)
    smeared = alone(BrushGenerator(), amounts)(content)
    amounts[:, 0] = 1.0
    change = torch.atanh(alone(BrushGenerator(), amounts)(content)) - torch.atanh(smeared)
    assert change.std() > 0.02
    torch.testing.assert_close(change[:, 0], change[:, 1])
    torch.testing.assert_close(change[:, 0], change[:, 2])


def test_bad_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="blocks must be at least 1, got 0"):
        BrushGenerator(blocks=0)
    with pytest.raises(ValueError, match="lengths and smear must be above 0"):
        BrushGenerator(lengths=())
