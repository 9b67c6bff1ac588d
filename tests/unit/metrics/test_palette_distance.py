"""The palette's distance against SciPy's optimal transport in scikit-image's Lab."""

import numpy as np
import pytest
import torch
from scipy.stats import wasserstein_distance
from skimage.color import rgb2lab
from torch import Tensor

from stylegan_pl.metrics.palette import PaletteDistance, earth_movers_distance, lab_histograms


def pictures(n: int, side: int = 12, *, seed: int = 0, tint: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Tensor:
    random = torch.rand(n, 3, side, side, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    return (random + torch.tensor(tint).view(3, 1, 1)).clamp(-1, 1)


def distance(real: list[Tensor], fake: list[Tensor], bins: int = 256) -> float:
    metric = PaletteDistance(bins=bins)
    for images in real:
        metric.update(images, real=True)
    for images in fake:
        metric.update(images, real=False)
    return metric.compute().item()


def test_it_is_scipys_transport_of_lab_within_a_bin() -> None:
    real, fake = pictures(6), pictures(5, seed=1, tint=(0.4, 0.0, -0.3))
    sides = [rgb2lab((x.numpy().transpose(0, 2, 3, 1) + 1) / 2).reshape(-1, 3) for x in (real, fake)]
    expected = np.mean([wasserstein_distance(sides[0][:, c], sides[1][:, c]) for c in range(3)])
    assert distance([real], [fake]) == pytest.approx(expected, abs=0.1)  # bins are 0.4, 1 and 1 units
    assert distance([real], [fake], bins=4096) == pytest.approx(expected, abs=0.01)


def test_histograms_are_scikit_images_lab() -> None:
    images = pictures(3)
    lab = rgb2lab((images.numpy().transpose(0, 2, 3, 1) + 1) / 2).reshape(-1, 3)
    ranges = [(0, 100), (-128.5, 127.5), (-128.5, 127.5)]
    expected = [np.histogram(lab[:, c], bins=20, range=ranges[c])[0] / 144 for c in range(3)]
    found = lab_histograms(images, 20).sum(dim=0).double()
    torch.testing.assert_close(found, torch.tensor(np.array(expected)), atol=0.03, rtol=0)


def test_greys_lie_in_one_bin_of_a_and_of_b() -> None:
    """On an edge of bins, rounding would decide, and a device's rounding."""
    greys = torch.linspace(-1, 1, 256).view(256, 1, 1, 1).expand(-1, 3, 2, 2)
    assert (lab_histograms(greys, 256)[:, 1:].sum(dim=0) > 0).sum(dim=1).tolist() == [1, 1]


def test_moving_all_mass_by_some_bins_costs_so_much() -> None:
    a, b = torch.eye(9)[[0, 4]], torch.eye(9)[[8, 1]]
    assert earth_movers_distance(a, b).tolist() == [8, 3]


def test_greys_are_as_far_as_their_lightness() -> None:
    dark, light = (torch.full((2, 3, 8, 8), value) for value in (-1.0, 1.0))
    assert distance([dark], [light]) == pytest.approx(100 / 3, rel=0.01)


def test_places_do_not_matter_colours_do() -> None:
    real = pictures(4)
    assert distance([real], [real.flip(2).transpose(2, 3)]) == pytest.approx(0, abs=1e-4)
    tinted = [distance([real], [pictures(4, tint=(t, 0.0, -t))]) for t in (0.0, 0.2, 0.4)]
    assert tinted == sorted(tinted)
    assert tinted[1] > 1


def test_every_picture_counts_alike_whatever_its_size() -> None:
    white, black = torch.ones(1, 3, 40, 40), -torch.ones(1, 3, 8, 8)
    grey = [torch.ones(1, 3, 8, 8), -torch.ones(1, 3, 8, 8)]
    assert distance(grey, [white, black]) == pytest.approx(0, abs=1e-5)


def test_too_few_bins_are_refused() -> None:
    with pytest.raises(ValueError, match="bins must be at least 2, got 1"):
        PaletteDistance(bins=1)
