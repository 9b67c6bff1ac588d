"""What generators without skip connections share: one chain of layers, with taps between them."""

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from stylegan_pl.nn.features import Features
from stylegan_pl.nn.generator import Generator
from stylegan_pl.nn.taps import Tap, read_taps


class ChainGenerator(Generator):
    """Layers one after the other.

    Args:
        layers: from an image (N, 3, H, W) in [-1, 1] to another.
        places: the taps by name, shallow to deep.
    """

    def __init__(self, layers: nn.Sequential, places: Mapping[str, Tap]) -> None:
        super().__init__()
        self.layers = layers
        self.places = dict(places)

    def forward(self, content: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1], sides multiples of `stride` -> the same shape and range."""
        return self.layers(content)

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
