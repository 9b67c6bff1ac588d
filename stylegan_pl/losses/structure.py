"""Keeps the photograph's structure, but not its contrast and colours."""

from torch import Tensor

from stylegan_pl.losses.colour import gaussian_blur
from stylegan_pl.losses.image_loss import ImageLoss, Views
from stylegan_pl.nn.layers.luma import luma

_SIGMA = 1.5  # pixels, as published for SSIM, with a window of 11 pixels
_C = 0.03**2 / 2 * 4  # SSIM's C₃ = C₂ / 2, for a range of 2
_LEAST = 1e-6  # added under a root, so that its gradient is finite for a flat picture


def structure(some: Tensor, others: Tensor) -> Tensor:
    """mean (σ_xy + C) / (σ_x σ_y + C) of luma, in [-1, 1]: the third factor of SSIM (Wang et al., 2004).

    σ are over a Gaussian window of standard deviation 1.5 pixels. 1: the same structure at any contrast; 0: unrelated.
    In flat areas it is 1, because of C.

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
    """max(1 − `structure` of G(x) and x − allowed, 0).

    Squared differences of pixels or features penalise stronger contrast and another palette as much as a lost contour.
    This loss only penalises lost structure: contrast and colours may change.

    Args:
        allowed: how much of a batch's structure may be lost before the term counts, in [0, 1). All strokes lose some
            structure. With 0, a small weight lets strong strokes destroy too much; a large one forbids fine strokes.

    Raises:
        ValueError: `allowed` is outside [0, 1).
    """

    def __init__(self, *, weight: float, allowed: float = 0.0) -> None:
        super().__init__(weight=weight)
        if not 0 <= allowed < 1:
            raise ValueError(f"allowed is in [0, 1), got {allowed}; try 0.15")
        self.allowed = allowed

    def forward(self, views: Views) -> Tensor:
        """The unweighted loss, a scalar."""
        return (1 - structure(views.stylised, views.content) - self.allowed).clamp(min=0)
