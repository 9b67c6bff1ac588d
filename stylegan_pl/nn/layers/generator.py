"""What a generator is: a picture of the same size, and what models, losses and `stylize` may ask beside it."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from stylegan_pl.nn.layers.features import Features


class Generator(nn.Module, ABC):
    """Photograph -> stylised picture, both (N, 3, H, W) in [-1, 1].

    Any `nn.Module` of that shape trains in most methods; what is below is asked for by name where it is needed.
    """

    stride: int = 1  # sides must be multiples of it; inference pads
    has_strokes: bool = True  # False: it works pixel by pixel, on large pictures as on small ones
    takes_style: bool = False  # forward(content, style): the style is an input, not a collection that was learned

    @abstractmethod
    def forward(self, content: Tensor, *conditions: Any) -> Tensor:
        """(N, 3, H, W) in [-1, 1], sides multiples of `stride` -> the same shape and range."""

    @property
    @abstractmethod
    def taps(self) -> dict[str, int]:
        """Encoder layer -> its channels, shallow to deep: where contrastive losses compare patches.

        Known without a forward, so that projectors are built before optimizers, DDP and checkpoints look for them.
        """

    @abstractmethod
    def encode(self, image: Tensor, layers: Sequence[str]) -> Features:
        """The named `taps` of an image, (N, C, h, w) each; nothing behind the deepest of them is computed."""
