"""Held brush strokes where the scene does not move."""

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from stylegan_pl.errors import ConfigError

_TOLERANCE = 0.05  # of colours in [-1, 1]: a change by so much is motion more than noise
_WINDOW = 5  # pixels a side over which a change is averaged


class Smoothing:
    """O_t ← O_t + s g (O_{t−1} − O_t) with g = exp(−(c / 0.05)²).

    c is the original's |I_t − I_{t−1}|, averaged over colours and 5 × 5 pixels.
    Flow-free: what moves is painted anew and leaves no trail; what stands still changes by 1 − s of what it would.

    Args:
        strength: s in [0, 1); 0 changes nothing.

    Raises:
        ConfigError: s is out of range.
    """

    def __init__(self, strength: float) -> None:
        if not 0 <= strength < 1:
            raise ConfigError(f"film.smoothing={strength} must be at least 0 (none) and below 1; try 0.7")
        self.strength = strength
        self._last: tuple[Tensor, Tensor] | None = None  # of the original and the painting

    def __call__(self, content: Tensor, painted: Tensor, *, begins: bool) -> Tensor:
        """The next frame; (3, H, W) in [-1, 1] both.

        Args:
            begins: nothing before belongs to the scene.
        """
        if self.strength == 0:
            return painted
        if self._last is not None and not begins:
            before, painted_before = self._last
            change = (content - before).abs().mean(dim=0, keepdim=True)
            change = avg_pool2d(change, _WINDOW, stride=1, padding=_WINDOW // 2, count_include_pad=False)
            still = torch.exp(-(change / _TOLERANCE).square())
            painted = torch.lerp(painted, painted_before, self.strength * still)
        self._last = content, painted
        return painted
