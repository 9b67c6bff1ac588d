"""The palette loss against SciPy's optimal transport, and that places do not matter."""

import numpy as np
import pytest
import torch
from scipy.stats import wasserstein_distance
from skimage.color import rgb2lab
from torch import Tensor

from stylegan_pl.losses.image_loss import Views
from stylegan_pl.losses.palette import PaletteLoss, random_directions, sliced_distance


def picture(seed: int, side: int = 12) -> Tensor:
    return torch.rand(2, 3, side, side, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def views(stylised: Tensor, style: Tensor) -> Views:
    return Views(stylised, torch.zeros_like(stylised), style)


def test_the_distance_is_scipys_along_each_direction() -> None:
    found, wanted = picture(0).flatten(2).transpose(1, 2), picture(1).flatten(2).transpose(1, 2)
    torch.manual_seed(0)
    directions = random_directions(5, found)
    expected = np.mean(
        [
            wasserstein_distance((found[n] @ directions)[:, k].numpy(), (wanted[n] @ directions)[:, k].numpy())
            for n in range(2)
            for k in range(5)
        ]
    )
    assert sliced_distance(found, wanted, directions).item() == pytest.approx(expected, rel=1e-9)


def test_directions_have_length_1_and_no_preference() -> None:
    torch.manual_seed(0)
    directions = random_directions(4000, torch.zeros((), dtype=torch.float64))
    torch.testing.assert_close(directions.norm(dim=0), torch.ones(4000, dtype=torch.float64))
    assert directions.mean(dim=1).abs().max() < 0.05
    torch.testing.assert_close(directions @ directions.T / 4000, torch.eye(3).double() / 3, atol=0.02, rtol=0)


def test_it_is_its_formula_in_lab_of_scikit_image() -> None:
    stylised, style = picture(0), 0.5 * picture(1) + torch.tensor([0.5, 0.0, -0.5]).view(3, 1, 1)  # reddish
    torch.manual_seed(7)
    value = PaletteLoss(weight=3.0, colours=10_000, directions=9)(views(stylised, style)).item()
    sides = [
        rgb2lab((image.numpy().transpose(0, 2, 3, 1) + 1) / 2).reshape(2, -1, 3) / 100 for image in (stylised, style)
    ]
    torch.manual_seed(7)
    torch.randperm(144), torch.randperm(144)  # pixels are drawn first: here all of them
    axes = random_directions(9, torch.zeros(())).double().numpy()
    projected = [np.sort(side @ axes, axis=1) for side in sides]
    assert value == pytest.approx(np.abs(projected[0] - projected[1]).mean(), rel=1e-3)


def test_places_do_not_matter_colours_do() -> None:
    style = picture(1)
    moved = style.flatten(2)[:, :, torch.randperm(144, generator=torch.Generator().manual_seed(0))].view_as(style)
    loss = PaletteLoss(weight=1.0)
    assert loss(views(moved, style)).item() < 1e-6
    assert loss(views(style.flip(1), style)).item() > 1e-3  # red and blue swapped
    assert loss(views(style.flip(0), style)).item() > 1e-4  # each picture answers to the painting of its row


def test_white_for_black_costs_the_lightness_along_each_direction() -> None:
    """|d_L| · 1, whose mean over the sphere is 1/2."""
    torch.manual_seed(0)
    loss = PaletteLoss(weight=1.0, directions=4000)
    value = loss(views(torch.full((1, 3, 4, 4), 1.0), torch.full((1, 3, 4, 4), -1.0))).item()
    assert value == pytest.approx(0.5, abs=0.02)


def test_few_colours_of_a_large_picture_say_about_the_same() -> None:
    stylised, style = picture(0, side=64), 0.5 * picture(1, side=64)
    torch.manual_seed(0)
    few = PaletteLoss(weight=1.0, colours=500, directions=400)(views(stylised, style)).item()
    every = PaletteLoss(weight=1.0, colours=64 * 64, directions=400)(views(stylised, style)).item()
    assert few == pytest.approx(every, rel=0.2)


def test_pictures_of_other_sizes_and_what_cannot_be() -> None:
    loss = PaletteLoss(weight=1.0)
    seen = Views(picture(0, side=8), picture(0, side=8), picture(1, side=16))
    assert loss(seen).isfinite()
    with pytest.raises(ValueError, match="must be at least 1, got 0 and 16"):
        PaletteLoss(weight=1.0, colours=0)
