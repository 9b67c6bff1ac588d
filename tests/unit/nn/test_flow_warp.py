"""A moved picture against SciPy's interpolation, and the flow's size and smoothness."""

import numpy as np
import pytest
import torch
from scipy.ndimage import map_coordinates

from stylegan_pl.nn.layers.flow_warp import random_flow, warp


def picture(*shape: int) -> torch.Tensor:
    return torch.rand(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_a_moved_picture_is_scipys() -> None:
    image = picture(2, 3, 9, 12)
    flow = 6 * picture(2, 2, 9, 12)
    moved, known = warp(image, flow)
    assert moved.shape == image.shape and known.shape == (2, 1, 9, 12)
    y, x = np.mgrid[0:9, 0:12].astype(float)
    outside = 0
    for n in range(2):
        at = np.stack([y + flow[n, 1].numpy(), x + flow[n, 0].numpy()])
        inside = (at[0] >= 0) & (at[0] <= 8) & (at[1] >= 0) & (at[1] <= 11)
        assert np.array_equal(known[n, 0].numpy(), inside.astype(float))
        outside += (~inside).sum()
        for c in range(3):
            expected = map_coordinates(image[n, c].numpy(), at, order=1, mode="nearest")
            np.testing.assert_allclose(moved[n, c].numpy(), expected, atol=1e-9)
    assert 0 < outside < 2 * 9 * 12


def test_no_flow_changes_nothing_and_whole_pixels_shift() -> None:
    image = picture(1, 3, 8, 10)
    moved, known = warp(image, torch.zeros(1, 2, 8, 10, dtype=torch.float64))
    torch.testing.assert_close(moved, image)
    assert known.eq(1).all()
    flow = torch.tensor([3.0, -2.0], dtype=torch.float64).view(1, 2, 1, 1).expand(1, 2, 8, 10)
    moved, known = warp(image, flow)  # W(y, x) = I(y − 2, x + 3)
    torch.testing.assert_close(moved[:, :, 2:, :7], image[:, :, :6, 3:])
    assert known[0, 0, 2:, :7].eq(1).all() and known.sum() == 6 * 7


def test_slopes_reach_the_picture() -> None:
    image = picture(1, 1, 5, 6).requires_grad_()
    flow = 1.7 * picture(1, 2, 5, 6)
    assert torch.autograd.gradcheck(lambda image: warp(image, flow)[0], image)


@pytest.mark.parametrize("max_shift", [0.0, 2.0, 8.0])
def test_the_flow_is_as_large_as_said_differs_by_image_and_bends_smoothly(max_shift: float) -> None:
    torch.manual_seed(0)
    flow = random_flow(torch.zeros(400, 3, 32, 48), max_shift=max_shift)
    assert flow.shape == (400, 2, 32, 48)
    whole = flow.mean(dim=(2, 3))  # the shift, and what the bending leaves of itself on average
    bend = flow - flow.mean(dim=(2, 3), keepdim=True)
    if max_shift == 0:
        assert flow.eq(0).all()
        return
    # uniform in ± s has variance s² / 3; the bending adds at most its own, s² / 16
    assert max_shift**2 / 3 * 0.85 < whole.var().item() < max_shift**2 * (1 / 3 + 1 / 16) * 1.15
    assert 0.1 * max_shift < bend.std().item() < 0.3 * max_shift
    step = max(flow.diff(dim=-1).abs().max().item(), flow.diff(dim=-2).abs().max().item())
    assert step < 0.25 * max_shift  # neighbours move together
