"""Augmentation for styles that must not depend on hue: shuffles the RGB channels of pictures."""

import torch
from torch import Tensor

from stylegan_pl.contracts import StylePair
from stylegan_pl.data.augment import RandomFlip


class RandomChannels(RandomFlip):
    """Flip, then put the channels of each content in a random order, so that red is also seen as blue.

    A generator that should remove colour, but has seen few hues, does not remove the others. With `styles` the styles
    are shuffled as well: then hue does not identify the style, and the generator learns strokes, not colours. If both
    pictures of a pair show the same scene, they get the same order (with `styles`), or only the content is shuffled.

    Args:
        styles: shuffle styles as well.
    """

    def __init__(self, *, p: float = 0.5, styles: bool = False) -> None:
        super().__init__(p=p)
        self.styles = styles

    def forward(self, pair: StylePair, *, together: bool) -> StylePair:
        """Change a batch: (N, 3, H, W) in [-1, 1] each, of the same shapes afterwards."""
        pair = super().forward(pair, together=together)
        orders = _random_orders(pair.content)
        content, style = _shuffled(pair.content, orders), pair.style
        if self.styles:
            style = _shuffled(style, orders if together else _random_orders(style))
        return StylePair(content, style)


def _random_orders(image: Tensor) -> Tensor:
    """(N, 3): one permutation of the channels per row."""
    return torch.rand(len(image), 3, device=image.device).argsort(dim=1)


def _shuffled(image: Tensor, orders: Tensor) -> Tensor:
    return image.gather(1, orders[:, :, None, None].expand_as(image))
