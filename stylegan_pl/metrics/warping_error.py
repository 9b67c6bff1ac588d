"""How unlike a stylised frame is to the one before, moved along with the scene."""

import numpy as np
import torch
from torch import Tensor

from stylegan_pl.metrics.per_step import Frame, PerStep
from stylegan_pl.nn.layers.flow_warp import warp


def optical_flow(reference: Tensor, moving: Tensor) -> Tensor:
    """f with reference(p) ≈ moving(p + f(p)): frames (3, H, W) in [-1, 1] -> (1, 2, H, W) in pixels, x first.

    TV-L1 (Zach et al., 2007; scikit-image) of the frames' grey; on the CPU, a second for frames of 256 pixels.
    """
    from skimage.color import rgb2gray
    from skimage.registration import optical_flow_tvl1  # slow to import, and needed only here

    grey = [
        rgb2gray((frame.permute(1, 2, 0).cpu().numpy() + 1) / 2).astype(np.float32) for frame in (reference, moving)
    ]
    rows, columns = optical_flow_tvl1(*grey)
    return torch.from_numpy(np.stack([columns, rows])).float()[None].to(reference.device)


def visible(forward: Tensor, backward: Tensor) -> Tensor:
    """Where the frame after shows what the frame before shows, too: (1, 1, H, W) of 0 and 1.

    As Ruder et al. (2016): not where the way back does not lead home, |w̃ + ŵ|² > 0.01 (|w̃|² + |ŵ|²) + 0.5 with w̃ the
    forward flow where the backward flow ŵ leads; nor at edges of motion, |∇û|² + |∇v̂|² > 0.01 |ŵ|² + 0.002; nor where
    the way leads out of the picture.

    Args:
        forward: from the frame before, (1, 2, H, W) in pixels.
        backward: from the frame after.
    """
    there, known = warp(forward, backward)
    lengths = (there.square() + backward.square()).sum(dim=1, keepdim=True)
    home = (there + backward).square().sum(dim=1, keepdim=True) <= 0.01 * lengths + 0.5
    slopes = torch.stack(torch.gradient(backward, dim=(2, 3))).square().sum(dim=(0, 2))[:, None]
    smooth = slopes <= 0.01 * backward.square().sum(dim=1, keepdim=True) + 0.002
    return known * home * smooth


class WarpingError(PerStep):
    """Lai et al. (2018): mean over steps and visible pixels of (O_t − W(O_{t−1}))², W by the flow of the original.

    Mean over colours, in [-1, 1]: noise of deviation σ, new in every frame, has 2 σ². A step that shows nothing of the
    frame before counts for nothing.

    Departure: the flow is TV-L1, which needs no weights, and not FlowNet 2's; so scores agree among themselves and
    not with published ones. What moves more than some pixels a frame is not followed.

    Factors: `original`, the same of the clip that was stylised, which is what the flow gets wrong; `visible`, the share
    of pixels that was looked at.
    """

    higher_is_better = False
    factor_names = ("original", "visible")

    def _step(self, before: Frame, after: Frame) -> Tensor:
        backward = optical_flow(after.content, before.content)
        mask = visible(optical_flow(before.content, after.content), backward)
        errors = []
        for new, old in zip(after, before, strict=True):
            moved, _ = warp(old[None], backward)
            errors.append(((new - moved).square().mean(dim=1, keepdim=True) * mask).sum() / mask.sum())
        return torch.stack([*errors, mask.mean()])
