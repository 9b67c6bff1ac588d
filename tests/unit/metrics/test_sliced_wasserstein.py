"""Sliced Wasserstein distance against scipy, its pyramid against scipy, and what it sees and does not."""

import math

import numpy as np
import pytest
import torch
from scipy import integrate, ndimage, stats
from torch import Tensor

from stylegan_pl.metrics.bootstrap import bootstrap_interval
from stylegan_pl.metrics.sliced_wasserstein import (
    SlicedWasserstein,
    _gap_of_counts,
    _merged,
    laplacian_pyramid,
    multi_scale_distance,
    sliced_wasserstein,
)
from stylegan_pl.metrics.two_sets import in_one_order

PATCHES = 1024


def noise(n: int, side: int = 32, *, seed: int = 0) -> Tensor:
    return (0.3 * torch.randn(n, 3, side, side, generator=torch.Generator().manual_seed(seed))).clamp(-1, 1)


def gratings(n: int, period: float, *, side: int = 32, seed: int = 0) -> Tensor:
    """Stripes of one width, in random directions, phases and colours."""
    random = torch.Generator().manual_seed(seed)
    angle, phase = (torch.rand(n, 1, 1, 1, generator=random) * 2 * math.pi for _ in range(2))
    colour = torch.rand(n, 3, 1, 1, generator=random) * 0.8 + 0.2
    y, x = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    return colour * torch.sin(2 * math.pi / period * (x * angle.cos() + y * angle.sin()) + phase)


def distances(a: Tensor, b: Tensor, *, patches: int = PATCHES, normalise: bool = True, seed: int = 0) -> Tensor:
    return multi_scale_distance(a, b, patches=patches, directions=64, normalise=normalise, seed=seed)


def distance(a: Tensor, b: Tensor, **kwargs: object) -> float:
    return distances(a, b, **kwargs).mean().item()


def sampling_bound(patches: int) -> float:
    """× 1000: largest expected distance of two samples of one normal distribution of unit variance.

    E W1(F_M, G_M) = ∫ E |F_M − G_M| dx ≤ ∫ √(2 F (1 − F) / M) dx for independent samples of M points of one F.
    """
    spread, _ = integrate.quad(lambda x: math.sqrt(stats.norm.cdf(x) * stats.norm.sf(x)), -12, 12)
    return 1000 * math.sqrt(2 / patches) * spread


# The distance


def test_sliced_distance_is_scipys_direction_by_direction() -> None:
    random = np.random.default_rng(0)
    a, b, axes = random.normal(size=(50, 6)), random.exponential(size=(50, 6)), random.normal(size=(6, 9))
    expected = np.mean([stats.wasserstein_distance(a @ axis, b @ axis) for axis in axes.T])
    ours = sliced_wasserstein(*(torch.from_numpy(array) for array in (a, b, axes)))
    assert ours.item() == pytest.approx(expected)


def test_sliced_distance_of_a_set_to_itself_reordered_is_0_and_of_a_shift_the_shift() -> None:
    a = torch.randn(40, 5, dtype=torch.float64)
    axes = torch.randn(5, 7, dtype=torch.float64)
    assert sliced_wasserstein(a, a[torch.randperm(40)], axes).item() == pytest.approx(0, abs=1e-12)
    shift = torch.randn(5, dtype=torch.float64)
    assert sliced_wasserstein(a, a + shift, axes).item() == pytest.approx((shift @ axes).abs().mean().item())


# The pyramid


def scipy_expand(coarse: np.ndarray, height: int, width: int) -> np.ndarray:
    """Zeros between the pixels, binomial blur, gain 4."""
    fine = np.zeros((height, width))
    fine[::2, ::2] = coarse
    taps = np.array([1, 4, 6, 4, 1]) / 16
    return 4 * ndimage.correlate1d(ndimage.correlate1d(fine, taps, axis=0, mode="mirror"), taps, axis=1, mode="mirror")


