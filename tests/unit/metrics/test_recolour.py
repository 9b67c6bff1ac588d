"""The second floor: photographs in the paintings' colours."""

import numpy as np
import torch
from torch import Tensor

from stylegan_pl.metrics.recolour import LabMoments, Moments, recoloured
from stylegan_pl.nn.layers.lab import lab


def pictures(n: int, *, seed: int, spread: float = 0.15, tint: tuple[float, float, float] = (0, 0, 0)) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    return spread * torch.randn(n, 3, 16, 20, generator=random) + torch.tensor(tint).view(3, 1, 1)


def moments(images: Tensor) -> Moments:
    found = LabMoments()
    for batch in images.split(2):
        found.update(batch)
    return found.compute()


PHOTOGRAPHS, PAINTINGS = pictures(4, seed=0, tint=(-0.2, 0.0, 0.2)), pictures(5, seed=1, spread=0.1, tint=(0.2, 0.1, 0))


def test_moments_are_those_of_all_pixels() -> None:
    pixels = lab(PHOTOGRAPHS.double()).permute(1, 0, 2, 3).flatten(1).numpy()
    found = moments(PHOTOGRAPHS)
    np.testing.assert_allclose(found.mean, pixels.mean(axis=1), rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(found.covariance, np.cov(pixels, bias=True), rtol=1e-4, atol=1e-3)


def test_the_photographs_get_the_paintings_mean_and_covariance() -> None:
    given, wanted = moments(PHOTOGRAPHS), moments(PAINTINGS)
    found = moments(recoloured(PHOTOGRAPHS, given, wanted))
    torch.testing.assert_close(found.mean, wanted.mean, atol=0.05, rtol=0)
    torch.testing.assert_close(found.covariance, wanted.covariance, atol=0.5, rtol=0.01)
    assert (found.covariance - given.covariance).abs().max() > 20  # there was something to do


def test_colours_move_by_a_symmetric_map_which_turns_nothing() -> None:
    """Of all linear maps that carry one covariance over to the other, the one that moves least is symmetric."""
    given, wanted = moments(PHOTOGRAPHS), moments(PAINTINGS)
    before = (lab(PHOTOGRAPHS) - given.mean.float().view(3, 1, 1)).permute(1, 0, 2, 3).flatten(1).double()
    after = lab(recoloured(PHOTOGRAPHS, given, wanted)) - wanted.mean.float().view(3, 1, 1)
    after = after.permute(1, 0, 2, 3).flatten(1).double()
    matrix = torch.linalg.lstsq(before.T, after.T).solution.T
    torch.testing.assert_close(matrix, matrix.T, atol=1e-2, rtol=0)
    assert torch.linalg.eigvalsh(matrix).min() > 0


def test_nothing_else_changes() -> None:
    same = moments(PHOTOGRAPHS)
    torch.testing.assert_close(recoloured(PHOTOGRAPHS, same, same), PHOTOGRAPHS, atol=1e-3, rtol=0)


def test_grey_pictures_and_empty_sets_are_no_error() -> None:
    grey = pictures(2, seed=3).mean(dim=1, keepdim=True).expand(-1, 3, -1, -1)
    assert recoloured(grey, moments(grey), moments(PAINTINGS)).isfinite().all()
    nothing = moments(PAINTINGS[:0])
    assert torch.equal(recoloured(PHOTOGRAPHS, moments(PHOTOGRAPHS), nothing), PHOTOGRAPHS)
