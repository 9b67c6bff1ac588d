"""Losses of pictures alone, against loops: pixel, at one size or several, identity, total variation."""

import pytest
import torch
from torch import Tensor

from stylegan_pl.losses.image_loss import Views
from stylegan_pl.losses.pixel import (
    IdentityLoss,
    MultiScalePixelLoss,
    PixelL1Loss,
    PixelLoss,
    TotalVariationLoss,
    total_variation,
)


def picture(seed: int, *shape: int) -> Tensor:
    return torch.rand(shape or (2, 3, 5, 7), generator=torch.Generator().manual_seed(seed)) * 2 - 1


def test_pixel_is_the_mean_square_to_the_style_image() -> None:
    stylised, style = picture(0), picture(1)
    pairs = list(zip(stylised.flatten().tolist(), style.flatten().tolist(), strict=True))
    expected = sum((a - b) ** 2 for a, b in pairs) / len(pairs)
    assert PixelLoss(weight=5.0)(Views(stylised, picture(2), style)).item() == pytest.approx(expected, rel=1e-5)


def test_pixel_l1_is_the_mean_distance_to_the_style_image() -> None:
    stylised, style = picture(0), picture(1)
    pairs = list(zip(stylised.flatten().tolist(), style.flatten().tolist(), strict=True))
    expected = sum(abs(a - b) for a, b in pairs) / len(pairs)
    assert PixelL1Loss(weight=5.0)(Views(stylised, picture(2), style)).item() == pytest.approx(expected, rel=1e-5)


def test_multi_scale_pixel_is_a_loop_over_blocks() -> None:
    stylised, style, weights = picture(0, 2, 3, 8, 12).double(), picture(1, 2, 3, 8, 12).double(), [0.5, 2.0, 3.0]
    expected = 0.0
    for scale, weight in enumerate(weights):
        block = 2**scale
        gaps = [
            abs((stylised - style)[n, c, y : y + block, x : x + block].sum().item()) / block**2
            for n in range(2)
            for c in range(3)
            for y in range(0, 8, block)
            for x in range(0, 12, block)
        ]
        expected += weight * sum(gaps) / len(gaps)
    loss = MultiScalePixelLoss(weight=5.0, weights=weights)
    assert loss(Views(stylised, picture(2, 2, 3, 8, 12), style)).item() == pytest.approx(expected, rel=1e-5)


def test_multi_scale_pixel_of_known_pictures() -> None:
    loss = MultiScalePixelLoss(weight=1.0, weights=[1.0, 1.0])
    flat, stripes = torch.zeros(1, 3, 8, 8), torch.tensor([1.0, -1.0]).repeat(4).expand(1, 3, 8, 8)
    assert loss(Views(stripes, flat, flat)) == 1  # seen at full size only
    assert loss(Views(flat + 0.5, flat, flat)) == 1  # seen at both
    assert loss(Views(flat, stripes, flat)) == 0  # the photograph does not matter
    assert MultiScalePixelLoss(weight=1.0, weights=[1.0])(Views(stripes, flat, flat)) == 1


def test_multi_scale_pixel_refuses_what_it_cannot_halve() -> None:
    flat = torch.zeros(1, 3, 8, 6)
    with pytest.raises(
        ValueError, match="halves 3 times, and pictures have 6 pixels; give fewer weights, or image_size=8"
    ):
        MultiScalePixelLoss(weight=1.0, weights=[1.0] * 4)(Views(flat, flat, flat))
    with pytest.raises(ValueError, match="weights must name at least one size"):
        MultiScalePixelLoss(weight=1.0, weights=[])


def test_identity_is_the_mean_distance_of_the_painting_to_itself_repainted() -> None:
    style, identity = picture(0), picture(1)
    pairs = list(zip(identity.flatten().tolist(), style.flatten().tolist(), strict=True))
    expected = sum(abs(a - b) for a, b in pairs) / len(pairs)
    loss = IdentityLoss(weight=5.0)
    assert loss(Views(picture(2), picture(3), style, identity=identity)).item() == pytest.approx(expected, rel=1e-5)
    assert loss(Views(picture(2), picture(3), style, identity=style)) == 0


def test_identity_without_the_repainted_painting_says_so() -> None:
    with pytest.raises(ValueError, match=r"IdentityLoss needs G\(style\), and the model did not make it"):
        IdentityLoss(weight=1.0)(Views(picture(0), picture(1), picture(2)))


def test_total_variation_is_a_loop() -> None:
    image = picture(0)
    array = image.double().numpy()
    n, channels, height, width = array.shape
    across, down = [], []
    for i in range(n):
        for c in range(channels):
            for y in range(height):
                for x in range(width):
                    if x + 1 < width:
                        across.append(abs(array[i, c, y, x + 1] - array[i, c, y, x]))
                    if y + 1 < height:
                        down.append(abs(array[i, c, y + 1, x] - array[i, c, y, x]))
    expected = sum(across) / len(across) + sum(down) / len(down)
    assert total_variation(image).item() == pytest.approx(expected, rel=1e-5)
    assert TotalVariationLoss(weight=2.0)(Views(image, picture(1), picture(2))).item() == pytest.approx(
        expected, rel=1e-5
    )


def test_total_variation_of_known_pictures() -> None:
    assert total_variation(torch.full((1, 3, 8, 8), 0.3)) == 0
    stripes = torch.tensor([1.0, -1.0]).repeat(4).expand(1, 3, 8, 8)
    assert total_variation(stripes) == 2  # every step across is 2, none down
    assert total_variation(stripes.transpose(2, 3)) == 2
    assert total_variation(stripes * stripes.transpose(2, 3)) == 4  # a checkerboard
    assert total_variation(stripes.repeat(1, 1, 2, 2)) == 2  # whatever the size
