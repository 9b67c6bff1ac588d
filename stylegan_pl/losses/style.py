"""Style loss on Gram matrices of features (Gatys et al., 2016)."""

from collections.abc import Mapping

import torch
from torch import Tensor

from stylegan_pl.losses.image_loss import ImageLoss, Views


def gram_matrix(features: Tensor) -> Tensor:
    """G = F Fᵀ, summed over positions: (N, C, H, W) -> (N, C, C).

    >>> import torch
    >>> from stylegan_pl.losses.style import gram_matrix
    >>> features = torch.tensor([[1.0, 2.0], [0.0, 3.0]]).view(1, 2, 1, 2)  # two channels at two positions
    >>> gram_matrix(features)
    tensor([[[5., 6.],
             [6., 9.]]])
    """
    flat = features.flatten(2)
    return flat @ flat.transpose(1, 2)


class GramStyleLoss(ImageLoss):
    """L_style = Σ_l λ_l · 1/(C_l H_l W_l) · Σ_ij (G_l − A_l)²_ij, mean over the batch.

    G_l is the Gram matrix of layer l of the stylised picture, A_l that of the style image, in proportion if that has
    another size.

    As in the source document, section 4.3. Its terms grow with the number of positions, so λ_l depend on the image
    size. `per_element` divides each term by C_l H_l W_l once more, which gives the mean squared difference of Gram
    matrices averaged over positions: λ_l then do not depend on layer and size.

    >>> import torch
    >>> from stylegan_pl.losses.image_loss import Views
    >>> from stylegan_pl.losses.style import GramStyleLoss
    >>> def network(image):  # any module that gives layers by name; here the pixels themselves
    ...     return {"pixels": image}
    >>> painting = torch.rand(1, 3, 16, 16) * 2 - 1
    >>> views = Views(stylised=painting.flip(-1), content=painting, style=painting, network=network)
    >>> GramStyleLoss(weight=1.0, layers={"pixels": 1.0})(views).item() < 1e-9  # where things are does not count
    True

    Args:
        layers: layer -> λ_l.
        per_element: see above.
    """

    needs_features = True

    def __init__(self, *, weight: float, layers: Mapping[str, float], per_element: bool = True) -> None:
        super().__init__(weight=weight)
        self.layers = dict(layers)
        self.per_element = per_element

    def forward(self, views: Views) -> Tensor:
        """The unweighted loss, a scalar."""
        terms = [
            weight * self._distance(views.stylised_features[name], views.style_features[name])
            for name, weight in self.layers.items()
        ]
        return torch.stack(terms).sum()

    def _distance(self, stylised: Tensor, style: Tensor) -> Tensor:
        elements = stylised[0].numel()  # C H W
        # scaling F by (C H W)^-1/2 is the second division by C H W, and keeps sums small
        scale = elements**-0.5 if self.per_element else 1.0
        positions = stylised[0, 0].numel() / style[0, 0].numel()  # as if both had as many
        gap = gram_matrix(stylised * scale**0.5) - positions * gram_matrix(style * scale**0.5)
        return gap.square().sum(dim=(1, 2)).mean() / elements
