"""A painting should pass the generator unchanged (CycleGAN, section 5.2)."""

from torch import Tensor
from torch.nn.functional import l1_loss

from stylegan_pl.losses.image_loss import ImageLoss, Views


class IdentityLoss(ImageLoss):
    """mean |G(y) − y|. Keeps colours from inverting; too much of it and nothing is painted."""

    needs_identity = True
    of_any_picture = False

    def forward(self, views: Views) -> Tensor:
        """See the class."""
        if views.identity is None:
            raise ValueError("IdentityLoss needs G(style), and the model did not make it")
        return l1_loss(views.identity, views.style)
