"""What sets of pictures are compared by: one vector, or one a layer, of a picture, from a frozen network."""

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from stylegan_pl.nn.layers.adain import channel_statistics
from stylegan_pl.nn.layers.features import FeatureNetwork
from stylegan_pl.nn.pretrained.fingerprint import weights_hash


class SetFeatures(nn.Module, ABC):
    """A frozen network that tells a picture in numbers. Its weights are in no checkpoint.

    Attributes:
        resize: what is done to a picture before it is looked at.
        weights_name: whose weights, where scores by others are no less usual; None: `weights_hash` alone tells.
        layers: which of the network's answers make the numbers; None: these are not kept on disk.
    """

    resize = "none: pictures in their own size"
    weights_name: str | None = None
    layers: str | None = None

    @property
    def key(self) -> str | None:
        """All that the numbers depend on beside the picture; None where `layers` does not say it."""
        if self.layers is None:
            return None
        return f"{type(self).__module__}.{type(self).__qualname__} {self.layers} {self.resize} {weights_hash(self)}"

    @abstractmethod
    def forward(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] -> (N, d), or (N, L, d) where layers are told apart."""

    def train(self, mode: bool = True) -> "SetFeatures":
        """Frozen: stays in eval mode."""
        return super().train(False)


class PooledTaps(SetFeatures):
    """Every layer that a feature network taps, averaged over positions; the layers' channels side by side.

    Pictures are looked at in their own size. Distances by it are comparable among runs with the same network and size,
    not with published ones. With VGG they say how alike textures are; they are not blind to colour.

    Args:
        network: such as VGG, or random filters, which need no weights.
    """

    def __init__(self, *, network: FeatureNetwork) -> None:
        super().__init__()
        if not network.taps:
            raise ValueError("network: it taps no layer, so there is nothing to compare by; give it style_layers")
        self.network = network
        self.layers = f"mean of {', '.join(network.taps)}"

    def forward(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] -> (N, ΣC), layers in the order of `network.taps`."""
        features = self.network(images)
        return torch.cat([features[tap].mean(dim=(2, 3)) for tap in self.network.taps], dim=1)


class TapStatistics(SetFeatures):
    """Mean and deviation over positions of each channel of a feature network's style layers; a row a layer.

    What AdaIN carries over, and what a picture of another size has alike: which textures and colours there are, and how
    unevenly they lie, not where. Pictures are looked at in their own size.

    Args:
        network: such as VGG; its `style_layers` are looked at, their weights do not count.
    """

    def __init__(self, *, network: FeatureNetwork) -> None:
        super().__init__()
        if not network.style_layers:
            raise ValueError("network: it has no style_layers to compare; give it some, such as relu3_1: 1.0")
        self.network = network
        self.layers = f"mean and deviation of {', '.join(network.style_layers)}"

    def forward(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] -> (N, L, 2 C), C of the widest layer; zeros behind a narrower one's numbers."""
        features = self.network(images)
        rows = [torch.cat(channel_statistics(features[layer]), dim=1).flatten(1) for layer in self.network.style_layers]
        widest = max(row.shape[1] for row in rows)
        return torch.stack([pad(row, (0, widest - row.shape[1])) for row in rows], dim=1)


@torch.no_grad()
def in_full_precision(network: nn.Module, *images: Tensor) -> Any:
    """`network(*images)` in float32, whatever the run's precision: a score is not to change with it."""
    with torch.autocast(images[0].device.type, enabled=False):
        return network(*(batch.detach().float() for batch in images))
