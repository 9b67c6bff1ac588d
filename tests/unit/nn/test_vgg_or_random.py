"""VGG where it is to be had, random filters where it is not."""

import logging

import pytest
import torch

from stylegan_pl.errors import UserError
from stylegan_pl.nn.pretrained import vgg
from stylegan_pl.nn.pretrained.random_filters import RandomFilters
from stylegan_pl.nn.pretrained.vgg_or_random import StandInFilters, vgg_or_random
from stylegan_pl.nn.pretrained.wanted import without_pretrained
from stylegan_pl.nn.pretrained.weights import WeightsError

LAYERS = {"style_layers": {"relu1_2": 1.0, "relu4_1": 1.0}, "content_layers": {"relu3_1": 1.0}}


@pytest.fixture
def no_network(monkeypatch):
    def refused(architecture, weights_path, remedy):
        raise WeightsError("vgg16: could not be downloaded; type something", remedy)

    monkeypatch.setattr(vgg, "read_weights", refused)


def test_without_weights_random_filters_stand_in_and_it_is_said(no_network, caplog):
    with caplog.at_level(logging.INFO):
        network = vgg_or_random(**LAYERS)
    assert isinstance(network, StandInFilters)
    assert "look through random filters: vgg16: could not be downloaded; pictures are better" in caplog.text


def test_a_named_file_is_never_passed_over(no_network):
    with pytest.raises(UserError, match="could not be downloaded"):
        vgg_or_random(**LAYERS, weights_path="mine.pth")


def test_vgg_where_its_weights_are(monkeypatch, caplog):
    with without_pretrained():
        layers = vgg.VGG(**LAYERS, architecture="vgg16").layers
    weights = {f"features.{key}": value for key, value in layers.named_buffers()}
    monkeypatch.setattr(vgg, "read_weights", lambda *asked: weights)
    with caplog.at_level(logging.INFO):
        network = vgg_or_random(**LAYERS)
    assert isinstance(network, vgg.VGG)
    assert "look through vgg16" in caplog.text


def test_stand_ins_are_the_filters_by_other_names():
    image = torch.rand(1, 3, 32, 32) * 2 - 1
    found = StandInFilters(**LAYERS, filters=5)(image)
    filters = RandomFilters(style_layers={"scale1": 1, "scale4": 1, "colour": 1}, content_layers={}, filters=5)(image)
    assert {name: layer.shape[1] for name, layer in found.items()} == StandInFilters(**LAYERS, filters=5).widths
    torch.testing.assert_close(found["relu1_2"], filters["scale1"])
    torch.testing.assert_close(found["relu3_1"], filters["scale4"])
    torch.testing.assert_close(found["relu4_1"], filters["colour"])
