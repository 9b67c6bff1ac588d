"""The layers a feature network offers are those some loss may read."""

import pytest
from torch import Tensor

from stylegan_pl.nn.layers.features import FeatureNetwork, Features


class Two(FeatureNetwork):
    """Knows layers a and b."""

    def __init__(self, **layers: dict[str, float]) -> None:
        super().__init__(**layers)
        self._check_taps(["a", "b"])

    def forward(self, image: Tensor) -> Features:
        return dict.fromkeys(self.taps, image)


def test_taps_are_every_layer_once() -> None:
    network = Two(style_layers={"b": 1.0, "a": 2.0}, content_layers={"a": 3.0})
    assert sorted(network.taps) == ["a", "b"]
    assert network.style_layers == {"b": 1.0, "a": 2.0}
    assert network.content_layers == {"a": 3.0}
    assert Two(style_layers={}, content_layers={}).taps == []


def test_layers_are_copied_from_the_config() -> None:
    layers = {"a": 1.0}
    network = Two(style_layers=layers, content_layers={})
    layers["nonsense"] = 1.0
    assert network.taps == ["a"]


@pytest.mark.parametrize("kind", ["style_layers", "content_layers"])
def test_an_unknown_layer_is_named_beside_the_known_ones(kind: str) -> None:
    layers = {"style_layers": {"a": 1.0}, "content_layers": {"b": 1.0}, kind: {"c": 1.0}}
    with pytest.raises(ValueError, match="Two has no layer 'c'; it has a, b"):
        Two(**layers)


def test_a_network_without_forward_cannot_be_built() -> None:
    with pytest.raises(TypeError, match="abstract"):
        FeatureNetwork(style_layers={}, content_layers={})
