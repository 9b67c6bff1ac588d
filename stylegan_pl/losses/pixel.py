"""Image losses on pixels, without a feature network."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, l1_loss, mse_loss

from stylegan_pl.losses.image_loss import ImageLoss, Views


class PixelLoss(ImageLoss):
    """mean (G(x) − y)², as in the source document's code. On unpaired sets it pulls pictures to the mean painting."""

    of_any_picture = False

    def forward(self, views: Views) -> Tensor:
        """The unweighted loss, a scalar."""
        return mse_loss(views.stylised, views.style)


class PixelL1Loss(ImageLoss):
    """mean |G(x) − y|: pix2pix (Isola et al., 2017, section 3.1), for paired data. Blurs less than a squared error.

    >>> import torch
    >>> from stylegan_pl.losses.image_loss import Views
    >>> from stylegan_pl.losses.pixel import PixelL1Loss
    >>> grey, white = torch.zeros(2, 3, 16, 16), torch.ones(2, 3, 16, 16)
    >>> PixelL1Loss(weight=10.0)(Views(stylised=grey, content=grey, style=white))  # the caller multiplies by the weight
    tensor(1.)
    """

    of_any_picture = False

    def forward(self, views: Views) -> Tensor:
        """The unweighted loss, a scalar."""
        return l1_loss(views.stylised, views.style)


class MultiScalePixelLoss(ImageLoss):
    """Σ_i w_i · mean |G(x) − y| at 1/2^i of the size, by averaging. For paired data.

    Absolute error at several sizes.

    At full size, a stroke that is one pixel off costs as much as a missing one; at smaller sizes it costs less.

    Args:
        weights: w_i, from full size down, one per size.

    Raises:
        ValueError: there is no weight; in `forward`, if the pictures are too small.
    """

    of_any_picture = False

    def __init__(self, *, weight: float, weights: Sequence[float] = (1.0, 1.0, 1.0)) -> None:
        super().__init__(weight=weight)
        if not weights:
            raise ValueError("weights must name at least one size; try [1.0, 1.0, 1.0]")
        self.weights = list(weights)

    def forward(self, views: Views) -> Tensor:
        """The unweighted loss, a scalar."""
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


class IdentityLoss(ImageLoss):
    """mean |G(y) − y|. Prevents inverted colours; a large weight suppresses the style.

    The generator should not change a painting (CycleGAN, section 5.2).
    """

    needs_identity = True
    of_any_picture = False

    def forward(self, views: Views) -> Tensor:
        """The unweighted loss, a scalar."""
        if views.identity is None:
            raise ValueError("IdentityLoss needs G(style), and the model did not make it")
        return l1_loss(views.identity, views.style)


def total_variation(image: Tensor) -> Tensor:
    """mean |∂x| + mean |∂y|, anisotropic; (N, C, H, W) -> scalar, independent of the size.

    >>> import torch
    >>> from stylegan_pl.losses.pixel import total_variation
    >>> ramp = torch.linspace(-1, 1, 5).expand(1, 3, 4, 5)  # 0.5 a pixel from left to right, nothing from row to row
    >>> total_variation(ramp)
    tensor(0.5000)
    """
    return image.diff(dim=-1).abs().mean() + image.diff(dim=-2).abs().mean()


class TotalVariationLoss(ImageLoss):
    """Total variation of G(x).

    A penalty on differences between neighbouring pixels (Rudin et al., 1992).
    """

    def forward(self, views: Views) -> Tensor:
        """The unweighted loss, a scalar."""
        return total_variation(views.stylised)
