"""Learned perceptual similarity: how unlike its photograph a stylised picture looks to people."""

from torch import Tensor

from stylegan_pl.metrics.features import in_full_precision
from stylegan_pl.metrics.per_picture import PerPicture
from stylegan_pl.nn.pretrained.perceptual_distance import PerceptualDistance


class LPIPS(PerPicture):
    """Zhang et al. (2018), version 0.1, mean over pictures; 0 is an untouched photograph, which is no style at all.

    Pictures are looked at in their own size; published numbers are mostly of 256 or 512 pixels, and differ by it.

    Args:
        network: with its weights; say which when reporting.
    """

    higher_is_better = False

    def __init__(self, *, network: PerceptualDistance) -> None:
        super().__init__()
        self.network = network

    def _each(self, stylised: Tensor, content: Tensor) -> Tensor:
        return in_full_precision(self.network, stylised, content)
