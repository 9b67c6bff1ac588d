"""What a feature network is: named layers of a frozen network that image losses look through."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Mapping

from torch import Tensor, nn

Features = dict[str, Tensor]
"""Layer name -> activations (N, C, H, W)."""


class FeatureNetwork(nn.Module, ABC):
    """Frozen layers of an image, and which of them say style and which content.

    Args:
        style_layers: layer -> λ, the weight of its style term.
        content_layers: layer -> weight of its content term.
    """

    def __init__(self, *, style_layers: Mapping[str, float], content_layers: Mapping[str, float]) -> None:
        super().__init__()
        self.style_layers = dict(style_layers)
        self.content_layers = dict(content_layers)

    @property
    def taps(self) -> list[str]:
        """Every layer that some loss may read."""
        return list({**self.style_layers, **self.content_layers})

    def content_only(self) -> "FeatureNetwork":
        """The same network, with the same weights, that is asked for its content layers alone."""
        twin = copy.copy(self)
        twin.style_layers = {}
        return twin

    @property
    def widths(self) -> dict[str, int]:
        """Tap -> its channels, where the network knows them before it looks at a picture; else empty."""
        return {}

    @abstractmethod
    def forward(self, image: Tensor) -> Features:
        """(N, 3, H, W) in [-1, 1] -> the activations of `taps`; gradients flow to the image, never to weights."""

    def train(self, mode: bool = True) -> "FeatureNetwork":
        """Frozen: stays in eval mode when its parent trains."""
        return super().train(False)

    def _check_taps(self, known: list[str]) -> None:
        for tap in self.taps:
            if tap not in known:
                raise ValueError(f"{type(self).__name__} has no layer '{tap}'; it has {', '.join(known)}")
