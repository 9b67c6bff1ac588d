"""A refusal of weights names the place in the config where its network stands."""

from pathlib import Path

import pytest
import torch

from stylegan_pl.nn.pretrained.vgg import VGG
from stylegan_pl.nn.pretrained.weights import WeightsError

PLACE = "metric.kid_vgg.features.network"


def refused(path: Path) -> WeightsError:
    with pytest.raises(WeightsError) as caught:
        VGG(style_layers={"relu1_1": 1.0}, content_layers={}, architecture="vgg16", weights_path=str(path))
    return caught.value


def test_a_missing_file_is_told_of_the_place_that_asked(tmp_path: Path) -> None:
    error = refused(tmp_path / "nowhere.pth")
    assert str(error).startswith("feature_network.weights_path: no file")
    moved = str(error.at(PLACE))
    assert moved.startswith(f"{PLACE}.weights_path: no file {tmp_path}/nowhere.pth")
    assert f"take feature_network@{PLACE}=random_filters, which needs none" in moved
    assert error.at(PLACE).exit_code == error.exit_code


def test_another_networks_file_is_told_of_the_place_that_asked(tmp_path: Path) -> None:
    torch.save({"features.0.weight": torch.zeros(1)}, tmp_path / "other.pth")
    assert f"check {PLACE}.architecture (vgg16 or vgg19)" in str(refused(tmp_path / "other.pth").at(PLACE))
