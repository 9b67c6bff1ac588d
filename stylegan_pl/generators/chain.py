"""What generators without skip connections share: one chain of layers, with taps between them."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from stylegan_pl.nn.layers.features import Features
from stylegan_pl.nn.layers.generator import Generator
from stylegan_pl.nn.layers.taps import Tap, read_taps

_MARGIN = 0.97  # of the range: atanh is infinite at 1
# Of the last layer's output. Adam moves every weight by the learning rate; the thousand of a 9×9 layer together would,
# unscaled, move the picture by a third of its range in a single step.
_CHANGE = 0.1


def changed_photograph(content: Tensor, change: Tensor) -> Tensor:
    """tanh(atanh(0.97 x) + f(x)), in x's precision: the photograph itself, a little paler, where f(x) is 0.

    Args:
        content: x, (N, 3, H, W) in [-1, 1]; what is beyond, such as added noise, is taken for the end.
        change: f(x), of the same shape, any number.
    """
    # float32: half a percent of bfloat16's rounding would show as steps in a sky
    return torch.tanh(torch.atanh(_MARGIN * content.float().clamp(-1, 1)) + change).to(content.dtype)


class ChainGenerator(Generator):
    """Layers one after the other, and a tanh.

    Args:
        layers: f, from an image (N, 3, H, W) in [-1, 1] to (N, 3, H, W) before the tanh.
        places: the taps by name, shallow to deep.
        residual: f / 10 changes the photograph, tanh(atanh(0.97 x) + f(x) / 10), instead of making a picture of its
            own, tanh(f(x)). Such a generator starts at the photograph: it need not learn to copy before it paints.
    """

    def __init__(self, layers: nn.Sequential, places: Mapping[str, Tap], *, residual: bool = False) -> None:
        super().__init__()
        self.layers = layers
        self.places = dict(places)
        self.residual = residual

    def forward(self, content: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1], sides multiples of `stride` -> the same shape and range."""
        drawn = self.layers(content)
        return changed_photograph(content, _CHANGE * drawn) if self.residual else torch.tanh(drawn)

    @property
    def taps(self) -> dict[str, int]:
        """Tap -> channels, shallow to deep; the class says where they lie."""
        return {name: place.channels for name, place in self.places.items()}

    def encode(self, image: Tensor, layers: Sequence[str]) -> Features:
        """The named taps, (N, C, h, w) each; nothing behind the deepest of them is computed."""
        return read_taps(self.layers, image, self.places, layers)


def residual_places(
    stem: int, halving: int, quartering: int, *, channels: tuple[int, int], blocks: int
) -> dict[str, Tap]:
    """CUT's taps of an encoder that halves the resolution twice and goes on with residual blocks.

    The image, the first layer of both halvings (a convolution, before its norm), the first residual block, and the
    fifth, or the last where there are fewer.

    Args:
        stem, halving, quartering: how many layers each of these has.
        channels: after the halving, and after the quartering.
        blocks: how many follow.

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
