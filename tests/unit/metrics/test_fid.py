"""FID against closed forms and SciPy's matrix root."""

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm
from torch import Tensor

from stylegan_pl.metrics.features import SetFeatures
from stylegan_pl.metrics.fid import (
    FID,
    frechet_distance,
    frechet_distance_of_counts,
    frechet_distance_of_sets,
)


def rows(n: int, d: int, *, seed: int = 0) -> Tensor:
    """Correlated, float64."""
    random = torch.Generator().manual_seed(seed)
    mix = torch.randn(d, d, generator=random, dtype=torch.float64)
    return torch.randn(n, d, generator=random, dtype=torch.float64) @ mix + torch.randn(d, generator=random)


def scipys(a: Tensor, b: Tensor, *, bias: bool = False) -> float:
    """The formula as it is written, with NumPy's covariance."""
    cov_a, cov_b = (np.cov(x.numpy(), rowvar=False, bias=bias) for x in (a, b))
    gap = a.numpy().mean(axis=0) - b.numpy().mean(axis=0)
    return float(gap @ gap + np.trace(cov_a + cov_b - 2 * np.real(sqrtm(cov_a @ cov_b))))


def test_equal_covariances_and_means_1_apart_are_as_far_as_there_are_dimensions() -> None:
    zero, one, cov = torch.zeros(300), torch.ones(300), rows(400, 300).T.cov()
    assert frechet_distance(zero, cov, one, cov).item() == pytest.approx(300, rel=1e-6)


def test_a_set_shifted_by_1_in_2048_dimensions_is_2048_apart() -> None:
    pictures = rows(60, 16).repeat(1, 128)  # 2048 dimensions, covariance of rank 16
    assert frechet_distance_of_sets(pictures, pictures + 1).item() == pytest.approx(2048, rel=1e-6)


def test_diagonal_gaussians_have_a_closed_form() -> None:
    random = torch.Generator().manual_seed(0)
    mean_a, mean_b = (torch.randn(30, generator=random, dtype=torch.float64) for _ in range(2))
    std_a, std_b = (torch.rand(30, generator=random, dtype=torch.float64) for _ in range(2))
    found = frechet_distance(mean_a, std_a.square().diag(), mean_b, std_b.square().diag())
    expected = (mean_a - mean_b).square().sum() + (std_a - std_b).square().sum()
    assert found.item() == pytest.approx(expected.item(), rel=1e-9)


@pytest.mark.parametrize(("m", "n", "d"), [(200, 90, 12), (40, 50, 12)])
def test_it_is_its_formula_with_scipys_root(m: int, n: int, d: int) -> None:
    a, b = rows(m, d), rows(n, d, seed=1)
    assert frechet_distance_of_sets(a, b).item() == pytest.approx(scipys(a, b), rel=1e-6)
    gaussians = [part for x in (a, b) for part in (x.mean(dim=0), x.T.cov())]
    assert frechet_distance(*gaussians).item() == pytest.approx(scipys(a, b), rel=1e-6)


def test_covariances_are_over_n_minus_1() -> None:
    a, b = rows(40, 6), rows(9, 6, seed=1)
    found = frechet_distance_of_sets(a, b).item()
    assert found != pytest.approx(scipys(a, b, bias=True), rel=1e-3)
    assert found == pytest.approx(scipys(a, b), rel=1e-6)


@pytest.mark.parametrize(("m", "n"), [(8, 40), (8, 9), (30, 7)])
def test_fewer_pictures_than_dimensions(m: int, n: int) -> None:
    """Covariances without full rank, where SciPy's root needs care: its eigenvalues are those of a small product."""
    a, b = rows(m, 20), rows(n, 20, seed=1)
    cov_a, cov_b = a.T.cov(), b.T.cov()
    roots = torch.linalg.eigvals(cov_a @ cov_b).real.clamp(min=0).sqrt().sum()
    expected = (a.mean(dim=0) - b.mean(dim=0)).square().sum() + cov_a.trace() + cov_b.trace() - 2 * roots
    assert frechet_distance_of_sets(a, b).item() == pytest.approx(expected.item(), rel=1e-6)


@pytest.mark.parametrize("n", [10, 100])
def test_a_set_is_at_distance_0_of_itself_and_of_its_shuffle(n: int) -> None:
    a = rows(n, 20)
    scale = a.T.cov().trace().item()
    assert 0 <= frechet_distance_of_sets(a, a).item() < 1e-9 * scale
    assert 0 <= frechet_distance_of_sets(a, a.flip(0)).item() < 1e-9 * scale


def test_it_does_not_matter_which_set_is_which() -> None:
    a, b = rows(12, 20), rows(50, 20, seed=1)
    assert frechet_distance_of_sets(a, b).item() == pytest.approx(frechet_distance_of_sets(b, a).item(), rel=1e-9)


def test_one_picture_has_no_covariance() -> None:
    assert frechet_distance_of_sets(rows(1, 4), rows(9, 4)).isnan()


class Colours(SetFeatures):
    """Mean colour, and the mean of its square."""

    def forward(self, images: Tensor) -> Tensor:
        means = [power.mean(dim=(2, 3)) for power in (images, images.square())]
        return torch.cat(means, dim=1)


def test_the_metric_compares_the_features_of_pictures() -> None:
    random = torch.Generator().manual_seed(0)
    real, fake = (torch.rand(n, 3, 8, 8, generator=random) * 2 - 1 for n in (20, 15))
    metric = FID(features=Colours())
    metric.update(real, real=True)
    metric.update(fake[:4], real=False)
    metric.update(fake[4:], real=False)
    expected = scipys(Colours()(real).double(), Colours()(fake).double())
    assert metric.compute().item() == pytest.approx(expected, rel=1e-4)
    assert (metric.n_pictures, metric.n_paintings) == (15, 20)


@pytest.mark.parametrize(("m", "n", "d"), [(6, 9, 20), (9, 6, 20), (30, 12, 8), (5, 5, 5)])  # fewer and more than d
def test_rows_that_were_drawn_so_often_are_those_rows(m: int, n: int, d: int) -> None:
    """What the interval computes from counts, at once and in full."""
    a, b = rows(m, d), rows(n, d, seed=1)
    of_counts = frechet_distance_of_counts(a, b)
    random = torch.Generator().manual_seed(0)
    for _ in range(5):
        drawn = [torch.randint(len(x), (len(x) + 2,), generator=random) for x in (a, b)]
        counts = [pick.bincount(minlength=len(x)).double() for pick, x in zip(drawn, (a, b), strict=True)]
        expected = frechet_distance_of_sets(a[drawn[0]], b[drawn[1]]).item()
        assert of_counts(*counts).item() == pytest.approx(expected, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("d", [40, 6])
def test_counts_are_repetitions_of_rows(d: int) -> None:
    """Whether there are fewer rows than dimensions or more."""
    random = torch.Generator().manual_seed(0)
    a, b = (torch.randn(n, d, generator=random, dtype=torch.float64) + s for n, s in ((12, 5.0), (9, 5.5)))
    times_a, times_b = (torch.randint(3, (len(x),), generator=random) for x in (a, b))
    found = frechet_distance_of_counts(a, b)(times_a.double(), times_b.double())
    expected = frechet_distance_of_sets(a.repeat_interleave(times_a, 0), b.repeat_interleave(times_b, 0))
    assert found.item() == pytest.approx(expected.item(), rel=1e-9)
