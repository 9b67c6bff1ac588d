"""Warping error: difference of a stylised frame and the previous one, warped by optical flow."""

import numpy as np
import torch
from torch import Tensor

from stylegan_pl.metrics.per_step import Frame, PerStep
from stylegan_pl.nn.layers.flow_warp import warp


def optical_flow(reference: Tensor, moving: Tensor) -> Tensor:
    """f with reference(p) ≈ moving(p + f(p)): frames (3, H, W) in [-1, 1] -> (1, 2, H, W) in pixels, x first.

    TV-L1 (Zach et al., 2007; scikit-image) on grey frames; on the CPU, about a second for 256 pixels.
    """
    from skimage.color import rgb2gray
    from skimage.registration import optical_flow_tvl1  # slow to import, and needed only here

    grey = [
        rgb2gray((frame.permute(1, 2, 0).cpu().numpy() + 1) / 2).astype(np.float32) for frame in (reference, moving)
    ]
    rows, columns = optical_flow_tvl1(*grey)
    return torch.from_numpy(np.stack([columns, rows])).float()[None].to(reference.device)


def visible(forward: Tensor, backward: Tensor) -> Tensor:
    """A mask, (1, 1, H, W) of 0 and 1: 1 where the later frame shows what the earlier one shows.

    As in Ruder et al. (2016), it is 0 where forward and backward flow disagree, |w̃ + ŵ|² > 0.01 (|w̃|² + |ŵ|²) + 0.5
    (ŵ is the backward flow, w̃ the forward flow at its target); at motion boundaries, |∇û|² + |∇v̂|² > 0.01 |ŵ|² +
    0.002; and where the flow leads outside of the picture.

    Args:
        forward: flow from the earlier frame, (1, 2, H, W) in pixels.
        backward: flow from the later frame.
    """
    there, known = warp(forward, backward)
    lengths = (there.square() + backward.square()).sum(dim=1, keepdim=True)
    home = (there + backward).square().sum(dim=1, keepdim=True) <= 0.01 * lengths + 0.5
    slopes = torch.stack(torch.gradient(backward, dim=(2, 3))).square().sum(dim=(0, 2))[:, None]
    smooth = slopes <= 0.01 * backward.square().sum(dim=1, keepdim=True) + 0.002
    return known * home * smooth


class WarpingError(PerStep):
    """Lai et al. (2018): mean over steps and visible pixels of (O_t − W(O_{t−1}))², W by the flow of the original.

    Mean over colours in [-1, 1]: independent noise of standard deviation σ in every frame gives 2 σ². Steps without
    visible pixels are ignored.

    Departure: the flow is TV-L1, which needs no weights, instead of FlowNet 2. So scores are comparable with each
    other, but not with published ones. Motion of more than a few pixels per frame is not detected.

    Factors: `original`, the same error of the original clip, that is, the flow's own error; `visible`, the share of
    visible pixels.
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
