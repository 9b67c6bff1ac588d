"""Learned perceptual similarity of a stylised picture and its photograph."""

from torch import Tensor

from stylegan_pl.metrics.features import in_full_precision
from stylegan_pl.metrics.per_picture import PerPicture
from stylegan_pl.nn.pretrained.perceptual_distance import PerceptualDistance


class LPIPS(PerPicture):
    """Zhang et al. (2018), version 0.1, mean over pictures; 0 is an unchanged photograph.

    Pictures keep their size; published values, mostly at 256 or 512 pixels, depend on it.

    Args:
        network: the network with its weights; report which.
    """

    higher_is_better = False

    def __init__(self, *, network: PerceptualDistance) -> None:
        super().__init__()
        self.network = network

    def _each(self, stylised: Tensor, content: Tensor) -> Tensor:
        return in_full_precision(self.network, stylised, content)
