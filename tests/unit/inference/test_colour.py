"""The photograph's colours: chroma pixel by pixel by the standard's matrix, palettes by their moments."""

import numpy as np
import pytest
import torch
from small_generators import picture
from torch import Tensor

from stylegan_pl.errors import UserError
from stylegan_pl.inference.colour import KeepColour, coral, keep_chroma, recolour
from stylegan_pl.inference.finish import Finish

YCBCR = np.array(  # ITU-R BT.601, full range, as JPEG has it
    [[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]]
)


def ycbcr(images: Tensor) -> np.ndarray:
    """(N, 3, H, W) in [-1, 1] -> the same shape."""
    return np.einsum("ij,njhw->nihw", YCBCR, images.double().numpy())


def test_lightness_is_the_paintings_and_chroma_the_photographs():
    content, painted = 0.4 * picture(2, 3, 8, 9), 0.4 * picture(2, 3, 8, 9, seed=2)  # so that nothing is clipped
    kept = ycbcr(keep_chroma(content, painted))
    assert np.abs(kept[:, 0] - ycbcr(painted)[:, 0]).max() < 1e-4
    assert np.abs(kept[:, 1:] - ycbcr(content)[:, 1:]).max() < 1e-4
    assert np.abs(ycbcr(painted)[:, 1:] - ycbcr(content)[:, 1:]).max() > 0.1


def test_a_grey_photograph_stays_grey_and_the_range_is_kept():
    grey = picture(1, 1, 8, 8).expand(1, 3, 8, 8)
    kept = keep_chroma(grey, picture(1, 3, 8, 8, seed=2))
    assert (kept - kept[:, :1]).abs().max() < 1e-6
    loud = keep_chroma(picture(1, 3, 32, 32), picture(1, 3, 32, 32, seed=2))
    assert loud.abs().max() <= 1


def test_coral_gives_each_painting_its_photographs_mean_and_covariance():
    content = torch.stack([0.2 * picture(3, 20, 20), 0.3 * picture(3, 20, 20, seed=2).roll(1, 0) - 0.2])
    painted = 0.3 * picture(2, 3, 16, 24, seed=3)  # another size will do
    painted[:, 1] = 0.5 * painted[:, 0] + 0.5 * painted[:, 1]
    found = recolour(painted, coral(content, painted))
    for index in range(2):
        target, pixels = (images[index].flatten(1).double().numpy() for images in (content, found))
        assert np.abs(pixels.mean(axis=1) - target.mean(axis=1)).max() < 1e-4
        assert np.abs(np.cov(pixels, bias=True) - np.cov(target, bias=True)).max() < 1e-4


def test_coral_leaves_a_picture_of_its_own_colours_alone():
    content = 0.5 * picture(1, 3, 16, 16)
    torch.testing.assert_close(recolour(content, coral(content, content)), content, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("way", [*KeepColour, None])
def test_pictures_of_one_colour_are_finished_without_nan(way):
    flat = torch.full((1, 3, 8, 8), 0.25)
    for content, painted in ((flat, picture(1, 3, 8, 8)), (picture(1, 3, 8, 8), flat), (flat, -flat)):
        found = Finish(0.5, way)(content, painted)
        assert found.isfinite().all() and found.abs().max() <= 1


# ---------------------------------------------------------------------- strength, masks, and all together


@pytest.mark.parametrize("way", [*KeepColour, None])
def test_the_distance_to_the_photograph_grows_in_proportion_to_strength(way):
    content, painted = picture(2, 3, 16, 16), picture(2, 3, 16, 16, seed=2)
    full = (Finish(1.0, way)(content, painted) - content).abs().mean()
    for strength in (0, 0.1, 0.25, 0.5, 0.9, 1):
        distance = (Finish(strength, way)(content, painted) - content).abs().mean()
        torch.testing.assert_close(distance, strength * full, rtol=1e-3, atol=1e-6)
    assert full > 0.05


def test_a_finish_that_does_nothing_is_the_painting_to_the_last_bit():
    content, painted = picture(1, 3, 8, 8), picture(1, 3, 8, 8, seed=2)
    assert torch.equal(Finish()(content, painted), painted)


def test_a_mask_is_painted_where_it_is_white():
    content, painted = picture(1, 3, 4, 4), picture(1, 3, 4, 4, seed=2)
    mask = torch.zeros(1, 1, 4, 4)
    mask[..., 1] = 1
    mask[..., 2] = 0.25
    found = Finish()(content, painted, mask)
    assert torch.equal(found[..., [0, 3]], content[..., [0, 3]])
    torch.testing.assert_close(found[..., 1], painted[..., 1])
    torch.testing.assert_close(found[..., 2], 0.75 * content[..., 2] + 0.25 * painted[..., 2])


@pytest.mark.parametrize("strength", [-0.1, 1.01, float("nan")])
def test_strength_out_of_range_is_said(strength):
    with pytest.raises(UserError, match=r"must be between 0 \(the photograph\) and 1 \(full style\)"):
        Finish(strength)
