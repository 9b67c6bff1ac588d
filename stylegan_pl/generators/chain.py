"""The base of generators without skip connections: a chain of layers, with taps between them."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from stylegan_pl.nn.layers.features import Features
from stylegan_pl.nn.layers.generator import Generator
from stylegan_pl.nn.layers.taps import Tap, read_taps

# Factor of the last layer's output. Adam changes each weight by the learning rate; without the factor, the thousand
# weights of a 9×9 layer would change the picture by a third of its range in a single step.
CHANGE = 0.1


def changed_photograph(content: Tensor, change: Tensor, *, margin: float = 0.97) -> Tensor:
    """tanh(atanh(m x) + f(x)), in x's precision; where f(x) is 0, this is m x.

    Args:
        content: x, (N, C, H, W) in [-1, 1]; values outside, as from added noise, are clipped.
        change: f(x), of the same shape and any range.
        margin: m, below 1, because atanh is infinite at 1.
    """
    # at least float32, because bfloat16's rounding by half a percent would be visible as steps in a sky
    wide = content.to(torch.promote_types(content.dtype, torch.float32))
    return torch.tanh(torch.atanh(margin * wide.clamp(-1, 1)) + change).to(content.dtype)


class ChainGenerator(Generator):
    """A chain of layers, and a tanh.

    Args:
        layers: f, from an image (N, 3, H, W) in [-1, 1] to (N, 3, H, W) before the tanh.
        taps: name -> its position and channels, shallow to deep.
        residual: True: the output is tanh(atanh(0.97 x) + f(x) / 10), a change of the photograph, so the generator
            need not first learn to copy it. False: the output is tanh(f(x)).
    """

    def __init__(self, layers: nn.Sequential, taps: Mapping[str, Tap], *, residual: bool = False) -> None:
        super().__init__()
        self.layers = layers
        self._taps = dict(taps)
        self.residual = residual

    def forward(self, content: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1], sides multiples of `stride` -> the same shape and range."""
        drawn = self.layers(content)
        return changed_photograph(content, CHANGE * drawn) if self.residual else torch.tanh(drawn)

    @property
    def taps(self) -> dict[str, int]:
        """Tap -> channels, shallow to deep; each subclass documents its taps."""
        return {name: tap.channels for name, tap in self._taps.items()}

    def encode(self, image: Tensor, layers: Sequence[str]) -> Features:
        """Features at the named taps, (N, C, h, w) each; layers after the deepest tap are not computed."""
        return read_taps(self.layers, image, self._taps, layers)


def residual_taps(
    stem: int, halving: int, quartering: int, *, channels: tuple[int, int], blocks: int
) -> dict[str, Tap]:
    """CUT's taps of an encoder that halves the resolution twice, followed by residual blocks.

    The image, the first layer of both halvings (a convolution, before its norm), the first residual block, and the
    fifth (or the last, if there are fewer).

    Args:
        stem, halving, quartering: number of layers of each.
        channels: channels after the halving, and after the quartering.
        blocks: number of residual blocks.

    Raises:
        ValueError: there is no block.
    """
    if blocks < 1:
        raise ValueError(f"blocks must be at least 1, got {blocks}; try 6")
    half, quarter = channels
    narrow = stem + halving + quartering
    fifth = min(5, blocks)
    return {
        "image": Tap(0, 3),
        "down1": Tap(stem + 1, half),
        "down2": Tap(stem + halving + 1, quarter),
        "block1": Tap(narrow + 1, quarter),
        f"block{fifth}": Tap(narrow + fifth, quarter),
    }
