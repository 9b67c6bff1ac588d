"""Four pixels at a time are the pixels one at a time."""

import pytest
import torch
from torch import nn

from stylegan_pl.exporting.phases import FourPhases, in_phases
from stylegan_pl.generators.mobile import MobileGenerator
from stylegan_pl.generators.seed import SeedGenerator


@pytest.mark.parametrize("kernel, mode", [(3, "zeros"), (5, "reflect"), (7, "replicate")])
def test_the_same_sums(kernel, mode):
    torch.manual_seed(0)
    layer = nn.Conv2d(6, 3, kernel, padding=kernel // 2, padding_mode=mode).double()
    features = torch.randn(2, 6, 10, 16, dtype=torch.float64)
    assert torch.allclose(FourPhases(layer)(features), layer(features), atol=1e-12)


def test_only_the_last_layer_of_a_copy_changes():
    generator = MobileGenerator(blocks=1, width=8).eval()
    changed = in_phases(generator)
    assert [type(layer).__name__ for layer in changed.modules()].count("FourPhases") == 1
    assert not any(isinstance(layer, FourPhases) for layer in generator.modules())
    content = torch.rand(1, 3, 20, 24) * 2 - 1
    assert torch.allclose(changed(content), generator(content), atol=1e-5)


def test_odd_sides_are_left_alone():
    generator = SeedGenerator(width=4)
    assert in_phases(generator) is generator
    assert not FourPhases.suits(nn.Conv2d(4, 8, 3, padding=1)) and not FourPhases.suits(nn.Conv2d(4, 3, 3))
