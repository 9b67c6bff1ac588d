"""Feature vectors by which sets of pictures are compared: one per picture, or one per layer, from a frozen network."""

import hashlib
from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from stylegan_pl.nn.layers.adain import channel_statistics
from stylegan_pl.nn.layers.features import FeatureNetwork
from stylegan_pl.nn.pretrained.fingerprint import weights_hash


class SetFeatures(nn.Module, ABC):
    """Base class: a frozen network, picture -> vector. Its weights are not saved in checkpoints.

    Attributes:
        resize: how pictures are resized first, in words.
        weights_name: name of the weights, if several are common; None: only `weights_hash` identifies them.
        layers: the layers that are used, for the cache's key; None: not cached on disk.
    """

    resize = "none: pictures in their own size"
    weights_name: str | None = None
    layers: str | None = None

    @property
    def key(self) -> str | None:
        """The cache's key: everything the vector depends on besides the picture; None: not cached."""
        if self.layers is None:
            return None
        name = f"{type(self).__module__}.{type(self).__qualname__}"
        structure = hashlib.sha256(repr(self).encode()).hexdigest()[:12]  # the same weights may be pooled otherwise
        return f"{name} {self.layers} {self.resize} {weights_hash(self)} {structure}"

    @abstractmethod
    def forward(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] -> (N, d), or (N, L, d) with one row per layer."""

    def train(self, mode: bool = True) -> "SetFeatures":
        """Stays in eval mode."""
        return super().train(False)


class PooledTaps(SetFeatures):
    """All layers of a feature network, averaged over positions and concatenated.

    Pictures keep their size. Distances are comparable for the same network and size, but not with published ones. With
    VGG they measure texture and also colour.

    Args:
        network: VGG, or random filters, which need no weights.
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
    """Mean and standard deviation over positions of each channel of a network's style layers; one row per layer.

    The statistics that AdaIN uses; they describe textures and colours, not positions, and are comparable between
    picture sizes. Pictures keep their size.

    Args:
        network: a feature network such as VGG; only the names of its `style_layers` are used, not their weights.
    """

    def __init__(self, *, network: FeatureNetwork) -> None:
        super().__init__()
        if not network.style_layers:
            raise ValueError("network: it has no style_layers to compare; give it some, such as relu3_1: 1.0")
        self.network = network
        self.layers = f"mean and deviation of {', '.join(network.style_layers)}"

    def forward(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] -> (N, L, 2 C), C channels of the widest layer; others are padded with zeros."""
        features = self.network(images)
        rows = [torch.cat(channel_statistics(features[layer]), dim=1).flatten(1) for layer in self.network.style_layers]
        widest = max(row.shape[1] for row in rows)
        return torch.stack([pad(row, (0, widest - row.shape[1])) for row in rows], dim=1)


@torch.no_grad()
def in_full_precision(network: nn.Module, *images: Tensor) -> Any:
    """`network(*images)` in float32, so that scores do not depend on the run's precision, but on TF32."""
    with torch.autocast(images[0].device.type, enabled=False):
        return network(*(batch.detach().float() for batch in images))
