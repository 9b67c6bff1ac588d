"""The structure loss against loops over SSIM's third factor, and what it leaves free."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor

from stylegan_pl.losses.image_loss import Views
from stylegan_pl.losses.structure import StructureLoss, structure


def picture(seed: int, side: int = 24) -> Tensor:
    return torch.rand(2, 3, side, side, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def loss(stylised: Tensor, content: Tensor) -> float:
    return StructureLoss(weight=1.0)(Views(stylised, content, torch.zeros_like(stylised))).item()


def in_loops(some: Tensor, others: Tensor) -> float:
    """SSIM's structure as published, of pictures in [0, 1]: K2 = 0.03, window of 11, sigma 1.5."""
    found = []
    for a, b in zip(some.numpy(), others.numpy(), strict=True):
        x, y = (np.tensordot([0.299, 0.587, 0.114], (image + 1) / 2, axes=1) for image in (a, b))

        def mean(values: np.ndarray) -> np.ndarray:
            return gaussian_filter(values, 1.5, mode="mirror", radius=5)

        for row in range(x.shape[0]):
            for column in range(x.shape[1]):
                window = np.zeros_like(x)
                window[row, column] = 1
                weights = mean(window)  # symmetric away from the border
                if not (5 <= row < x.shape[0] - 5 and 5 <= column < x.shape[1] - 5):
                    continue
                of_x, of_y = (weights * x).sum(), (weights * y).sum()
                var_x, var_y = (weights * (x - of_x) ** 2).sum(), (weights * (y - of_y) ** 2).sum()
                both = (weights * (x - of_x) * (y - of_y)).sum()
                constant = 0.03**2 / 2
                found.append((both + constant) / ((var_x * var_y) ** 0.5 + constant))
    return float(np.mean(found))


def test_it_is_ssims_third_factor() -> None:
    x, noise = picture(0, 40), picture(1, 40)
    mixed = 0.6 * x + 0.4 * noise
    assert structure(mixed, x).item() == pytest.approx(in_loops(mixed, x), abs=0.02)  # loops leave out the border


def test_the_photograph_costs_nothing_and_contrast_light_and_colour_are_free() -> None:
    x = 0.5 * picture(0)
    assert loss(x, x) == pytest.approx(0, abs=1e-4)
    assert loss(2 * x, x) < 0.01  # twice the contrast
    assert loss(x + 0.4, x) == pytest.approx(0, abs=1e-4)
    grey = (x * torch.tensor([0.299, 0.587, 0.114], dtype=x.dtype).view(3, 1, 1)).sum(1, keepdim=True).expand_as(x)
    assert loss(grey, x) == pytest.approx(0, abs=1e-4)  # the same light and dark, no colour left


def test_what_has_nothing_in_common_costs_1_and_the_negative_2() -> None:
    x, other = picture(0, 64), picture(1, 64)
    assert loss(other, x) == pytest.approx(1, abs=0.05)
    assert loss(-x, x) == pytest.approx(2, abs=0.05)


def test_strokes_cost_across_what_is_there_and_not_along_it_nor_where_nothing_is() -> None:
    along = torch.sin(torch.arange(32.0)).expand(1, 3, 32, 32).double()
    across = along.transpose(2, 3)
    assert loss(0.2 * along + 0.5 * across, 0.2 * along) > 0.4
    assert loss(0.2 * along + 0.5 * along, 0.2 * along) < 0.01
    assert loss(0.5 * across, 0.0 * along) < 0.2  # C of the formula: a sky is free


def test_a_flat_picture_has_a_finite_slope() -> None:
    flat = torch.zeros(1, 3, 16, 16, requires_grad=True)
    (1 - structure(flat, torch.zeros(1, 3, 16, 16))).backward()
    assert flat.grad is not None and flat.grad.isfinite().all()


def test_what_is_allowed_costs_nothing_and_more_than_that_the_rest() -> None:
    x, other = picture(0, 64), picture(1, 64)
    mixed = 0.8 * x + 0.3 * other
    lost = loss(mixed, x)
    assert 0.02 < lost < 0.5

    def with_allowed(allowed: float) -> float:
        return StructureLoss(weight=1.0, allowed=allowed)(Views(mixed, x, torch.zeros_like(x))).item()

    assert with_allowed(lost + 0.01) == 0
    assert with_allowed(lost / 2) == pytest.approx(lost / 2)


@pytest.mark.parametrize("allowed", [-0.1, 1.0])
def test_an_allowance_outside_0_and_1_is_refused(allowed: float) -> None:
    with pytest.raises(ValueError, match=r"try 0\.15"):
        StructureLoss(weight=1.0, allowed=allowed)
