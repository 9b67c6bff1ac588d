"""The spectrum's peaks against a transform written out, and against networks that do and do not leave a grid."""

import cmath
import math

import pytest
import torch
from example_pictures import painted, photographs
from torch import nn

from stylegan_pl.diagnosis.checkerboard import Checkerboard, grid_peaks
from stylegan_pl.generators.resnet import ResNetGenerator
from stylegan_pl.nn.layers.upsample import AntialiasedUpsample, ResizeConv, TransposedConv


@pytest.mark.parametrize(
    ("i", "j", "period"),
    [(0, 1, (math.inf, 4.0)), (2, 0, (2.0, math.inf)), (1, 3, (4.0, 4.0)), (2, 2, (2.0, 2.0)), (1, 2, (4.0, 2.0))],
)
def test_a_wave_is_found_at_its_frequency_with_its_amplitude(i, j, period):
    rows, columns = torch.arange(96.0)[:, None], torch.arange(64.0)
    amplitude = 3.0  # levels
    wave = amplitude * 2 / 255 * torch.cos(math.pi / 2 * (i * rows + j * columns))
    noise = 0.05 * torch.rand(4, 3, 96, 64, generator=torch.Generator().manual_seed(1))
    tallest = max(grid_peaks(noise + wave, 4), key=lambda peak: peak.height.median())
    assert tallest.period == period
    assert tallest.amplitude == pytest.approx([amplitude] * 4, rel=0.1)


def test_heights_equal_a_transform_written_out():
    side, reach = 64, 6
    image = torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(2)) * 2 - 1
    weights = (0.2126, 0.7152, 0.0722)
    light = sum(w * image[0, c].double() for c, w in enumerate(weights)).numpy()
    hann = [0.5 - 0.5 * math.cos(2 * math.pi * k / side) for k in range(side)]
    windowed = (light - light.mean()) * [[a * b for b in hann] for a in hann]
    turn = [cmath.exp(-2j * math.pi * k / side) for k in range(side)]

    def power(u: int, v: int) -> float:
        across = [sum(turn[v * x % side] * value for x, value in enumerate(row)) for row in windowed]
        return abs(sum(turn[u * y % side] * value for y, value in enumerate(across))) ** 2

    u, v = 16, 32  # cycles a picture: periods of 4 down, 2 across
    steps = range(-reach, reach + 1)
    around = {(a, b): power(u + a, v + b) for a in steps for b in steps}
    core = [p for (a, b), p in around.items() if max(abs(a), abs(b)) <= 1]

    def lower_median(values: list[float]) -> float:
        return sorted(values)[(len(values) - 1) // 2]

    level = max(
        lower_median([p for (a, b), p in around.items() if max(abs(a), abs(b)) > 1]),
        lower_median([p for (a, b), p in around.items() if a == 0 and abs(b) > 1]),
        lower_median([p for (a, b), p in around.items() if b == 0 and abs(a) > 1]),
    )
    (peak,) = [peak for peak in grid_peaks(image, 4) if peak.period == (4.0, 2.0)][:1]
    assert peak.height.item() == pytest.approx(sum(core) / 9 / level, rel=1e-3)


def test_every_frequency_of_the_grid_is_looked_at_once():
    image = torch.rand(1, 3, 64, 64)
    assert len(grid_peaks(image, 2)) == 3  # ½ down, across, both
    assert len(grid_peaks(image, 4)) == 9  # of 15, 6 are mirror images


@pytest.mark.parametrize(
    ("upsample", "fires"), [(TransposedConv, True), (ResizeConv, False), (AntialiasedUpsample, False)]
)
def test_transposed_convolutions_leave_a_grid_and_resize_convolutions_none(upsample, fires):
    for seed in range(3):
        torch.manual_seed(seed)
        generator = ResNetGenerator(blocks=2, width=16, upsample=upsample).eval()
        with torch.no_grad():
            found = Checkerboard().look(photographs(), generator(photographs()))
        assert (found is not None) == fires


def test_a_grid_that_the_photographs_have_is_not_the_generators():
    saved = torch.zeros(128, 128)
    saved[::4] = 8 * 2 / 255
    assert Checkerboard().look(photographs(), painted() + saved) is not None
    assert Checkerboard().look(photographs() + saved, painted() + saved) is None


def test_small_pictures_are_not_judged():
    x = torch.zeros(8, 3, 60, 60)
    board = nn.functional.pad(torch.ones(8, 3, 30, 30), [0] * 4).repeat_interleave(2, -1).repeat_interleave(2, -2)
    board[..., ::2, ::2] = -1
    assert Checkerboard().look(x, board) is None


def test_a_period_is_even():
    with pytest.raises(ValueError, match="even number of pixels, got 3; try 4"):
        Checkerboard(period=3)
