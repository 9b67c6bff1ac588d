"""Taps of a chain: the right activation, in the order asked, and nothing run behind the deepest."""

import pytest
import torch
from torch import nn

from stylegan_pl.nn.layers.taps import Tap, check_taps, read_taps


class Broken(nn.Module):
    """Must not run."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        raise AssertionError("a layer behind the deepest tap ran")


LAYERS = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 5, 1), Broken())
TAPS = {"image": Tap(0, 3), "conv": Tap(1, 4), "relu": Tap(2, 4), "deep": Tap(3, 5), "broken": Tap(4, 5)}
IMAGE = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))


def test_taps_are_the_layers_outputs() -> None:
    conv = LAYERS[0](IMAGE)
    found = read_taps(LAYERS, IMAGE, TAPS, ["deep", "image", "relu", "conv"])
    assert list(found) == ["deep", "image", "relu", "conv"]
    assert found["image"] is IMAGE
    assert torch.equal(found["conv"], conv)
    assert torch.equal(found["relu"], conv.relu())
    assert torch.equal(found["deep"], LAYERS[2](conv.relu()))


def test_nothing_behind_the_deepest_runs() -> None:
    read_taps(LAYERS, IMAGE, TAPS, ["deep"])
    with pytest.raises(AssertionError, match="ran"):
        read_taps(LAYERS, IMAGE, TAPS, ["broken"])


def test_nothing_is_asked() -> None:
    assert read_taps(LAYERS, IMAGE, TAPS, []) == {}


def test_an_unknown_tap_is_named() -> None:
    with pytest.raises(ValueError, match="there is no tap 'skip'; this encoder has a, b"):
        check_taps(["a", "skip"], {"a": 1, "b": 2})
