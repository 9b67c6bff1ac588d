"""What an encoder is: named layers of an image, of known widths, the deepest of which a generator works on."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from torch import Tensor, nn

from stylegan_pl.nn.layers.features import Features


class Encoder(nn.Module, ABC):
    """Image -> activations of the layers asked for."""

    stride: int  # of the bottleneck; sides of images are multiples of it

    @property
    @abstractmethod
    def taps(self) -> dict[str, int]:
        """Layer -> its channels, shallow to deep; the last is the bottleneck."""

    @abstractmethod
    def forward(self, image: Tensor, layers: Sequence[str]) -> Features:
        """(N, 3, H, W) in [-1, 1] -> the named taps, (N, C, h, w) each; nothing behind the deepest is computed."""

    @property
    def bottleneck(self) -> str:
        """The deepest layer."""
        return list(self.taps)[-1]
