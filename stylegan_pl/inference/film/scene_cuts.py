"""Where one scene ends and another begins."""

from collections import deque
from statistics import median

import torch
from torch import Tensor
from torch.nn.functional import interpolate

_SIDE = 32  # pixels of the longer side that are looked at: noise and small motion are gone
_USUAL = 24  # changes that make up what is usual
_TIMES = 3.0  # as much as usual is a cut


class SceneCuts:
    """Told a film's frames in order, says which begin a scene.

    A cut is a mean change of thumbnails, |i_t − i_{t−1}| with colours in [0, 1], above `threshold` and three times the
    median of the last changes, so that a fast pan is one scene (the rule of PySceneDetect's AdaptiveDetector,
    looking back alone). A fade is no cut; a flash is two.

    Args:
        threshold: None: the film is one scene.
    """

    def __init__(self, threshold: float | None = 0.1) -> None:
        self.threshold = threshold
        self._last: Tensor | None = None
        self._changes: deque[float] = deque(maxlen=_USUAL)

    @torch.no_grad()
    def begins(self, frame: Tensor) -> bool:
        """Whether a frame, (3, H, W) in [-1, 1], is a scene's first; the film's first is."""
        scale = min(1.0, _SIDE / max(frame.shape[-2:]))
        sides = [max(1, round(side * scale)) for side in frame.shape[-2:]]
        small = interpolate(frame[None], size=sides, mode="area")
        last, self._last = self._last, small
        if last is None:
            return True
        if self.threshold is None:
            return False
        change = float((small - last).abs().mean()) / 2
        usual = median(self._changes) if self._changes else 0.0
        self._changes.append(change)  # a cut's, too: a median does not mind it, and a whole film of them is a fast pan
        return change > self.threshold and change > _TIMES * usual
