"""`Brush`: contours stay, strokes follow them, and tiles agree."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torchvision.transforms.functional import gaussian_blur

from stylegan_pl.nn.layers.brush import Brush

SIDE = 96


def waves(degrees: float) -> Tensor:
    """(1, 3, SIDE, SIDE): stripes 12 pixels wide whose contours run at this angle to the x axis."""
    turn = torch.tensor(degrees).deg2rad()
    y, x = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    across = -x * turn.sin() + y * turn.cos()
    return (0.8 * torch.sin(across * torch.pi / 12)).expand(1, 3, -1, -1)


def rings() -> Tensor:
    y, x = torch.meshgrid(*[torch.arange(SIDE) - SIDE / 2] * 2, indexing="ij")
    return (0.8 * torch.sin(torch.hypot(x, y) * torch.pi / 10)).expand(1, 3, -1, -1)


def roughness(strokes: Tensor, rows: int, columns: int) -> float:
    """Mean difference of pixels that lie apart by so many rows and columns, far from the border."""
    inner = strokes[..., 20:-20, 20:-20]
    return float((inner - inner.roll((rows, columns), dims=(2, 3)))[..., 4:-4, 4:-4].abs().mean())


@pytest.mark.parametrize(
    ("degrees", "along", "across"),
    [(0, (0, 3), (3, 0)), (90, (3, 0), (0, 3)), (45, (2, 2), (2, -2)), (-45, (2, -2), (2, 2))],
)
def test_strokes_run_along_contours(degrees: float, along: tuple[int, int], across: tuple[int, int]) -> None:
    strokes = Brush(lengths=(4.0, 6.0))(waves(degrees)).strokes
    assert roughness(strokes, *along) < 0.6 * roughness(strokes, *across)


def test_strokes_turn_with_a_curve() -> None:
    strokes = Brush(lengths=(4.0,))(rings()).strokes[0, 0]
    centre = SIDE // 2
    beside, below = strokes[centre - 6 : centre + 6, 70:84], strokes[70:84, centre - 6 : centre + 6]
    assert beside.diff(dim=0).abs().mean() < 0.7 * beside.diff(dim=1).abs().mean()
    assert below.diff(dim=1).abs().mean() < 0.7 * below.diff(dim=0).abs().mean()


@pytest.mark.parametrize("shade", [-1.0, 0.0, 1.0])
def test_where_there_is_no_contour_strokes_lie_flat(shade: float) -> None:
    strokes = Brush(lengths=(4.0,))(torch.full((1, 3, SIDE, SIDE), shade)).strokes
    assert roughness(strokes, 0, 3) < 0.6 * roughness(strokes, 3, 0)


@pytest.mark.parametrize("degrees", [0.0, 45.0, 90.0])
def test_the_smear_keeps_contours_where_a_blur_does_not(degrees: float) -> None:
    edge = waves(degrees).sign() * 0.8
    smeared = Brush(lengths=(4.0,), smear=2.0)(edge).smeared
    blurred = gaussian_blur(edge, [13, 13], [2.0, 2.0])
    inner = (..., slice(20, -20), slice(20, -20))
    assert (smeared - edge)[inner].abs().mean() < 0.5 * (blurred - edge)[inner].abs().mean()


def test_the_smear_removes_what_is_finer_than_a_stroke() -> None:
    grain = 0.1 * torch.randn(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    smeared = Brush(lengths=(4.0,), smear=2.0)(waves(0) + grain).smeared
    assert (smeared - waves(0)).std() < 0.7 * grain.std()


def test_colours_of_a_flat_picture_stay() -> None:
    colour = torch.tensor([0.9, -0.2, -1.0]).view(1, 3, 1, 1).expand(1, 3, 40, 24)
    assert torch.allclose(Brush(lengths=(4.0,))(colour).smeared, colour, atol=1e-5)


def test_tiles_that_start_at_the_period_agree_with_the_whole() -> None:
    brush = Brush(lengths=(2.0, 4.0), period=16)
    whole = torch.rand(1, 3, 160, 128, generator=torch.Generator().manual_seed(1)) * 2 - 1
    expected = brush(whole)
    tile = brush(whole[..., 16:144, 16:112])
    shifted = brush(whole[..., 12:140, 12:108])
    inner, outer = (..., slice(40, -40), slice(40, -40)), (..., slice(56, 104), slice(56, 72))
    for kind in ("smeared", "strokes"):
        assert torch.allclose(getattr(tile, kind)[inner], getattr(expected, kind)[outer], atol=1e-4), kind
    moved = (..., slice(44, 92), slice(44, 60))
    assert not torch.allclose(shifted.strokes[moved], expected.strokes[outer], atol=0.1)


def test_noise_is_the_same_in_every_brush_and_in_no_checkpoint() -> None:
    torch.manual_seed(1)
    first = Brush(lengths=(2.0, 4.0))
    torch.manual_seed(2)
    state = torch.get_rng_state()
    second = Brush(lengths=(2.0, 4.0))
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(first.get_buffer("noise"), second.get_buffer("noise"))
    assert not first.state_dict()
    one, other = first(rings()).strokes[0]
    assert abs(float(torch.corrcoef(torch.stack([one.flatten(), other.flatten()]))[0, 1])) < 0.2  # two brushes differ


@pytest.mark.parametrize("make", [rings, lambda: torch.zeros(1, 3, 32, 32)], ids=["rings", "flat"])
def test_gradients_pass_through_colours_alone(make: Callable[[], Tensor]) -> None:
    picture = make().clone().requires_grad_()
    smeared, strokes = Brush(lengths=(4.0,))(picture)
    assert not strokes.requires_grad
    smeared.sum().backward()
    assert picture.grad is not None and picture.grad.isfinite().all() and picture.grad.abs().sum() > 0


def test_half_precision_is_as_good() -> None:
    brush = Brush(lengths=(4.0,))
    exact, half = brush(rings()), brush(rings().bfloat16())
    assert half.smeared.dtype == half.strokes.dtype == torch.bfloat16
    assert (half.smeared.float() - exact.smeared).abs().max() < 0.02
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(brush(rings()).strokes, exact.strokes)


@pytest.mark.parametrize("size", [(16, 16), (17, 250), (100, 16)])
def test_any_size(size: tuple[int, int]) -> None:
    smeared, strokes = Brush(lengths=(2.0, 8.0, 8.0))(torch.rand(2, 3, *size) * 2 - 1)
    assert smeared.shape == strokes.shape == (2, 3, *size)
    assert strokes.abs().max() <= 1 and smeared.abs().max() <= 1 + 1e-5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"lengths": ()}, "lengths and smear must be above 0, got"),
        ({"lengths": (4.0, 0.0)}, "lengths and smear must be above 0, got"),
        ({"lengths": (4.0,), "smear": -1.0}, "lengths and smear must be above 0, got"),
        ({"lengths": (4.0, 30.0), "period": 64}, "period=64 is too short for strokes of 30.0 pixels; try 75"),
    ],
)
def test_bad_numbers_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Brush(**arguments)
