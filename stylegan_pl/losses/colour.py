"""Keeps the photograph's colours, averaged over areas larger than strokes."""

import math

from torch import Tensor
from torchvision.transforms import functional

from stylegan_pl.losses.image_loss import ImageLoss, Views
from stylegan_pl.nn.layers.lab import lab

_LAB_SCALE = 100.0  # L of white


def gaussian_blur(image: Tensor, sigma: float) -> Tensor:
    """Gaussian blur with standard deviation `sigma` pixels, truncated at 3 sigma, reflected at borders: same shape.

    The filter is shortened for pictures that are smaller than it; sigma 0 changes nothing.
    """
    if sigma == 0:
        return image
    # reflection padding must be smaller than the picture
    height, width = (2 * min(math.ceil(3 * sigma), side - 1) + 1 for side in image.shape[-2:])
    # one direction after the other: torchvision uses one square kernel, nine times as slow at 8 pixels
    rows = functional.gaussian_blur(image, [width, 1], [sigma, sigma])
    return functional.gaussian_blur(rows, [1, height], [sigma, sigma])


class ColourLoss(ImageLoss):
    """mean over pixels of ‖Lab(b ∗ G(x)) − Lab(b ∗ x)‖² / 100², b a Gaussian; black instead of white is 1.

    Details smaller than b may change, but colours averaged over b must stay those of the photograph. This prevents
    inverted and drifting colours; unlike the identity loss, it does not suppress strokes.

    >>> import torch
    >>> from stylegan_pl.losses.colour import ColourLoss
    >>> from stylegan_pl.losses.image_loss import Views
    >>> black, white = -torch.ones(1, 3, 32, 32), torch.ones(1, 3, 32, 32)
    >>> round(ColourLoss(weight=1.0)(Views(stylised=black, content=white, style=white)).item(), 4)
    1.0

    Args:
        blur: standard deviation of b, pixels; 0 compares pixel by pixel.

    Raises:
        ValueError: `blur` is below 0.
    """

    def __init__(self, *, weight: float, blur: float = 8.0) -> None:
        super().__init__(weight=weight)
        if blur < 0:
            raise ValueError(f"blur is a Gaussian's standard deviation in pixels, at least 0, got {blur}; try 8")
        self.blur = blur

    def forward(self, views: Views) -> Tensor:
        """The unweighted loss, a scalar."""
        painted, seen = (lab(gaussian_blur(image, self.blur)) for image in (views.stylised, views.content))
        return ((painted - seen) / _LAB_SCALE).square().sum(dim=1).mean()
