"""The interface of a feature network: named layers of a frozen network, for perceptual losses."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Mapping

from torch import Tensor, nn

Features = dict[str, Tensor]
"""Layer name -> activations (N, C, H, W)."""


class FeatureNetwork(nn.Module, ABC):
    """Image -> features of frozen layers, with weights for style and content losses.

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
        """The names of all layers that a loss may use."""
        return list({**self.style_layers, **self.content_layers})

    def content_only(self) -> "FeatureNetwork":
        """A network with the same weights that only computes content layers."""
        twin = copy.copy(self)
        twin.style_layers = {}
        return twin

    @property
    def widths(self) -> dict[str, int]:
        """Tap -> channels, if known without a forward pass; otherwise empty."""
        return {}

    @abstractmethod
    def forward(self, image: Tensor) -> Features:
        """(N, 3, H, W) in [-1, 1] -> the features of `taps`; gradients flow to the image, not to weights."""

    def train(self, mode: bool = True) -> "FeatureNetwork":
        """Frozen: stays in eval mode when its parent trains."""
        return super().train(False)

    def _check_taps(self, known: list[str]) -> None:
        """Raise a ValueError if a loss uses a layer that is not `known`."""
        for tap in self.taps:
            if tap not in known:
                raise ValueError(f"{type(self).__name__} has no layer '{tap}'; it has {', '.join(known)}")
