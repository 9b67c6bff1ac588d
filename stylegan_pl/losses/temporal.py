"""Reduces flicker in films, trained on still pictures: strokes should move with the objects that they paint."""

import torch
from torch import Tensor

from stylegan_pl.losses.image_loss import ImageLoss, Views
from stylegan_pl.nn.layers.flow_warp import random_flow, warp


class TemporalConsistency(ImageLoss):
    """mean |W(G(x)) − G(W(x) + n)| inside the picture: W is a random smooth flow to an artificial next frame, n noise.

    The compound regularisation of Wang et al. ("Consistent video style transfer via compound regularization", AAAI
    2020): flicker between frames is penalised without video and optical flow. It needs a second forward pass of G.

    Args:
        max_shift: largest shift of the whole picture in each direction, pixels; it also bends by about a quarter of
            that.
        noise: standard deviation of n, for pictures in [-1, 1].

    Raises:
        ValueError: one of the two is below 0.
    """

    of_any_picture = False

    def __init__(self, *, weight: float, max_shift: float = 8.0, noise: float = 0.02) -> None:
        super().__init__(weight=weight)
        if max_shift < 0 or noise < 0:
            raise ValueError(f"max_shift and noise must be at least 0, got {max_shift} and {noise}; try 8 and 0.02")
        self.max_shift, self.noise = max_shift, noise

    def forward(self, views: Views) -> Tensor:
        """The unweighted loss, a scalar."""
        flow = random_flow(views.content, max_shift=self.max_shift)
        frame, known = warp(views.content, flow)
        painted = views.paint(frame + self.noise * torch.randn_like(frame))
        moved, _ = warp(views.stylised, flow)
        gap = (moved - painted).abs().mean(dim=1, keepdim=True)  # (N, 1, H, W)
        return (gap * known).sum() / known.sum().clamp(min=1)
