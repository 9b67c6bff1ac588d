"""The interface of an encoder: named layers with known channels; the generator uses the deepest."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from torch import Tensor, nn

from stylegan_pl.nn.layers.features import Features


class Encoder(nn.Module, ABC):
    """Image -> features of the wanted layers."""

    stride: int  # of the bottleneck; sides of images must be multiples of it

    @property
    @abstractmethod
    def taps(self) -> dict[str, int]:
        """Layer -> channels, shallow to deep; the last is the bottleneck."""

    @abstractmethod
    def forward(self, image: Tensor, layers: Sequence[str]) -> Features:
        """(N, 3, H, W) in [-1, 1] -> features of the named taps, (N, C, h, w) each; deeper layers are not computed."""

    @property
    def bottleneck(self) -> str:
        """The name of the deepest layer."""
        return list(self.taps)[-1]
