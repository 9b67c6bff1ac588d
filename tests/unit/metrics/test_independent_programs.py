"""Scores against programs of other people, where those are installed; LPIPS and SSIM have theirs beside their tests.

They are no dependencies: `pip install --no-deps torch-fidelity POT` runs these tests.
"""

import numpy as np
import pytest
import torch
from skimage.color import rgb2lab
from torch import Tensor

from stylegan_pl.metrics.fid import frechet_distance_of_sets
from stylegan_pl.metrics.inception import LegacyInception
from stylegan_pl.metrics.kid import kernel_distance, kernel_distance_of_subsets
from stylegan_pl.metrics.palette import PaletteDistance
from stylegan_pl.metrics.sliced_wasserstein import sliced_wasserstein
from stylegan_pl.nn.pretrained.inception_2015 import inception_2015


def features(n: int, *, seed: int, d: int = 64) -> Tensor:
    """Correlated, and not around 0: as those of a network."""
    random = torch.Generator().manual_seed(seed)
    mix = torch.randn(d, d, generator=torch.Generator().manual_seed(9), dtype=torch.float64) / d**0.5
    return torch.randn(n, d, generator=random, dtype=torch.float64) @ mix + 0.5 + 0.1 * seed


@pytest.mark.parametrize("n", [300, 40])  # more and fewer pictures than dimensions
def test_fid_is_torch_fidelitys(n: int) -> None:
    """Within 1e-6 of the value; of 40 pictures within 1e-3, since its root is of a covariance without full rank."""
    fidelity = pytest.importorskip("torch_fidelity.metric_fid")
    a, b = features(n, seed=0), features(n + 7, seed=1)
    theirs = fidelity.fid_statistics_to_metric(
        fidelity.fid_features_to_statistics(a), fidelity.fid_features_to_statistics(b), verbose=False
    )["frechet_inception_distance"]
    ours = frechet_distance_of_sets(a, b).item()
    print(f"n={n}: ours {ours!r}, torch-fidelity {float(theirs)!r}")
    assert ours == pytest.approx(float(theirs), rel=1e-6 if n > 64 else 1e-3)


def test_kid_is_torch_fidelitys() -> None:
    """Of all pictures within 1e-9; of its own random subsets within 4 standard errors of both."""
    fidelity = pytest.importorskip("torch_fidelity.metric_kid")
    a, b = features(120, seed=0), features(120, seed=1)
    options = {"kid_kernel_poly_degree": 3, "kid_kernel_poly_gamma": None, "kid_kernel_poly_coef0": 1, "verbose": False}
    whole = fidelity.kid_features_to_metric(
        a, b, kid_subsets=1, kid_subset_size=120, rng_seed=0, kid_kernel="poly", **options
    )["kernel_inception_distance_mean"]
    print(f"ours {kernel_distance(a, b).item()!r}, torch-fidelity {whole!r}")
    assert kernel_distance(a, b).item() == pytest.approx(whole, rel=1e-9)
    theirs = fidelity.kid_features_to_metric(
        a, b, kid_subsets=200, kid_subset_size=30, rng_seed=0, kid_kernel="poly", **options
    )
    mean, deviation = kernel_distance_of_subsets(a, b, subsets=200, subset_size=30)
    error = 4 * deviation.item() * (2 / 200) ** 0.5
    assert mean.item() == pytest.approx(theirs["kernel_inception_distance_mean"], abs=error)


def test_the_inception_of_2015_is_torch_fidelitys(tmp_path) -> None:
    """Its extractor, with one file of weights: `fid_legacy` is its resizing and network. Within 1e-4 of the largest."""
    module = pytest.importorskip("torch_fidelity.feature_extractor_inceptionv3")
    network, random = inception_2015(), torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim == 4:
                parameter.normal_(0, (2 / parameter[0].numel()) ** 0.5, generator=random)
    torch.save(network.state_dict(), tmp_path / "weights.pth")
    theirs = module.FeatureExtractorInceptionV3("theirs", ["2048"], str(tmp_path / "weights.pth"))
    images = torch.randint(0, 256, (2, 3, 64, 80), generator=random, dtype=torch.uint8)
    (expected,) = theirs(images)
    found = LegacyInception(weights_path=str(tmp_path / "weights.pth"))(images / 127.5 - 1)
    print(f"largest difference {(found - expected).abs().max():.2e} of {expected.abs().max():.2e}")
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-4 * expected.abs().max().item())


def test_the_palette_is_pots_transport() -> None:
    """Within 0.01 Lab units, bins of a fortieth of one."""
    ot = pytest.importorskip("ot")
    random = torch.Generator().manual_seed(0)
    real, fake = (torch.rand(5, 3, 12, 12, generator=random) * 2 - 1, torch.rand(4, 3, 12, 12, generator=random) - 0.6)
    sides = [rgb2lab((x.numpy().transpose(0, 2, 3, 1) + 1) / 2).reshape(-1, 3).astype(float) for x in (real, fake)]
    expected = np.mean([ot.wasserstein_1d(sides[0][:, c], sides[1][:, c], p=1) for c in range(3)])
    metric = PaletteDistance(bins=8192)
    metric.update(real, real=True)
    metric.update(fake, real=False)
    print(f"ours {metric.compute().item()!r}, POT {float(expected)!r}")
    assert metric.compute().item() == pytest.approx(expected, abs=0.01)


def test_sliced_distance_is_pots() -> None:
    """Within 1e-9, on the same directions."""
    ot = pytest.importorskip("ot")
    a, b = features(200, seed=0, d=27), features(200, seed=1, d=27)
    axes = torch.randn(27, 40, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    axes = axes / axes.norm(dim=0)
    expected = ot.sliced_wasserstein_distance(a.numpy(), b.numpy(), projections=axes.numpy(), p=1)
    print(f"ours {sliced_wasserstein(a, b, axes).item()!r}, POT {float(expected)!r}")
    assert sliced_wasserstein(a, b, axes).item() == pytest.approx(float(expected), rel=1e-9)
