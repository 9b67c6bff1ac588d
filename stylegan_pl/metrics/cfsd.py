"""How much of a photograph's spatial structure is kept, independent of colours."""

from torch import Tensor
from torch.nn.functional import kl_div

from stylegan_pl.metrics.features import in_full_precision
from stylegan_pl.metrics.per_picture import PerPicture
from stylegan_pl.nn.layers.features import FeatureNetwork

_ROWS = 1024  # rows of a self-similarity matrix at a time; the whole matrix of a 512-pixel picture needs a gigabyte


def structural_distance(stylised: Tensor, content: Tensor) -> Tensor:
    """Mean over positions i of KL(S^c_i ‖ S^cs_i): features (N, C, H, W) both -> (N,).

    S_i = softmax_j (F_iᵀ F_j / C²) is the similarity of position i to all positions.
    """
    flat = [features.flatten(2).transpose(1, 2) / features.shape[1] for features in (content, stylised)]  # (N, HW, C)
    total = content.new_zeros(len(content))
    for start in range(0, flat[0].shape[1], _ROWS):
        wanted, found = ((f[:, start : start + _ROWS] @ f.transpose(1, 2)).log_softmax(dim=2) for f in flat)
        total += kl_div(found, wanted, reduction="none", log_target=True).sum(dim=(1, 2))
    return total / flat[0].shape[1]


class CFSD(PerPicture):
    """Content feature structural distance (Chung et al., 2024): self-similarity of relu3_1, row softmax, KL, mean.

    Published with VGG-19; VGG-16 gives other values. Departure: the paper's formula has no scale, and products of raw
    VGG features make every row of the softmax one-hot; here F is divided by the number of channels. So scores are
    comparable with each other, perhaps not with published ones. They depend on the features' scale: for VGG weights
    normalised to a mean of 1 per channel, all rows are nearly uniform and scores near 1e-5.

    Args:
        features: a network with the layer.
        layer: the layer whose self-similarity is compared.
    """

    higher_is_better = False

    def __init__(self, *, features: FeatureNetwork, layer: str = "relu3_1") -> None:
        super().__init__()
        if layer not in features.taps:
            raise ValueError(f"features does not tap '{layer}', but {', '.join(features.taps)}; add it to its layers")
        self.features, self.layer = features, layer

    def _each(self, stylised: Tensor, content: Tensor) -> Tensor:
        found, wanted = (in_full_precision(self.features, images)[self.layer] for images in (stylised, content))
        return structural_distance(found, wanted)
