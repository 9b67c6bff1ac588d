"""How unlike the colours of two sets of pictures are, wherever they stand; no network."""

import torch
from torch import Tensor

from stylegan_pl.metrics.kinds import SetMetric
from stylegan_pl.nn.lab import lab

_LOW = (0.0, -128.0, -128.0)  # of L, a and b; sRGB's colours all lie within
_RANGE = (100.0, 256.0, 256.0)


def lab_histograms(images: Tensor, bins: int) -> Tensor:
    """(N, 3, H, W) in [-1, 1] -> (3, bins): of L, a and b, summed over pictures, of which each counts 1."""
    low, span = (images.new_tensor(values).view(3, 1, 1) for values in (_LOW, _RANGE))
    index = ((lab(images) - low) / span * bins).long().clamp(0, bins - 1)
    index = index + bins * torch.arange(3, device=images.device).view(3, 1, 1)
    counts = index.flatten().bincount(minlength=3 * bins).view(3, bins)
    return counts.to(images.dtype) / (images.shape[2] * images.shape[3])


def earth_movers_distance(a: Tensor, b: Tensor) -> Tensor:
    """1-Wasserstein distance of each row of two normalised histograms, in bins: (K, bins), (K, bins) -> (K,)."""
    return (a - b).cumsum(dim=1).abs().sum(dim=1)


class PaletteDistance(SetMetric):
    """Earth mover's distance of colour histograms in CIE Lab, mean over L, a and b; in Lab units.

    The sets' histograms are means over pictures, so the size of a picture does not matter. About 2 units are a
    difference that an eye sees; as each of L, a and b is looked at by itself, which colours go together does not count.

    Args:
        bins: of each of L, a and b; 256 are 0.4 units of L and 1 of a and b.
    """

    higher_is_better = False
    real: Tensor
    fake: Tensor
    real_count: Tensor
    fake_count: Tensor

    def __init__(self, *, bins: int = 256) -> None:
        super().__init__()
        if bins < 2:
            raise ValueError(f"bins must be at least 2, got {bins}; try 256")
        self.bins = bins
        for name in ("real", "fake"):
            self.add_state(name, default=torch.zeros(3, bins), dist_reduce_fx="sum")
            self.add_state(f"{name}_count", default=torch.tensor(0), dist_reduce_fx="sum")

    def update(self, images: Tensor, *, real: bool) -> None:
        """Add pictures, (N, 3, H, W) in [-1, 1], to the paintings or to the stylised."""
        histograms = lab_histograms(images.detach().float().clamp(-1, 1), self.bins)
        if real:
            self.real, self.real_count = self.real + histograms, self.real_count + len(images)
        else:
            self.fake, self.fake_count = self.fake + histograms, self.fake_count + len(images)

    @property
    def n_pictures(self) -> int:
        """Stylised pictures seen by this rank: N."""
        return int(self.fake_count)

    @property
    def n_paintings(self) -> int:
        """Paintings seen by this rank."""
        return int(self.real_count)

    def compute(self) -> Tensor:
        """See the class; nan where a set is empty."""
        gaps = earth_movers_distance(self.real / self.real_count, self.fake / self.fake_count)
        return (gaps * gaps.new_tensor(_RANGE) / self.bins).mean()
