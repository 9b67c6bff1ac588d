"""Distance to the style image, pixel by pixel."""

from torch import Tensor
from torch.nn.functional import l1_loss, mse_loss

from stylegan_pl.losses.image_loss import ImageLoss, Views


class PixelLoss(ImageLoss):
    """mean (G(x) − y)²: the source document's code. On unpaired sets it pulls to the mean painting."""

    of_any_picture = False

    def forward(self, views: Views) -> Tensor:
        """See the class."""
        return mse_loss(views.stylised, views.style)


class PixelL1Loss(ImageLoss):
    """mean |G(x) − y|: pix2pix (Isola et al., 2017, section 3.1), for paired data. Blurs less than squares do."""

    of_any_picture = False

    def forward(self, views: Views) -> Tensor:
        """See the class."""
        return l1_loss(views.stylised, views.style)
