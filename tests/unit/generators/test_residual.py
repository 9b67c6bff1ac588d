"""Generators that start at the photograph."""

import pytest
import torch

from stylegan_pl.generators.chain import changed_photograph
from stylegan_pl.generators.johnson import JohnsonGenerator
from stylegan_pl.generators.mobile import MobileGenerator
from stylegan_pl.generators.resnet import ResNetGenerator

KINDS = [JohnsonGenerator, MobileGenerator, ResNetGenerator]


@pytest.fixture
def photographs():
    return torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_no_change_is_the_photograph_a_little_paler(photographs):
    torch.testing.assert_close(changed_photograph(photographs, torch.zeros(2, 3, 32, 32)), 0.97 * photographs)


def test_black_and_white_stay_finite_and_can_be_changed():
    ends = torch.tensor([-1.0, 1.0]).view(1, 1, 1, 2).expand(1, 3, 1, 2)
    change = torch.zeros(1, 3, 1, 2, requires_grad=True)
    changed_photograph(ends, change).sum().backward()
    assert bool((change.grad > 0.05).all())


def test_noise_beyond_the_range_is_no_nan():
    assert bool(changed_photograph(torch.full((1, 3, 2, 2), 1.1), torch.zeros(1, 3, 2, 2)).isfinite().all())


@pytest.mark.parametrize("kind", KINDS)
def test_it_starts_at_the_photograph(kind, photographs):
    torch.manual_seed(0)
    start, nothing = kind(blocks=1, width=16, residual=True), kind(blocks=1, width=16)
    with torch.no_grad():
        assert (start(photographs) - photographs).abs().mean() < 0.1
        assert (nothing(photographs) - photographs).abs().mean() > 0.3


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_weights_as_without(kind):
    plain, residual = kind(blocks=1, width=16), kind(blocks=1, width=16, residual=True)
    assert plain.state_dict().keys() == residual.state_dict().keys()
    residual.load_state_dict(plain.state_dict())


def test_precision_of_the_photograph_survives_half_precision_layers(photographs):
    changed = changed_photograph(photographs, torch.zeros(2, 3, 32, 32, dtype=torch.bfloat16))
    assert changed.dtype == torch.float32
    assert (changed - 0.97 * photographs).abs().max() < 1e-5


def test_mobile_by_bilinear_interpolation_has_no_grid():
    torch.manual_seed(0)
    flat = torch.full((1, 3, 64, 64), 0.3)
    spread = {}
    for mode in ("nearest", "bilinear"):
        torch.manual_seed(0)
        with torch.no_grad():
            inner = MobileGenerator(width=16, upsample_mode=mode)(flat)[..., 16:48, 16:48]
        spread[mode] = float(inner.std())
    assert spread["bilinear"] <= spread["nearest"] + 1e-6
