"""Pictures of every hue from pictures of some, for looks that must not depend on it."""

import torch
from torch import Tensor

from stylegan_pl.contracts import StylePair
from stylegan_pl.data.augment import RandomFlip


class RandomChannels(RandomFlip):
    """Flip, then put the channels of each content in a random order: all six alike, so that a red is also seen as blue.

    A generator that is to leave no colour, and saw few hues, leaves the others in. With `styles` those are shuffled,
    too: then no hue is a sign of the style, and what is learnt is how paint lies, not which. Of pairs that show one
    scene both are shuffled alike, or the content alone.

    Args:
        styles: shuffle styles as well.
    """

    def __init__(self, *, p: float = 0.5, styles: bool = False) -> None:
        super().__init__(p=p)
        self.styles = styles

    def forward(self, pair: StylePair, *, together: bool) -> StylePair:
        """See the class."""
        pair = super().forward(pair, together=together)
        orders = _random_orders(pair.content)
        content, style = _shuffled(pair.content, orders), pair.style
        if self.styles:
            style = _shuffled(style, orders if together else _random_orders(style))
        return StylePair(content, style)


def _random_orders(image: Tensor) -> Tensor:
    """(N, 3), each row a permutation."""
    return torch.rand(len(image), 3, device=image.device).argsort(dim=1)


def _shuffled(image: Tensor, orders: Tensor) -> Tensor:
    return image.gather(1, orders[:, :, None, None].expand_as(image))
