"""Random changes to training pairs, in batches on the device; each sample is changed on its own."""

from typing import Any

import torch
from torch import Tensor, nn

from stylegan_pl.contracts import StylePair


class Augmentation(nn.Module):
    """Base class, which changes nothing: pairs in [-1, 1] -> pairs in [-1, 1], of the same shapes.

    With `together`, a content and its style are changed in the same way, because they show the same scene.
    """

    def forward(self, pair: StylePair, *, together: bool) -> StylePair:
        """Change a batch: (N, 3, H, W) in [-1, 1] each, of the same shapes afterwards."""
        return pair


class RandomFlip(Augmentation):
    """Mirror left and right with probability p."""

    def __init__(self, *, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def forward(self, pair: StylePair, *, together: bool) -> StylePair:
        """Change a batch: (N, 3, H, W) in [-1, 1] each, of the same shapes afterwards."""
        mirrored = self._draw(pair.content)
        return StylePair(
            _flip(pair.content, mirrored), _flip(pair.style, mirrored if together else self._draw(pair.style))
        )

    def _draw(self, image: Tensor) -> Tensor:
        return torch.rand(len(image), 1, 1, 1, device=image.device) < self.p


def _flip(image: Tensor, mirrored: Tensor) -> Tensor:
    return torch.where(mirrored, image.flip(-1), image)


class RandomJitter(RandomFlip):
    """Flip, then small random changes of geometry, and of colour for contents only; by kornia, per sample.

    Styles keep their colours, because the generator would learn changed colours as part of the style.

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
        import kornia.augmentation as K  # imported here, because kornia is needed only with jitter

        self.geometry: Any = K.RandomAffine(degrees, scale=(scale[0], scale[1]), padding_mode="reflection", p=1.0)
        self.colour: Any = K.ColorJiggle(brightness, contrast, saturation, hue, p=1.0)

    def forward(self, pair: StylePair, *, together: bool) -> StylePair:
        """Change a batch: (N, 3, H, W) in [-1, 1] each, of the same shapes afterwards."""
        pair = super().forward(pair, together=together)
        content = self.geometry((pair.content + 1) / 2)  # kornia works in [0, 1]
        style = self.geometry((pair.style + 1) / 2, params=self.geometry._params if together else None)
        return StylePair(self.colour(content).clamp(0, 1) * 2 - 1, style.clamp(0, 1) * 2 - 1)
