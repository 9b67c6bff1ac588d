"""Augmentation for few photographs: their hues, light and contrast vary as those of many would."""

import torch
from torch import Tensor

from stylegan_pl.contracts import StylePair
from stylegan_pl.data.channel_shuffle import RandomChannels


class RandomTone(RandomChannels):
    """`RandomChannels`, then a random gamma, saturation, contrast and brightness of each content.

    A generator that has seen three photographs learns what to do with their light and colours, and paints other
    photographs worse than the painter it started from.

    With values v in [0, 1] and their mean over the channels m:

        v ← v^γ,  v ← m + s (v − m),  v ← ½ + c (v − ½) + b, clipped to [0, 1]

    Styles keep their colours, which belong to the style. kornia has such changes, too; written here, because
    `my_painter` should start without kornia's import.

    Args:
        gamma: largest γ; γ is drawn from [1 / gamma, gamma], evenly on a logarithmic scale.
        saturation: range of s.
        contrast: range of c.
        brightness: b is drawn from [−brightness, brightness].

    Raises:
        ValueError: an option is out of its range.
    """

    def __init__(
        self, *, p: float = 0.5, styles: bool = False, gamma: float = 2.0,
        saturation: tuple[float, float] = (0.2, 1.2), contrast: tuple[float, float] = (0.7, 1.3),
        brightness: float = 0.15,
    ) -> None:  # fmt: skip
        super().__init__(p=p, styles=styles)
        if not gamma >= 1:
            raise ValueError(f"gamma is the largest exponent, at least 1, got {gamma}; try 2")
        for name, (low, high) in {"saturation": saturation, "contrast": contrast}.items():
            if not 0 <= low <= high:
                raise ValueError(f"{name} is [smallest, largest], both 0 or more, got {[low, high]}; try [0.7, 1.3]")
        if not 0 <= brightness <= 1:
            raise ValueError(f"brightness is the largest shift, in [0, 1], got {brightness}; try 0.15")
        self.gamma, self.saturation, self.contrast, self.brightness = gamma, saturation, contrast, brightness

    def forward(self, pair: StylePair, *, together: bool) -> StylePair:
        """Change a batch: (N, 3, H, W) in [-1, 1] each, of the same shapes afterwards."""
        content, style = super().forward(pair, together=together)
        values = ((content + 1) / 2).clamp(0, 1) ** _drawn(content, -1.0, 1.0, base=self.gamma)
        mean = values.mean(dim=1, keepdim=True)
        values = mean + _drawn(content, *self.saturation) * (values - mean)
        shift = _drawn(content, -self.brightness, self.brightness)
        values = 0.5 + _drawn(content, *self.contrast) * (values - 0.5) + shift
        return StylePair(values.clamp(0, 1) * 2 - 1, style)


def _drawn(image: Tensor, low: float, high: float, *, base: float | None = None) -> Tensor:
    """A number from [low, high] for each picture, or base to the power of it: (N, 1, 1, 1)."""
    drawn = torch.empty(len(image), 1, 1, 1, device=image.device).uniform_(low, high)
    return drawn if base is None else base**drawn
