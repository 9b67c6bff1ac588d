"""SSIM against scikit-image, CFSD and content distance against loops, and that pairs are pairs."""

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity
from torch import Tensor

from stylegan_pl.metrics import cfsd
from stylegan_pl.metrics.cfsd import CFSD, structural_distance
from stylegan_pl.metrics.content_distance import ContentDistance
from stylegan_pl.metrics.per_picture import PerPicture
from stylegan_pl.metrics.ssim import SSIM, ssim
from stylegan_pl.nn.pretrained.random_filters import RandomFilters


def network() -> RandomFilters:
    layers = {"scale1": 2.0, "scale2": 0.5}
    return RandomFilters(style_layers={}, content_layers=layers, size=3, filters=16)


METRICS = {
    "ssim": SSIM,
    "cfsd": lambda: CFSD(features=network(), layer="scale2"),
    "content": lambda: ContentDistance(features=network()),
}


def photographs(n: int = 5, side: int = 24, *, seed: int = 0) -> Tensor:
    """Blobs: neighbours are alike, pictures are not."""
    random = torch.randn(n, 3, 6, 6, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.interpolate(random, size=(side, side), mode="bicubic").clamp(-1, 1)


def stylised(images: Tensor, strength: float = 0.2) -> Tensor:
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(9))
    return (images + strength * noise).clamp(-1, 1)


def score(metric: PerPicture, painted: Tensor, content: Tensor) -> float:
    metric.update(painted, content)
    return metric.compute().item()


@pytest.mark.parametrize("side", [24, 41])
def test_ssim_is_scikit_images(side: int) -> None:
    """Within 1e-4: float32 here, float64 there."""
    content = photographs(side=side)
    painted = stylised(content)
    expected = [
        structural_similarity(
            a.permute(1, 2, 0).double().numpy(), b.permute(1, 2, 0).double().numpy(), data_range=2.0, channel_axis=2,
            gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
        )
        for a, b in zip(painted, content, strict=True)
    ]  # fmt: skip
    torch.testing.assert_close(ssim(painted, content).double(), torch.tensor(expected), atol=1e-4, rtol=0)
    assert score(SSIM(), painted, content) == pytest.approx(np.mean(expected), abs=1e-4)


def looped_cfsd(painted: np.ndarray, content: np.ndarray) -> float:
    """One picture's (C, H, W) features, position by position."""
    channels, positions = len(content), content[0].size

    def rows(features: np.ndarray) -> list[list[float]]:
        at = features.reshape(channels, positions) / channels
        result = []
        for i in range(positions):
            products = [float(np.exp(np.dot(at[:, i], at[:, j]))) for j in range(positions)]
            result.append([p / sum(products) for p in products])
        return result

    wanted, found = rows(content), rows(painted)
    divergences = [
        sum(p * np.log(p / q) for p, q in zip(*pair, strict=True)) for pair in zip(wanted, found, strict=True)
    ]
    return float(np.mean(divergences))


@pytest.mark.parametrize("rows_at_a_time", [1024, 5])
def test_cfsd_is_its_formula_position_by_position(rows_at_a_time: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cfsd, "_ROWS", rows_at_a_time)
    random = torch.Generator().manual_seed(0)
    painted, content = (6 * torch.rand(2, 7, 4, 3, generator=random, dtype=torch.float64) for _ in range(2))
    expected = [looped_cfsd(a.numpy(), b.numpy()) for a, b in zip(painted, content, strict=True)]
    torch.testing.assert_close(structural_distance(painted, content), torch.tensor(expected, dtype=torch.float64))
    assert not torch.allclose(structural_distance(content, painted), structural_distance(painted, content))


def test_cfsd_does_not_mind_a_reshuffle_of_channels_as_self_similarity_does_not() -> None:
    features = 6 * torch.rand(2, 7, 4, 3, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(structural_distance(features.flip(1), features), torch.zeros(2), atol=1e-5, rtol=0)
    assert structural_distance(features.flip(2), features).min() > 1e-3


def test_content_distance_is_its_formula() -> None:
    content = photographs(3)
    painted = stylised(content)
    expected = [
        sum(
            weight * np.mean((network()(painted)[layer][n].numpy() - network()(content)[layer][n].numpy()) ** 2)
            for layer, weight in (("scale1", 2.0), ("scale2", 0.5))
        )
        for n in range(3)
    ]
    metric = ContentDistance(features=network())
    assert score(metric, painted, content) == pytest.approx(np.mean(expected), rel=1e-4)
    torch.testing.assert_close(metric.per_picture(), torch.tensor(expected, dtype=torch.float32), rtol=1e-4, atol=0)


@pytest.mark.parametrize("name", METRICS)
def test_untouched_photographs_are_best_and_shuffled_ones_worse(name: str) -> None:
    content = photographs()
    sign = -1 if METRICS[name]().higher_is_better else 1
    same, near, shuffled = (
        sign * score(METRICS[name](), painted, content)
        for painted in (content, stylised(content), stylised(content).roll(1, dims=0))
    )
    assert same == pytest.approx(-1 if name == "ssim" else 0, abs=1e-5)
    assert same < near < shuffled
    assert shuffled - same > 2 * (near - same)


@pytest.mark.parametrize("name", METRICS)
def test_the_interval_is_around_the_mean_of_the_pictures(name: str) -> None:
    metric = METRICS[name]()
    content = photographs(12)
    metric.update(stylised(content)[:5], content[:5])
    metric.update(stylised(content)[5:], content[5:])
    values = metric.per_picture()
    assert (len(values), metric.n_pictures) == (12, 12)
    low, high = metric.interval(samples=200)
    assert values.min() < low < metric.compute() < high < values.max()


@pytest.mark.parametrize("name", METRICS)
def test_pictures_of_another_size_or_number_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"got \(4, 3, 24, 24\) and \(5, 3, 24, 24\)"):
        METRICS[name]().update(photographs(4), photographs(5))


def test_layers_that_are_not_there_are_refused() -> None:
    with pytest.raises(ValueError, match="does not tap 'relu3_1', but scale1, scale2"):
        CFSD(features=network())
    with pytest.raises(ValueError, match="no content_layers to compare"):
        ContentDistance(features=RandomFilters(style_layers={"scale1": 1.0}, content_layers={}))


def test_ssim_of_pictures_without_a_whole_window_is_refused() -> None:
    assert ssim(photographs(2, 11), photographs(2, 11)).tolist() == pytest.approx([1, 1], abs=1e-5)
    with pytest.raises(ValueError, match=r"at least 11 pixels, got \(10, 10\)"):
        ssim(photographs(2, 10), photographs(2, 10))
