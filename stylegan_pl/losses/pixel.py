"""Distance to the style image, pixel by pixel."""

from torch import Tensor
from torch.nn.functional import mse_loss

from stylegan_pl.losses.image_loss import ImageLoss, Views


class PixelLoss(ImageLoss):
    """mean (G(x) − y)²: the source document's code. On unpaired sets it pulls to the mean painting."""

    def forward(self, views: Views) -> Tensor:
        """See the class."""
        return mse_loss(views.stylised, views.style)
