"""The photograph's structure, whatever becomes of its contrast and its colours."""

from torch import Tensor

from stylegan_pl.losses.colour import gaussian_blur
from stylegan_pl.losses.image_loss import ImageLoss, Views
from stylegan_pl.nn.layers.luma import luma

_SIGMA = 1.5  # pixels; with it the window of 11 that SSIM is published with, cut off at 3 sigma
_C = 0.03**2 / 2 * 4  # SSIM's C₃ = C₂ / 2, for values that span 2
_LEAST = 1e-6  # keeps a root's slope finite where a picture is flat


def structure(some: Tensor, others: Tensor) -> Tensor:
    """mean (σ_xy + C) / (σ_x σ_y + C) of luma, in [-1, 1]: the third factor of SSIM (Wang et al., 2004).

    σ are of a Gaussian neighbourhood of 1.5 pixels. 1: the same light and dark, however strong; 0: nothing in common.
    Where one picture is flat it is 1, by C.

    Args:
        some: (N, 3, H, W) in [-1, 1].
        others: likewise.

    Returns:
        A scalar.

    >>> import torch
    >>> picture = torch.rand(1, 3, 16, 16) - 0.5
    >>> bool(structure(picture, 2 * picture + 0.1) > 0.95)
    True
    """
    x, y = luma(some), luma(others)
    mean_x, mean_y = gaussian_blur(x, _SIGMA), gaussian_blur(y, _SIGMA)
    variance_x = (gaussian_blur(x.square(), _SIGMA) - mean_x.square()).clamp(min=0) + _LEAST
    variance_y = (gaussian_blur(y.square(), _SIGMA) - mean_y.square()).clamp(min=0) + _LEAST
    covariance = gaussian_blur(x * y, _SIGMA) - mean_x * mean_y
    return ((covariance + _C) / ((variance_x * variance_y).sqrt() + _C)).mean()


class StructureLoss(ImageLoss):
    """1 − `structure` of G(x) and x.

    Squared differences of pixels or features forbid a painter's stronger contrast and other palette as much as a lost
    contour. This forbids the last alone: light and dark may grow, shrink and change colour, and stay where they are.
    """

    def forward(self, views: Views) -> Tensor:
        """See the class."""
        return 1 - structure(views.stylised, views.content)
