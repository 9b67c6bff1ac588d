"""Random changes to training pairs, in batch on the device, each sample its own."""

from typing import Any

import torch
from torch import Tensor, nn

from stylegan_pl.contracts import StylePair


class Augmentation(nn.Module):
    """Pairs in [-1, 1] -> pairs in [-1, 1]. This one changes nothing.

    With `together`, a content and its style are changed alike: pairs that show the same place must stay so.
    """

    def forward(self, pair: StylePair, *, together: bool) -> StylePair:
        """See the class."""
        return pair


class RandomFlip(Augmentation):
    """Mirror left and right with probability p."""

    def __init__(self, *, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def forward(self, pair: StylePair, *, together: bool) -> StylePair:
        """See the class."""
        mirrored = self._draw(pair.content)
        return StylePair(
            _flip(pair.content, mirrored), _flip(pair.style, mirrored if together else self._draw(pair.style))
        )

    def _draw(self, image: Tensor) -> Tensor:
        return torch.rand(len(image), 1, 1, 1, device=image.device) < self.p


def _flip(image: Tensor, mirrored: Tensor) -> Tensor:
    return torch.where(mirrored, image.flip(-1), image)


class RandomJitter(RandomFlip):
    """Flip, then small changes of geometry and, on contents alone, of colour; kornia's, drawn for each sample.

    Colour changes of paintings would leak into the style that is learned, so styles keep theirs.

    Args:
        degrees: largest rotation.
        scale: range of the zoom.
        brightness, contrast, saturation, hue: largest relative change, of contents.
    """

    def __init__(
        self, *, p: float = 0.5, degrees: float = 5.0, scale: tuple[float, float] = (1.0, 1.2), brightness: float = 0.1,
        contrast: float = 0.1, saturation: float = 0.1, hue: float = 0.02,
    ) -> None:  # fmt: skip
        super().__init__(p=p)
        import kornia.augmentation as K  # here: runs that do not jitter do not need it

        self.geometry: Any = K.RandomAffine(degrees, scale=(scale[0], scale[1]), padding_mode="reflection", p=1.0)
        self.colour: Any = K.ColorJiggle(brightness, contrast, saturation, hue, p=1.0)

    def forward(self, pair: StylePair, *, together: bool) -> StylePair:
        """See the class."""
        pair = super().forward(pair, together=together)
        content = self.geometry((pair.content + 1) / 2)  # kornia works in [0, 1]
        style = self.geometry((pair.style + 1) / 2, params=self.geometry._params if together else None)
        return StylePair(self.colour(content).clamp(0, 1) * 2 - 1, style.clamp(0, 1) * 2 - 1)