@pytest.mark.parametrize(("height", "width", "levels"), [(32, 32, 1), (32, 48, 2), (64, 64, 3), (37, 50, 2)])
def test_expanded_levels_add_up_to_the_image(height: int, width: int, levels: int) -> None:
    images = torch.randn(2, 3, height, width, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    pyramid = laplacian_pyramid(images, levels)
    assert len(pyramid) == levels
    for i in range(2):
        for channel in range(3):
            image = pyramid[-1][i, channel].numpy()
            for band in reversed(pyramid[:-1]):
                band = band[i, channel].numpy()
                image = band + scipy_expand(image, *band.shape)
            np.testing.assert_allclose(image, images[i, channel].numpy(), atol=1e-12)


def test_the_rest_is_blurred_and_halved() -> None:
    images = torch.randn(1, 3, 32, 32, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    taps = np.array([1, 4, 6, 4, 1]) / 16
    for channel in range(3):
        expected = images[0, channel].numpy()
        for axis in (0, 1):
            expected = ndimage.correlate1d(expected, taps, axis=axis, mode="mirror")
        np.testing.assert_allclose(laplacian_pyramid(images, 2)[-1][0, channel].numpy(), expected[::2, ::2], atol=1e-12)


def test_sizes_halve_and_bands_of_a_plain_colour_are_empty() -> None:
    colour = torch.tensor([0.3, -0.5, 0.9]).view(1, 3, 1, 1)
    pyramid = laplacian_pyramid(colour.expand(1, 3, 64, 48), 3)
    assert [tuple(level.shape[-2:]) for level in pyramid] == [(64, 48), (32, 24), (16, 12)]
    assert max(band.abs().max() for band in pyramid[:-1]) < 1e-6
    torch.testing.assert_close(pyramid[-1], colour.expand(1, 3, 16, 12))


def test_bands_separate_scales() -> None:
    fine, coarse = gratings(4, 3.0, side=64), gratings(4, 24.0, side=64)
    energy_fine, energy_coarse = (
        [level.square().mean().item() for level in laplacian_pyramid(images, 3)] for images in (fine, coarse)
    )
    assert energy_fine[0] > 5 * max(energy_fine[1:])
    assert energy_coarse[2] > 5 * max(energy_coarse[:2])


@pytest.mark.parametrize(
    ("height", "width", "levels"), [(16, 16, 1), (31, 64, 1), (32, 32, 2), (64, 96, 3), (128, 128, 4)]
)
def test_levels_go_down_to_16_pixels(height: int, width: int, levels: int) -> None:
    images = torch.randn(1, 3, height, width)
    assert multi_scale_distance(images, images, patches=8, directions=4).shape == (levels,)


# What it sees


@pytest.mark.parametrize("normalise", [True, False])
def test_identical_sets_differ_by_no_more_than_sampling_allows(normalise: bool) -> None:
    """Both sets are sampled on their own, so the distance is small, not 0."""
    images = noise(16)
    found = distances(images, images, normalise=normalise)
    assert found.gt(0).all()
    assert found.max() < 1.5 * sampling_bound(PATCHES)  # projections of noise are normal, of variance about 1 at most


def test_identical_sets_come_nearer_with_the_root_of_the_patches() -> None:
    images = noise(16)
    few, many = distance(images, images, patches=512), distance(images, images, patches=8192)
    assert few / many == pytest.approx(4, rel=0.4)


def test_another_sample_of_the_same_texture_is_near_too() -> None:
    assert distance(noise(16), noise(16, seed=1)) < 1.5 * sampling_bound(PATCHES)


def test_symmetric_but_for_the_sampling() -> None:
    a, b = gratings(16, 4.0), gratings(16, 9.0, seed=1)
    there, back = distance(a, b), distance(b, a)
    assert min(there, back) > 2 * sampling_bound(PATCHES)
    assert abs(there - back) < 2 * sampling_bound(PATCHES)


def test_it_grows_with_blur() -> None:
    images = noise(16)
    kernel = torch.ones(3, 1, 3, 3) / 9
    found, blurred = [distance(images, images, normalise=False)], images
    for _ in range(3):
        blurred = torch.nn.functional.conv2d(blurred, kernel, padding=1, groups=3)
        found.append(distance(images, blurred, normalise=False))
    assert found == sorted(found)
    assert found[1] > 2 * found[0]


def test_it_grows_with_noise() -> None:
    images = gratings(16, 6.0)
    found = [distance(images, images + strength * noise(16, seed=1)) for strength in (0.0, 0.5, 1.0, 2.0)]
    assert found == sorted(found)
    assert found[-1] > 1.5 * found[0]


def test_photographs_are_farther_from_strokes_than_other_strokes_are() -> None:
    strokes, others = gratings(64, 4.0), gratings(64, 4.0, seed=1)
    photographs = torch.from_numpy(ndimage.gaussian_filter(noise(64, seed=2).numpy(), (0, 0, 3, 3)) * 8)
    assert distance(strokes, photographs) > 1.5 * distance(strokes, others)


def test_a_shift_of_colour_is_seen_only_without_normalisation() -> None:
    a, b = noise(16), noise(16, seed=1)
    shifted = b + torch.tensor([0.3, -0.2, 0.1]).view(1, 3, 1, 1)
    torch.testing.assert_close(distances(a, shifted), distances(a, b), rtol=1e-3, atol=0.05)
    seen = distances(a, shifted, normalise=False)
    assert seen[-1] > 3 * distances(a, b, normalise=False)[-1]  # in the low-pass rest, where colour is


def test_a_change_of_contrast_is_seen_only_without_normalisation() -> None:
    a, b = noise(16), noise(16, seed=1)
    torch.testing.assert_close(distances(a, 3 * b), distances(a, b), rtol=1e-3, atol=0.05)
    assert distance(a, 3 * b, normalise=False) > 3 * distance(a, b, normalise=False)


def test_two_plain_colours_have_a_known_distance() -> None:
    """Patches are one point each, |Δ| = 7 ‖Δcolour‖ apart; a random unit direction in 147-d sees √(2 / 147 π) of it."""
    colours = torch.tensor([[0.5, -0.2, 0.1], [-0.3, 0.4, 0.0]]).view(2, 1, 3, 1, 1).expand(2, 4, 3, 16, 16)
    found = multi_scale_distance(*colours, patches=32, directions=4096, normalise=False)
    expected = 1000 * 7 * math.sqrt(0.8**2 + 0.6**2 + 0.1**2) * math.sqrt(2 / (147 * math.pi))
    assert found.shape == (1,)
    assert found.item() == pytest.approx(expected, rel=0.06)  # 4 deviations of a mean of 4096


@pytest.mark.parametrize("side", [16, 32])
def test_two_plain_colours_normalised_are_alike_since_neither_has_texture(side: int) -> None:
    """Rounding errors are no texture: dividing by their deviation must not make them one."""
    colours = torch.tensor([[0.5, -0.2, 0.1], [-0.3, 0.4, 0.0]]).view(2, 1, 3, 1, 1).expand(2, 4, 3, side, side)
    assert multi_scale_distance(*colours, patches=32, directions=64).max() < 5


def test_every_picture_is_looked_at() -> None:
    images = noise(16)
    with_one_odd = torch.cat([images[:-1], torch.ones(1, 3, 32, 32)])
    assert distance(images, with_one_odd, normalise=False) > 1.5 * distance(images, images, normalise=False)


# The metric


def metric(**kwargs: object) -> SlicedWasserstein:
    return SlicedWasserstein(patches=256, directions=16, **kwargs)


def value(real: list[Tensor], fake: list[Tensor], **kwargs: object) -> Tensor:
    measure = metric(**kwargs)
    for images in real:
        measure.update(images, real=True)
    for images in fake:
        measure.update(images, real=False)
    return measure.compute()


def test_the_same_pictures_give_the_same_number_whatever_the_run_drew() -> None:
    a, b = noise(6), gratings(6, 4.0)
    torch.manual_seed(0)
    one = value([a], [b])
    torch.manual_seed(1)
    state = torch.get_rng_state()
    assert torch.equal(value([a], [b]), one)
    assert torch.equal(torch.get_rng_state(), state)
    assert not torch.equal(value([a], [b], seed=1), one)


def test_batches_do_not_matter() -> None:
    a, b = noise(6), gratings(6, 4.0)
    assert torch.equal(value([a], [b]), value([a[:1], a[1:4], a[4:]], [b[:5], b[5:]]))


def test_the_metric_is_the_mean_of_its_levels() -> None:
    measure = metric()
    measure.update(noise(4), real=True)
    measure.update(gratings(4, 4.0), real=False)
    by_level = measure.by_level()
    assert by_level.shape == (2,)
    sets = in_one_order(noise(4)), in_one_order(gratings(4, 4.0))
    assert torch.equal(by_level, multi_scale_distance(*sets, patches=256, directions=16))
    assert measure.compute().item() == pytest.approx(by_level.mean().item())
    assert measure.higher_is_better is False


def test_sets_of_different_size() -> None:
    strokes = gratings(5, 4.0)
    near = value([strokes], [strokes, strokes, strokes])
    far = value([strokes], [noise(13)])
    assert near.isfinite()
    assert far > 2 * near


def test_pictures_are_kept_without_their_graph_and_in_float32() -> None:
    measure = metric()
    measure.update(noise(2).bfloat16().requires_grad_(), real=True)
    measure.update(noise(2).requires_grad_(), real=False)
    found = measure.compute()
    assert found.dtype == torch.float32
    assert not found.requires_grad


def test_reset_forgets() -> None:
    measure = metric()
    measure.update(noise(3), real=True)
    measure.update(noise(3, seed=1), real=False)
    measure.reset()
    measure.update(noise(3), real=True)
    measure.update(gratings(3, 4.0), real=False)
    assert torch.equal(measure.compute(), value([noise(3)], [gratings(3, 4.0)]))


# The interval


@pytest.mark.parametrize("pictures", [(4, 3), (6, 6), (1, 5)])
def test_pictures_that_count_so_often_weigh_their_patches(pictures: tuple[int, int]) -> None:
    """Against scipy's distance of weighted points, axis by axis."""
    random = np.random.default_rng(0)
    patches, axes = 60, 5
    a, b = random.normal(size=(patches, axes)), random.normal(1.0, 2.0, size=(patches, axes))
    level = _merged(torch.from_numpy(a), torch.from_numpy(b), list(pictures))
    for seed in range(4):
        draws = np.random.default_rng(seed)
        times = [draws.multinomial(n, np.full(n, 1 / n)).astype(float) for n in pictures]
        weights = [each[np.arange(patches) % n] for each, n in zip(times, pictures, strict=True)]
        expected = np.mean([stats.wasserstein_distance(a[:, k], b[:, k], *weights) for k in range(axes)])
        found = _gap_of_counts(*level, *(torch.from_numpy(each) for each in times))
        assert found.item() == pytest.approx(expected, rel=1e-4)


def test_the_interval_is_as_wide_as_that_of_pictures_drawn_anew() -> None:
    """Fewer directions and patches that stay where they are: about as wide, and laid around the score."""
    metric = SlicedWasserstein(patches=PATCHES, directions=32)
    strengths = torch.linspace(0.2, 2, 12).view(-1, 1, 1, 1)
    metric.update(noise(12), real=True)
    metric.update(noise(12, seed=1) * strengths.flip(0) + gratings(12, 8) * strengths, real=False)
    value = metric.compute().item()
    low, high = metric.interval(samples=40)
    plain = bootstrap_interval(metric._sets(), metric._distance, samples=40, around=value)
    assert low < value < high
    assert 0.6 < (high - low) / (plain[1] - plain[0]) < 1.6
