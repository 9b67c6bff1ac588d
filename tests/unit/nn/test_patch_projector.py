"""Projected features: how many parameters, how they start, and that places are the same in every picture."""

import numpy as np
import pytest
import torch
from scipy import stats

from stylegan_pl.nn.layers.patch_projector import PatchProjector, at_positions, draw_positions

RESNET9 = {"image": 3, "down1": 128, "down2": 256, "block1": 256, "block5": 256}


def test_parameters_are_those_of_the_paper() -> None:
    projector = PatchProjector(RESNET9)
    assert sum(p.numel() for p in projector.parameters()) == 560_384
    widths = RESNET9.values()
    assert sum(inputs * 256 + 256 + 256 * 256 + 256 for inputs in widths) == 560_384


def test_weights_start_as_xaviers_with_gain_002_and_biases_at_0() -> None:
    torch.manual_seed(0)
    projector = PatchProjector({"a": 128})
    for name, parameter in projector.named_parameters():
        if name.endswith("bias"):
            assert parameter.eq(0).all()
        else:
            outputs, inputs = parameter.shape
            std = 0.02 * (2 / (inputs + outputs)) ** 0.5
            values = parameter.detach().flatten().double().numpy()
            assert stats.kstest(values, "norm", args=(0.0, std)).pvalue > 1e-3


def test_it_is_two_layers_and_length_1() -> None:
    torch.manual_seed(0)
    projector = PatchProjector({"a": 3, "b": 5}, width=4).double()
    for parameter in projector.parameters():
        torch.nn.init.normal_(parameter)
    places = torch.randn(2, 6, 5, dtype=torch.float64)
    first, _, second = projector.perceptrons[1]
    w1, b1, w2, b2 = (p.detach().numpy() for layer in (first, second) for p in (layer.weight, layer.bias))
    hidden = np.maximum(places.numpy() @ w1.T + b1, 0) @ w2.T + b2
    expected = hidden / np.sqrt((hidden**2).sum(-1, keepdims=True))
    np.testing.assert_allclose(projector("b", places).detach().numpy(), expected, rtol=1e-6)


def test_layers_may_have_any_name() -> None:
    projector = PatchProjector({"type": 3, "enc.1": 4}, width=2)
    assert projector("enc.1", torch.zeros(1, 5, 4)).shape == (1, 5, 2)


def test_features_of_zeros_stay_and_have_finite_slopes() -> None:
    projector = PatchProjector({"a": 3})
    places = torch.zeros(1, 2, 3, requires_grad=True)
    value = projector("a", places)
    assert value.eq(0).all()
    value.sum().backward()
    assert places.grad.isfinite().all()
    assert all(p.grad.isfinite().all() for p in projector.parameters())


@pytest.mark.parametrize(("count", "expected"), [(7, 7), (20, 20), (256, 20)])
def test_places_are_different_and_all_where_there_are_fewer(count: int, expected: int) -> None:
    torch.manual_seed(0)
    places = draw_positions(torch.zeros(2, 3, 4, 5), count)
    assert len(places) == expected == len(set(places.tolist()))
    assert set(places.tolist()) <= set(range(20))


def test_places_are_drawn_anew_by_torchs_generator() -> None:
    torch.manual_seed(3)
    features = torch.zeros(1, 1, 16, 16)
    first, second = draw_positions(features, 9), draw_positions(features, 9)
    assert not torch.equal(first, second)
    torch.manual_seed(3)
    assert torch.equal(draw_positions(features, 9), first)


def test_columns_are_those_of_the_places() -> None:
    features = torch.randn(2, 3, 4, 5)
    places = torch.tensor([0, 19, 7, 7])
    columns = at_positions(features, places)
    assert columns.shape == (2, 4, 3)
    for n in range(2):
        for index, place in enumerate(places.tolist()):
            assert torch.equal(columns[n, index], features[n, :, place // 5, place % 5])
