"""How much more a stylised clip flickers than its original."""

import torch
from torch import Tensor

from stylegan_pl.metrics.per_step import Frame, PerStep


class Flicker(PerStep):
    """Mean |(O_t − O_{t−1}) − (I_t − I_{t−1})|, over pixels and colours, then steps: what changes beyond the original.

    Flow-free: no motion is sought. 0 where every frame is changed alike. A style that rightly moves strokes with the
    scene counts as flicker, too, the more the faster the scene moves: read it beside `WarpingError`.

    Factors: `stylised`, mean |O_t − O_{t−1}|, and `original`, mean |I_t − I_{t−1}|.
    """

    higher_is_better = False
    factor_names = ("stylised", "original")

    def _step(self, before: Frame, after: Frame) -> Tensor:
        stylised, original = after.stylised - before.stylised, after.content - before.content
        return torch.stack([gap.abs().mean() for gap in (stylised - original, stylised, original)])
