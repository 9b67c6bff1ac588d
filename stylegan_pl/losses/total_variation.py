"""Total variation: a penalty on differences between neighbouring pixels (Rudin et al., 1992)."""

from torch import Tensor

from stylegan_pl.losses.image_loss import ImageLoss, Views


def total_variation(image: Tensor) -> Tensor:
    """mean |∂x| + mean |∂y|, anisotropic; (N, C, H, W) -> scalar. Means, so it does not grow with the size."""
    return image.diff(dim=-1).abs().mean() + image.diff(dim=-2).abs().mean()


class TotalVariationLoss(ImageLoss):
    """Total variation of G(x)."""

    def forward(self, views: Views) -> Tensor:
        """See the class."""
        return total_variation(views.stylised)
