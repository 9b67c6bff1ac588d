"""The interface of a generator: a picture of the same size, and attributes that models, losses and `stylize` use."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from stylegan_pl.nn.layers.features import Features


class Generator(nn.Module, ABC):
    """Photograph -> stylised picture, both (N, 3, H, W) in [-1, 1].

    Most methods can train any `nn.Module` of that shape; the attributes below are only used where they are needed.
    """

    stride: int = 1  # sides must be multiples of it; inference pads
    # `grid`, where a generator has it: what it paints depends on the position modulo this, so tiles start at multiples
    has_strokes: bool = True  # False: changes single pixels, so strokes need not grow with the picture
    takes_style: bool = False  # forward(content, style): the style is an input

    @abstractmethod
    def forward(self, content: Tensor, *conditions: Any) -> Tensor:
        """(N, 3, H, W) in [-1, 1], sides multiples of `stride` -> the same shape and range."""

    @property
    @abstractmethod
    def taps(self) -> dict[str, int]:
        """Encoder layer -> channels, shallow to deep, for losses that compare features of the encoder.

        Known without a forward pass, so that projectors exist before optimizers, DDP and checkpoints need them.
        """

    @abstractmethod
    def encode(self, image: Tensor, layers: Sequence[str]) -> Features:
        """Features of an image at the named `taps`, (N, C, h, w) each; deeper layers are not computed."""
