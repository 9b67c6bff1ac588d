"""Lab against scikit-image, and slopes that stay finite."""

import numpy as np
import pytest
import torch
from skimage.color import rgb2lab

from stylegan_pl.nn.layers.lab import lab, rgb


def of_skimage(image: torch.Tensor) -> np.ndarray:
    return rgb2lab((image.permute(0, 2, 3, 1).numpy() + 1) / 2).transpose(0, 3, 1, 2)


def test_it_is_scikit_images() -> None:
    image = torch.rand(2, 3, 16, 24, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    np.testing.assert_allclose(lab(image).numpy(), of_skimage(image), atol=0.02)  # of 100; it rounds its matrix
    assert lab(image).dtype == torch.float64 and lab(image.float()).dtype == torch.float32


def test_dark_colours_are_scikit_images_too() -> None:
    """Where both curves are straight lines."""
    image = torch.rand(1, 3, 16, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) * 0.1 - 1
    np.testing.assert_allclose(lab(image).numpy(), of_skimage(image), atol=0.01)


def test_there_and_back_is_the_picture_dark_colours_included() -> None:
    image = torch.rand(2, 3, 16, 24, dtype=torch.float64, generator=torch.Generator().manual_seed(2)) * 2 - 1
    image[..., :8] = image[..., :8] * 0.04 - 0.96
    torch.testing.assert_close(rgb(lab(image)), image, atol=1e-6, rtol=0)  # sRGB's two branches meet that closely


@pytest.mark.parametrize("grey", [-1.0, -0.95, -0.2, 0.4, 1.0])
def test_greys_have_no_colour(grey: float) -> None:
    lightness, a, b = lab(torch.full((1, 3, 1, 1), grey, dtype=torch.float64)).flatten().tolist()
    assert abs(a) < 1e-9 and abs(b) < 1e-9
    assert lightness == pytest.approx(116 * _f((grey + 1) / 2) - 16, abs=1e-9)


def _f(value: float) -> float:
    """116 f(Y) − 16 is the lightness of a grey (CIE 15:2004), sRGB's curve undone first."""
    linear = value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
    return linear ** (1 / 3) if linear > (6 / 29) ** 3 else linear * (29 / 6) ** 2 / 3 + 4 / 29


def test_black_and_white_are_0_and_100() -> None:
    assert lab(torch.full((1, 3, 1, 1), -1.0, dtype=torch.float64))[0, 0].item() == pytest.approx(0, abs=1e-9)
    assert lab(torch.full((1, 3, 1, 1), 1.0, dtype=torch.float64))[0, 0].item() == pytest.approx(100)


def test_slopes_are_right_and_finite_also_outside_the_range() -> None:
    image = torch.tensor([-1.3, -1.0, -0.919, -0.9, 0.0, 1.0, 1.3] * 3, dtype=torch.float64).view(1, 3, 7, 1)
    assert torch.autograd.gradcheck(lab, image.requires_grad_(), eps=1e-7, atol=1e-4)
    single = image.detach().float().requires_grad_()
    (slope,) = torch.autograd.grad(lab(single).sum(), single, create_graph=True)
    (curvature,) = torch.autograd.grad(slope.square().sum(), single)
    assert slope.isfinite().all() and slope.abs().min() > 0 and curvature.isfinite().all()
