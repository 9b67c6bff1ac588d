"""Distance to the style image at several sizes: coarse places first, detail where it agrees."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, l1_loss

from stylegan_pl.losses.image_loss import ImageLoss, Views


class MultiScalePixelLoss(ImageLoss):
    """Σ_i w_i · mean |G(x) − y| at 1/2^i of the size, by averaging. For paired data.

    Full size alone punishes a stroke that is one pixel off as much as a missing one; smaller sizes forgive the former.

    Args:
        weights: w_i from full size down; as many sizes as weights.
    """

    of_any_picture = False

    def __init__(self, *, weight: float, weights: Sequence[float] = (1.0, 1.0, 1.0)) -> None:
        super().__init__(weight=weight)
        if not weights:
            raise ValueError("weights must name at least one size; try [1.0, 1.0, 1.0]")
        self.weights = list(weights)

    def forward(self, views: Views) -> Tensor:
        """See the class."""
        found, wanted = views.stylised, views.style
        smallest = 2 ** (len(self.weights) - 1)
        if min(found.shape[-2:]) < smallest:
            raise ValueError(
                f"MultiScalePixelLoss halves {len(self.weights) - 1} times, and pictures have {min(found.shape[-2:])} "
                f"pixels; give fewer weights, or image_size={smallest} or more"
            )
        terms = []
        for size, weight in enumerate(self.weights):
            if size > 0:
                found, wanted = avg_pool2d(found, 2), avg_pool2d(wanted, 2)
            terms.append(weight * l1_loss(found, wanted))
        return torch.stack(terms).sum()
