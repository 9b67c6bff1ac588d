"""The photograph's colours, kept as seen from afar."""

import math

from torch import Tensor
from torchvision.transforms import functional

from stylegan_pl.losses.image_loss import ImageLoss, Views
from stylegan_pl.nn.layers.lab import lab

_LAB_SCALE = 100.0  # L of white


def gaussian_blur(image: Tensor, sigma: float) -> Tensor:
    """(N, C, H, W) averaged with a Gaussian of `sigma` pixels, cut off at 3 sigma, mirrored at the border.

    A picture that is smaller than the Gaussian is averaged as far as it reaches; sigma 0 leaves it.
    """
    if sigma == 0:
        return image
    # reflection cannot exceed the picture
    height, width = (2 * min(math.ceil(3 * sigma), side - 1) + 1 for side in image.shape[-2:])
    # one direction after the other: torchvision multiplies both into one square kernel, nine times as slow at 8 pixels
    rows = functional.gaussian_blur(image, [width, 1], [sigma, sigma])
    return functional.gaussian_blur(rows, [1, height], [sigma, sigma])


class ColourLoss(ImageLoss):
    """mean over pixels of ‖Lab(b ∗ G(x)) − Lab(b ∗ x)‖² / 100², b a Gaussian: black for white costs 1.

    Strokes may do what they like below the size of b; what is averaged over it keeps the photograph's colour. Against
    inverted and drifting colours, where the identity loss holds back the strokes as well.

    >>> import torch
    >>> from stylegan_pl.losses.colour import ColourLoss
    >>> from stylegan_pl.losses.image_loss import Views
    >>> black, white = -torch.ones(1, 3, 32, 32), torch.ones(1, 3, 32, 32)
    >>> round(ColourLoss(weight=1.0)(Views(stylised=black, content=white, style=white)).item(), 4)
    1.0

    Args:
        blur: standard deviation of b in pixels; 0 compares pixel by pixel.
    """

    def __init__(self, *, weight: float, blur: float = 8.0) -> None:
        super().__init__(weight=weight)
        if blur < 0:
            raise ValueError(f"blur is a Gaussian's standard deviation in pixels, at least 0, got {blur}; try 8")
        self.blur = blur

    def forward(self, views: Views) -> Tensor:
        """See the class."""
        painted, seen = (lab(gaussian_blur(image, self.blur)) for image in (views.stylised, views.content))
        return ((painted - seen) / _LAB_SCALE).square().sum(dim=1).mean()
