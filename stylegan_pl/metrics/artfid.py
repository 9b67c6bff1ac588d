"""ArtFID: style and content in a single score."""

import torch
from torch import Tensor

from stylegan_pl.metrics.bootstrap import bootstrap_of_counts
from stylegan_pl.metrics.features import SetFeatures, in_full_precision
from stylegan_pl.metrics.fid import FID, frechet_distance_of_counts, frechet_distance_of_sets
from stylegan_pl.metrics.kinds import Interval
from stylegan_pl.metrics.per_picture import check_pairs
from stylegan_pl.nn.pretrained.perceptual_distance import PerceptualDistance


class ArtFID(FID):
    """Wright and Ommer (2022): (1 + LPIPS) · (1 + FID). 1 is perfect: unchanged content and the painter's distribution.

    LPIPS compares each stylised picture with its photograph, FID the stylised pictures with the paintings. Always
    report N and both factors: FID decreases with N, and a generator that changes nothing has a perfect LPIPS.

    Departures from the authors' program: theirs uses an Inception-v3 trained on art, at full size, and extrapolates FID
    to infinitely many pictures from 5000 on; here `features` defines network and resizing, and FID is of the N
    pictures. So scores are comparable with each other, but not with published ones. LPIPS (AlexNet, full size) is as
    theirs.

    For the ceiling, one half of the paintings against the other, there are no photographs, and LPIPS is 0.

    Args:
        features: the network for FID.
        network: the network for LPIPS.
    """

    def __init__(self, *, features: SetFeatures, network: PerceptualDistance) -> None:
        super().__init__(features=features)
        self.network = network

    def update(self, images: Tensor, *, real: bool) -> None:
        """Add paintings, (N, 3, H, W) in [-1, 1].

        Raises:
            ValueError: `real` is False: stylised pictures need `add_stylised`, with their photographs.
        """
        if not real:
            raise ValueError(
                "ArtFID compares stylised pictures with photographs, too; call add_stylised(images, content)"
            )
        super().update(images, real=True)

    def add_stylised(self, images: Tensor, content: Tensor) -> None:
        """See `PictureMetric`."""
        check_pairs(images, content)
        if len(images):
            distances = in_full_precision(self.network, images, content)
            # in one row, so that a bootstrap sample contains both
            self.fake.append(torch.cat([self._kept(images), distances[:, None]], dim=1))
            self._computed = None

    def _distance(self, real: Tensor, fake: Tensor) -> Tensor:
        lpips, fid = self._both(real, fake)
        return (1 + lpips) * (1 + fid)

    @staticmethod
    def _both(real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        return fake[:, -1].mean(), frechet_distance_of_sets(real, fake[:, :-1])

    def _factors(self) -> dict[str, float]:
        lpips, fid = self._both(*self._sets())
        return {"lpips": float(lpips), "fid": float(fid)}

    def _among_paintings(self) -> Tensor:
        real = self._paintings()
        return 1 + frechet_distance_of_sets(real[::2], real[1::2])

    def _interval(self, samples: int, value: float) -> Interval:
        real, fake = self._sets()
        fid = frechet_distance_of_counts(real, fake[:, :-1])

        def again(times_real: Tensor, times_fake: Tensor) -> Tensor:
            return (1 + times_fake @ fake[:, -1] / times_fake.sum()) * (1 + fid(times_real, times_fake))

        return bootstrap_of_counts([len(real), len(fake)], again, samples=samples, around=value)
