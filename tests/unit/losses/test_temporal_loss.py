"""A generator that moves with its picture costs nothing, one that is tied to the frame does."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from stylegan_pl.losses.image_loss import Views
from stylegan_pl.losses.temporal import TemporalConsistency
from stylegan_pl.nn.layers.flow_warp import random_flow, warp

SIDE = 24


def picture(seed: int) -> Tensor:
    return torch.rand(2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def smooth() -> Tensor:
    """A picture that interpolation gets right."""
    at = torch.linspace(0, 3, SIDE)
    return torch.stack([at.sin().expand(SIDE, SIDE), at.cos()[:, None].expand(SIDE, SIDE), torch.zeros(SIDE, SIDE)])[
        None
    ]


def views(paint: Callable[[Tensor], Tensor], content: Tensor) -> Views:
    return Views(paint(content), content, torch.zeros_like(content), paint=paint)


def ramp(image: Tensor) -> Tensor:
    return image * torch.linspace(0, 1, image.shape[-1])


@pytest.mark.parametrize("seed", range(3))
def test_a_generator_that_moves_with_its_picture_costs_nothing(seed: int) -> None:
    torch.manual_seed(seed)
    loss = TemporalConsistency(weight=1.0, max_shift=4.0, noise=0.0)
    assert loss(views(lambda image: -image, picture(0))).item() < 1e-6  # interpolation is linear, and so is G
    assert loss(views(torch.tanh, smooth())).item() < 2e-3  # G bends what lies between pixels
    assert loss(views(ramp, picture(0))).item() > 0.01  # strokes that stay where the frame is


def test_without_motion_and_noise_any_generator_costs_nothing() -> None:
    still = TemporalConsistency(weight=1.0, max_shift=0.0, noise=0.0)
    assert still(views(ramp, picture(0))).item() < 1e-6


def test_noise_costs_what_the_generator_makes_of_it() -> None:
    """|n| of a normal n has mean σ (2/π)^½, and G(x) = 3 x makes three of it."""
    torch.manual_seed(0)
    loss = TemporalConsistency(weight=1.0, max_shift=0.0, noise=0.1)
    value = loss(views(lambda image: 3 * image, torch.zeros(8, 3, SIDE, SIDE))).item()
    assert value == pytest.approx(0.3 * (2 / torch.pi) ** 0.5, rel=0.02)


def test_it_is_its_formula_over_what_is_known() -> None:
    content = picture(0)
    torch.manual_seed(5)
    value = TemporalConsistency(weight=9.0, max_shift=6.0, noise=0.05)(views(ramp, content)).item()
    torch.manual_seed(5)
    flow = random_flow(content, max_shift=6.0)
    frame, known = warp(content, flow)
    painted = ramp(frame + 0.05 * torch.randn(frame.shape))
    moved = warp(ramp(content), flow)[0]
    gaps = [
        abs(moved[n, c, y, x] - painted[n, c, y, x]).item()
        for n in range(2)
        for c in range(3)
        for y in range(SIDE)
        for x in range(SIDE)
        if known[n, 0, y, x] == 1
    ]
    assert 0 < len(gaps) < content.numel()
    assert value == pytest.approx(sum(gaps) / len(gaps), rel=1e-4)


def test_a_motion_that_leaves_nothing_known_costs_nothing() -> None:
    torch.manual_seed(0)
    loss = TemporalConsistency(weight=1.0, max_shift=1e6, noise=0.0)
    assert loss(views(ramp, picture(0))).item() == 0


def test_both_forwards_teach_the_generator() -> None:
    generator = nn.Conv2d(3, 3, 3, padding=1)
    loss = TemporalConsistency(weight=1.0)
    loss(views(generator, picture(0))).backward()
    assert all(p.grad.isfinite().all() and p.grad.abs().sum() > 0 for p in generator.parameters())
    stylised = picture(1).requires_grad_()
    loss(Views(stylised, picture(0), picture(2), paint=generator)).backward()
    assert stylised.grad.isfinite().all() and stylised.grad.abs().sum() > 0


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="must be at least 0, got -1 and 0.02; try 8 and 0.02".replace(".", r"\.")):
        TemporalConsistency(weight=1.0, max_shift=-1)
    with pytest.raises(ValueError, match="the model does not offer it"):
        TemporalConsistency(weight=1.0)(Views(picture(0), picture(1), picture(2)))
