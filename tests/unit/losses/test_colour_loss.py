"""The colour loss against scikit-image and SciPy, and what it lets strokes do."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from skimage.color import rgb2lab
from torch import Tensor

from stylegan_pl.losses.colour import ColourLoss, gaussian_blur
from stylegan_pl.losses.image_loss import Views


def picture(seed: int, side: int = 32) -> Tensor:
    return torch.rand(2, 3, side, side, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def views(stylised: Tensor, content: Tensor) -> Views:
    return Views(stylised, content, torch.zeros_like(stylised))


@pytest.mark.parametrize("sigma", [0.8, 2.0, 5.0])
def test_the_blur_is_scipys(sigma: float) -> None:
    image = picture(0)
    radius = int(np.ceil(3 * sigma))
    expected = gaussian_filter(image.numpy(), (0, 0, sigma, sigma), mode="mirror", radius=(0, 0, radius, radius))
    np.testing.assert_allclose(gaussian_blur(image, sigma).numpy(), expected, atol=1e-12)


def test_a_blur_wider_than_the_picture_leaves_its_mean_and_no_blur_leaves_all() -> None:
    image = picture(0, side=6)
    wide = gaussian_blur(image, 100.0)
    assert wide.std(dim=(2, 3)).max() < 0.1 * image.std(dim=(2, 3)).min()
    assert torch.equal(gaussian_blur(image, 0.0), image)
    flat = torch.full((1, 3, 6, 6), 0.3, dtype=torch.float64)
    torch.testing.assert_close(gaussian_blur(flat, 2.0), flat)


@pytest.mark.parametrize("blur", [0.0, 2.0])
def test_it_is_its_formula(blur: float) -> None:
    stylised, content = picture(0), picture(1)
    radius = int(np.ceil(3 * blur))
    sides = []
    for image in (stylised, content):
        low = image.numpy()
        if blur:
            low = gaussian_filter(low, (0, 0, blur, blur), mode="mirror", radius=(0, 0, radius, radius))
        sides.append(rgb2lab((low.transpose(0, 2, 3, 1) + 1) / 2))
    expected = (((sides[0] - sides[1]) / 100) ** 2).sum(-1).mean()
    loss = ColourLoss(weight=10.0, blur=blur)
    assert loss(views(stylised, content)).item() == pytest.approx(expected, rel=1e-3)


def test_black_for_white_costs_1_and_the_photograph_nothing() -> None:
    black, white = torch.full((1, 3, 16, 16), -1.0), torch.full((1, 3, 16, 16), 1.0)
    assert ColourLoss(weight=1.0)(views(black, white)).item() == pytest.approx(1, rel=1e-4)
    assert ColourLoss(weight=1.0)(views(white, white)).item() == 0


def test_fine_strokes_are_free_and_a_drift_is_not() -> None:
    content = 0.3 * picture(0, side=64)
    strokes = 0.2 * torch.tensor([1.0, -1.0]).repeat(32).expand(2, 3, 64, 64)
    loss = ColourLoss(weight=1.0, blur=4.0)
    drift = torch.tensor([0.2, 0.0, -0.2]).view(1, 3, 1, 1)
    assert loss(views(content + strokes, content)).item() < 0.01 * loss(views(content + drift, content)).item()
    sharp = ColourLoss(weight=1.0, blur=0.0)
    assert sharp(views(content + strokes, content)).item() > 0.1 * sharp(views(content + drift, content)).item()


def test_a_negative_blur_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 0, got -1; try 8"):
        ColourLoss(weight=1.0, blur=-1)
