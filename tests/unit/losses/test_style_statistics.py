"""Statistics of features, beside loops and numpy."""

import numpy as np
import pytest
import torch

from stylegan_pl.losses.style_statistics import (
    GramStatistic,
    LocalMomentStatistic,
    MomentStatistic,
    SlicedMomentStatistic,
    SlicedStatistic,
    fixed_directions,
    moments,
    quantiles,
)


@pytest.fixture
def features():
    return torch.rand(2, 5, 6, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def test_moments_are_numpys(features):
    mean, covariance = moments(features)
    for row, picture in enumerate(features.numpy()):
        flat = picture.reshape(5, -1)
        np.testing.assert_allclose(mean[row], flat.mean(axis=1))
        np.testing.assert_allclose(covariance[row], np.cov(flat, bias=True))


def test_local_moments_are_those_about_the_mean_of_each_window(features):
    mean, covariance = LocalMomentStatistic(window=3).of(features)
    for row, picture in enumerate(features.numpy()):
        np.testing.assert_allclose(mean[row], picture.mean(axis=(1, 2)))
        texture = np.empty_like(picture)
        for y in range(6):
            for x in range(7):
                window = picture[:, max(0, y - 1) : y + 2, max(0, x - 1) : x + 2]
                texture[:, y, x] = picture[:, y, x] - window.mean(axis=(1, 2))
        flat = texture.reshape(5, -1)
        np.testing.assert_allclose(covariance[row], flat @ flat.T / 42)


def test_a_glow_is_no_texture():
    """A ramp over the whole picture, which the plain covariance sees, and stripes, which both see."""
    ramp = torch.linspace(-1, 1, 64).expand(1, 1, 64, 64)
    stripes = (torch.arange(64) % 4 < 2).float().expand(1, 1, 64, 64)
    (_, of_ramp), (_, of_stripes) = (LocalMomentStatistic().of(picture) for picture in (ramp, stripes))
    assert moments(ramp)[1].item() > 0.3 and of_ramp.item() < 0.01
    assert of_stripes.item() == pytest.approx(moments(stripes)[1].item(), rel=0.25)


@pytest.mark.parametrize("window", [0, 4])
def test_a_window_has_a_middle(window):
    with pytest.raises(ValueError, match="window must be"):
        LocalMomentStatistic(window=window)


def test_gram_is_covariance_and_mean_together(features):
    mean, covariance = moments(features)
    (gram,) = GramStatistic().of(features)
    torch.testing.assert_close(gram, covariance + mean.unsqueeze(2) @ mean.unsqueeze(1))


def test_sliced_moments_are_those_of_projected_features(features):
    mean, deviation = SlicedMomentStatistic(directions=4, seed=3).of(features)
    along = fixed_directions(5, 4, 3).double().numpy()
    for row, picture in enumerate(features.numpy()):
        projected = picture.reshape(5, -1).T @ along
        np.testing.assert_allclose(mean[row], projected.mean(axis=0), rtol=1e-6)
        np.testing.assert_allclose(deviation[row], np.sqrt(projected.var(axis=0) + 1e-6), rtol=1e-6)


def test_a_flat_picture_has_a_finite_slope():
    flat = torch.ones(1, 3, 4, 4, requires_grad=True)
    sum(part.sum() for part in SlicedMomentStatistic(directions=8).of(flat)).backward()
    assert bool(flat.grad.isfinite().all())


def test_sliced_distance_of_as_many_positions_is_the_sorted_difference(features):
    other = features.flip(0) * 2
    statistic = SlicedStatistic(directions=6, quantiles=42, positions=42)
    (found,), (wanted,) = statistic.of(features), statistic.of(other)
    along = fixed_directions(5, 6, 0).double().numpy()
    for row in range(2):
        ours, theirs = (np.sort(x[row].numpy().reshape(5, -1).T @ along, axis=0) for x in (features, other))
        expected = ((ours - theirs) ** 2).mean()
        assert (found[row] - wanted[row]).square().mean().item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(("length", "count"), [(10, 10), (10, 4), (3, 12)])
def test_quantiles_are_numpys_hazen(length, count):
    ordered = torch.rand(1, length, 2, dtype=torch.float64).sort(dim=1).values
    at = (np.arange(count) + 0.5) / count
    expected = np.quantile(ordered[0].numpy(), at, axis=0, method="hazen")
    np.testing.assert_allclose(quantiles(ordered, count)[0], expected, atol=1e-6)


def test_positions_are_thinned_and_the_distribution_stays():
    large = torch.randn(1, 2, 200, 200, generator=torch.Generator().manual_seed(1))
    (thinned,), (whole,) = (SlicedStatistic(directions=3, quantiles=16, positions=n).of(large) for n in (5000, 40000))
    assert (thinned - whole).abs().mean() < 0.05


@pytest.mark.parametrize("statistic", [GramStatistic(), MomentStatistic(), SlicedMomentStatistic(), SlicedStatistic()])
def test_parts_and_places_do_not_matter(statistic, features):
    parts = statistic.of(features)
    assert len(parts) == statistic.parts
    shuffled = features.flatten(2)[:, :, torch.randperm(42)].unflatten(2, (6, 7))
    for before, after in zip(parts, statistic.of(shuffled), strict=True):
        torch.testing.assert_close(before, after)


def test_directions_have_length_one_and_stay():
    along = fixed_directions(7, 9, 5)
    torch.testing.assert_close(along.norm(dim=0), torch.ones(9))
    assert torch.equal(along, fixed_directions(7, 9, 5))


def test_nothing_of_zero():
    with pytest.raises(ValueError, match="directions must be at least 1, got 0"):
        SlicedMomentStatistic(directions=0)
