"""Heads on the features that image losses look through."""

import pytest
import torch
from torch import nn

from stylegan_pl.discriminators.feature_heads import FeatureHeads
from stylegan_pl.errors import ConfigError
from stylegan_pl.models.balance import GradientBalance, certainty
from stylegan_pl.nn.pretrained.random_filters import RandomFilters
from stylegan_pl.nn.pretrained.vgg import VGG
from stylegan_pl.nn.pretrained.wanted import without_pretrained


def test_a_head_a_layer():
    network = RandomFilters(style_layers={"scale1": 1, "scale2": 1}, content_layers={"scale4": 1}, filters=5)
    heads = FeatureHeads(network.widths, layers=["scale1", "scale4"], width=4)
    found = heads(network(torch.zeros(2, 3, 32, 32)))
    assert [tuple(logits.shape) for logits in found] == [(2, 1, 30, 30), (2, 1, 6, 6)]


@pytest.mark.parametrize("layers", [["relu1_2"], []])
def test_a_layer_that_nobody_computes_is_answered_with_those_there_are(layers):
    with pytest.raises(ConfigError, match="the feature network gives scale1; type some of these"):
        FeatureHeads({"scale1": 5}, layers=layers)


def test_widths_are_what_the_network_gives():
    layers = {"relu1_2": 1.0, "relu2_1": 1.0, "relu3_3": 1.0, "relu4_1": 1.0, "relu5_1": 1.0}
    with without_pretrained():
        network = VGG(architecture="vgg16", style_layers=layers, content_layers={})
    found = network(torch.zeros(1, 3, 32, 32))
    assert network.widths == {name: layer.shape[1] for name, layer in found.items()}


def test_average_pooling_averages():
    with without_pretrained():
        network = VGG(architecture="vgg16", style_layers={"relu2_1": 1.0}, content_layers={}, pooling="average")
    assert any(isinstance(layer, nn.AvgPool2d) for layer in network.layers)
    assert not any(isinstance(layer, nn.MaxPool2d) for layer in network.layers)


def certain(balance):
    balance.certainty.fill_(1)
    return balance


def test_the_balance_makes_gradients_a_share_of_each_other():
    picture = torch.rand(2, 3, 4, 4, requires_grad=True)
    image = {"style": 3 * picture.square().sum()}
    adversarial = {"adversarial": 0.01 * picture.sum()}
    factor = certain(GradientBalance(0.5, ["style"]))(adversarial, image, picture, step=0)
    lengths = [
        torch.autograd.grad(sum(terms.values()), picture, retain_graph=True)[0].norm() for terms in (image, adversarial)
    ]
    torch.testing.assert_close(factor * lengths[1], 0.5 * lengths[0])


def test_the_balance_sees_gradients_that_half_precision_rounds_to_0():
    """A picture through a half: its gradient is 2e-8, and the smallest number of fp16 above 0 is 6e-8."""
    picture = torch.rand(2, 3, 4, 4, requires_grad=True)
    image = {"style": 2e-8 * picture.half().float().sum()}
    factor = certain(GradientBalance(1.0, ["style"]))({"adversarial": 1e-4 * picture.sum()}, image, picture, step=0)
    assert factor.item() == pytest.approx(2e-4, rel=0.01)


def test_the_balance_is_kept_between_looks_and_by_checkpoints():
    picture = torch.rand(1, 3, 4, 4, requires_grad=True)
    balance = certain(GradientBalance(1.0, ["style"]))
    first = balance({"a": picture.sum()}, {"b": 2 * picture.sum()}, picture, step=0)
    assert first.item() == pytest.approx(2)
    second = balance({"a": picture.sum()}, {"b": 100 * picture.sum()}, picture, step=1)
    assert torch.equal(first, second)
    other = GradientBalance(1.0, ["style"])
    other.load_state_dict(balance.state_dict())
    assert torch.equal(other({"a": picture.sum()}, {"b": 7 * picture.sum()}, picture, step=5), first)


def test_a_later_look_moves_the_factor_by_a_fifth_of_the_way():
    picture = torch.rand(1, 3, 4, 4, requires_grad=True)
    balance = certain(GradientBalance(1.0, ["style"]))
    balance({"a": picture.sum()}, {"b": 2 * picture.sum()}, picture, step=0)
    found = balance({"a": picture.sum()}, {"b": 12 * picture.sum()}, picture, step=16)
    assert found.item() == pytest.approx(2 + (12 - 2) / 5)


def test_a_look_at_gradients_that_overflowed_is_forgotten():
    picture = torch.rand(1, 3, 4, 4, requires_grad=True)
    balance = certain(GradientBalance(1.0, ["style"]))
    balance({"a": picture.sum()}, {"b": 2 * picture.sum()}, picture, step=0)
    without_end = torch.inf * picture.sum()
    assert balance({"a": without_end}, {"b": without_end}, picture, step=16).item() == pytest.approx(2)


def test_who_guesses_is_not_listened_to():
    picture = torch.rand(1, 3, 4, 4, requires_grad=True)
    balance = GradientBalance(1.0, ["style"])
    terms = {"a": picture.sum()}, {"b": 2 * picture.sum()}, picture
    assert balance(*terms, step=0) == 0  # nothing has been heard yet
    heard = [balance(*terms, step=step).item() for step in range(1, 200) if balance.update(torch.tensor(0.5)) is None]
    assert heard == sorted(heard) and heard[-1] == pytest.approx(1.0, rel=1e-3)  # half of 2


@pytest.mark.parametrize(
    ("reals", "fakes", "boundary", "expected"),
    [
        ([1.0, 2.0, 3.0, 4.0], [-1.0, -2.0, -3.0, -4.0], 0.0, 1.0),
        ([1.0, -1.0, 1.0, -1.0], [1.0, -1.0, 1.0, -1.0], 0.0, 0.0),
        ([1.0, 1.0, 1.0, -1.0], [-1.0, -1.0, 1.0, 1.0], 0.0, 0.25),  # 5 of 8 are right
        ([-1.0, -1.0], [1.0, 1.0], 0.0, 0.0),  # the wrong way round is no certainty
        ([9.0, 9.0], [7.0, 7.0], None, 1.0),  # only differences mean something
        ([0.6, 0.4], [0.4, 0.4], 0.5, 0.5),
    ],
)
def test_certainty_counts_logits_on_their_side(reals, fakes, boundary, expected):
    found = certainty([torch.tensor(reals)], [torch.tensor(fakes)], boundary)
    assert found.item() == pytest.approx(expected)
