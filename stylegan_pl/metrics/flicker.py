"""How much a stylised clip flickers beyond its original."""

import torch
from torch import Tensor

from stylegan_pl.metrics.per_step import Frame, PerStep


class Flicker(PerStep):
    """Mean |(O_t − O_{t−1}) − (I_t − I_{t−1})|, over pixels, colours and steps.

    It uses no optical flow. It is 0 if every frame is changed in the same way. Strokes that correctly move with the
    scene also count as flicker, more in a fast scene, so read it together with `WarpingError`.

    Factors: `stylised`, mean |O_t − O_{t−1}|, and `original`, mean |I_t − I_{t−1}|.
    """

    higher_is_better = False
    factor_names = ("stylised", "original")

    def _step(self, before: Frame, after: Frame) -> Tensor:
        stylised, original = after.stylised - before.stylised, after.content - before.content
        return torch.stack([gap.abs().mean() for gap in (stylised - original, stylised, original)])
